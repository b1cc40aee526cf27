import type { AccountId, DirectoryId, DirectoryUserId } from "../../db/id.ts";
import { lockedById } from "../../db/sql.ts";
import type { Tx } from "../../db/transaction.ts";
import { reconcile } from "../access/reconcile.ts";
import { accountsByName } from "../accounts/by-name.ts";
import { refreshCanonical } from "../accounts/canonical.ts";
import { recordChanges } from "../record.ts";
import { type DirectoryUserInput, fromColumns, toColumns } from "./directory-user.ts";

/**
 * Takes records out of their directory (SCIM DELETE, RFC 7644 §3.6; absent from a proven read, T19). They are kept as
 * tombstones for undo, with their memberships, but hold no user name and are seen by nobody.
 *
 * Before: any ids. After: those that were live records of `directory` are gone; the next directory's record is
 * canonical or the account is Deactivated; access follows. Returns the ids that were live.
 */
export async function removeDirectoryUsers(
  tx: Tx,
  directory: DirectoryId,
  ids: readonly DirectoryUserId[],
): Promise<DirectoryUserId[]> {
  if (ids.length === 0) return [];
  await tx.query({
    name: "lock-directory-users-to-remove",
    text: `select l.id
      from ${lockedById("directory_users", "id", "$3", "for no key update", "t.directory = $2 and t.deleted_at is null")}`,
    values: [tx.organization, directory, ids],
  });
  const removed = await tx.query<{ id: DirectoryUserId; account: AccountId; userName: string }>({
    name: "remove-directory-users",
    text: `with removed as (
        update directory_users set deleted_at = statement_timestamp(), updated_at = statement_timestamp(), version = version + 1
        where organization = $1 and directory = $2 and id = any($3) and deleted_at is null
        returning id, account, user_name
      ), counted as (
        insert into directory_user_counts (organization, directory, change)
        select $1, $2, -count(*) from removed having count(*) > 0
      )
      select id, account, user_name as "userName" from removed`,
    values: [tx.organization, directory, ids],
  });
  await afterRemoval(tx, directory, removed, "directory-user.removed");
  return removed.map((row) => row.id);
}

/**
 * Brings tombstones back as they were: the undo of a removal (T19; design §5.5).
 *
 * Before: any ids. After: those that were tombstones of `directory` are live again under their names, in the account
 * of that name; canonical records and access follow.
 * @throws MusterError `uniqueness` when another record holds the user name by now.
 */
export async function restoreDirectoryUsers(
  tx: Tx,
  directory: DirectoryId,
  ids: readonly DirectoryUserId[],
): Promise<void> {
  if (ids.length === 0) return;
  const restored = await tx.query<{ id: DirectoryUserId; userName: string; userNameKey: string }>({
    text: `with restored as (
        update directory_users set deleted_at = null, updated_at = statement_timestamp(), version = version + 1
        where organization = $1 and directory = $2 and id = any($3) and deleted_at is not null
        returning id, user_name, user_name_key
      ), counted as (
        insert into directory_user_counts (organization, directory, change)
        select $1, $2, count(*) from restored having count(*) > 0
      )
      select id, user_name as "userName", user_name_key as "userNameKey" from restored`,
    values: [tx.organization, directory, ids],
  });
  const { accountOf } = await accountsByName(tx, restored);
  const moved = await tx.query<{ id: DirectoryUserId; account: AccountId; userName: string }>({
    text: `update directory_users u set account = a.account
      from unnest($2::uuid[], $3::uuid[]) as a (id, account) where u.organization = $1 and u.id = a.id
      returning u.id, u.account, u.user_name as "userName"`,
    values: [tx.organization, [...accountOf.keys()], [...accountOf.values()]],
  });
  await afterRemoval(tx, directory, moved, "directory-user.restored");
}

/**
 * Gives tombstones another content, for an undoing that takes away again who had come back: what they were before that.
 *
 * Before: this transaction has taken the records away; others are left alone. After: each would come back as told; nobody sees
 * any of it.
 */
export async function rewriteRemovedUsers(
  tx: Tx,
  directory: DirectoryId,
  inputs: readonly DirectoryUserInput[],
): Promise<void> {
  if (inputs.length === 0) return;
  await tx.query({
    text: `update directory_users u set immutable_id = i.immutable_id, external_id = i.external_id, user_name = i.user_name,
        user_name_key = i.user_name_key, active = i.active, email = i.email, email_key = i.email_key,
        email_domain = i.email_domain, display_name = i.display_name, resource = i.resource,
        shown_name_key = shown_name_key(i.resource), first_address_key = first_address_key(i.resource),
        content_hash = i.content_hash
      from ${fromColumns(3)}
      where u.organization = $1 and u.directory = $2 and u.id = i.id and u.deleted_at is not null`,
    values: [tx.organization, directory, ...toColumns(inputs)],
  });
}

async function afterRemoval(
  tx: Tx,
  directory: DirectoryId,
  rows: readonly { id: DirectoryUserId; account: AccountId; userName: string }[],
  action: "directory-user.removed" | "directory-user.restored",
): Promise<void> {
  if (rows.length === 0) return;
  // A group's members, and so its version, have changed for whoever reads it (RFC 7644 §3.14).
  await tx.query({
    name: "touch-groups-of-directory-users",
    text: `update directory_groups g set version = version + 1, updated_at = clock_timestamp()
      from (select id from directory_groups where organization = $1 and id in
          (select group_id from remote_memberships where organization = $1 and directory_user = any($2))
        order by id for no key update) l
      where g.organization = $1 and g.id = l.id`,
    values: [tx.organization, rows.map((row) => row.id)],
  });
  await recordChanges(
    tx,
    rows.map((row) => ({
      action,
      subjectKind: "directory-user",
      subject: row.id,
      detail: { directory, account: row.account, userName: row.userName },
      event: true,
    })),
  );
  const accounts = [...new Set(rows.map((row) => row.account))];
  await refreshCanonical(tx, accounts);
  await reconcile(tx, accounts);
}
