import type { AccountId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";

/**
 * Works out the canonical record of each account anew and copies its profile (design §4.1, §7; D3: the record in the
 * first directory that has the user name gives the profile alone).
 *
 * Before: the records of `accounts` are as they shall be. After: `canonical` is the live record in the first
 * directory by position, null when no directory holds the name any more; where another record than the last one
 * became canonical, everything local (memberships, guest assignments, rights) is parked until an
 * administrator confirms, and pending invitations are superseded, because the name may stand for another human now.
 * Access is not touched: the caller reconciles.
 */
export async function refreshCanonical(tx: Tx, accounts: readonly AccountId[]): Promise<void> {
  if (accounts.length === 0) return;
  await tx.query({
    name: "refresh-canonical",
    text: "select refresh_canonical($1, $2::uuid[], $3, $4, $5)",
    values: [tx.organization, accounts, tx.actor.kind, tx.actor.id, tx.actor.requestId],
  });
}
