import type { AccountId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { reconcile } from "../access/reconcile.ts";
import { recordChanges } from "../record.ts";
import type { Held } from "../rights/permissions.ts";
import { refuseConfirmingBeyond } from "../rights/rights.ts";

/**
 * An administrator confirms that the account is still the same person: what was parked when its canonical record
 * changed counts again (design §7).
 * Before: any. After: nothing of the account is parked and its access follows. Returns how many facts came back.
 * @param held what the administrator holds: to confirm a right is to give it.
 * @throws MusterError `not-allowed` when one of the rights goes beyond that.
 */
export async function confirmAccount(tx: Tx, account: AccountId, held: readonly Held[]): Promise<number> {
  await refuseConfirmingBeyond(tx, held, account);
  const release = (table: string) =>
    `${table}_back as (update ${table} set parked_at = null
       where organization = $1 and account = $2 and parked_at is not null returning 1)`;
  const tables = ["local_memberships", "guest_assignments", "rights"];
  const [row] = await tx.query<{ count: number }>({
    text: `with ${tables.map(release).join(", ")}
      select ${tables.map((table) => `(select count(*) from ${table}_back)`).join(" + ")} as count`,
    values: [tx.organization, account],
  });
  const count = row?.count ?? 0;
  if (count === 0) return 0;
  await recordChanges(tx, [
    { action: "account.confirmed", subjectKind: "account", subject: account, detail: { count } },
  ]);
  await reconcile(tx, [account]);
  return count;
}
