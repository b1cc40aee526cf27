import type { Db } from "../../db/connection.ts";
import type { DirectoryId, GroupId } from "../../db/id.ts";
import { type PagePosition, type PageQuery, readPage } from "../../db/page.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { type DirectoryGroup, directoryGroupColumns } from "./directory-group.ts";

/** The live group of that id in that directory, or undefined; tombstones and foreign groups are unknown alike. */
export async function getDirectoryGroup(
  db: Db,
  directory: DirectoryId,
  id: GroupId,
): Promise<DirectoryGroup | undefined> {
  const [group] = await db.query<DirectoryGroup>({
    name: "get-directory-group",
    text: `select ${directoryGroupColumns} from directory_groups g
      where g.organization = $1 and g.id = $2 and g.directory = $3 and g.deleted_at is null`,
    values: [db.organization, id, directory],
  });
  return group;
}

/**
 * The same group, held against other writers until the transaction ends (RFC 7644 §3.5.2: a PATCH is one change).
 * Before: `tx` holds no account. After: the row is locked; undefined, and nothing locked, for what is no live group of
 * `directory`.
 */
export async function lockDirectoryGroup(
  tx: Tx,
  directory: DirectoryId,
  id: GroupId,
): Promise<DirectoryGroup | undefined> {
  const [group] = await tx.query<DirectoryGroup>({
    name: "lock-directory-group",
    text: `select ${directoryGroupColumns} from directory_groups g
      where g.organization = $1 and g.id = $2 and g.directory = $3 and g.deleted_at is null for no key update`,
    values: [tx.organization, id, directory],
  });
  return group;
}

/** Which groups to list, in which order. Fragments speak of the table as `g`. */
export type DirectoryGroupQuery = PageQuery;

/**
 * A page of the live groups of a directory, without members, and how many match in all (RFC 7644 §3.4.2); `next` is
 * where the list goes on.
 */
export async function listDirectoryGroups(
  db: Db,
  directory: DirectoryId,
  query: DirectoryGroupQuery & { total: false },
): Promise<{ total: null; groups: DirectoryGroup[]; next: PagePosition | null }>;
export async function listDirectoryGroups(
  db: Db,
  directory: DirectoryId,
  query: DirectoryGroupQuery,
): Promise<{ total: number; groups: DirectoryGroup[]; next: PagePosition | null }>;
export async function listDirectoryGroups(
  db: Db,
  directory: DirectoryId,
  query: DirectoryGroupQuery,
): Promise<{ total: number | null; groups: DirectoryGroup[]; next: PagePosition | null }> {
  const table = { name: "directory_groups", alias: "g", columns: directoryGroupColumns };
  const { total, rows, next } = await readPage<DirectoryGroup>(db, table, directory, query);
  return { total, groups: rows, next };
}

/** A member as a group shows it (RFC 7643 §4.2 `members`). */
export type GroupMember = { id: string; kind: "User" | "Group"; display: string | null };

/** Members that several groups may have together in one answer: they are all in memory at once. */
export const MOST_MEMBERS = 100_000;

/**
 * The direct members of each of these groups, users first, each in the order of ids; groups without members are missing
 * from the map. The only read whose cost is the groups' size.
 * @throws MusterError `too-many` when several groups have more than 100,000 members together; one has as many as it has.
 */
export async function membersOfDirectoryGroups(
  db: Db,
  directory: DirectoryId,
  groups: readonly GroupId[],
): Promise<Map<GroupId, GroupMember[]>> {
  const members = new Map<GroupId, GroupMember[]>();
  if (groups.length === 0) return members;
  const rows = await db.query<GroupMember & { group: GroupId }>({
    name: "members-of-directory-groups",
    text: `select "group", id, kind, display from (
      select m.group_id as "group", u.id, 'User' as kind, coalesce(u.display_name, u.user_name) as display
      from remote_memberships m join directory_users u on u.organization = $1 and u.id = m.directory_user
      where m.organization = $1 and m.group_id = any($3) and u.directory = $2 and u.deleted_at is null
      union all
      select n.parent, c.id, 'Group', c.display_name
      from group_nestings n join directory_groups c on c.organization = $1 and c.id = n.child
      where n.organization = $1 and n.parent = any($3) and n.origin = 'remote' and c.directory = $2
        and c.deleted_at is null
      limit $4) members
      order by 3 desc, 2`,
    values: [db.organization, directory, groups, groups.length > 1 ? MOST_MEMBERS + 1 : null],
  });
  if (groups.length > 1 && rows.length > MOST_MEMBERS)
    throw new MusterError(
      "too-many",
      `these groups have more than ${MOST_MEMBERS} members together; ask for fewer groups at once (count) or without ` +
        "their members (excludedAttributes=members)",
    );
  for (const { group, ...member } of rows) {
    const list = members.get(group);
    if (list) list.push(member);
    else members.set(group, [member]);
  }
  return members;
}
