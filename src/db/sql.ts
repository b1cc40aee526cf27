/** A piece of SQL with its own parameters, numbered from $1. The text is always ours; what came from outside is in `values`. */
export type SqlFragment = { text: string; values: readonly unknown[] };

/** The fragment's text with its parameters renumbered to come after `by` others. */
export function shift(fragment: SqlFragment, by: number): string {
  return fragment.text.replaceAll(/\$(\d+)/g, (_, number: string) => `$${Number(number) + by}`);
}
