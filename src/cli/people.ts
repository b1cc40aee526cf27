import type { Db } from "../db/connection.ts";
import type { AccountId } from "../db/id.ts";
import { isMusterError, MusterError } from "../errors.ts";
import { resolvePerson } from "../identity/accounts/person.ts";

/** Names that an error lists. */
const MOST_NAMED = 20;

/**
 * The people whom these names mean, each once.
 * @throws MusterError `not-found` with the names that nobody has: of a list with a slip in it nothing is done.
 */
export async function resolvePeople(db: Db, names: readonly string[]): Promise<AccountId[]> {
  const accounts = new Set<AccountId>();
  const unknown: string[] = [];
  for (const name of names)
    try {
      accounts.add(await resolvePerson(db, name));
    } catch (error) {
      if (!isMusterError(error) || error.code !== "not-found") throw error;
      unknown.push(name);
      if (names.length === 1) throw error;
    }
  if (unknown.length > 0)
    throw new MusterError("not-found", `${unknown.length} of these names are nobody's; nothing was done`, {
      at: unknown[0] ?? "",
      candidates: unknown.slice(0, MOST_NAMED),
    });
  return [...accounts];
}
