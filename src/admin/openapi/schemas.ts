import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { MusterError } from "../../errors.ts";

/** A JSON Schema of draft 2020-12. */
export type Schema = { readonly [keyword: string]: unknown };

/** The schemas of one document: each with an id (`.meta({ id })`) stands once, under its name. */
export type Schemas = {
  /** What is sent to us: what a schema takes, before it is changed into our own types. */
  taken(schema: z.ZodType): Schema;
  /** What we send, as JSON. */
  sent(schema: z.ZodType): Schema;
  /** Those that have a name, in the order of their names. */
  named(): Record<string, Schema>;
};

/** @throws MusterError `internal` when two schemas have one name. */
export function makeSchemas(): Schemas {
  const named = new Map<string, Schema>();
  const toJson = (schema: z.ZodType, io: "input" | "output"): Schema => {
    const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any", override });
    for (const [name, definition] of Object.entries($defs)) {
      const found = toComponents(definition) as Schema;
      if (!isDeepStrictEqual(found, named.get(name) ?? found))
        throw new MusterError("internal", `two schemas of the API are called ${name}`);
      named.set(name, found);
    }
    return toComponents(rest) as Schema;
  };
  return {
    taken: (schema) => toJson(schema, "input"),
    sent: (schema) => toJson(schema, "output"),
    named: () => Object.fromEntries([...named].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** What zod cannot know: how a type stands in JSON, and what a text of the query string means. */
function override({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: z.core.JSONSchema.BaseSchema }) {
  const wire = z.globalRegistry.get(zodSchema as z.ZodType)?.wire;
  if (wire !== undefined) {
    for (const keyword of Object.keys(jsonSchema)) delete jsonSchema[keyword];
    Object.assign(jsonSchema, wire);
  }
  if (zodSchema._zod.def.type === "date") Object.assign(jsonSchema, { type: "string", format: "date-time" });
  // zod says of arrays that our code may not change that callers may not send them.
  delete jsonSchema.readOnly;
  // The format says it in a word.
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

/** The same with its references into the components of the document. */
function toComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toComponents);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "$ref" ? String(inner).replace("#/$defs/", "#/components/schemas/") : toComponents(inner),
    ]),
  );
}
