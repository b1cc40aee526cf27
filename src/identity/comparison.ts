import { parseId } from "../db/id.ts";
import { MusterError, unreachable } from "../errors.ts";
import type { Operator, Value } from "../filter/ast.ts";
import { parseDateTime } from "../filter/date-time.ts";
import { emailKey, nameKey, userNameKey } from "./keys.ts";

/**
 * How a value is held that filters compare. `key`, `user-name-key`, `address`: folded already by the keys of
 * src/identity/keys.ts; `folded`: compared through the SQL function `fold_text`; `reference`: an id, whose case does not
 * count; the others as they are.
 */
type Form =
  | "exact"
  | "key"
  | "user-name-key"
  | "address"
  | "folded"
  | "uuid"
  | "reference"
  | "boolean"
  | "time"
  | "number";

/**
 * An SQL expression for one value of the row at hand. `start` is a column in an index, in the order of bytes, with the
 * first `STARTS` characters of its folded text at least; `unique`: no two live rows of a directory have the same.
 */
export type Column = { sql: string; form: Form; nullable: boolean; start?: string; unique?: boolean };

/** Characters of a text that migration 0015 keeps in an index. */
const STARTS = 300;

/** The part of a folded text that an index has. */
export function startOf(text: string): string {
  return `left(${text}, ${STARTS})`;
}

export function isPresent(column: Column): string {
  return column.nullable ? `(${column.sql} is not null)` : "true";
}

/**
 * A comparison in SQL, whose value is added to `values`: texts of requests get into SQL only here. What has no value
 * differs from every value and is nothing else (RFC 7644 §3.4.2.2); where the comparison is `negated`, SQL's null
 * becomes false.
 */
export function comparisonSql(
  column: Column,
  operator: Operator,
  value: Value,
  values: unknown[],
  negated: boolean,
): string {
  const text = compare(column, operator, value, values);
  return negated && column.nullable && operator !== "ne" ? `coalesce(${text}, false)` : text;
}

function compare(column: Column, operator: Operator, value: Value, values: unknown[]): string {
  const bind = (parameter: unknown, type: string): string => `$${values.push(parameter)}::${type}`;
  switch (column.form) {
    case "exact":
      return indexed(column, column.sql, operator, bind(value, "text"), value);
    case "user-name-key":
      return indexed(column, column.sql, operator, bind(userNameKey(String(value)), "text"), value);
    case "address":
      return indexed(column, column.sql, operator, bind(addressKey(String(value), operator), "text"), value);
    case "key":
      return indexed(column, column.sql, operator, bind(nameKey(String(value)), "text"), value);
    case "folded":
      return indexed(column, `fold_text(${column.sql})`, operator, folded(bind(value, "text"), operator), value);
    case "uuid":
      return identity(column.sql, operator, String(value), bind);
    case "reference":
      return identity(column.sql, operator, String(value).toLowerCase(), bind);
    case "boolean":
      return simple(column.sql, operator, bind(value, "boolean"));
    case "number":
      return simple(column.sql, operator, bind(value, "numeric"));
    case "time":
      return moment(column.sql, operator, String(value), (date) => bind(date, "timestamptz"));
    default:
      return unreachable(column.form);
  }
}

/** A whole address has a canonical form; a part of one has only its case folded. */
function addressKey(text: string, operator: Operator): string {
  return (operator === "eq" || operator === "ne" ? emailKey(text) : null) ?? userNameKey(text);
}

/** A subquery is worked out once, so that a plan which does not know the value costs no more than one which does. */
export function folded(wanted: string, operator: Operator): string {
  return operator === "eq" ? `(select fold_text(${wanted}))` : `fold_text(${wanted})`;
}

/** The character after which there is none. */
const LAST = "\u{10ffff}";

/**
 * A comparison of texts, with what follows from it said of the column that an index has (migration 0015): under row-level
 * security an index is asked nothing but plain comparisons.
 */
function indexed({ start }: Column, sql: string, operator: Operator, wanted: string, value: Value): string {
  const text = textual(sql, operator, wanted);
  if (start === undefined || (operator !== "eq" && operator !== "sw")) return text;
  const begins = sql === start ? wanted : startOf(wanted);
  if (operator === "eq") return sql === start ? text : `(${text} and ${start} = ${begins})`;
  // What every text starts with, and what has no text after it, leave nothing to look for.
  if (value === "" || String(value).includes(LAST)) return text;
  return `(${text} and ${start} >= ${begins} and ${start} < text_after(${begins}))`;
}

const SYMBOLS = { eq: "=", ne: "is distinct from", gt: ">", ge: ">=", lt: "<", le: "<=" } as const;

function simple(sql: string, operator: Operator, parameter: string): string {
  if (operator === "co" || operator === "sw" || operator === "ew")
    throw new MusterError("internal", `${operator} on something that is no text`);
  return `(${sql} ${SYMBOLS[operator]} ${parameter})`;
}

function textual(sql: string, operator: Operator, wanted: string): string {
  switch (operator) {
    case "eq":
    case "ne":
      return simple(sql, operator, wanted);
    case "co":
      return `(strpos(${sql}, ${wanted}) > 0)`;
    case "sw":
      return `starts_with(${sql}, ${wanted})`;
    case "ew":
      return `(right(${sql}, length(${wanted})) = ${wanted})`;
    case "gt":
    case "ge":
    case "lt":
    case "le":
      return `(${sql} collate "C" ${SYMBOLS[operator]} ${wanted})`;
    default:
      return unreachable(operator);
  }
}

/** Ids are compared as ids, so that the index serves them; what is no UUID in canonical form is nobody's id. */
function identity(
  sql: string,
  operator: Operator,
  value: string,
  bind: (value: unknown, type: string) => string,
): string {
  if (operator !== "eq" && operator !== "ne") return textual(`${sql}::text`, operator, bind(value, "text"));
  const id = parseId(value);
  if (id !== value) return operator === "ne" ? "true" : "false";
  return simple(sql, operator, bind(id, "uuid"));
}

/**
 * Times are served to the millisecond and held to the microsecond: a client that asks for what it was served finds it,
 * and `gt` what it was served does not find it again. The column stays bare, so that an index can serve it.
 */
function moment(sql: string, operator: Operator, value: string, bind: (date: Date) => string): string {
  const from = parseDateTime(value);
  if (!from) throw new MusterError("internal", "a time that was checked is none");
  const until = new Date(from.getTime() + 1);
  switch (operator) {
    case "eq":
      return `(${sql} >= ${bind(from)} and ${sql} < ${bind(until)})`;
    case "ne":
      return `(${sql} is null or ${sql} < ${bind(from)} or ${sql} >= ${bind(until)})`;
    case "gt":
      return `(${sql} >= ${bind(until)})`;
    case "ge":
      return `(${sql} >= ${bind(from)})`;
    case "lt":
      return `(${sql} < ${bind(from)})`;
    case "le":
      return `(${sql} < ${bind(until)})`;
    default:
      throw new MusterError("internal", `${operator} on a time`);
  }
}
