import type { Route } from "../route.ts";
import type { Schema, Schemas } from "./schemas.ts";

export type Parameter = {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  description?: string;
  schema: Schema;
};

const DRY_RUN: Parameter = {
  name: "dryRun",
  in: "query",
  required: false,
  description: "Do everything, say what it did, and undo it: nothing is kept and nothing is sent.",
  schema: { type: "boolean", default: false },
};

const IDEMPOTENCY_KEY: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "Of the caller's choice. The same request with the same key is done once and answered again for 24 hours.",
  schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,255}$" },
};

const IF_MATCH: Parameter = {
  name: "If-Match",
  in: "header",
  required: false,
  description: "The ETag of what the change is meant for; 412 when it was changed since.",
  schema: { type: "string" },
};

const IF_NONE_MATCH: Parameter = {
  name: "If-None-Match",
  in: "header",
  required: false,
  description: "The ETag of what the caller has; 304 while it is the same.",
  schema: { type: "string" },
};

const CSRF_TOKEN: Parameter = {
  name: "X-CSRF-Token",
  in: "header",
  required: false,
  description: "What `GET /session` says. A change by a session needs it; one by a token does not.",
  schema: { type: "string" },
};

/** Everything that a request of this route can say beside its body. */
export function parametersOf(schemas: Schemas, route: Route): Parameter[] {
  return [...fromPath(schemas, route), ...fromQuery(schemas, route), ...ofEveryRequest(route)];
}

function ofEveryRequest(route: Route): Parameter[] {
  if ("write" in route)
    return [DRY_RUN, IDEMPOTENCY_KEY, ...(route.current === undefined ? [] : [IF_MATCH]), CSRF_TOKEN];
  if ("act" in route) return [DRY_RUN, CSRF_TOKEN];
  return "read" in route ? [IF_NONE_MATCH] : [];
}

function fromPath(schemas: Schemas, route: Route): Parameter[] {
  const properties = route.params === undefined ? {} : propertiesOf(schemas.taken(route.params));
  return namesIn(route.path).map((name) => parameter("path", name, properties[name] ?? { type: "string" }, true));
}

/** The names of a path's parameters, in their order. */
function namesIn(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

function fromQuery(schemas: Schemas, route: Route): Parameter[] {
  if (route.query === undefined) return [];
  const schema = schemas.taken(route.query);
  const required = new Set((schema.required ?? []) as string[]);
  return Object.entries(propertiesOf(schema)).map(([name, property]) =>
    parameter("query", name, isYesOrNo(property) ? { type: "boolean" } : property, required.has(name)),
  );
}

function parameter(place: Parameter["in"], name: string, property: Schema, required: boolean): Parameter {
  const { description, ...schema } = property;
  return {
    name,
    in: place,
    required,
    ...(typeof description === "string" && { description }),
    schema,
  };
}

function propertiesOf(schema: Schema): Record<string, Schema> {
  return (schema.properties ?? {}) as Record<string, Schema>;
}

/** In a query string everything is text, `true` and `false` too. */
function isYesOrNo({ enum: words }: Schema): boolean {
  return Array.isArray(words) && words.length === 2 && words.includes("true") && words.includes("false");
}
