import type { OperationObject } from "../openapi/document.ts";
import type { Schema } from "../openapi/schemas.ts";
import { exampleOf } from "./example.ts";

/** The request as one would type it: with what is required, and with the body made from its schema. */
export function curlOf(
  base: string,
  method: string,
  path: string,
  operation: OperationObject,
  named: Readonly<Record<string, Schema>>,
): string {
  const parameters = operation.parameters ?? [];
  const value = (name: string, schema: Schema) => encodeURIComponent(String(exampleOf(schema, named, name)));
  const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    value(name, parameters.find((parameter) => parameter.in === "path" && parameter.name === name)?.schema ?? {}),
  );
  const query = parameters
    .filter((parameter) => parameter.in === "query" && parameter.required)
    .map(({ name, schema }) => `${name}=${value(name, schema)}`);
  const url = `${base}${place}${query.length === 0 ? "" : `?${query.join("&")}`}`;
  const schema = operation.requestBody?.content["application/json"]?.schema;
  return [
    `curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${quoted(url)}`,
    ...(operation.security?.length === 0 ? [] : [`-H "Authorization: Bearer $MUSTER_TOKEN"`]),
    ...(schema === undefined
      ? []
      : ["-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(exampleOf(schema, named)))}`]),
  ].join(" \\\n  ");
}

/** As a shell takes it, whatever is in it. */
function quoted(text: string): string {
  return /^[\w:/.?=&%-]+$/.test(text) && !/[&?]/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
