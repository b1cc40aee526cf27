import { emailKey } from "../keys.ts";

/** One address as it was typed; `key` is its canonical form, null when it is no plain address. */
export type TypedAddress = { typed: string; key: string | null };

/** Between addresses: commas, semicolons, blanks and line ends, in any mixture (R28 to R30). */
const BETWEEN = /[\s,;]+/u;
/** `Ann Roe <ann@example.com>`, as mail programs copy people: the name is left out. */
const NAMED = /(?:"[^"<>]*"|[^\s,;"<>]+(?:[ \t]+[^\s,;"<>@]+)*)?[ \t]*<([^\s<>]*)>/gu;

/**
 * The addresses in what somebody typed or pasted, each once and in the order of their first appearance. What is no
 * address stays in the list, so that it can be told.
 */
export function readAddresses(texts: readonly string[]): TypedAddress[] {
  const seen = new Map<string, TypedAddress>();
  for (const text of texts)
    for (const typed of text.replace(NAMED, " $1 ").split(BETWEEN)) {
      if (typed === "") continue;
      const key = emailKey(typed);
      const name = key ?? typed;
      if (!seen.has(name)) seen.set(name, { typed, key });
    }
  return [...seen.values()];
}
