import { parseId } from "../../db/id.ts";
import type { SqlFragment, SqlOrder } from "../../db/sql.ts";
import { MusterError, unreachable } from "../../errors.ts";
import { nameKey, userNameKey } from "../../identity/keys.ts";
import { type AttributePath, defaultPart } from "../schema/attribute.ts";
import type { Filter, Operator, Value } from "./ast.ts";
import { type Column, columnOf, type Source, type SqlScope, STARTS, sourceOf } from "./columns.ts";
import { parseDateTime } from "./operand.ts";
import { addressIn, isServed, rowsByKey } from "./served.ts";

/** Collects parameters; texts of requests get into SQL only here. */
type Parameters = unknown[];

/**
 * The filter as a condition on `directory_users u` or `directory_groups g`. What a request brought is in the values;
 * the text is made of the schema's names alone, and as long as the filter is.
 *
 * An attribute without a value differs from every value (`ne`) and matches nothing else; a multi-valued attribute
 * matches when one of its values does (RFC 7644 §3.4.2.2).
 */
export function filterToSql(filter: Filter, scope: SqlScope): SqlFragment {
  const values: Parameters = [];
  const keyed = rowsByKey(filter, scope);
  const served = isServed(filter, scope);
  const text = condition(filter, scope, values, null, false);
  const unique = uniqueIn(filter, scope);
  return { text, values, served, ...(keyed !== undefined && { keyed }), ...(unique && { unique }) };
}

function uniqueIn(filter: Filter, scope: SqlScope): SqlFragment["unique"] {
  if (filter.kind !== "compare" || filter.operator !== "eq" || filter.path.attribute.multiValued) return undefined;
  const { sql, form, unique } = columnOf(scope, filter.path);
  if (unique !== true || form !== "user-name-key" || filter.value === null) return undefined;
  return { column: sql, value: userNameKey(String(filter.value)) };
}

/** `element` is the source whose row is at hand, inside a value path. Under a `not`, SQL's null must become false. */
function condition(
  filter: Filter,
  scope: SqlScope,
  values: Parameters,
  element: Source | null,
  negated: boolean,
): string {
  switch (filter.kind) {
    case "and":
    case "or":
      return `(${filter.terms.map((term) => condition(term, scope, values, element, negated)).join(` ${filter.kind} `)})`;
    case "not":
      return `(not ${condition(filter.term, scope, values, element, true)})`;
    case "present":
      return present(filter.path, scope, element);
    case "compare":
      return comparison(filter, scope, values, element, negated);
    case "value": {
      const source = valuesOf(scope, filter.path);
      const found = finding(source, addressIn(filter.filter), values);
      return `(${found}exists (select from ${source.from} where ${condition(filter.filter, scope, values, source, false)}))`;
    }
    default:
      return unreachable(filter);
  }
}

/** A single-valued attribute with parts (`name[…]`) is a list of at most one. */
function valuesOf(scope: SqlScope, path: AttributePath): Source {
  if (path.attribute.multiValued) return sourceOf(scope, path);
  const held = isPresent(columnOf(scope, { ...path, sub: null }));
  return { from: `(select where ${held}) as e`, column: (sub) => columnOf(scope, { ...path, sub }) };
}

function present(path: AttributePath, scope: SqlScope, element: Source | null): string {
  if (element) return isPresent(element.column(path.sub));
  if (!path.attribute.multiValued) return isPresent(columnOf(scope, path));
  const source = sourceOf(scope, path);
  const where = path.sub === null ? "" : ` where ${isPresent(source.column(path.sub))}`;
  return `exists (select from ${source.from}${where})`;
}

function isPresent(column: Column): string {
  return column.nullable ? `(${column.sql} is not null)` : "true";
}

type Comparison = Extract<Filter, { kind: "compare" }>;

function comparison(
  filter: Comparison,
  scope: SqlScope,
  values: Parameters,
  element: Source | null,
  negated: boolean,
): string {
  const { path, operator, value } = filter;
  if (value === null) {
    const found = present(path, scope, element);
    return operator === "ne" ? found : `(not ${found})`;
  }
  if (element) return guarded(element.column(path.sub), operator, value, values, negated);
  if (!path.attribute.multiValued) return guarded(columnOf(scope, path), operator, value, values, negated);
  const source = sourceOf(scope, path);
  const found = finding(source, addressIn(filter), values);
  const some = `(${found}exists (select from ${source.from} where ${guarded(source.column(path.sub), operator, value, values, false)}))`;
  return operator === "ne" ? `(not exists (select from ${source.from}) or ${some})` : some;
}

/** What an index needs to hear of a comparison that it cannot be asked itself, put before the comparison. */
function finding(source: Source, wanted: Value | undefined, values: Parameters): string {
  if (source.finds === undefined || wanted === undefined) return "";
  return `${source.finds(startOf(folded(`$${values.push(wanted)}::text`, "eq")))} and `;
}

function startOf(text: string): string {
  return `left(${text}, ${STARTS})`;
}

function guarded(column: Column, operator: Operator, value: Value, values: Parameters, negated: boolean): string {
  const text = compare(column, operator, value, values);
  return negated && column.nullable && operator !== "ne" ? `coalesce(${text}, false)` : text;
}

function compare(column: Column, operator: Operator, value: Value, values: Parameters): string {
  const bind = (parameter: unknown, type: string): string => `$${values.push(parameter)}::${type}`;
  switch (column.form) {
    case "exact":
      return indexed(column, column.sql, operator, bind(value, "text"), value);
    case "user-name-key":
      return indexed(column, column.sql, operator, bind(userNameKey(String(value)), "text"), value);
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

/** A subquery is worked out once, so that a plan which does not know the value costs no more than one which does. */
function folded(wanted: string, operator: Operator): string {
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

/**
 * What `sortBy` sorts by (RFC 7644 §3.4.2.3): of a multi-valued attribute the primary value, else the first. Resources
 * without a value come last, or first when descending.
 * @throws MusterError `invalid-value` for an attribute with parts but no `value`.
 */
export function orderToSql(path: AttributePath, scope: SqlScope, descending: boolean): SqlOrder {
  const part = path.sub ?? defaultPart(path.attribute);
  if (part === null && path.attribute.type === "complex")
    throw new MusterError("invalid-value", `${path.attribute.name} has parts: sort by one of them`, { at: "sortBy" });
  const order = (column: Column, sql: string, nullable: boolean): SqlOrder => ({
    text: `${sql} ${descending ? "desc" : "asc"}`,
    values: [],
    served: column.start === sql || column.form === "uuid",
    key: { sql, type: KEY_TYPES[column.form], descending, nullable, unique: column.unique === true },
  });
  if (!path.attribute.multiValued) {
    const column = columnOf(scope, { ...path, sub: part });
    return order(column, column.start ?? sortable(column), column.nullable);
  }
  const source = sourceOf(scope, path);
  const primary = path.attribute.subAttributes.get("primary");
  const first = primary ? ` order by ${source.column(primary).sql} desc nulls last` : "";
  const column = source.column(part);
  return order(column, `(select ${sortable(column)} from ${source.from}${first} limit 1)`, true);
}

const KEY_TYPES = {
  exact: "text",
  key: "text",
  "user-name-key": "text",
  folded: "text",
  uuid: "uuid",
  reference: "uuid",
  boolean: "boolean",
  time: "timestamptz",
  number: "numeric",
} as const;

function sortable(column: Column): string {
  if (column.form === "folded") return `fold_text(${column.sql}) collate "C"`;
  return column.form === "key" || column.form === "user-name-key" || column.form === "exact"
    ? `${column.sql} collate "C"`
    : column.sql;
}
