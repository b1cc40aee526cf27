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

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function invalidValue(at: string, problem: string): MusterError {
  return new MusterError("invalid-value", `${at} ${problem}`, { at });
}

/** A name of a request as an error repeats it. */
export function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
