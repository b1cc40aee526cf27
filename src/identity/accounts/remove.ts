import type { AccountId, DirectoryId, DirectoryUserId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { removeDirectoryUsers, restoreDirectoryUsers } from "../directory-users/remove.ts";
import { recordOfAccounts } from "../record.ts";
import { refuseLastAdministrator } from "../rights/last-administrator.ts";
import { endWhatTheyHad } from "./leaving.ts";

/** Days for which a removed record can be brought back, and a merge undone; then the record is forgotten. T19. */
export const UNDO_DAYS = 30;

/**
 * Takes people out of the organization (R158, R7). Only records of `internal` are taken away; what another directory holds it takes
 * away itself. A person's account in another organization is another one and stays (C20).
 *
 * Before: the organization is locked exclusively, at least where one of them is an administrator. After: nobody holds their user
 * names, which are free; they have no access; sessions, tokens, links and open invitations have ended; groups, spaces and rights wait
 * 30 days for `undoRemoval`.
 * @throws MusterError `not-found`; `read-only` naming the other directory and what to do; `conflict` for one who was removed, and the
 * last administrator (F35).
 */
export async function removeAccounts(
  tx: Tx,
  accounts: readonly AccountId[],
  reason: string | null,
): Promise<AccountId[]> {
  const records = await requireOnlyInternal(tx, accounts);
  await refuseLastAdministrator(tx, ...accounts);
  for (const [directory, own] of Map.groupBy(records, (record) => record.directory))
    await removeDirectoryUsers(
      tx,
      directory,
      own.map((record) => record.id),
    );
  const removed = [...new Set(records.map((record) => record.account))].sort();
  await recordOfAccounts(tx, "account.removed", removed, { reason });
  await endWhatTheyHad(tx);
  return removed;
}

/**
 * Brings a removed person back as they were (T19), within 30 days. Before: any. After: the record is live again under its user name,
 * and groups, spaces and rights count again; no session, token, link or invitation comes back.
 * @throws MusterError `not-found`; `conflict` when nothing of `internal` was removed within that time, or somebody holds the person's
 * user name by now; `uniqueness` when that is in `internal`.
 */
export async function undoRemoval(tx: Tx, account: AccountId): Promise<void> {
  const [row] = await tx.query<{ held: boolean; id: DirectoryUserId | null; directory: DirectoryId | null }>({
    text: `select exists (select from directory_users l
          where l.organization = a.organization and l.account = a.id and l.deleted_at is null) as held, u.id, u.directory
      from accounts a
      left join lateral (
        select u.id, u.directory from directory_users u join directories d on d.organization = u.organization and d.id = u.directory
        where u.organization = a.organization and u.account = a.id and d.kind = 'internal' and d.removed_at is null
          and u.deleted_at > statement_timestamp() - make_interval(days => ${UNDO_DAYS})
        order by u.deleted_at desc, u.id desc limit 1) u on true
      where a.organization = $1 and a.id = $2`,
    values: [tx.organization, account],
  });
  if (!row) throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  if (row.held)
    throw new MusterError("conflict", "somebody has this person's user name now; remove or rename them first", {
      at: "id",
    });
  if (row.id === null || row.directory === null)
    throw new MusterError("conflict", `nobody removed this person here within the last ${UNDO_DAYS} days`, {
      at: "id",
    });
  await restoreDirectoryUsers(tx, row.directory, [row.id]);
}

type Record = { account: AccountId; id: DirectoryUserId; directory: DirectoryId };

async function requireOnlyInternal(tx: Tx, accounts: readonly AccountId[]): Promise<Record[]> {
  const rows = await tx.query<{
    account: AccountId;
    userName: string;
    id: DirectoryUserId | null;
    directory: DirectoryId;
    directoryName: string;
    internal: boolean;
  }>({
    text: `select a.id as account, a.user_name as "userName", u.id, u.directory, d.name as "directoryName",
        d.kind = 'internal' as internal
      from accounts a
      left join directory_users u on u.organization = a.organization and u.account = a.id and u.deleted_at is null
      left join directories d on d.organization = u.organization and d.id = u.directory
      where a.organization = $1 and a.id = any ($2) order by a.id, d.position`,
    values: [tx.organization, accounts],
  });
  const known = new Set(rows.map((row) => row.account));
  if (accounts.some((account) => !known.has(account)))
    throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  return rows.map(({ account, id, directory, directoryName, internal, userName }) => {
    if (id === null) throw new MusterError("conflict", `${userName} is removed already`, { at: "id" });
    if (!internal)
      throw new MusterError(
        "read-only",
        `${userName} belongs to ${directoryName}, which alone removes its people: suspend them here, or remove them there`,
        { at: "id" },
      );
    return { account, id, directory };
  });
}
