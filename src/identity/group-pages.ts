import type { Db } from "../db/connection.ts";
import type { AccountId, GroupId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { fieldsOf } from "../filter/fields.ts";
import { requireAccount } from "./account-overview.ts";
import type { Group } from "./groups.ts";
import { nameKey } from "./keys.ts";
import { isServed, type ListField, type ListFilter, listFilterSql } from "./list-filter.ts";
import { type Bind, binding, type IdPage, inScopes, type Within } from "./within.ts";

const COLUMNS = `g.id, g.name, d.name as directory`;
const TABLES = `groups g left join directories d on d.organization = g.organization and d.id = g.directory`;

/** What groups can be filtered by; a group that is the organization's own has the directory `local`. */
export const GROUP_FIELDS = fieldsOf<ListField>(
  { name: "id", type: "string", column: { sql: "g.id", form: "reference", nullable: false }, keyed: true },
  { name: "name", type: "string", column: { sql: "g.name_key", form: "key", nullable: false } },
  { name: "directory", type: "string", column: { sql: "coalesce(d.name, 'local')", form: "exact", nullable: false } },
  { name: "createdAt", type: "dateTime", column: { sql: "g.created_at", form: "time", nullable: false } },
);

/** A page of the live groups within the scopes, in the order of their ids. @param page.directory its name, or `local`. */
export async function pageOfGroups(
  db: Db,
  page: IdPage<GroupId> & {
    within: Within;
    name?: string | undefined;
    directory?: string | undefined;
    filter?: ListFilter | undefined;
  },
): Promise<Group[]> {
  const { name, directory, filter } = page;
  const conditions = (bind: Bind, values: unknown[]) => [
    inScopes(page.within, "group", "g.id", bind),
    ...(page.after === null ? [] : [`g.id > ${bind(page.after)}`]),
    ...(name === undefined ? [] : [`g.name_key = ${bind(nameKey(name))}`]),
    ...(directory === undefined ? [] : [directory === "local" ? "g.directory is null" : `d.name = ${bind(directory)}`]),
    ...(filter === undefined ? [] : [listFilterSql(filter, values)]),
  ];
  return select(db, page.limit, conditions, filter !== undefined && !isServed(filter));
}

/** One live group within the scopes. @throws MusterError `not-found`. */
export async function getGroup(db: Db, id: GroupId, within: Within = null): Promise<Group> {
  const [group] = await select(db, 1, (bind) => [`g.id = ${bind(id)}`, inScopes(within, "group", "g.id", bind)]);
  if (!group) throw new MusterError("not-found", "there is no such group", { at: "group" });
  return group;
}

function select(
  db: Db,
  limit: number,
  conditions: (bind: Bind, values: unknown[]) => string[],
  slow = false,
): Promise<Group[]> {
  const values: unknown[] = [db.organization];
  const where = ["g.organization = $1", "g.deleted_at is null", ...conditions(binding(values), values)].join(" and ");
  return db.query<Group>({
    text: `select ${COLUMNS} from ${TABLES} where ${where} order by g.id limit ${Math.trunc(limit)}`,
    values,
    prepared: !slow,
  });
}

/**
 * A person in a group: whether its directory put them there, or an administrator did. `counts` is false while the
 * administrator's membership is parked, after another record became the person's canonical one, and no directory's stands.
 */
export type Member = { user: { id: AccountId; userName: string }; remote: boolean; local: boolean; counts: boolean };

/**
 * A page of the people who are in the group itself, in the order of their ids; not those of groups inside it. Either kind of
 * membership is read only as far as the page goes: what is on it is among the first of each.
 */
export async function pageOfMembers(db: Db, group: GroupId, page: IdPage<AccountId>): Promise<Member[]> {
  const values: unknown[] = [db.organization, group, page.limit];
  const behind = (column: string) => (page.after === null ? "" : `and ${column} > $4`);
  if (page.after !== null) values.push(page.after);
  return db.query<Member>({
    text: `
      select json_build_object('id', a.id, 'userName', a.user_name) as user, m.remote, m.local, m.counts
      from (
        select account, bool_or(remote) as remote, bool_or(not remote) as local, bool_or(counts) as counts
        from (
          (select u.account, true as remote, true as counts from directory_users u
          join remote_memberships r on r.organization = u.organization and r.directory_user = u.id
          where u.organization = $1 and r.group_id = $2 and u.deleted_at is null ${behind("u.account")}
          group by u.account order by u.account limit $3)
          union all
          (select l.account, false, l.parked_at is null from local_memberships l
          where l.organization = $1 and l.group_id = $2 ${behind("l.account")} order by l.account limit $3)
        ) every
        group by account order by account limit $3
      ) m join accounts a on a.organization = $1 and a.id = m.account order by a.id`,
    values,
  });
}

/** A page of the groups that stand directly inside this one, in the order of their ids. */
export async function pageOfNested(db: Db, parent: GroupId, page: IdPage<GroupId>): Promise<Group[]> {
  return select(db, page.limit, (bind) => [
    `exists (select from group_nestings n where n.organization = $1 and n.parent = ${bind(parent)} and n.child = g.id)`,
    ...(page.after === null ? [] : [`g.id > ${bind(page.after)}`]),
  ]);
}

/** A group that a person is in, by whom. */
export type GroupOfAccount = Group & Pick<Member, "remote" | "local" | "counts">;

/**
 * A page of the live groups that an account is in itself, in the order of their ids; not those around them.
 * @throws MusterError as `requireAccount`.
 */
export async function pageOfGroupsOf(db: Db, account: AccountId, page: IdPage<GroupId>): Promise<GroupOfAccount[]> {
  const values: unknown[] = [db.organization, account, page.limit];
  const behind = page.after === null ? "" : `and g.id > $${values.push(page.after)}`;
  const groups = await db.query<GroupOfAccount>({
    text: `
      select ${COLUMNS}, m.remote, m.local, m.counts
      from (
        select group_id, bool_or(remote) as remote, bool_or(not remote) as local, bool_or(counts) as counts
        from (
          select r.group_id, true as remote, true as counts from directory_users u
          join remote_memberships r on r.organization = u.organization and r.directory_user = u.id
          where u.organization = $1 and u.account = $2 and u.deleted_at is null
          union all
          select l.group_id, false, l.parked_at is null from local_memberships l
          where l.organization = $1 and l.account = $2
        ) every group by group_id
      ) m, ${TABLES}
      where g.organization = $1 and g.id = m.group_id and g.deleted_at is null ${behind}
        and exists (select from accounts a where a.organization = $1 and a.id = $2 and a.erased_at is null
          and a.merged_into is null)
      order by g.id limit $3`,
    values,
    prepared: true,
  });
  // A group tells that whoever is in it is there.
  if (groups.length === 0) await requireAccount(db, account);
  return groups;
}
