import type { Request, Response } from "express";
import { MusterError } from "../errors.ts";

/** The weak entity tag of a version, also `meta.version` (RFC 7644 §3.14). */
export function etagOf(version: number): string {
  return `W/"${version}"`;
}

/** @throws MusterError `precondition-failed` when If-Match names other versions than the one that is held. */
export function checkIfMatch(request: Request, version: number): void {
  const wanted = request.headers["if-match"];
  if (wanted !== undefined && !names(wanted, version))
    throw new MusterError("precondition-failed", "the resource has another version by now; read it again");
}

/** Whether the caller holds this version already: then a read is answered with 304. */
export function isNotModified(request: Request, version: number): boolean {
  const held = request.headers["if-none-match"];
  return held !== undefined && names(held, version);
}

export function sendNotModified(response: Response, version: number): void {
  response.status(304).setHeader("ETag", etagOf(version));
  response.end();
}

/** Tags are compared weakly: a provider may drop the `W/`. */
function names(header: string, version: number): boolean {
  return header.split(",").some((tag) => {
    const text = tag.trim();
    return text === "*" || text.replace(/^W\//, "") === `"${version}"`;
  });
}
