import type { Db } from "../../db/connection.ts";
import type { DirectoryId, DirectoryUserId, GroupId } from "../../db/id.ts";
import { type PagePosition, type PageQuery, readPage } from "../../db/page.ts";
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

/** A record as it is stored, with the groups it is in: `resource` is JSON text, fit for an answer as it stands. */
export type StoredDirectoryUser = Omit<
  DirectoryUser,
  "resource" | "directory" | "account" | "immutableId" | "email" | "displayName" | "contentHash"
> & { resource: string; groups: GroupOfUser[] };

const storedColumns = `u.id, u.external_id as "externalId", u.user_name as "userName", u.active,
  u.resource::text as resource, u.version, u.created_at as "createdAt", u.updated_at as "updatedAt"`;

/** The record that `getDirectoryUser` finds, as it is stored, in one statement; without `groups` the list is empty. */
export async function getStoredUser(
  db: Db,
  directory: DirectoryId,
  id: DirectoryUserId,
  wants: { groups: boolean },
): Promise<StoredDirectoryUser | undefined> {
  const [user] = await db.query<StoredDirectoryUser & { groups: GroupOfUser[] | null }>({
    name: wants.groups ? "get-stored-user-with-groups" : "get-stored-user",
    text: `select ${storedColumns}${wants.groups ? `, ${groupsColumn}` : ""} from directory_users u
      where u.organization = $1 and u.id = $3 and u.directory = $2 and u.deleted_at is null`,
    values: [db.organization, directory, id],
  });
  return user && { ...user, groups: user.groups ?? [] };
}

/** The record that `getDirectoryUser` finds and the groups that `groupsOfDirectoryUsers` finds, in one statement. */
export async function getDirectoryUserWithGroups(
  db: Db,
  directory: DirectoryId,
  id: DirectoryUserId,
): Promise<(DirectoryUser & { groups: GroupOfUser[] }) | undefined> {
  const [user] = await db.query<DirectoryUser & { groups: GroupOfUser[] | null }>({
    name: "get-directory-user-with-groups",
    text: `select ${directoryUserColumns}, ${groupsColumn} from directory_users u
      where u.organization = $1 and u.id = $3 and u.directory = $2 and u.deleted_at is null`,
    values: [db.organization, directory, id],
  });
  return user && { ...user, groups: user.groups ?? [] };
}

/** Which records to list, in which order. Fragments speak of the table as `u`. */
export type DirectoryUserQuery = PageQuery;

/**
 * A page of the live records of a directory and how many match in all (RFC 7644 §3.4.2). The order is total: the id,
 * which grows with time, decides last.
 */
export async function listDirectoryUsers(
  db: Db,
  directory: DirectoryId,
  query: DirectoryUserQuery & { total: false },
): Promise<{ total: null; users: DirectoryUser[]; next: PagePosition | null }>;
export async function listDirectoryUsers(
  db: Db,
  directory: DirectoryId,
  query: DirectoryUserQuery,
): Promise<{ total: number; users: DirectoryUser[]; next: PagePosition | null }>;
export async function listDirectoryUsers(
  db: Db,
  directory: DirectoryId,
  query: DirectoryUserQuery,
): Promise<{ total: number | null; users: DirectoryUser[]; next: PagePosition | null }> {
  const table = { name: "directory_users", alias: "u", columns: directoryUserColumns };
  const { total, rows, next } = await readPage<DirectoryUser>(db, table, directory, query);
  return { total, users: rows, next };
}

/** The same page, its records as they are stored; `total` is null when it was not asked for. */
export async function listStoredUsers(
  db: Db,
  directory: DirectoryId,
  query: DirectoryUserQuery & { groups: boolean },
): Promise<{ total: number | null; users: StoredDirectoryUser[]; next: PagePosition | null }> {
  const table = { name: "directory_users", alias: "u", columns: storedColumns };
  const { total, rows, next } = await readPage<StoredDirectoryUser>(db, table, directory, query);
  const ids = query.groups ? rows.map((row) => row.id) : [];
  const groups = await groupsOfDirectoryUsers(db, directory, ids);
  return { total, users: rows.map((row) => ({ ...row, groups: groups.get(row.id) ?? [] })), next };
}

/** A group that a record is in: directly, or through live groups inside its directory (RFC 7643 §4.1.2 `groups`). */
export type GroupOfUser = { id: GroupId; displayName: string; direct: boolean };

/** Nothing leads through a deleted group. Each look-up stands in a subquery of its own for the reason that migration 0006 gives. */
const reachedGroups = (users: string): string => `
  recursive member as (
    select m.directory_user, g.id, g.display_name, true as direct
    from remote_memberships m
    cross join lateral (
      select g.id, g.display_name, g.directory, g.deleted_at from directory_groups g
      where g.organization = $1 and g.id = m.group_id offset 0) g
    where m.organization = $1 and m.directory_user = ${users} and g.directory = $2 and g.deleted_at is null
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
  )`;

/** The groups of the record at hand as a JSON list, null when there are none. */
const groupsColumn = `(
  with ${reachedGroups("u.id")}
  select json_agg(json_build_object('id', id, 'displayName', display_name, 'direct', direct) order by id)
  from (select id, display_name, bool_or(direct) as direct from member group by id, display_name) reached) as groups`;

/**
 * The groups of each of these records, in the order of their ids; records without groups are missing from the map.
 * Nothing leads through a deleted group.
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
      with ${reachedGroups("any($3)")}
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
