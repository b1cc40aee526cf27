import { compile, type JSONSchema } from "json-schema-to-typescript";
import type { OpenApi, OperationObject } from "../../src/admin/openapi/document.ts";
import type { Schema } from "../../src/admin/openapi/schemas.ts";
import { wordsOf } from "./words.ts";

type Part = { type: "object"; properties: Record<string, unknown>; required: string[]; additionalProperties: false };

/** What the console may ask: every operation of the API with the types of what it takes and answers, as TypeScript. */
export async function operationsOf(document: OpenApi): Promise<string> {
  const found = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const schema = {
    title: "Operations",
    ...object(Object.fromEntries(found.map(({ operation }) => [operation.operationId, typesOf(operation)]))),
    $defs: document.components.schemas,
  };
  const types = await compile(local(schema) as JSONSchema, "Operations", {
    bannerComment: "",
    additionalProperties: true,
    strictIndexSignatures: true,
    unreachableDefinitions: true,
    style: { printWidth: 120 },
  });
  const table = found.map(({ path, method, operation }) => `  "${operation.operationId}": ["${method}", "${path}"],`);
  return `// Made from the API's document by test/console/operations.test.ts with --update; edit the routes instead.

${types}
${wordsOf(document)}
/** Method and path below /api/v1 of each. */
export const OPERATIONS = {
${table.join("\n")}
} as const satisfies Record<keyof Operations, readonly [string, string]>;
`;
}

function typesOf(operation: OperationObject) {
  const of = (place: "path" | "query") => {
    const all = (operation.parameters ?? []).filter((one) => one.in === place && one.name !== "dryRun");
    return object(
      Object.fromEntries(all.map((one) => [one.name, one.schema])),
      all.filter((one) => one.required).map((one) => one.name),
    );
  };
  const answers: Schema[] = Object.entries(operation.responses)
    .flatMap(([status, answer]) => (status.startsWith("2") && "content" in answer ? [answer.content] : []))
    .flatMap((content): Schema[] => (content?.["application/json"] ? [content["application/json"].schema] : []))
    .flatMap((schema) => (schema.oneOf as Schema[] | undefined) ?? [schema])
    .filter((schema) => !isTrial(schema));
  const body = operation.requestBody?.content["application/json"]?.schema;
  return object({ params: of("path"), query: of("query"), body: body ?? NOTHING, answer: answers[0] ?? NOTHING });
}

const NOTHING = { type: "null" };

/** The answer to `dryRun=true` is one type for all: `Trial` in src/console/browser/api/call.ts. */
function isTrial({ properties }: Schema): boolean {
  return typeof properties === "object" && properties !== null && "dryRun" in properties && "impact" in properties;
}

function object(properties: Record<string, unknown>, required = Object.keys(properties)): Part {
  return { type: "object", properties, required, additionalProperties: false };
}

/** Types stand below the schema itself; lengths and counts are no types, and a tuple of every length is none either. */
function local(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(local);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      if (key === "$ref") return [[key, String(inner).replace("#/components/schemas/", "#/$defs/")]];
      if (key === "default" || ((key === "minItems" || key === "maxItems") && typeof inner === "number")) return [];
      return [[key, local(inner)]];
    }),
  );
}
