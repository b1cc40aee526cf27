import { type AccountId, type DirectoryUserId, newId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";

/** A record and the name under which its account is sought. */
export type NamedRecord = { id: DirectoryUserId; userName: string; userNameKey: string };

/**
 * The account of each name, made where there is none (one account per user name and organization, design §1).
 * Before: any. After: an account with each key exists. Returns the account of each record and which accounts are
 * new; a new account has no records, memberships or access yet. Keys are inserted in order, so that two batches
 * never wait for each other crosswise.
 */
export async function accountsByName(
  tx: Tx,
  records: readonly NamedRecord[],
): Promise<{ accountOf: Map<DirectoryUserId, AccountId>; made: Set<AccountId> }> {
  const names = new Map(records.map((record) => [record.userNameKey, record.userName]));
  const made = new Set<AccountId>();
  // Another transaction may rename an account away between the two statements; then its old name is free by now.
  for (let attempt = 1; attempt <= 3; attempt++) {
    for (const account of await makeMissing(tx, names)) made.add(account);
    const byKey = await lockByName(tx, [...names.keys()]);
    if (byKey.size === names.size)
      return {
        accountOf: new Map(records.map((record) => [record.id, byKey.get(record.userNameKey) as AccountId])),
        made,
      };
  }
  throw new MusterError("unavailable", "accounts were renamed at the same moment; try again", { retryAfter: 1 });
}

async function makeMissing(tx: Tx, names: ReadonlyMap<string, string>): Promise<AccountId[]> {
  const keys = [...names.keys()].sort();
  const rows = await tx.query<{ id: AccountId }>({
    name: "make-accounts",
    text: `insert into accounts (organization, id, user_name, user_name_key)
      select $1, id, user_name, user_name_key from unnest($2::uuid[], $3::text[], $4::text[]) as n (id, user_name, user_name_key)
      on conflict on constraint accounts_user_name_unique do nothing returning id`,
    values: [tx.organization, keys.map(() => newId<AccountId>()), keys.map((key) => names.get(key)), keys],
  });
  return rows.map((row) => row.id);
}

/**
 * Each name is looked up by itself: asked for all at once, a plan from when there were few accounts reads all of them and compares
 * each with every name. The rows are locked in the order of ids; one that was renamed meanwhile is left out.
 */
async function lockByName(tx: Tx, keys: readonly string[]): Promise<Map<string, AccountId>> {
  const rows = await tx.query<{ id: AccountId; key: string }>({
    name: "accounts-by-name",
    text: `select a.id, a.key
      from unnest(array(
        select f.id from unnest($2::text[]) n (key)
        cross join lateral (
          select a.id from accounts a where a.organization = $1 and a.user_name_key = n.key offset 0) f
        order by f.id)) w (id)
      cross join lateral (
        select a.id, a.user_name_key as key from accounts a
        where a.organization = $1 and a.id = w.id for no key update) a`,
    values: [tx.organization, keys],
  });
  const wanted = new Set(keys);
  return new Map(rows.filter((row) => wanted.has(row.key)).map((row) => [row.key, row.id]));
}
