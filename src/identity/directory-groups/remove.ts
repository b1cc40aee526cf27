import type { DirectoryId, GroupId } from "../../db/id.ts";
import { requireExclusive, type Tx } from "../../db/transaction.ts";
import { accountsUnder } from "../access/accounts-under.ts";
import { reconcile } from "../access/reconcile.ts";
import { bindWaitingGrants } from "../grants.ts";
import { recordChanges } from "../record.ts";

/**
 * Takes groups out of their directory (RFC 7644 §3.6). They are kept as tombstones with members and grants for undo, and give nothing.
 *
 * Before: the organization is locked exclusively (a group is read by many accounts). After: those that were live
 * groups of `directory` are gone and the access of everybody under them follows. Returns the ids that were live.
 */
export async function removeDirectoryGroups(
  tx: Tx,
  directory: DirectoryId,
  ids: readonly GroupId[],
): Promise<GroupId[]> {
  return setDeleted(tx, directory, ids, true);
}

/**
 * Brings tombstones back as they were (design §5.5), with the members that are still there and their grants.
 * Before: as for `removeDirectoryGroups`. After: those that were tombstones are live; access follows.
 * @throws MusterError `uniqueness` when another live group holds the name where names are unique.
 */
export async function restoreDirectoryGroups(tx: Tx, directory: DirectoryId, ids: readonly GroupId[]): Promise<void> {
  await setDeleted(tx, directory, ids, false);
}

async function setDeleted(tx: Tx, directory: DirectoryId, ids: readonly GroupId[], gone: boolean): Promise<GroupId[]> {
  requireExclusive(tx);
  if (ids.length === 0) return [];
  // Asked before a removal, because nothing leads through a tombstone; after a restore, for the same reason.
  const before = gone ? await accountsUnder(tx, ids) : [];
  const changed = await tx.query<{ id: GroupId; displayName: string; displayNameKey: string }>({
    text: `update directory_groups set deleted_at = case when $4 then statement_timestamp() end,
        updated_at = statement_timestamp(), version = version + 1
      where organization = $1 and directory = $2 and id = any($3) and (deleted_at is null) = $4
      returning id, display_name as "displayName", display_name_key as "displayNameKey"`,
    values: [tx.organization, directory, ids, gone],
  });
  if (changed.length === 0) return [];
  const groups = changed.map((row) => row.id);
  await tx.query({
    text: `update groups set deleted_at = case when $3 then statement_timestamp() end
      where organization = $1 and id = any($2)`,
    values: [tx.organization, groups, gone],
  });
  // A group's members, and so its version, have changed for whoever reads it (RFC 7644 §3.14).
  await tx.query({
    text: `update directory_groups set version = version + 1, updated_at = statement_timestamp()
      where organization = $1 and deleted_at is null and id <> all($2) and id in
        (select parent from group_nestings where organization = $1 and child = any($2) and origin = 'remote')`,
    values: [tx.organization, groups],
  });
  await recordChanges(
    tx,
    changed.map((row) => ({
      action: gone ? "directory-group.removed" : "directory-group.restored",
      subjectKind: "group",
      subject: row.id,
      detail: { directory, displayName: row.displayName },
      event: true,
    })),
  );
  if (!gone)
    await bindWaitingGrants(
      tx,
      directory,
      changed.map((row) => ({ id: row.id, nameKey: row.displayNameKey })),
    );
  await reconcile(tx, gone ? before : await accountsUnder(tx, groups));
  return groups;
}
