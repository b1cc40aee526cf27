import type { AccountId } from "../../db/id.ts";
import { requireExclusive, type Tx } from "../../db/transaction.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { reconcile } from "../access/reconcile.ts";
import { restoreDirectoryUsers } from "../directory-users/remove.ts";
import { refuseExternallyManaged } from "../external-user-management.ts";
import { refuseOfferBeyond } from "../invitations/ceiling.ts";
import { recordOfAccounts } from "../record.ts";
import { keepAnAdministrator } from "../rights/last-administrator.ts";
import type { Held } from "../rights/permissions.ts";
import { refuseActingForBeyond } from "../rights/rights.ts";
import { lockAccounts } from "./lock.ts";
import type { Undo } from "./merge.ts";
import { refuseMerged } from "./merged.ts";
import { UNDO_DAYS } from "./remove.ts";

type Row = { id: string; to: AccountId; undo: Undo; late: boolean };

/**
 * Takes a merge back, within 30 days: the account that went stands again under its name, with the record and with all that went over and is
 * still the other's. What the merge ended does not come back: sessions, tokens, single sign-on, links, open invitations; nor does
 * what was taken from the other one since.
 *
 * Before: the organization is locked exclusively. After: as said, with audit and the event `account.unmerged`.
 * @param held as for `mergeAccounts`.
 * @throws MusterError `externally-managed`; `not-found` for an account that was not merged; `conflict` when the time is over, when somebody
 * has the name by now, or when the other one was merged itself; `not-allowed`.
 */
export async function unmergeAccount(tx: Tx, held: readonly Held[], from: AccountId): Promise<AccountId> {
  requireExclusive(tx);
  await refuseExternallyManaged(tx);
  const { id, to, undo } = await requireMerge(tx, from);
  for (const account of [from, to]) await refuseActingForBeyond(tx, held, account);
  if (undo.groups.length > 0) await refuseOfferBeyond(tx, held, { groups: undo.groups, spaces: [] });
  await keepAnAdministrator(tx, async () => {
    await giveBack(tx, { from, to }, undo);
    await exhume(tx, from, undo);
    await reconcile(tx, [from, to]);
  });
  await tx.query({
    text: "update account_merges set undone_at = statement_timestamp() where organization = $1 and id = $2",
    values: [tx.organization, id],
  });
  await recordOfAccounts(tx, "account.unmerged", [from], { from, to });
  return to;
}

async function requireMerge(tx: Tx, from: AccountId): Promise<Row> {
  const [row] = await tx.query<Row>({
    text: `select m.id, m.to_account as to, m.undo,
        m.merged_at < statement_timestamp() - make_interval(days => ${UNDO_DAYS}) as late
      from account_merges m where m.organization = $1 and m.from_account = $2 and m.undone_at is null`,
    values: [tx.organization, from],
  });
  if (!row) throw new MusterError("not-found", "no account with this id was merged into another one", { at: "id" });
  if (row.late)
    throw new MusterError("conflict", `a merge can be undone for ${UNDO_DAYS} days, and these are over`, { at: "id" });
  try {
    await refuseMerged(tx, row.to);
  } catch (error) {
    if (!isMusterError(error) || error.code !== "merged") throw error;
    throw new MusterError("conflict", "the account that it went into was merged itself; undo that first", { at: "id" });
  }
  await lockAccounts(tx, [from, row.to]);
  return row;
}

async function giveBack(tx: Tx, { from, to }: { from: AccountId; to: AccountId }, undo: Undo): Promise<void> {
  const run = (text: string, ids: readonly string[]) => tx.query({ text, values: [tx.organization, from, to, ids] });
  const back = (table: string, column: string, which: string) =>
    `update ${table} set ${column} = $2 where organization = $1 and ${column} = $3 and ${which} = any ($4)`;
  await run(back("local_memberships", "account", "group_id"), undo.groups);
  await run(
    `insert into local_memberships (organization, group_id, account)
      select $1, g.id, $2 from groups g where g.organization = $1 and g.id = any ($4) and g.deleted_at is null and $3::uuid is not null
      on conflict do nothing`,
    undo.groupsOfBoth,
  );
  await run(back("guest_assignments", "account", "id"), undo.assignments);
  await run(back("guest_assignments", "sponsor", "id"), undo.sponsored);
  await run(
    `update rights set account = $2, parked_at = null, in_force = false
      where organization = $1 and account = $3 and id = any ($4)`,
    undo.rights,
  );
  // What the other one used since is its own.
  await tx.query({
    text: `update accounts a set
        first_access_at = case when a.first_access_at = f.first_access_at then $4::timestamptz else a.first_access_at end,
        last_access_at = case when a.last_access_at = f.last_access_at then $5::timestamptz else a.last_access_at end,
        updated_at = statement_timestamp()
      from accounts f where f.organization = $1 and f.id = $2 and a.organization = $1 and a.id = $3`,
    values: [tx.organization, from, to, undo.firstAccessAt, undo.lastAccessAt],
  });
}

async function exhume(tx: Tx, from: AccountId, { userNameKey, directory, records }: Undo): Promise<void> {
  const [taken] = await tx.query({
    text: "select id from accounts where organization = $1 and user_name_key = $2",
    values: [tx.organization, userNameKey],
  });
  if (taken) throw new MusterError("conflict", `somebody has the user name ${userNameKey} by now`, { at: "id" });
  await tx.query({
    text: `update accounts set merged_into = null, user_name_key = $3, updated_at = statement_timestamp()
      where organization = $1 and id = $2`,
    values: [tx.organization, from, userNameKey],
  });
  if (directory !== null) await restoreDirectoryUsers(tx, directory, records);
}
