import type { Request } from "express";
import { z } from "zod";
import { pointer } from "./pointer.ts";
import { type Fault, InvalidInput } from "./problem.ts";

/** So many faults are told of one request: a body of wrong items must not be answered with a larger one. */
const MOST_FAULTS = 50;

/** What came in, checked; its faults at once. @throws InvalidInput. */
export function parseInput<S extends z.ZodType>(
  schema: S,
  input: unknown,
  kind: "body" | "query" | "path",
): z.output<S> {
  const parsed = schema.safeParse(input, { error: inOurWords });
  if (parsed.success) return parsed.data;
  throw new InvalidInput(parsed.error.issues.flatMap((issue) => faults(issue, kind)).slice(0, MOST_FAULTS));
}

/** What a schema says nothing of by itself, for whoever sent it. */
function inOurWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "it is missing" : `it must be of type ${issue.expected}`;
    case "invalid_value":
      return oneOf(issue.values);
    case "too_small":
      return `it must ${measure(issue.origin)} at least ${issue.minimum}`;
    case "too_big":
      return `it must ${measure(issue.origin)} at most ${issue.maximum}`;
    case "invalid_union":
      return Array.isArray(issue.options) ? oneOf(issue.options) : undefined;
    default:
      return undefined;
  }
}

function oneOf(values: readonly unknown[]): string {
  return `it must be ${values.map((value) => JSON.stringify(value)).join(" or ")}`;
}

function measure(origin: string): string {
  return origin === "string" ? "have a length of" : origin === "number" || origin === "int" ? "be" : "hold";
}

function faults(issue: z.core.$ZodIssue, kind: "body" | "query" | "path"): Fault[] {
  const place = (path: readonly PropertyKey[]) => (kind === "body" ? pointer(path) : path.join("."));
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      pointer: place([...issue.path, key]),
      code: "unknown",
      message: kind !== "body" ? "there is no such parameter" : "there is no such field",
    }));
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const told = issue.errors.map((issues) =>
      issues.flatMap((inner) => faults({ ...inner, path: [...issue.path, ...inner.path] }, kind)),
    );
    // Of several forms the one is meant that comes nearest.
    return told.reduce((nearest, each) => (each.length < nearest.length ? each : nearest));
  }
  return [{ pointer: place(issue.path), code: "invalid", message: issue.message }];
}

/** The parameters of a list. */
export const paging = {
  limit: z
    .string()
    .regex(/^([1-9]\d?|1\d\d|200)$/, "it must be a whole number from 1 to 200")
    .default("50")
    .transform(Number)
    .meta({
      description: "How many at most.",
      wire: { description: "How many at most.", type: "integer", minimum: 1, maximum: 200, default: 50 },
    }),
  cursor: z.string().max(200).optional().meta({ description: "`page.next` of the page before." }),
};

/** The form of a cursor that goes on after an id. */
export const UUID_KEY = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** A cursor is opaque to callers: it says after which key the next page begins. */
export function cursorAfter(key: string): string {
  return Buffer.from(key, "utf8").toString("base64url");
}

/** @throws InvalidInput when it is not a cursor that an answer gave. */
export function keyOfCursor(cursor: string | undefined, form: RegExp, parameter: string): RegExpExecArray | undefined {
  if (cursor === undefined) return undefined;
  const found = form.exec(Buffer.from(cursor, "base64url").toString("utf8"));
  if (!found)
    throw new InvalidInput([{ pointer: parameter, code: "invalid", message: "this is no cursor that an answer gave" }]);
  return found;
}

/** The parameters of the query string, each at most once. @throws InvalidInput. */
export function queryOf(request: Request): Record<string, string> {
  const start = request.originalUrl.indexOf("?");
  const found = new URLSearchParams(start < 0 ? "" : request.originalUrl.slice(start + 1));
  const values: Record<string, string> = Object.create(null);
  for (const [name, value] of found) {
    if (name in values)
      throw new InvalidInput([{ pointer: name, code: "repeated", message: "it may be given only once" }]);
    values[name] = value;
  }
  return { ...values };
}
