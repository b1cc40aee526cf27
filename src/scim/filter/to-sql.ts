import type { SqlFragment, SqlOrder } from "../../db/sql.ts";
import { MusterError, unreachable } from "../../errors.ts";
import type { Value } from "../../filter/ast.ts";
import { type Column, comparisonSql, folded, isPresent, startOf } from "../../identity/comparison.ts";
import { userNameKey } from "../../identity/keys.ts";
import { type AttributePath, defaultPart } from "../schema/attribute.ts";
import type { Filter } from "./ast.ts";
import { columnOf, type Source, type SqlScope, sourceOf } from "./columns.ts";
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
  if (element) return comparisonSql(element.column(path.sub), operator, value, values, negated);
  if (!path.attribute.multiValued) return comparisonSql(columnOf(scope, path), operator, value, values, negated);
  const source = sourceOf(scope, path);
  const found = finding(source, addressIn(filter), values);
  const some = `(${found}exists (select from ${source.from} where ${comparisonSql(source.column(path.sub), operator, value, values, false)}))`;
  return operator === "ne" ? `(not exists (select from ${source.from}) or ${some})` : some;
}

/** What an index needs to hear of a comparison that it cannot be asked itself, put before the comparison. */
function finding(source: Source, wanted: Value | undefined, values: Parameters): string {
  if (source.finds === undefined || wanted === undefined) return "";
  return `${source.finds(startOf(folded(`$${values.push(wanted)}::text`, "eq")))} and `;
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
  address: "text",
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
