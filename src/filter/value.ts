import { MusterError } from "../errors.ts";
import type { Operator, Value } from "./ast.ts";
import { parseDateTime } from "./date-time.ts";
import { type Cursor, peek, readBareValue, readSingleQuoted, readString, syntaxError } from "./lexer.ts";

/** RFC 7643 §2.3. */
export type ValueType = "string" | "boolean" | "decimal" | "integer" | "dateTime" | "reference" | "binary" | "complex";

/** A comparison value as it stood in the text. `bare` values were not quoted. */
export type Literal = { value: Value; bare: string | null };

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * The value of a comparison, fitted to the attribute that it is compared with. Texts without quotes, which the RFC does
 * not know, are read too: `literal.bare` says so.
 */
export function readValue(
  cursor: Cursor,
  attribute: { name: string; type: ValueType },
  operator: Operator,
): { value: Value; literal: Literal } {
  const start = cursor.position;
  try {
    const literal = readLiteral(cursor);
    return { value: fitValue(attribute, operator, literal), literal };
  } catch (error) {
    if (error instanceof MusterError && error.at === undefined) throw syntaxError(cursor, error.message, start);
    throw error;
  }
}

/** A value before it is fitted to any attribute. */
export function readLiteral(cursor: Cursor): Literal {
  if (peek(cursor) === '"') return { value: readString(cursor), bare: null };
  if (peek(cursor) === "'") {
    const text = readSingleQuoted(cursor);
    return { value: text, bare: text };
  }
  const bare = readBareValue(cursor);
  if (bare === "") throw syntaxError(cursor, "a value is expected");
  if (bare === "true" || bare === "false") return { value: bare === "true", bare };
  if (bare === "null") return { value: null, bare };
  if (NUMBER.test(bare)) return { value: Number(bare), bare };
  if (bare.includes("\0") || !bare.isWellFormed())
    throw syntaxError(cursor, "the value holds a character that cannot be stored");
  return { value: bare, bare };
}

const ORDERING: ReadonlySet<Operator> = new Set(["gt", "ge", "lt", "le"]);
const SUBSTRING: ReadonlySet<Operator> = new Set(["co", "sw", "ew"]);

function fitValue({ name, type }: { name: string; type: ValueType }, operator: Operator, literal: Literal): Value {
  if (literal.value === null) {
    if (operator === "eq" || operator === "ne") return null;
    throw invalid(`null can be compared with eq and ne only`);
  }
  switch (type) {
    case "string":
    case "reference":
    case "binary":
      if (type === "binary" && ORDERING.has(operator)) throw invalid(`${name} has no order (RFC 7644 §3.4.2.2)`);
      return literal.bare ?? String(literal.value);
    case "boolean": {
      if (operator !== "eq" && operator !== "ne") throw invalid(`${name} is true or false: ${operator} does not apply`);
      const word = String(literal.value).toLowerCase();
      if (word !== "true" && word !== "false") throw invalid(`${name} is compared with true or false`);
      return word === "true";
    }
    case "dateTime":
      if (SUBSTRING.has(operator)) throw invalid(`${name} is a time: ${operator} does not apply`);
      if (typeof literal.value !== "string" || parseDateTime(literal.value) === undefined)
        throw invalid(`${name} is compared with a time such as "2026-01-31T12:00:00Z"`);
      return literal.value;
    case "integer":
    case "decimal":
      if (SUBSTRING.has(operator)) throw invalid(`${name} is a number: ${operator} does not apply`);
      if (typeof literal.value !== "number" || !Number.isFinite(literal.value))
        throw invalid(`${name} is compared with a number`);
      return literal.value;
    case "complex":
      throw invalid(`${name} has parts: compare one of them, as in ${name}.value`);
  }
}

function invalid(detail: string): MusterError {
  return new MusterError("invalid-filter", detail);
}
