/** RFC 7644 §3.4.2.2, table 3, without `pr`. */
export type Operator = "eq" | "ne" | "co" | "sw" | "ew" | "gt" | "ge" | "lt" | "le";

export type Value = string | number | boolean | null;

/**
 * A filter whose names have been found, and whose operators and values fit what the names stand for: `Path` is what a name
 * stands for where the filter is used. The tree is kept as it was written: nothing is multiplied out. Inside a `value`
 * node the paths are those of the attribute before the bracket with its sub-attributes; it holds no further `value` node.
 */
export type Filter<Path> =
  | { kind: "and" | "or"; terms: readonly Filter<Path>[] }
  | { kind: "not"; term: Filter<Path> }
  | { kind: "present"; path: Path }
  | { kind: "compare"; path: Path; operator: Operator; value: Value }
  | { kind: "value"; path: Path; filter: Filter<Path> };

/** How many comparisons the filter makes with one value at most. */
export function countComparisons(filter: Filter<unknown>): number {
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

/** The filter as text that parses to the same tree. @param print a name, in brackets or not. */
export function printFilter<Path>(
  filter: Filter<Path>,
  print: (path: Path, inside: boolean) => string,
  inside = false,
): string {
  switch (filter.kind) {
    case "and":
    case "or":
      return filter.terms.map((term) => operand(term, print, inside)).join(` ${filter.kind} `);
    case "not":
      return `not (${printFilter(filter.term, print, inside)})`;
    case "present":
      return `${print(filter.path, inside)} pr`;
    case "compare":
      return `${print(filter.path, inside)} ${filter.operator} ${JSON.stringify(filter.value)}`;
    case "value":
      return `${print(filter.path, false)}[${printFilter(filter.filter, print, true)}]`;
  }
}

function operand<Path>(term: Filter<Path>, print: (path: Path, inside: boolean) => string, inside: boolean): string {
  const text = printFilter(term, print, inside);
  return term.kind === "and" || term.kind === "or" ? `(${text})` : text;
}
