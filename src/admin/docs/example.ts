import type { Schema } from "../openapi/schemas.ts";

/** What a text is for, by the name of its field; whoever reads an example learns more from these than from "text". */
const KNOWN: Readonly<Record<string, string>> = {
  userName: "ada",
  displayName: "Ada Lovelace",
  name: "Engineering",
  key: "wiki",
  product: "wiki",
  site: "london",
  space: "docs",
  directory: "okta",
  group: "Engineering",
  reason: "asked for in ticket 4711",
  url: "https://wiki.example.com",
  domain: "example.com",
  filter: 'userName eq "ada"',
};

const BY_FORMAT: Readonly<Record<string, string>> = {
  uuid: "0198c0de-0000-7000-8000-000000000000",
  "date-time": "2026-01-31T12:00:00Z",
  date: "2026-01-31",
  email: "ada@example.com",
  uri: "https://example.com/",
};

/** For texts of a certain form; a form that none of these has says an example itself (`.meta({ examples })`). */
const WORDS = ["wiki", "urn:example:1.0:Badge", "4711", "123456", "a".repeat(32)];

/** As deep as an example goes; what is nested deeper is left out where it may be. */
const DEEPEST = 6;

/**
 * A value that a schema allows, always the same. `named` are the schemas that references name, `name` is the field in
 * which it stands.
 */
export function exampleOf(schema: Schema, named: Readonly<Record<string, Schema>>, name = "", depth = 0): unknown {
  const go = (inner: unknown, field = name) => exampleOf(inner as Schema, named, field, depth + 1);
  if (typeof schema.$ref === "string") return go(named[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  if (Array.isArray(schema.examples)) return schema.examples[0];
  if ("const" in schema) return schema.const;
  if ("default" in schema) return schema.default;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const choices = (schema.oneOf ?? schema.anyOf) as Schema[] | undefined;
  if (choices !== undefined) return go(choices.find(({ type }) => type !== "null") ?? choices[0]);
  if (Array.isArray(schema.allOf)) return Object.assign({}, ...schema.allOf.map((part) => go(part)));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object") return objectOf(schema, go, depth);
  if (type === "array") {
    const few = Number(schema.minItems ?? 0);
    return depth >= DEEPEST && few === 0 ? [] : Array.from({ length: Math.max(1, few) }, () => go(schema.items ?? {}));
  }
  if (type === "integer" || type === "number") return schema.minimum ?? 1;
  if (type === "boolean") return true;
  return type === "string" ? textOf(schema, name) : {};
}

function objectOf(schema: Schema, go: (inner: unknown, field: string) => unknown, depth: number): object {
  const required = new Set((schema.required ?? []) as string[]);
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  // A record of named fields has one schema for all of them.
  const others = typeof schema.additionalProperties === "object" ? [...required] : [];
  const unnamed = others.filter((name) => !Object.hasOwn(properties, name));
  const fields = [
    ...Object.entries(properties),
    ...unnamed.map((name) => [name, schema.additionalProperties as Schema] as const),
  ];
  const shown = fields.filter(([name]) => depth < DEEPEST || required.has(name));
  return Object.fromEntries(shown.map(([name, inner]) => [name, go(inner, name)]));
}

function textOf(schema: Schema, name: string): string {
  const byFormat = BY_FORMAT[String(schema.format)];
  if (byFormat !== undefined) return byFormat;
  const known = /email$/i.test(name) ? "ada@example.com" : (KNOWN[name] ?? "text");
  const pattern = new RegExp(typeof schema.pattern === "string" ? schema.pattern : "", "u");
  const text = [known, ...WORDS].find((word) => pattern.test(word)) ?? known;
  return text.slice(0, Number(schema.maxLength ?? 100)).padEnd(Number(schema.minLength ?? 0), "x");
}
