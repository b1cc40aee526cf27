import type { AccountId, DirectoryId, DirectoryUserId, GroupId, ProductId } from "../../db/id.ts";
import { lockedById } from "../../db/sql.ts";
import type { Tx } from "../../db/transaction.ts";
import { reconcile } from "../access/reconcile.ts";

/** A directory user in a group of the same directory. */
export type Member = { group: GroupId; member: DirectoryUserId };

/** What a change of members did; `unknown` are the wanted members that are no live users of the directory. */
export type MembersChanged = { added: number; removed: number; unknown: string[] };

/**
 * Adds and removes members of groups of one directory, as rows: the cost is that of what changes, never of the groups
 * (R51; RFC 7644 §3.5.2). Adding a member that is there and removing one that is not are no changes.
 *
 * Before: the groups are live groups of `directory` (others are ignored). After: the members are as asked, versions
 * of the groups that changed are one higher, the members' access follows. Members are locked before groups, so that
 * no rename can carry one away meanwhile.
 */
export async function changeMembers(
  tx: Tx,
  directory: DirectoryId,
  change: { add: readonly Member[]; remove: readonly Member[] },
): Promise<MembersChanged> {
  const rows = [...change.add, ...change.remove];
  if (rows.length === 0) return { added: 0, removed: 0, unknown: [] };
  if (new Set(rows.map((row) => row.group)).size > 1) return changeManyGroups(tx, directory, change);
  const done = await tx.query<{ added: number; removed: number; unknown: string[]; accounts: AccountId[] }>({
    name: "write-members",
    text: `select cardinality(w.added) as added, cardinality(w.removed) as removed, w.unknown, w.accounts
      from (
        select group_id, array_agg(member) filter (where comes) as come, array_agg(member) filter (where not comes) as leave
        from unnest($3::uuid[], $4::uuid[], $5::boolean[]) as c (group_id, member, comes) group by group_id order by group_id) c
      cross join lateral write_members($1, $2, c.group_id, coalesce(c.come, '{}'), coalesce(c.leave, '{}'), false, null,
        $6, $7, $8) w`,
    values: [tx.organization, directory, ...toColumns(change), tx.actor.kind, tx.actor.id, tx.actor.requestId],
  });
  const accounts = new Set(done.flatMap((row) => row.accounts));
  const products = await productsAbove(
    tx,
    rows.map((row) => row.group),
  );
  await reconcile(tx, [...accounts], products);
  return {
    added: done.reduce((sum, row) => sum + row.added, 0),
    removed: done.reduce((sum, row) => sum + row.removed, 0),
    unknown: [...new Set(done.flatMap((row) => row.unknown))],
  };
}

function toColumns({ add, remove }: { add: readonly Member[]; remove: readonly Member[] }): unknown[] {
  const rows = [...add, ...remove];
  return [rows.map((row) => row.group), rows.map((row) => row.member), rows.map((_, place) => place < add.length)];
}

/** Only where somebody leaves: among all memberships it would be sought whether anybody does. */
const LEAVE = `delete from remote_memberships m using wanted w
  where not w.comes and m.organization = $1 and m.group_id = w.group_id and m.directory_user = w.member
    and w.group_id in (select id from team)
  returning m.group_id, m.directory_user as member`;

type ManyChanged = { added: number; removed: number; unknown: string[]; accounts: AccountId[] };

/**
 * As `write_members` (migration 0015) does it for one group, for many by the set: a directory's first sync has as many
 * groups as others have members.
 */
async function changeManyGroups(
  tx: Tx,
  directory: DirectoryId,
  change: { add: readonly Member[]; remove: readonly Member[] },
): Promise<MembersChanged> {
  const [groups, members, comes] = toColumns(change) as [GroupId[], DirectoryUserId[], boolean[]];
  await lockMembers(tx, directory, [...new Set(members)]);
  const [done] = await tx.query<ManyChanged>({
    text: `
      with wanted as materialized (
        select distinct c.group_id, c.member, c.comes from unnest($3::uuid[], $4::uuid[], $5::boolean[]) as c (group_id, member, comes)
      ), person as materialized (
        select u.id, u.account, u.directory = $2 and u.deleted_at is null as live from directory_users u
        where u.organization = $1 and u.id = any($4)
      ), team as materialized (
        select g.id from directory_groups g
        where g.organization = $1 and g.directory = $2 and g.id = any($3) and g.deleted_at is null
        order by g.id for no key update
      ), gone as (
        ${change.remove.length > 0 ? LEAVE : "select id as group_id, id as member from team where false"}
      ), come as (
        insert into remote_memberships (organization, group_id, directory_user)
        select $1, w.group_id, w.member from wanted w
        join person p on p.id = w.member and p.live
        where w.comes and w.group_id in (select id from team)
        order by w.group_id, w.member on conflict do nothing
        returning group_id, directory_user as member
      ), changed as materialized (
        select group_id, member, true as comes from come union all select group_id, member, false from gone
      ), told as materialized (
        select c.group_id, jsonb_build_object('directory', $2::uuid,
            'added', coalesce(jsonb_agg(c.member) filter (where c.comes), '[]'),
            'removed', coalesce(jsonb_agg(c.member) filter (where not c.comes), '[]')) as detail
        from changed c group by c.group_id order by c.group_id
      ), touched as (
        update directory_groups g set version = g.version + 1, updated_at = clock_timestamp()
        from told t where g.organization = $1 and g.id = t.group_id
      ), audited as (
        insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
        select $1, $6, $7, $8, 'group.members-changed', 'group', t.group_id, t.detail from told t
      ), sent as (
        insert into outbox (organization, kind, subject_kind, subject, data)
        select $1, 'group.members-changed', 'group', t.group_id, t.detail from told t
      )
      select (select count(*) from come) as added, (select count(*) from gone) as removed,
        array(select distinct w.member from wanted w
          where w.comes and w.member not in (select id from person where live)) as unknown,
        array(select distinct p.account from changed c join person p on p.id = c.member
          where c.group_id = any($9)) as accounts`,
    values: [
      ...[tx.organization, directory, groups, members, comes],
      ...[tx.actor.kind, tx.actor.id, tx.actor.requestId],
      await groupsThatGrant(tx, [...new Set(groups)]),
    ],
  });
  if (!done) return { added: 0, removed: 0, unknown: [] };
  await reconcile(tx, done.accounts, await productsAbove(tx, groups));
  return { added: done.added, removed: done.removed, unknown: done.unknown };
}

/**
 * Which of these groups have a grant, or stand at some depth in a group that has one: of the others a membership gives
 * nothing. The organization's lock keeps grants and nesting as they are until the transaction ends.
 */
async function groupsThatGrant(tx: Tx, groups: readonly GroupId[]): Promise<GroupId[]> {
  const rows = await tx.query<{ id: GroupId }>({
    name: "groups-that-grant",
    text: `with recursive granting (id) as (
        select group_id from role_grants where organization = $1 and group_id is not null
        union
        select n.child from granting g join group_nestings n on n.organization = $1 and n.parent = g.id
      )
      select id from granting where id = any($2)`,
    values: [tx.organization, groups],
  });
  return rows.map((row) => row.id);
}

/** What the members of these groups may have access to by that: what these groups and those above them have a role on. */
async function productsAbove(tx: Tx, groups: readonly GroupId[]): Promise<ProductId[]> {
  const [row] = await tx.query<{ products: ProductId[] }>({
    name: "products-above",
    text: "select products_above($1, $2::uuid[]) as products",
    values: [tx.organization, [...new Set(groups)]],
  });
  return row?.products ?? [];
}

/**
 * Makes the users of a group exactly these; nested groups are not touched.
 * Before and after as for `changeMembers`; only the difference is written.
 */
export async function replaceMembers(
  tx: Tx,
  directory: DirectoryId,
  group: GroupId,
  members: readonly DirectoryUserId[],
): Promise<MembersChanged> {
  const difference = await differenceTo(tx, group, members);
  return changeMembers(tx, directory, {
    add: difference.filter((row) => row.wanted).map((row) => ({ group, member: row.member })),
    remove: difference.filter((row) => !row.wanted).map((row) => ({ group, member: row.member })),
  });
}

/**
 * For a change that locks the group's own row before its members: locks first whom it will add or remove, because who
 * removes a user holds the user and then wants the user's groups. The other way round the two would wait for each other.
 *
 * Before: `tx` has not locked the group; `replaced` as for `replaceMembers`, else `members` come or go. After: nothing
 * has changed; those users can neither be renamed nor removed until the end of the transaction.
 */
export async function lockMembersBeforeGroup(
  tx: Tx,
  directory: DirectoryId,
  group: GroupId,
  change: { replaced: boolean; members: readonly DirectoryUserId[] },
): Promise<void> {
  let ids = change.members;
  if (change.replaced) {
    // Whoever replaces the members one after the other finds the difference that he has locked.
    await tx.query({
      name: "replace-members-in-turn",
      text: "select pg_advisory_xact_lock(hashtextextended($1, 0))",
      values: [group],
    });
    ids = (await differenceTo(tx, group, change.members)).map((row) => row.member);
  }
  if (ids.length > 0) await lockMembers(tx, directory, ids);
}

/** Who must come (`wanted`) and who must go so that the users of the group are exactly these. */
async function differenceTo(
  tx: Tx,
  group: GroupId,
  members: readonly DirectoryUserId[],
): Promise<{ member: DirectoryUserId; wanted: boolean }[]> {
  return tx.query({
    name: "members-difference",
    text: `select m.directory_user as member, false as wanted from remote_memberships m
      where m.organization = $1 and m.group_id = $2 and m.directory_user <> all($3)
      union all
      select w.member, true from unnest($3::uuid[]) as w (member) where not exists
        (select from remote_memberships m where m.organization = $1 and m.group_id = $2 and m.directory_user = w.member)`,
    values: [tx.organization, group, members],
  });
}

/** Tombstones too: one that is being restored at this moment brings back the memberships that it then still has. */
async function lockMembers(tx: Tx, directory: DirectoryId, members: readonly DirectoryUserId[]): Promise<void> {
  await tx.query({
    name: "lock-members",
    text: `select from ${lockedById("directory_users", "id", "$3", "for share", "t.directory = $2")}`,
    values: [tx.organization, directory, members],
  });
}
