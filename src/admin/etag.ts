import { createHash } from "node:crypto";

/** A strong validator of these bytes (RFC 9110 §8.8.3). */
export function etagOf(text: string): string {
  return `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
}

/** A weak validator: it is the same for bytes that mean the same. */
export function weakly(etag: string): string {
  return `W/${etag}`;
}

/** Whether a list of validators, as If-Match and If-None-Match have it, names this one (RFC 9110 §13.1). */
export function names(header: string, etag: string): boolean {
  const opaque = (validator: string) => validator.trim().replace(/^W\//, "");
  return header.split(",").some((part) => ["*", opaque(etag)].includes(opaque(part)));
}
