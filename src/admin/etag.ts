import { createHash } from "node:crypto";

/** A strong validator of these bytes (RFC 9110 §8.8.3). */
export function etagOf(text: string): string {
  return `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
}

/** Whether a list of validators, as If-Match and If-None-Match have it, names this one (RFC 9110 §13.1). */
export function names(header: string, etag: string): boolean {
  return header.split(",").some((part) => ["*", etag].includes(part.trim().replace(/^W\//, "")));
}
