import type { DirectoryId, GroupId } from "../../db/id.ts";
import { lockedById } from "../../db/sql.ts";
import type { Tx } from "../../db/transaction.ts";
import { bindWaitingGrants } from "../grants.ts";
import { nameKey } from "../keys.ts";
import { recordChanges } from "../record.ts";
import {
  type DirectoryGroup,
  type DirectoryGroupInput,
  directoryGroupColumns,
  fromColumns,
  toColumns,
} from "./directory-group.ts";

/**
 * Inserts groups of one directory, without members (RFC 7644 §3.3).
 *
 * Before: the ids are new. After: each directory group stands with the group that roles are granted to, under the
 * same id, and the grants that waited for its name in this directory are bound to it.
 * @throws MusterError `uniqueness` when the directory promises unique names and holds a live group of that name.
 */
export async function insertDirectoryGroups(
  tx: Tx,
  directory: DirectoryId,
  inputs: readonly DirectoryGroupInput[],
): Promise<void> {
  if (inputs.length === 0) return;
  await tx.query({
    name: "insert-groups",
    text: `insert into groups (organization, id, directory, name, name_key)
      select $1, i.id, $2, i.display_name, i.display_name_key from ${fromColumns(3)} order by i.id`,
    values: [tx.organization, directory, ...toColumns(inputs)],
  });
  await tx.query({
    name: "insert-directory-groups",
    text: `insert into directory_groups (organization, directory, id, immutable_id, external_id, display_name,
        display_name_key, name_claim, resource, content_hash)
      select $1, $2, i.id, i.immutable_id, i.external_id, i.display_name, i.display_name_key, i.name_claim, i.resource,
        i.content_hash from ${fromColumns(3)} order by i.display_name_key, i.id`,
    values: [tx.organization, directory, ...toColumns(inputs)],
  });
  await recordChanges(
    tx,
    inputs.map((input) => ({
      action: "directory-group.created",
      subjectKind: "group",
      subject: input.id,
      detail: { directory, displayName: input.displayName },
      event: true,
    })),
  );
  await bindWaitingGrants(
    tx,
    directory,
    inputs.map((input) => ({ id: input.id, nameKey: nameKey(input.displayName) })),
  );
}

/**
 * Replaces the whole content of groups but their members (RFC 7644 §3.5.1). Grants are held by id, so a rename changes nobody's access
 * and wakes no waiting grant: a group can not be renamed into a role.
 *
 * Before: the ids are live groups of `directory`; others are left alone and missing from the answer. After: new
 * content, version one higher.
 * @throws MusterError `uniqueness` as above.
 */
export async function updateDirectoryGroups(
  tx: Tx,
  directory: DirectoryId,
  inputs: readonly DirectoryGroupInput[],
): Promise<DirectoryGroup[]> {
  if (inputs.length === 0) return [];
  const ids = inputs.map((input) => input.id);
  const live = await tx.query<{ id: GroupId }>({
    name: "lock-directory-groups",
    text: `select l.id
      from ${lockedById("directory_groups", "id", "$3", "for no key update", "t.directory = $2 and t.deleted_at is null")}`,
    values: [tx.organization, directory, ids],
  });
  const known = new Set(live.map((row) => row.id));
  const changed = inputs.filter((input) => known.has(input.id));
  // Names that move between groups of one call first give up their claim.
  if (changed.length > 1)
    await tx.query({
      text: "update directory_groups set name_claim = null where organization = $1 and id = any($2)",
      values: [tx.organization, changed.map((input) => input.id)],
    });
  const groups = await tx.query<DirectoryGroup>({
    name: "update-directory-groups",
    text: `update directory_groups g set immutable_id = i.immutable_id, external_id = i.external_id,
        display_name = i.display_name, display_name_key = i.display_name_key, name_claim = i.name_claim,
        resource = i.resource, content_hash = i.content_hash, version = g.version + 1, updated_at = statement_timestamp()
      from ${fromColumns(2)} where g.organization = $1 and g.id = i.id returning ${directoryGroupColumns}`,
    values: [tx.organization, ...toColumns(changed)],
  });
  await tx.query({
    name: "rename-groups",
    text: `update groups g set name = d.display_name, name_key = d.display_name_key from directory_groups d
      where g.organization = $1 and g.id = any($2) and d.organization = $1 and d.id = g.id and g.name <> d.display_name`,
    values: [tx.organization, changed.map((input) => input.id)],
  });
  await recordChanges(
    tx,
    changed.map((input) => ({
      action: "directory-group.updated",
      subjectKind: "group",
      subject: input.id,
      detail: { directory, displayName: input.displayName },
      event: true,
    })),
  );
  return groups;
}
