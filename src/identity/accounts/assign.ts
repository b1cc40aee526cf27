import type { AccountId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { refreshCanonical } from "./canonical.ts";

/** Accounts per statement, so that none takes as long as a large organization is large. They are in the order of their ids. */
const STEP = 5_000;

/**
 * Works out every account's canonical record anew, after the directories got another order (R161, R163).
 * Before: the positions are as they shall be and the organization is locked exclusively. After: canonical records and
 * profiles follow the new order; access is the caller's next step. Returns the accounts of more than one directory,
 * the only ones that the order can touch.
 */
export async function reassignCanonical(tx: Tx): Promise<AccountId[]> {
  const rows = await tx.query<{ account: AccountId }>({
    text: `select account from directory_users where organization = $1 and deleted_at is null
      group by account having count(distinct directory) > 1 order by account`,
    values: [tx.organization],
  });
  const accounts = rows.map((row) => row.account);
  for (let from = 0; from < accounts.length; from += STEP)
    await refreshCanonical(tx, accounts.slice(from, from + STEP));
  return accounts;
}
