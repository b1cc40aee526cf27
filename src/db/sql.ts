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

/**
 * A FROM item, called `l`: the rows of a table with these ids, each looked up by itself and locked in the order of the ids. Asked for
 * by `id = any (…)`, a plan from when the table was small reads all of it and compares each row with every id.
 * @param table its key is (organization, id), and the organization is the statement's first parameter.
 * @param ids how the statement names the ids, as in `$3`. @param more a further condition on the row, which is called `t`.
 */
export function lockedById(
  table: string,
  columns: string,
  ids: string,
  lock: "for no key update" | "for share",
  more = "true",
): string {
  return `unnest(array(select distinct w.id from unnest(${ids}::uuid[]) w (id) order by w.id)) w (id)
    cross join lateral (
      select ${columns} from ${table} t where t.organization = $1 and t.id = w.id and ${more} ${lock}) l`;
}
