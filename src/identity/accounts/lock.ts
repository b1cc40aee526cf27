import type { AccountId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";

/** Holds accounts until the transaction ends, in the order of their ids (design §3.4). Returns whether there are all of them. */
export async function lockAccounts(tx: Tx, accounts: readonly AccountId[]): Promise<boolean> {
  const rows = await tx.query({
    text: "select id from accounts where organization = $1 and id = any ($2) order by id for no key update",
    values: [tx.organization, accounts],
  });
  return rows.length === new Set(accounts).size;
}

/** The same. @throws MusterError `not-found` when one is missing. */
export async function lockKnownAccounts(tx: Tx, accounts: readonly AccountId[]): Promise<void> {
  if (!(await lockAccounts(tx, accounts)))
    throw new MusterError("not-found", "there is no user with this id", { at: "id" });
}
