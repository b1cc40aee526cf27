import type { Db, Reads } from "../../db/connection.ts";
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

/** The record that `getDirectoryUser` finds, as it is stored; without `groups` the list is empty. */
export async function getStoredUser(
  db: Reads,
  directory: DirectoryId,
  id: DirectoryUserId,
  wants: { groups: boolean },
): Promise<StoredDirectoryUser | undefined> {
  return findStoredUser(db, directory, "id", id, wants);
}

async function findStoredUser(
  db: Reads,
  directory: DirectoryId,
  by: keyof typeof UNIQUE,
  key: string,
  wants: { groups: boolean },
): Promise<StoredDirectoryUser | undefined> {
  const { withGroups: whole, alone } = UNIQUE[by];
  const read = { ...(wants.groups ? whole : alone), values: [db.organization, directory] };
  const row = await db.find<StoredDirectoryUser & Joined>(read, key);
  return row && (await withGroups(db, directory, [row]))[0];
}

/** The record that `getDirectoryUser` finds and the groups that `groupsOfDirectoryUsers` finds. */
export async function getDirectoryUserWithGroups(
  db: Db,
  directory: DirectoryId,
  id: DirectoryUserId,
): Promise<(DirectoryUser & { groups: GroupOfUser[] }) | undefined> {
  const rows = await db.query<DirectoryUser & Joined>({
    name: "get-directory-user-with-groups",
    text: `select ${directoryUserColumns}, ${joinedColumn("u.id")} from directory_users u
      where u.organization = $1 and u.id = $3 and u.directory = $2 and u.deleted_at is null`,
    values: [db.organization, directory, id],
  });
  return (await withGroups(db, directory, rows))[0];
}

/** Which records to list, in which order. Fragments speak of the table as `u`. */
export type DirectoryUserQuery = PageQuery;

const directoryUsers = { name: "directory_users", alias: "u", all: "(select count_directory_users($1, $2))" };

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
  const table = { ...directoryUsers, columns: directoryUserColumns };
  const { total, rows, next } = await readPage<DirectoryUser>(db, table, directory, query);
  return { total, users: rows, next };
}

/** From so many records on their groups are found for all of them at once. */
const MANY = 6;

/** The same page, its records as they are stored; `total` is null when it was not asked for. */
export async function listStoredUsers(
  db: Reads,
  directory: DirectoryId,
  query: DirectoryUserQuery & { groups: boolean },
): Promise<{ total: number | null; users: StoredDirectoryUser[]; next: PagePosition | null }> {
  const { unique } = query.where ?? {};
  if (unique?.column === UNIQUE.userName.column && isFirstPage(query)) {
    const user = await findStoredUser(db, directory, "userName", unique.value, query);
    const users = user ? [user] : [];
    return { total: query.total === false ? null : users.length, users, next: null };
  }
  const few = query.groups && Math.min(query.where?.keyed ?? query.limit, query.limit) < MANY;
  const table = { ...directoryUsers, columns: few ? `${storedColumns}, ${joinedColumn("u.id")}` : storedColumns };
  const { total, rows, next } = await readPage<StoredDirectoryUser & Joined>(db, table, directory, query);
  if (few || !query.groups) return { total, users: await withGroups(db, directory, rows), next };
  const ids = rows.map((row) => row.id);
  const groups = await groupsOfDirectoryUsers(db, directory, ids);
  return { total, users: rows.map((row) => ({ ...row, groups: groups.get(row.id) ?? [] })), next };
}

function isFirstPage({ limit, offset = 0, after }: DirectoryUserQuery): boolean {
  return limit > 0 && offset === 0 && after === undefined;
}

/** A group that a record is in: directly, or through live groups inside its directory (RFC 7643 §4.1.2 `groups`). */
export type GroupOfUser = { id: GroupId; displayName: string; direct: boolean };

/** The groups that a record is in directly, and whether one of them is in another; null when there are none. */
export type Joined = { joined?: { groups: GroupOfUser[]; nested: boolean } | null };

/**
 * Each look-up stands in a subquery of its own for the reason that migration 0006 gives. The groups above are not looked
 * for here: to be ready for it would cost every reader more than the few who are in nested groups.
 */
export const joinedColumn = (user: string): string => `(
  select json_build_object(
    'groups', json_agg(json_build_object('id', g.id, 'displayName', g.display_name, 'direct', true) order by g.id),
    'nested', bool_or(exists (select from group_nestings n
      where n.organization = $1 and n.child = g.id and n.origin = 'remote')))
  from remote_memberships m
  cross join lateral (
    select g.id, g.display_name, g.directory, g.deleted_at from directory_groups g
    where g.organization = $1 and g.id = m.group_id offset 0) g
  where m.organization = $1 and m.directory_user = ${user} and g.directory = $2 and g.deleted_at is null
  having count(*) > 0) as joined`;

/** What no two live records of a directory share, and how they are found by it. */
const UNIQUE = {
  id: foundBy("id", "u.id", "uuid[]"),
  userName: foundBy("user-name", "u.user_name_key", "text[]"),
};

function foundBy(key: string, column: string, list: string) {
  const text = (more: string): string => `select ${storedColumns}${more}, ${column}::text as key
    from directory_users u where u.organization = $1 and u.directory = $2
      and ${column} = any ((select $3::${list})::${list}) and u.deleted_at is null`;
  return {
    column,
    alone: { name: `stored-users-by-${key}`, text: text("") },
    withGroups: { name: `stored-users-by-${key}-with-groups`, text: text(`, ${joinedColumn("u.id")}`) },
  };
}

const NONE: ReadonlyMap<DirectoryUserId, GroupOfUser[]> = new Map();

export async function withGroups<Row extends { id: DirectoryUserId }>(
  db: Db,
  directory: DirectoryId,
  rows: readonly (Row & Joined)[],
): Promise<(Row & { groups: GroupOfUser[] })[]> {
  const nested = rows.filter((row) => row.joined?.nested).map((row) => row.id);
  const above = nested.length === 0 ? NONE : await groupsOfDirectoryUsers(db, directory, nested);
  return rows.map(({ joined, ...row }) => ({
    ...(row as Omit<Row, "joined"> as Row),
    groups: above.get(row.id) ?? joined?.groups ?? [],
  }));
}

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
