import type { Value } from "../../filter/ast.ts";
import type { AttributePath } from "../schema/attribute.ts";
import type { Filter } from "./ast.ts";
import { columnOf, type SqlScope, sourceOf } from "./columns.ts";

type Comparison = Extract<Filter, { kind: "compare" }>;

/** Whether an index can serve the filter, if perhaps with many rows. */
export function isServed(filter: Filter, scope: SqlScope): boolean {
  switch (filter.kind) {
    case "and":
      return filter.terms.some((term) => isServed(term, scope));
    case "or":
      return filter.terms.every((term) => isServed(term, scope));
    case "compare":
      return isKey(filter, scope) || isRange(filter, scope);
    default:
      return rowsByKey(filter, scope) !== undefined;
  }
}

/** Names by their start, users by the time of their last change. */
function isRange({ path, operator, value }: Comparison, scope: SqlScope): boolean {
  if (path.attribute.multiValued || value === null || value === "") return false;
  const column = columnOf(scope, path);
  if (column.form === "time") return column.sql === "u.updated_at" && ["eq", "gt", "ge"].includes(operator);
  return column.start !== undefined && (operator === "eq" || operator === "sw");
}

/** About how many rows an index finds for a filter, undefined where none does. */
export function rowsByKey(filter: Filter, scope: SqlScope): number | undefined {
  const of = (terms: readonly Filter[]) => terms.map((term) => rowsByKey(term, scope));
  switch (filter.kind) {
    case "and":
      return of(filter.terms).reduce((least, rows) => (least === undefined || Number(rows) < least ? rows : least));
    case "or":
      return of(filter.terms).reduce((sum, rows) => (sum === undefined || rows === undefined ? undefined : sum + rows));
    case "compare":
      return isKey(filter, scope) ? 1 : undefined;
    case "value":
      return addressIn(filter.filter) !== undefined && hasFinder(filter.path, scope) ? 1 : undefined;
    default:
      return undefined;
  }
}

function isKey({ path, operator, value }: Comparison, scope: SqlScope): boolean {
  if (operator !== "eq" || value === null) return false;
  if (path.attribute.multiValued) return path.sub?.name === "value" && hasFinder(path, scope);
  const column = columnOf(scope, path);
  return column.form === "uuid" || (column.form !== "folded" && column.start !== undefined);
}

function hasFinder(path: AttributePath, scope: SqlScope): boolean {
  return path.attribute.multiValued && sourceOf(scope, path).finds !== undefined;
}

/** The text that a value's part `value` must equal for the filter to match the value. */
export function addressIn(filter: Filter): Value | undefined {
  if (filter.kind === "and") return filter.terms.map(addressIn).find((value) => value !== undefined);
  const wanted = filter.kind === "compare" && filter.operator === "eq" && filter.path.sub?.name === "value";
  return wanted && filter.value !== null ? filter.value : undefined;
}
