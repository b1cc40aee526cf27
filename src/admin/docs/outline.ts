import { type Html, html } from "../../http/html.ts";
import type { Schema } from "../openapi/schemas.ts";

/** A schema as a person reads it: its fields and their types, with links to those that have a name. */
export function outlineOf(schema: Schema, indent = ""): Html {
  if (typeof schema.$ref === "string") {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if ("const" in schema) return html`${JSON.stringify(schema.const)}`;
  if (Array.isArray(schema.enum)) return html`${schema.enum.map((word) => JSON.stringify(word)).join(" | ")}`;
  const choices = (schema.oneOf ?? schema.anyOf) as Schema[] | undefined;
  if (choices !== undefined)
    return joined(
      choices.map((choice) => outlineOf(choice, indent)),
      " | ",
    );
  if (Array.isArray(schema.allOf))
    return joined(
      schema.allOf.map((part) => outlineOf(part as Schema, indent)),
      " & ",
    );
  const types = Array.isArray(schema.type) ? (schema.type as string[]) : [schema.type as string | undefined];
  return joined(
    types.map((type) => ofType(type, schema, indent)),
    " | ",
  );
}

function ofType(type: string | undefined, schema: Schema, indent: string): Html {
  if (type === "array") return html`[${outlineOf((schema.items ?? {}) as Schema, indent)}]`;
  if (type === "object") return fieldsOf(schema, indent);
  if (type === undefined) return html`anything`;
  return html`${schema.format === undefined ? `${type}${boundsOf(schema)}` : String(schema.format)}`;
}

function fieldsOf(schema: Schema, indent: string): Html {
  const fields = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  if (fields.length === 0) return html`object`;
  const required = new Set((schema.required ?? []) as string[]);
  const deeper = `${indent}  `;
  const lines = fields.map(
    ([name, inner]) =>
      html`${deeper}${name}${required.has(name) ? "" : "?"}: ${outlineOf(inner, deeper)}${noteOf(inner)}\n`,
  );
  return html`{\n${lines}${indent}}`;
}

/** What a field says of itself. */
function noteOf({ description }: Schema): string {
  return typeof description === "string" ? `  # ${description}` : "";
}

/** The bounds of a number or a text, in a few characters. */
function boundsOf(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength } = schema;
  const range = (least: unknown, most: unknown, what: string) =>
    least === undefined && most === undefined ? "" : ` (${least ?? 0} to ${most ?? "…"}${what})`;
  return range(minimum, maximum, "") || range(minLength, maxLength, " characters");
}

function joined(parts: readonly Html[], between: string): Html {
  return html`${parts.map((part, index) => (index === 0 ? part : html`${between}${part}`))}`;
}
