import { MusterError } from "../errors.ts";
import type { ScimRequest } from "./exchange.ts";

/** The weak entity tag of a version, also `meta.version` (RFC 7644 §3.14). */
export function etagOf(version: number): string {
  return `W/"${version}"`;
}

/**
 * @throws MusterError `precondition-failed` when If-Match names other versions than the one that is held,
 *   `precondition-required` when it is missing and the directory wants it.
 */
export function checkIfMatch(request: ScimRequest, version: number): void {
  if (request.ifMatch === undefined && request.caller.requireIfMatch)
    throw new MusterError("precondition-required", "a change must name in If-Match the version that it changes");
  if (request.ifMatch !== undefined && !names(request.ifMatch, version))
    throw new MusterError("precondition-failed", "the resource has another version by now; read it again");
}

/** Whether the caller holds this version already: then a read is answered with 304. */
export function isNotModified(request: ScimRequest, version: number): boolean {
  return request.ifNoneMatch !== undefined && names(request.ifNoneMatch, version);
}

/** Tags are compared weakly: a provider may drop the `W/`. */
function names(header: string, version: number): boolean {
  return header.split(",").some((tag) => {
    const text = tag.trim();
    return text === "*" || text.replace(/^W\//, "") === `"${version}"`;
  });
}
