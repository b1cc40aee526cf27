import { MusterError, unreachable } from "../errors.ts";
import type { Filter } from "../filter/ast.ts";
import type { NamedField } from "../filter/fields.ts";
import { type Column, comparisonSql, isPresent } from "./comparison.ts";

/**
 * What a list can be filtered by, and where it stands in SQL. `from`: it has several values, the rows of this FROM item,
 * of which `column` speaks. `keyed`: an index finds the rows that equal a value.
 */
export type ListField = NamedField & { column: Column; from?: string; keyed?: true };

export type ListFilter = Filter<ListField>;

/**
 * A list's filter as a condition whose values are added to `values`; the text is made of the fields' own SQL alone. What
 * has no value differs from every value and is nothing else; what has several matches when one of them does (RFC 7644
 * §3.4.2.2).
 */
export function listFilterSql(filter: ListFilter, values: unknown[], negated = false): string {
  switch (filter.kind) {
    case "and":
    case "or":
      return `(${filter.terms.map((term) => listFilterSql(term, values, negated)).join(` ${filter.kind} `)})`;
    case "not":
      return `(not ${listFilterSql(filter.term, values, true)})`;
    case "present":
      return present(filter.path);
    case "compare":
      return comparison(filter, values, negated);
    case "value":
      throw new MusterError("internal", "a list has no fields with parts");
    default:
      return unreachable(filter);
  }
}

/** Whether an index finds what matches. Otherwise every row may have to be looked at, so the read is a slow one. */
export function isServed(filter: ListFilter): boolean {
  switch (filter.kind) {
    case "and":
      return filter.terms.some(isServed);
    case "or":
      return filter.terms.every(isServed);
    case "compare":
      return filter.path.keyed === true && filter.operator === "eq" && filter.value !== null;
    default:
      return false;
  }
}

function present({ column, from }: ListField): string {
  return from === undefined ? isPresent(column) : `exists (select from ${from} where ${isPresent(column)})`;
}

function comparison(
  { path, operator, value }: Extract<ListFilter, { kind: "compare" }>,
  values: unknown[],
  negated: boolean,
): string {
  const { column, from } = path;
  if (value === null) return operator === "ne" ? present(path) : `(not ${present(path)})`;
  if (from === undefined) return comparisonSql(column, operator, value, values, negated);
  const some = `exists (select from ${from} where ${comparisonSql(column, operator, value, values, false)})`;
  return operator === "ne" ? `(not exists (select from ${from}) or ${some})` : some;
}
