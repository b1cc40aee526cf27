import type { DirectoryId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { stagedMembers } from "../staging.ts";
import { MEMBERS_OF_A_ROW } from "./lines.ts";

/**
 * Everybody who will be there once the plan is applied, by the directory's id and by Muster's, of those in `held`; without
 * those who are withheld, because nobody knows what they belong to.
 */
const people = (held: "directory_users" | "looked_up"): string => `
  people as (
    select h.immutable_id, h.id, coalesce(s.user_name, h.user_name) as name, false as back
    from ${held} h
    left join sync_staged_users s on s.organization = $1 and s.run = $2 and s.immutable_id = h.immutable_id
    where h.organization = $1 and h.directory = $3 and h.deleted_at is null and h.immutable_id is not null
      and s.withheld is not true
      and h.id not in (select subject from sync_plan where organization = $1 and run = $2 and kind = 'user-remove')
    union all
    select immutable_id, subject, name, kind = 'user-restore' from sync_plan
    where organization = $1 and run = $2 and kind in ('user-add', 'user-restore')
  )`;

/**
 * Every group that will be there. `open` are those whose members are to be compared one by one; the others have what they
 * are to have, except through who comes back (`back`).
 */
const teams = (kinds: string): string => `
  teams as (
    select s.immutable_id, h.id, s.name, false as back, d.held is null as open from sync_staged_groups s
    join directory_groups h on h.organization = $1 and h.directory = $3 and h.immutable_id = s.immutable_id
      and h.deleted_at is null
    left join sync_staged_digests d on d.organization = $1 and d.run = $2 and d.immutable_id = s.immutable_id
    where s.organization = $1 and s.run = $2
    union all
    select immutable_id, subject, name, kind = 'group-restore', true from sync_plan
    where organization = $1 and run = $2 and kind in (${kinds})
  )`;
const TEAMS = teams("'group-add', 'group-restore'");

/** Of the people who are held those alone of whom a compared group says or had something. */
const CONCERNED = `
  concerned as materialized (
    select h.id from (select distinct s.member_id from ${stagedMembers("user")} s) m
    cross join lateral (
      select h.id from directory_users h where h.organization = $1 and h.directory = $3 and h.immutable_id = m.member_id
        and h.deleted_at is null and h.immutable_id is not null offset 0) h
    union
    select m.directory_user from teams t
    cross join lateral (
      select m.directory_user from remote_memberships m where m.organization = $1 and m.group_id = t.id offset 0) m
    where t.open
  ), looked_up as materialized (
    select h.* from concerned c
    cross join lateral (
      select h.organization, h.directory, h.id, h.immutable_id, h.user_name, h.deleted_at from directory_users h
      where h.organization = $1 and h.id = c.id offset 0) h
  )`;

/** The pairs that only one of the sets `wanted` and `held` has. */
const DIFFERENT = `
  different as (
    select subject, member, h.held is null as added
    from (select subject, member, subject as wanted from wanted) w
    full join (select subject, member, subject as held from held) h using (subject, member)
    where w.wanted is null or h.held is null
  )`;

/**
 * Plans memberships and nesting as the difference of two sets. What belongs to people and groups that go is left in
 * place for their return; a tombstone's memberships count as held once it is planned to come back.
 * @param areFew whether so few members are to be compared that each is looked up.
 * @param holdsGroups what `isAnyGroupHeld` says.
 */
export async function planMembers(
  tx: Tx,
  run: SyncRunId,
  directory: DirectoryId,
  areFew: boolean,
  holdsGroups: boolean,
): Promise<void> {
  const values = [tx.organization, run, directory];
  if (!(await isAnythingOpen(tx, run))) return;
  if (!areFew) await planMembersOfNewGroups(tx, values);
  if (areFew || holdsGroups) await planMembersByComparing(tx, values, areFew);
  await tx.query({
    text: `
      with ${TEAMS}, wanted as (
        select distinct t.id as subject, c.id as member from ${stagedMembers("group")} m
        join teams t on t.immutable_id = m.group_id
        join teams c on c.immutable_id = m.member_id
        where t.id <> c.id
      ), held as (
        select n.parent as subject, n.child as member from group_nestings n
        join teams t on t.id = n.parent
        join teams c on c.id = n.child
        where n.organization = $1 and n.origin = 'remote' and (t.open or c.back)
      ), ${DIFFERENT}
      insert into sync_plan (organization, run, kind, subject, member, name)
      select $1, $2, case when d.added then 'nesting-add' else 'nesting-remove' end, d.subject, d.member,
        format('%s in %s', c.name, t.name)
      from different d join teams c on c.id = d.member join teams t on t.id = d.subject
      order by d.subject, d.member`,
    values,
  });
}

async function planMembersByComparing(tx: Tx, values: readonly unknown[], areFew: boolean): Promise<void> {
  const both = areFew ? [TEAMS, CONCERNED, people("looked_up")] : [teams("'group-restore'"), people("directory_users")];
  await tx.query({
    text: `
      with ${both.join(", ")}, wanted as (
        select distinct t.id as subject, p.id as member from ${stagedMembers("user")} m
        join teams t on t.immutable_id = m.group_id
        join people p on p.immutable_id = m.member_id
      ), of_open as materialized (
        -- By themselves: whether each is of one of the people was asked for each group anew, of all people.
        select t.id as subject, m.directory_user as member from teams t
        cross join lateral (
          select m.directory_user from remote_memberships m where m.organization = $1 and m.group_id = t.id offset 0) m
        where t.open
      ), held as (
        select subject, member from of_open where member in (select id from people)
        union all
        select m.group_id, p.id from people p
        cross join lateral (
          select m.group_id from remote_memberships m where m.organization = $1 and m.directory_user = p.id offset 0) m
        where p.back and m.group_id in (select id from teams where not open)
      ), ${DIFFERENT}
      insert into sync_plan (organization, run, kind, subject, member, name)
      select $1, $2, case when d.added then 'member-add' else 'member-remove' end, d.subject, d.member,
        format('%s in %s', p.name, t.name)
      from different d join people p on p.id = d.member join teams t on t.id = d.subject
      order by d.subject, d.member`,
    values,
  });
}

/** Or comes back: whether there is a group of which somebody may be held to be a member. Before: groups are planned. */
export async function isAnyGroupHeld(tx: Tx, run: SyncRunId, directory: DirectoryId): Promise<boolean> {
  const [row] = await tx.query<{ held: boolean }>({
    text: `select exists (select from directory_groups where organization = $1 and directory = $3 and deleted_at is null)
      or exists (select from sync_plan where organization = $1 and run = $2 and kind = 'group-restore'
        and applied_at is null and conflict is null) as held`,
    values: [tx.organization, run, directory],
  });
  return row?.held !== false;
}

/**
 * Nothing is held of a new group, so that there is nothing to compare: of a first run these are all. Many stand in one row. A
 * row of staging names nobody twice; only of a group that came in several pieces is it looked whether two of them do.
 */
async function planMembersOfNewGroups(tx: Tx, values: readonly unknown[]): Promise<void> {
  // Guessed to be few, all of them would be sorted, which takes three times as long.
  await tx.query({ text: "select set_config('enable_sort', 'off', true)" });
  await tx.query({
    text: `
      with ${people("directory_users")}, fresh as (
        select immutable_id, subject as id, name from sync_plan where organization = $1 and run = $2 and kind = 'group-add'
      ), several as materialized (
        select group_id from sync_staged_members where organization = $1 and run = $2 and kind = 'user'
        group by group_id having count(*) > 1
      ), joining as (
        select m.group_id, m.member_id, m.place from (
          select s.group_id, unnest(s.members) as member_id, generate_series(0, cardinality(s.members) - 1) as place
          from sync_staged_members s where s.organization = $1 and s.run = $2 and s.kind = 'user'
            and s.group_id not in (select group_id from several)) m
        union all
        select d.group_id, d.member_id, row_number() over (partition by d.group_id) - 1 from (
          select distinct m.group_id, m.member_id from ${stagedMembers("user")} m
          where m.group_id in (select group_id from several)) d
      )
      insert into sync_plan (organization, run, kind, subject, name, members, member_names)
      select $1, $2, 'member-add', t.id, t.name, array_agg(p.id), array_agg(p.name)
      from joining m
      join fresh t on t.immutable_id = m.group_id
      join people p on p.immutable_id = m.member_id
      group by t.id, t.name, m.place / ${MEMBERS_OF_A_ROW} order by t.id, m.place / ${MEMBERS_OF_A_ROW}`,
    values,
  });
  await tx.query({ text: "select set_config('enable_sort', 'on', true)" });
}

async function isAnythingOpen(tx: Tx, run: SyncRunId): Promise<boolean> {
  const [row] = await tx.query<{ open: boolean }>({
    text: `select exists (
        select from sync_staged_groups s where s.organization = $1 and s.run = $2 and s.immutable_id not in
          (select d.immutable_id from sync_staged_digests d
            where d.organization = $1 and d.run = $2 and d.held is not null))
      or exists (select from sync_plan where organization = $1 and run = $2 and kind in
        ('user-restore', 'group-add', 'group-restore')) as open`,
    values: [tx.organization, run],
  });
  return row?.open !== false;
}
