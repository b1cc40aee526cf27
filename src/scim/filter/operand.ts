import { MusterError } from "../../errors.ts";
import { tolerate } from "../dialect.ts";
import type { Attribute, AttributePath } from "../schema/attribute.ts";
import type { Operator, Value } from "./ast.ts";
import { type Cursor, peek, readBareValue, readSingleQuoted, readString, syntaxError } from "./lexer.ts";

export const OPERATORS: ReadonlySet<string> = new Set(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]);

/** A comparison value as it stood in the text. `bare` values were not quoted. */
type Literal = { value: Value; bare: string | null };

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * The value of a comparison, fitted to the attribute.
 * Texts without quotes are taken too: Entra sends them (test/fixtures/idp/entra/unquoted-filter.json).
 */
export function readOperand(cursor: Cursor, path: AttributePath, operator: Operator): Value {
  const start = cursor.position;
  try {
    const literal = readLiteral(cursor);
    const value = fitValue(leaf(path), operator, literal);
    const at = `character ${start + 1}`;
    if (literal.bare !== null && typeof value === "string")
      tolerate(cursor.reading, "unquoted-filter-value", at, cursor.code);
    if (typeof literal.value === "string" && typeof value === "boolean")
      tolerate(cursor.reading, "boolean-as-text", at, cursor.code);
    return value;
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

/** The attribute that is compared: the sub-attribute where there is one. */
function leaf(path: AttributePath): Attribute {
  return path.sub ?? path.attribute;
}

const ORDERING: ReadonlySet<Operator> = new Set(["gt", "ge", "lt", "le"]);
const SUBSTRING: ReadonlySet<Operator> = new Set(["co", "sw", "ew"]);

function fitValue(attribute: Attribute, operator: Operator, literal: Literal): Value {
  if (literal.value === null) {
    if (operator === "eq" || operator === "ne") return null;
    throw invalid(`null can be compared with eq and ne only`);
  }
  const { name } = attribute;
  switch (attribute.type) {
    case "string":
    case "reference":
    case "binary":
      if (attribute.type === "binary" && ORDERING.has(operator))
        throw invalid(`${name} has no order (RFC 7644 §3.4.2.2)`);
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

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-](\d\d):\d\d)?$/;

/**
 * The moment of an xsd:dateTime (RFC 7643 §2.3.5) to the millisecond; without a zone it is UTC. Undefined when it is
 * none, also for what only some parsers take: a day that its month does not have, the year 0, a zone beyond 14 hours.
 */
export function parseDateTime(text: string): Date | undefined {
  const match = DATE_TIME.exec(text);
  if (!match) return undefined;
  const [year, month, day, zone] = [match[1], match[2], match[3], match[6] ?? 0].map(Number);
  if (year === 0 || Number(zone) > 14 || Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate())
    return undefined;
  const date = new Date(match[5] === undefined ? `${text}Z` : text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
