import type { AccountId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { reconcile } from "../access/reconcile.ts";
import { recordChanges } from "../record.ts";
import type { Held } from "../rights/permissions.ts";
import { refuseConfirmingBeyond } from "../rights/rights.ts";
import { lockAccounts } from "./lock.ts";
import { LOCAL_FACTS, type Parking, parkedBy } from "./parked.ts";

/**
 * An administrator confirms that the account is still the same person: what was parked when its canonical record
 * changed counts again (design §7).
 * Before: any. After: nothing of the account is parked and its access follows. Returns how many facts came back.
 * @param held what the administrator holds: to confirm a right is to give it.
 * @throws MusterError `not-allowed` when one of the rights goes beyond that.
 */
export async function confirmAccount(tx: Tx, account: AccountId, held: readonly Held[]): Promise<number> {
  await refuseConfirmingBeyond(tx, held, account);
  return release(tx, [account]);
}

/**
 * The run that parked something is undone: what it parked of these accounts counts again, where the record is canonical
 * that was so before the run. Nobody has to confirm that, because nobody came in between whom it could be given to.
 * Before: `tx` holds the organization's lock and no account. After: what anybody else parked is parked still; access
 * follows, with audit as of a confirmation. Nobody is mailed. Returns how many facts came back.
 */
export async function bringBackParked(tx: Tx, accounts: readonly AccountId[], parking: Parking): Promise<number> {
  await lockAccounts(tx, accounts);
  return release(tx, accounts, parking);
}

async function release(tx: Tx, accounts: readonly AccountId[], parking?: Parking): Promise<number> {
  const back = LOCAL_FACTS.map(
    (table) => `${table}_back as (update ${table} f set parked_at = null
      where f.organization = $1 and f.account = any ($2) and f.parked_at is not null
        ${parking ? `and ${parkedBy("f", "$3", "$4")}` : ""} returning f.account)`,
  );
  const rows = await tx.query<{ account: AccountId; count: number }>({
    text: `with ${back.join(", ")}
      select b.account, count(*) as count
      from (${LOCAL_FACTS.map((table) => `select account from ${table}_back`).join(" union all ")}) b group by b.account`,
    values: [tx.organization, accounts, ...(parking ? [parking.run, parking.since] : [])],
  });
  await recordChanges(
    tx,
    rows.map(({ account, count }) => ({
      action: "account.confirmed",
      subjectKind: "account",
      subject: account,
      detail: { count, ...(parking && { undone: parking.run }) },
    })),
  );
  await reconcile(
    tx,
    rows.map(({ account }) => account),
  );
  return rows.reduce((total, { count }) => total + count, 0);
}
