import type { AccountId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { reconcile } from "../access/reconcile.ts";
import { recordOfAccounts } from "../record.ts";
import { refuseLastAdministrator } from "../rights/last-administrator.ts";
import { endWhatTheyHad } from "./leaving.ts";

/**
 * Takes a person's access away in this organization until `restoreAccount` (R82, R83); memberships, guest assignments
 * and rights stay. Before: the organization is locked exclusively, at least where the account is an administrator.
 * After: the account is suspended and has access to nothing; sessions, tokens, links and open invitations have ended (F15).
 * @throws MusterError `not-found`; `conflict` when the account is suspended already, or the last administrator.
 */
export async function suspendAccount(tx: Tx, account: AccountId, reason: string | null): Promise<void> {
  const [changed] = await suspendAccounts(tx, [account], reason);
  if (changed === undefined) throw await unchanged(tx, account, "the account is suspended already");
}

/**
 * Ends a suspension (R82). Before: any. After: the account has the access that its groups give it now; no session,
 * token, link or invitation comes back.
 * @throws MusterError `not-found`; `conflict` when the account is not suspended.
 */
export async function restoreAccount(tx: Tx, account: AccountId): Promise<void> {
  const [changed] = await restoreAccounts(tx, [account]);
  if (changed === undefined) throw await unchanged(tx, account, "the account is not suspended");
}

/**
 * As `suspendAccount`, for a set; returns those that were not suspended before.
 * @throws MusterError `conflict` when the organization would be left without an administrator.
 */
export async function suspendAccounts(
  tx: Tx,
  accounts: readonly AccountId[],
  reason: string | null,
): Promise<AccountId[]> {
  await refuseLastAdministrator(tx, ...accounts);
  return setSuspended(tx, accounts, true, reason);
}

/** As `restoreAccount`, for a set; returns those that were suspended before. */
export async function restoreAccounts(tx: Tx, accounts: readonly AccountId[]): Promise<AccountId[]> {
  return setSuspended(tx, accounts, false, null);
}

async function setSuspended(
  tx: Tx,
  accounts: readonly AccountId[],
  suspended: boolean,
  reason: string | null,
): Promise<AccountId[]> {
  const rows = await tx.query<{ id: AccountId }>({
    text: `with wanted as (
        select id from accounts where organization = $1 and id = any ($2) and (suspended_at is not null) <> $3
        order by id for no key update
      )
      update accounts a set suspended_at = case when $3 then statement_timestamp() end, suspended_reason = $4,
        updated_at = statement_timestamp()
      from wanted w where a.organization = $1 and a.id = w.id returning a.id`,
    values: [tx.organization, accounts, suspended, reason],
  });
  const changed = rows.map((row) => row.id).sort();
  await recordOfAccounts(
    tx,
    suspended ? "account.suspended" : "account.restored",
    changed,
    suspended ? { reason } : {},
  );
  await reconcile(tx, changed);
  if (suspended) await endWhatTheyHad(tx);
  return changed;
}

async function unchanged(tx: Tx, account: AccountId, why: string): Promise<MusterError> {
  const rows = await tx.query({
    text: "select id from accounts where organization = $1 and id = $2",
    values: [tx.organization, account],
  });
  return rows.length === 0
    ? new MusterError("not-found", "there is no such account", { at: "id" })
    : new MusterError("conflict", why);
}
