/**
 * A piece of SQL with its own parameters, numbered from $1. The text is always ours; what came from outside is in `values`.
 * `served`: an index can serve it; without it every row may have to be looked at. `keyed`: the index finds what is meant
 * whatever the values are, so one plan serves them all; about so many rows at most.
 */
export type SqlFragment = {
  text: string;
  values: readonly unknown[];
  served?: boolean;
  keyed?: number;
  /** That this column, which no two live rows of a directory share, has this value is all that the fragment says. */
  unique?: { column: string; value: string };
};

/**
 * What stands behind `order by`. `key` says what a page that goes on behind a row must know of the order: the expression
 * alone, the type that its text is cast to, its direction, whether it may be null (which sorts as the greatest value),
 * whether no two live rows of a directory have the same.
 */
export type SqlOrder = SqlFragment & {
  key?: {
    sql: string;
    type: "text" | "uuid" | "boolean" | "numeric" | "timestamptz";
    descending: boolean;
    nullable: boolean;
    unique: boolean;
  };
};

/** The fragment's text with its parameters renumbered to come after `by` others. */
export function shift(fragment: { text: string }, by: number): string {
  return fragment.text.replaceAll(/\$(\d+)/g, (_, number: string) => `$${Number(number) + by}`);
}
