import type { Tx } from "../../db/transaction.ts";

/**
 * Ends at once what a commit would end of people who are not active any more: sessions, tokens, links and invitations (migration
 * 0035). For changes that tell what they did, dry runs first of all.
 * Before: the change is made and its accounts are locked. After: what ended has audit rows.
 */
export async function endWhatTheyHad(tx: Tx): Promise<void> {
  await tx.query({ text: "set constraints accounts_leaving, directory_users_leaving immediate" });
  await tx.query({ text: "set constraints accounts_leaving, directory_users_leaving deferred" });
}
