import type { AccountId } from "../../db/id.ts";
import { requireExclusive, type Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";

/**
 * Refuses to leave the organization without an administrator: nobody could give the right again but by the command line (F35).
 * Called before accounts are suspended, deactivated or removed, or their right is taken. What a directory does is held
 * by the removal budget and by the guard of sync instead (design §5, §7).
 *
 * Before: where one of the accounts is an administrator, the organization is locked exclusively, so that of any number of callers
 * each sees whom the others left. After: nothing is changed.
 * @throws MusterError `conflict`, saying how to go on.
 */
export async function refuseLastAdministrator(tx: Tx, ...accounts: AccountId[]): Promise<void> {
  const [row] = await tx.query<{ is: boolean; others: number }>({
    text: `select coalesce(bool_or(account = any ($2)), false) as is,
        count(*) filter (where account <> all ($2)) as others
      from rights where organization = $1 and bundle = 'organization-administrator' and in_force`,
    values: [tx.organization, accounts],
  });
  if (!row?.is) return;
  requireExclusive(tx);
  if (row.others > 0) return;
  throw new MusterError(
    "conflict",
    "this is the organization's last administrator; make somebody else an organization administrator first",
  );
}

/**
 * The same for a change that ends rights in passing, because other records become canonical: it is made, then looked at.
 * Before: the organization is locked exclusively. After: what `change` did, unless nobody is an administrator any more.
 * @throws MusterError `conflict`; then the whole transaction is to be given up.
 */
export async function keepAnAdministrator<T>(tx: Tx, change: () => Promise<T>): Promise<T> {
  requireExclusive(tx);
  const before = await hasAdministrator(tx);
  const done = await change();
  if (before && !(await hasAdministrator(tx)))
    throw new MusterError(
      "conflict",
      "nobody would be left whose right of organization administrator is in force; make somebody else one first",
    );
  return done;
}

async function hasAdministrator(tx: Tx): Promise<boolean> {
  const rows = await tx.query({
    text: `select id from rights
      where organization = $1 and bundle = 'organization-administrator' and in_force limit 1`,
    values: [tx.organization],
  });
  return rows.length > 0;
}
