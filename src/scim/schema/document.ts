import { isDeepStrictEqual } from "node:util";
import { MusterError } from "../../errors.ts";

/**
 * A resource in canonical form: names as the schemas spell them, extensions under their URNs, values of the schemas'
 * types, nothing unassigned, nothing read-only. This is what is stored, so that reads need no coercion.
 */
export type Document = Record<string, unknown>;

/** The names of the attributes in which two documents differ. */
export function differences(before: Document, after: Document): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name]));
}

/** The member of that lower-case name, however it is spelt. */
export function caseless(body: Readonly<Record<string, unknown>>, name: string): unknown {
  const key = Object.keys(body).find((candidate) => candidate.toLowerCase() === name);
  return key === undefined ? undefined : body[key];
}

/** Whether a message says that it is of this schema (RFC 7644 §8.2), in any case. @param urn in lower case. */
export function namesSchema(body: Readonly<Record<string, unknown>>, urn: string): boolean {
  const given = caseless(body, "schemas");
  const names: readonly unknown[] = Array.isArray(given) ? given : [given];
  return names.some((name) => typeof name === "string" && name.toLowerCase() === urn);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A photo and some certificates have room; and a page of as many resources as a page may have still has in memory. */
const MAX_RESOURCE = 128 * 1024;

/** @throws MusterError `too-large` when what is to be stored of a resource is longer than any real one. */
export function requireModest(resource: Document): void {
  if (JSON.stringify(resource).length > MAX_RESOURCE)
    throw new MusterError("too-large", `a resource may have at most ${MAX_RESOURCE} characters as JSON`);
}

export function invalidValue(at: string, problem: string): MusterError {
  return new MusterError("invalid-value", `${at} ${problem}`, { at });
}

/** A name of a request as an error repeats it. */
export function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
