import type { DirectoryId, GroupId } from "../db/id.ts";
import { requireExclusive, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { getDirectory } from "./directories.ts";
import { lockDirectoryGroup } from "./directory-groups/read.ts";
import { removeDirectoryGroups } from "./directory-groups/remove.ts";
import { updateDirectoryGroups } from "./directory-groups/write.ts";
import { refusalToWrite } from "./directory-permissions.ts";
import { refused } from "./external-user-management.ts";
import { removeLocalGroup, renameLocalGroup } from "./groups.ts";

/**
 * Calls a group by another name: one of the organization's own, or one of a directory that may be written to (T16).
 * Before: any. After: it has the name, with audit and event; access is not touched. Returns false when it had it already.
 * @throws MusterError `not-found`; `read-only` naming the directory and what would help; `invalid`, `uniqueness`.
 */
export async function renameGroup(tx: Tx, group: GroupId, name: string): Promise<boolean> {
  const directory = await directoryOf(tx, group);
  if (directory === null) return renameLocalGroup(tx, group, name);
  if (name.trim() === "") throw new MusterError("invalid", "a group needs a name", { at: "name" });
  const held = await lockDirectoryGroup(tx, directory, group);
  if (!held || held.displayName === name) return false;
  await updateDirectoryGroups(tx, directory, [
    { ...held, displayName: name, uniqueName: await hasUniqueName(tx, group) },
  ]);
  return true;
}

/**
 * Takes a group away. Of a directory that may be written to it is gone as if the directory had taken it away.
 * Before: the organization is locked exclusively. After: the access of everybody under it follows.
 * @throws MusterError `not-found`; `read-only` naming the directory and what would help.
 */
export async function removeGroup(tx: Tx, group: GroupId): Promise<void> {
  requireExclusive(tx);
  const directory = await directoryOf(tx, group);
  if (directory === null) await removeLocalGroup(tx, group);
  else await removeDirectoryGroups(tx, directory, [group]);
}

/** The directory that has the group and lets it be edited; null: the group is the organization's own. */
async function directoryOf(tx: Tx, group: GroupId): Promise<DirectoryId | null> {
  const [row] = await tx.query<{ directory: DirectoryId | null }>({
    text: "select directory from groups where organization = $1 and id = $2 and deleted_at is null",
    values: [tx.organization, group],
  });
  if (!row) throw new MusterError("not-found", "there is no such group", { at: "group" });
  const directory = row.directory === null ? undefined : await getDirectory(tx, row.directory);
  const refusal = directory && refusalToWrite(directory);
  if (refusal) throw refused(refusal, "group");
  return directory?.id ?? null;
}

async function hasUniqueName(tx: Tx, group: GroupId): Promise<boolean> {
  const rows = await tx.query({
    text: "select id from directory_groups where organization = $1 and id = $2 and name_claim is not null",
    values: [tx.organization, group],
  });
  return rows.length > 0;
}
