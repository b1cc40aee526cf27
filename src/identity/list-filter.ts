import { MusterError, unreachable } from "../errors.ts";
import type { Filter } from "../filter/ast.ts";
import { type Fields, fieldsOf, type NamedField } from "../filter/fields.ts";
import { type Column, comparisonSql, isPresent } from "./comparison.ts";

/** The rows of `tables` for which `of` holds, which ties them to the row at hand: so a join finds them, from either side. */
type Several = { tables: string; of: string };

/**
 * What a list can be filtered by, and where it stands in SQL. `from`: it has several values, of which `column` speaks; each may
 * have `parts`. `keyed`: an index finds the rows that equal a value. `conditions`: what each of its words says of the row, true or
 * false, so that a plan sees the facts behind a word that is derived.
 */
export type ListField = NamedField & {
  column: Column;
  from?: Several;
  parts?: Fields<ListField>;
  keyed?: true;
  conditions?: Readonly<Record<string, string>>;
};

/** A field whose values have parts, and each part by its whole name, as in `access.product`. */
export function fieldWithParts(name: string, from: Several, ...parts: readonly ListField[]): ListField[] {
  return [
    {
      name,
      type: "complex",
      from,
      column: { sql: "true", form: "boolean", nullable: false },
      parts: fieldsOf(...parts),
    },
    ...parts.map((part) => ({ ...part, name: `${name}.${part.name}`, from })),
  ];
}

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
      return some(filter.path, listFilterSql(filter.filter, values));
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

function some({ name, from }: ListField, condition: string): string {
  if (from === undefined) throw new MusterError("internal", `${name} has one value`);
  return `exists (select from ${from.tables} where ${from.of} and ${condition})`;
}

function present(field: ListField): string {
  return field.from === undefined ? isPresent(field.column) : some(field, isPresent(field.column));
}

function comparison(
  { path, operator, value }: Extract<ListFilter, { kind: "compare" }>,
  values: unknown[],
  negated: boolean,
): string {
  const { column, from, conditions } = path;
  if (value === null) return operator === "ne" ? present(path) : `(not ${present(path)})`;
  const condition = conditions?.[String(value)];
  if (condition !== undefined && operator === "eq") return `(${condition})`;
  if (condition !== undefined && operator === "ne") return `(not (${condition}))`;
  if (from === undefined) return comparisonSql(column, operator, value, values, negated);
  const matching = some(path, comparisonSql(column, operator, value, values, false));
  return operator === "ne" ? `(not exists (select from ${from.tables} where ${from.of}) or ${matching})` : matching;
}
