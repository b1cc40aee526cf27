import { type AttributePath, printPath } from "../schema/attribute.ts";

/** RFC 7644 §3.4.2.2, table 3, without `pr`. */
export type Operator = "eq" | "ne" | "co" | "sw" | "ew" | "gt" | "ge" | "lt" | "le";

export type Value = string | number | boolean | null;

/**
 * A filter whose names have been found in the schema and whose operators and values fit the attributes' types.
 * The tree is kept as it was written: nothing is multiplied out. Inside a `value` node the paths are those of the
 * attribute before the bracket with its sub-attributes; it holds no further `value` node.
 */
export type Filter =
  | { kind: "and" | "or"; terms: readonly Filter[] }
  | { kind: "not"; term: Filter }
  | { kind: "present"; path: AttributePath }
  | { kind: "compare"; path: AttributePath; operator: Operator; value: Value }
  | { kind: "value"; path: AttributePath; filter: Filter };

/** How many comparisons the filter makes with one value at most. */
export function countComparisons(filter: Filter): number {
  switch (filter.kind) {
    case "and":
    case "or":
      return filter.terms.reduce((sum, term) => sum + countComparisons(term), 0);
    case "not":
      return countComparisons(filter.term);
    case "present":
    case "compare":
      return 1;
    case "value":
      return countComparisons(filter.filter);
  }
}

/** The filter as text that parses to the same tree. */
export function printFilter(filter: Filter, inside = false): string {
  switch (filter.kind) {
    case "and":
    case "or":
      return filter.terms.map((term) => operand(term, inside)).join(` ${filter.kind} `);
    case "not":
      return `not (${printFilter(filter.term, inside)})`;
    case "present":
      return `${name(filter.path, inside)} pr`;
    case "compare":
      return `${name(filter.path, inside)} ${filter.operator} ${JSON.stringify(filter.value)}`;
    case "value":
      return `${printPath(filter.path)}[${printFilter(filter.filter, true)}]`;
  }
}

function operand(term: Filter, inside: boolean): string {
  const text = printFilter(term, inside);
  return term.kind === "and" || term.kind === "or" ? `(${text})` : text;
}

function name(path: AttributePath, inside: boolean): string {
  return inside && path.sub !== null ? path.sub.name : printPath(path);
}
