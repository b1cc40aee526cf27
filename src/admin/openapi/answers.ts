import { STATUS_CODES } from "node:http";
import { z } from "zod";
import type { ErrorCode } from "../../errors.ts";
import { impactAnswer } from "../impact.ts";
import { STATUS_OF } from "../problem.ts";
import { settingInTheWay } from "../refusal.ts";
import { type Route, statusOf } from "../route.ts";
import type { Schema, Schemas } from "./schemas.ts";

export type Reference = { $ref: string };
export type Header = { description: string; required: boolean; schema: Schema };
export type Answer = {
  description: string;
  headers: Record<string, Header | Reference>;
  content?: Record<string, { schema: Schema }>;
};

const text = { type: "string" } as const;

const RETRY_AFTER: Header = {
  description: "Seconds after which the same request may succeed.",
  required: true,
  schema: { type: "integer", minimum: 0 },
};

/** The headers of answers. */
export const HEADERS: Readonly<Record<string, Header>> = {
  "X-Request-Id": { description: "The id by which the log knows this request.", required: true, schema: text },
  ETag: { description: "The validator of this answer (RFC 9110 §8.8.3).", required: true, schema: text },
  Location: { description: "Where that which was made is found.", required: true, schema: text },
  "Content-Disposition": { description: "The file's name (RFC 6266).", required: true, schema: text },
  "Idempotency-Replayed": {
    description: "The answer of an earlier request with the same Idempotency-Key; nothing was done again.",
    required: false,
    schema: { const: "true" },
  },
  RateLimit: {
    description: "What is left now (draft-ietf-httpapi-ratelimit-headers).",
    required: false,
    schema: text,
  },
  "RateLimit-Policy": { description: "What one caller may do in a window.", required: false, schema: text },
  "Retry-After": RETRY_AFTER,
  "Set-Cookie": { description: "The session, or its end (RFC 6265).", required: false, schema: text },
  "WWW-Authenticate": { description: "What is needed (RFC 6750 §3).", required: false, schema: text },
};

function headers(...names: string[]): Record<string, Reference> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Of every answer; who is known is also told what is left. */
const ALWAYS = ["X-Request-Id", "RateLimit", "RateLimit-Policy"];

const CODES = Object.keys(STATUS_OF).sort() as [ErrorCode, ...ErrorCode[]];

/** Every failure (RFC 9457). */
const problem = z
  .object({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(CODES),
    errors: z.array(
      z
        .object({ pointer: z.string(), code: z.string(), message: z.string() })
        .meta({ description: "One thing that is wrong: where, as a JSON pointer or the name of a parameter." }),
    ),
    candidates: z.array(z.string()).readonly().optional(),
    setting: settingInTheWay.optional(),
    mergedInto: z.uuid().optional().meta({ description: "Which account the one that was asked for went into." }),
    requestId: z.string(),
  })
  .meta({ id: "Problem" });

/** What a dry run would have changed, as the audit log would tell it. */
const change = z
  .object({
    action: z.string(),
    subject: z.object({ kind: z.string(), id: z.uuid().nullable() }),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "WouldChange" });

/** The name of a failure's answer among the components. */
function nameOf(status: number): string {
  return (STATUS_CODES[status] ?? "").replace(/[^A-Za-z]/g, "");
}

/** What some failures say beside the problem. */
const BESIDE: Readonly<Record<number, readonly string[]>> = {
  401: ["WWW-Authenticate"],
  403: ["WWW-Authenticate"],
  429: ["Retry-After"],
  503: ["Retry-After"],
};

/** An answer for each status of a failure, with the codes that it can have. */
export function problemAnswers(schemas: Schemas): Record<string, Answer> {
  const base = schemas.sent(problem);
  const statuses = [...new Set(Object.values(STATUS_OF))].sort();
  return Object.fromEntries(
    statuses.map((status) => {
      const codes = CODES.filter((code) => STATUS_OF[code] === status);
      const schema = { allOf: [base, { properties: { status: { const: status }, code: { enum: codes } } }] };
      return [
        nameOf(status),
        {
          description: `${STATUS_CODES[status]}: ${codes.join(", ")}`,
          // A session that has ended is taken from the browser, whatever it asked for.
          headers: {
            ...headers(...ALWAYS, ...(BESIDE[status] ?? []), "Set-Cookie"),
            ...(status === 409 && { "Retry-After": { ...RETRY_AFTER, required: false } }),
          },
          content: { "application/problem+json": { schema } },
        },
      ];
    }),
  );
}

/** Every answer of a route by its status. */
export function answersOf(schemas: Schemas, route: Route): Record<string, Answer | Reference> {
  const failures = failuresOf(route).map((status): [string, Reference] => [
    String(status),
    { $ref: `#/components/responses/${nameOf(status)}` },
  ]);
  return Object.fromEntries([...successes(schemas, route), ...failures]);
}

const DONE: Readonly<Record<number, string>> = {
  200: "Done.",
  201: "It is made.",
  202: "It will be done.",
  204: "Done.",
  302: "The browser is sent on.",
};

function successes(schemas: Schemas, route: Route): [string, Answer][] {
  const status = statusOf(route);
  const schema = route.answer === undefined ? undefined : schemas.sent(route.answer);
  if ("read" in route || route.id === "openapi.get")
    return [
      [String(status), answer("What was asked for.", schema, "ETag")],
      ["304", answer("The caller has it already.", undefined, "ETag")],
    ];
  if ("send" in route) {
    const content = Object.fromEntries(route.produces.map((type) => [type, { schema: { type: "string" } as const }]));
    return [["200", { ...answer("The file.", undefined, "Content-Disposition"), content }]];
  }
  if ("open" in route)
    return [[String(status), answer(DONE[status], schema, "Set-Cookie", ...(status === 302 ? ["Location"] : []))]];
  const made = [
    ...(route.location === undefined ? [] : ["Location"]),
    ...(route.id.startsWith("session.") ? ["Set-Cookie"] : []),
  ];
  if ("act" in route) {
    const done: [string, Answer] = [String(status), answer(DONE[status], schema, ...made)];
    return status === 200 ? [done] : [["200", answer("What would be done.", schema)], done];
  }
  const dry = dryRun(schemas, status, schema);
  if (status === 200 && schema !== undefined)
    return [
      [
        "200",
        answer(
          "Done; with dryRun=true, what would be done.",
          { oneOf: [schema, dry] },
          "Idempotency-Replayed",
          ...made,
        ),
      ],
    ];
  return [
    ["200", answer("With dryRun=true: what would be done.", dry)],
    [String(status), answer(DONE[status], schema, "Idempotency-Replayed", ...made)],
  ];
}

function answer(description = "", schema: Schema | undefined, ...more: string[]): Answer {
  return {
    description,
    headers: headers(...ALWAYS, ...more),
    ...(schema !== undefined && { content: { "application/json": { schema } } }),
  };
}

function dryRun(schemas: Schemas, status: number, result: Schema | undefined): Schema {
  return {
    type: "object",
    properties: {
      dryRun: { const: true },
      status: { const: status },
      ...(result !== undefined && { result }),
      changes: { type: "array", items: schemas.sent(change) },
      impact: schemas.sent(impactAnswer),
    },
    required: ["dryRun", "status", ...(result === undefined ? [] : ["result"]), "changes", "impact"],
    additionalProperties: false,
  };
}

/** The statuses of what can go wrong. */
function failuresOf(route: Route): number[] {
  const always = [422, 429, 500, 503];
  const ofBody = route.body === undefined ? [] : [413, 415];
  // Signing in can end in every way; the document itself in none of them.
  if ("open" in route) return route.id === "openapi.get" ? always : [400, 401, 403, 404, 409, ...ofBody, ...always];
  const writes = route.method !== "GET";
  // What a route that anybody known may ask has to show is not there for everybody.
  const asks =
    writes ||
    route.params !== undefined ||
    route.query !== undefined ||
    route.guard === "known" ||
    // The one setting that an organization has or has not.
    route.id === "singleSignOn.get";
  const statuses = [
    400,
    401,
    ...(writes || typeof route.guard === "object" ? [403] : []),
    ...(asks ? [404] : []),
    // A read may be asked by a name that several things have.
    ...(writes || route.query !== undefined ? [409] : []),
    // An account that went into another one is told where it is asked for as what it was.
    ...(route.path.startsWith("/users/") ? [410] : []),
    ...("write" in route ? [412] : []),
    ...ofBody,
    ...always,
  ];
  return statuses.sort((a, b) => a - b);
}
