import type { AccountId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { reconcile } from "../access/reconcile.ts";
import { recordChanges } from "../record.ts";
import { refuseLastAdministrator } from "../rights/last-administrator.ts";

/**
 * Takes a person's access away in this organization until `restoreAccount` (R82, R83); memberships, guest assignments
 * and rights stay. Before: the organization is locked exclusively, at least where the account is an administrator.
 * After: the account is suspended and has access to nothing.
 * @throws MusterError `not-found`; `conflict` when the account is suspended already, or the last administrator.
 */
export async function suspendAccount(tx: Tx, account: AccountId, reason: string | null): Promise<void> {
  await refuseLastAdministrator(tx, account);
  await setSuspended(tx, account, true, reason);
}

/**
 * Ends a suspension (R82). Before: any. After: the account has the access that its groups give it now.
 * @throws MusterError `not-found`; `conflict` when the account is not suspended.
 */
export async function restoreAccount(tx: Tx, account: AccountId): Promise<void> {
  await setSuspended(tx, account, false, null);
}

async function setSuspended(tx: Tx, account: AccountId, suspended: boolean, reason: string | null): Promise<void> {
  const [row] = await tx.query<{ known: boolean; changed: boolean }>({
    text: `
      with changed as (
        update accounts set suspended_at = case when $3 then statement_timestamp() end, suspended_reason = $4,
          updated_at = statement_timestamp()
        where organization = $1 and id = $2 and (suspended_at is not null) <> $3 returning id
      )
      select exists (select from accounts where organization = $1 and id = $2) as known,
        exists (select from changed) as changed`,
    values: [tx.organization, account, suspended, reason],
  });
  if (!row?.known) throw new MusterError("not-found", "there is no such account", { at: "id" });
  if (!row.changed)
    throw new MusterError("conflict", suspended ? "the account is suspended already" : "the account is not suspended");
  await recordChanges(tx, [
    {
      action: suspended ? "account.suspended" : "account.restored",
      subjectKind: "account",
      subject: account,
      detail: suspended ? { reason } : {},
      event: true,
    },
  ]);
  await reconcile(tx, [account]);
}
