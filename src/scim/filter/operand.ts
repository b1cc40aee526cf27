import type { Operator, Value } from "../../filter/ast.ts";
import type { Cursor } from "../../filter/lexer.ts";
import { readValue } from "../../filter/value.ts";
import { type Reading, tolerate } from "../dialect.ts";
import type { AttributePath } from "../schema/attribute.ts";

/**
 * The value of a comparison, fitted to the attribute.
 * Texts without quotes are taken too: Entra sends them (test/fixtures/idp/entra/unquoted-filter.json).
 */
export function readOperand(reading: Reading, cursor: Cursor, path: AttributePath, operator: Operator): Value {
  const start = cursor.position;
  const { value, literal } = readValue(cursor, path.sub ?? path.attribute, operator);
  const at = `character ${start + 1}`;
  if (literal.bare !== null && typeof value === "string") tolerate(reading, "unquoted-filter-value", at, cursor.code);
  if (typeof literal.value === "string" && typeof value === "boolean")
    tolerate(reading, "boolean-as-text", at, cursor.code);
  return value;
}
