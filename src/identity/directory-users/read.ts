import type { Db } from "../../db/connection.ts";
import type { DirectoryId, DirectoryUserId, GroupId } from "../../db/id.ts";
import type { SqlFragment } from "../../db/sql.ts";
import { shift } from "../../db/sql.ts";
import type { Tx } from "../../db/transaction.ts";
import { type DirectoryUser, directoryUserColumns } from "./directory-user.ts";

/**
 * The live record of that id in that directory, or undefined: a tombstone, another directory's and another
 * organization's record are all alike unknown.
 */
export async function getDirectoryUser(
  db: Db,
  directory: DirectoryId,
  id: DirectoryUserId,
): Promise<DirectoryUser | undefined> {
  const [user] = await db.query<DirectoryUser>({
    name: "get-directory-user",
    text: `select ${directoryUserColumns} from directory_users u
      where u.organization = $1 and u.id = $2 and u.directory = $3 and u.deleted_at is null`,
    values: [db.organization, id, directory],
  });
  return user;
}

/**
 * The same record, held against other writers until the transaction ends, so that what was read is what
 * `updateDirectoryUsers` replaces (RFC 7644 §3.5.2: a PATCH is one change).
 * Before: `tx` holds no account. After: the row is locked; undefined, and nothing locked, where `getDirectoryUser`
 * gives undefined.
 */
export async function lockDirectoryUser(
  tx: Tx,
  directory: DirectoryId,
  id: DirectoryUserId,
): Promise<DirectoryUser | undefined> {
  const [user] = await tx.query<DirectoryUser>({
    name: "lock-directory-user",
    text: `select ${directoryUserColumns} from directory_users u
      where u.organization = $1 and u.id = $2 and u.directory = $3 and u.deleted_at is null for no key update`,
    values: [tx.organization, id, directory],
  });
  return user;
}

/** Which records to list, in which order. Fragments speak of the table as `u`. */
export type DirectoryUserQuery = { where?: SqlFragment; orderBy?: SqlFragment; limit: number; offset: number };

/**
 * A page of the live records of a directory and how many match in all (RFC 7644 §3.4.2). The order is total: the id,
 * which grows with time, decides last.
 */
export async function listDirectoryUsers(
  db: Db,
  directory: DirectoryId,
  query: DirectoryUserQuery,
): Promise<{ total: number; users: DirectoryUser[] }> {
  const values: unknown[] = [db.organization, directory];
  let where = "u.organization = $1 and u.directory = $2 and u.deleted_at is null";
  if (query.where) {
    where += ` and (${shift(query.where, values.length)})`;
    values.push(...query.where.values);
  }
  const [count] = await db.query<{ total: number }>({
    text: `select count(*) as total from directory_users u where ${where}`,
    values,
  });
  const total = count?.total ?? 0;
  if (query.limit === 0 || query.offset >= total) return { total, users: [] };
  let order = "u.id";
  if (query.orderBy) {
    order = `${shift(query.orderBy, values.length)}, u.id`;
    values.push(...query.orderBy.values);
  }
  values.push(query.limit, query.offset);
  const users = await db.query<DirectoryUser>({
    text: `select ${directoryUserColumns} from directory_users u where ${where}
      order by ${order} limit $${values.length - 1} offset $${values.length}`,
    values,
  });
  return { total, users };
}

/** A group that a record is in: directly, or through live groups inside its directory (RFC 7643 §4.1.2 `groups`). */
export type GroupOfUser = { id: GroupId; displayName: string; direct: boolean };

/**
 * The groups of each of these records, in the order of their ids; records without groups are missing from the map.
 * Nothing leads through a deleted group. Each look-up stands in a subquery of its own for the reason that migration
 * 0006 gives.
 */
export async function groupsOfDirectoryUsers(
  db: Db,
  directory: DirectoryId,
  ids: readonly DirectoryUserId[],
): Promise<Map<DirectoryUserId, GroupOfUser[]>> {
  const groups = new Map<DirectoryUserId, GroupOfUser[]>();
  if (ids.length === 0) return groups;
  const rows = await db.query<{ user: DirectoryUserId } & GroupOfUser>({
    name: "groups-of-directory-users",
    text: `
      with recursive member as (
        select m.directory_user, g.id, g.display_name, true as direct
        from remote_memberships m
        cross join lateral (
          select g.id, g.display_name, g.directory, g.deleted_at from directory_groups g
          where g.organization = $1 and g.id = m.group_id offset 0) g
        where m.organization = $1 and m.directory_user = any($3) and g.directory = $2 and g.deleted_at is null
        union
        select m.directory_user, g.id, g.display_name, false
        from member m
        cross join lateral (
          select n.parent from group_nestings n
          where n.organization = $1 and n.child = m.id and n.origin = 'remote' offset 0) n
        cross join lateral (
          select g.id, g.display_name, g.directory, g.deleted_at from directory_groups g
          where g.organization = $1 and g.id = n.parent offset 0) g
        where g.directory = $2 and g.deleted_at is null
      )
      select directory_user as user, id, display_name as "displayName", bool_or(direct) as direct
      from member group by directory_user, id, display_name order by id`,
    values: [db.organization, directory, ids],
  });
  for (const { user, ...group } of rows) {
    const list = groups.get(user);
    if (list) list.push(group);
    else groups.set(user, [group]);
  }
  return groups;
}
