import type { Db } from "../../db/connection.ts";
import type { DirectoryId, DirectoryUserId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import type { GuardFigures } from "../guard.ts";

/**
 * What the guard is asked about a plan that stands complete in `sync_plan`, its staging still being there.
 * @param people of the directory, where it is known of nearly all of them whether they are active.
 */
export async function guardFigures(
  tx: Tx,
  run: SyncRunId,
  directory: DirectoryId,
  people?: People,
): Promise<GuardFigures> {
  const { renamed, removed, membersGained, ...now } = await countNow(tx, run, directory, people);
  const window = await countWindow(tx, directory);
  const shrinking = removed + now.groupsLost + now.membersLost === 0 ? [] : await shrinkingGroups(tx, run, directory);
  return {
    ...now,
    shutOut: renamed === 0 ? 0 : await countShutOut(tx, run, directory),
    ...throughWindow(now.active, window),
    shrinking,
    // Nearly always one of the groups that lose somebody tells it.
    membersStay:
      now.membersLost === 0 ||
      membersGained > 0 ||
      shrinking.some(({ members, lost }) => lost < members) ||
      (await hasOtherMembers(tx, run, directory)),
    ...(await countAdministrators(tx, run, directory)),
  };
}

/** What was there when the window opened, and what went since (design §5.4). */
export function throughWindow(active: number, window: Window): Pick<GuardFigures, "activeAtOpening" | "lostInWindow"> {
  return {
    activeAtOpening: Math.max(0, active + window.lost - window.gained),
    lostInWindow: window.lost + window.shutOut,
  };
}

/** Where the user names of a plan's people are found under their keys. */
export type PlannedNames = { join: string; key: string; active: string; values: readonly unknown[] };

/** While the plan is made. */
const STAGED: PlannedNames = {
  join: `left join sync_staged_users s on s.organization = $1 and s.run = $2 and s.immutable_id = p.immutable_id
          and s.conflict is null`,
  key: "s.user_name_key",
  active: "s.active",
  values: [],
};

type Window = { lost: number; shutOut: number; gained: number };

type Now = {
  active: number;
  lost: number;
  groups: number;
  groupsLost: number;
  /** People taken away, active or not: they leave their groups. */
  removed: number;
  membersLost: number;
  membersGained: number;
  /** People who get another name, or are written as inactive: only these can shut others out. */
  renamed: number;
};

/** How many active people there are besides these others. */
type People = { active: number; others: readonly DirectoryUserId[] };

async function countNow(tx: Tx, run: SyncRunId, directory: DirectoryId, people?: People): Promise<Now> {
  const active = people
    ? `$4::int + (select count(*) from unnest($5::uuid[]) o (id)
        cross join lateral (select u.active from directory_users u where u.organization = $1 and u.id = o.id offset 0) u
        where u.active)`
    : `(select count(*) from directory_users
        where organization = $1 and directory = $3 and deleted_at is null and active)`;
  const [row] = await tx.query<Now>({
    text: `
      select
        ${active} as active,
        (select count(*) from directory_groups where organization = $1 and directory = $3 and deleted_at is null) as groups,
        count(*) filter (where kind in ('user-remove', 'user-deactivate') and (previous ->> 'active')::boolean) as lost,
        count(*) filter (where kind = 'user-remove') as removed,
        count(*) filter (where kind = 'group-remove') as "groupsLost",
        count(*) filter (where kind = 'member-remove') as "membersLost",
        count(*) filter (where kind = 'member-add') as "membersGained",
        count(*) filter (where kind in ('user-add', 'user-restore', 'user-update', 'user-deactivate')
          and (not (next ->> 'active')::boolean
            or (kind = 'user-update' and next ->> 'userName' <> previous ->> 'userName'))) as renamed
      from sync_plan where organization = $1 and run = $2`,
    values: [tx.organization, run, directory, ...(people ? [people.active, people.others] : [])],
  });
  return (
    row ?? { active: 0, lost: 0, groups: 0, groupsLost: 0, removed: 0, membersLost: 0, membersGained: 0, renamed: 0 }
  );
}

/**
 * What applied plans did within 24 hours, without those that were undone. The people whom the directory's first
 * plan brought are no gain: before it there was no directory to lose from.
 */
export async function countWindow(db: Db, directory: DirectoryId): Promise<Window> {
  const [row] = await db.query<Window>({
    text: `
      with applied as (
        select lost, coalesce((verdict #>> '{figures,shutOut}')::int, 0) as shut_out, gained, applied_at, applied_at = min(applied_at) over () as first from sync_runs
        where organization = $1 and directory = $2 and applied_at is not null and state <> 'undone' and mode <> 'undo'
      )
      select coalesce(sum(lost), 0)::int as lost, coalesce(sum(shut_out), 0)::int as "shutOut", coalesce(sum(gained) filter (where not first), 0)::int as gained
      from applied where applied_at > statement_timestamp() - interval '24 hours'`,
    values: [db.organization, directory],
  });
  return row ?? { lost: 0, shutOut: 0, gained: 0 };
}

/**
 * People who are active now, whose record this plan does not take, and who would not be active all the same: because an
 * inactive record comes to stand above theirs (T17), or because theirs is renamed onto a user name that a record of
 * another directory has, and joins that one's account.
 */
export async function countShutOut(
  db: Db,
  run: SyncRunId,
  directory: DirectoryId,
  names: PlannedNames = STAGED,
): Promise<number> {
  const [row] = await db.query<{ count: number }>({
    text: `
      with named as (
        select p.kind, p.subject, ${names.key} as key, ${names.active} as active
        from sync_plan p
        ${names.join}
        where p.organization = $1 and p.run = $2
          and p.kind in ('user-add', 'user-restore', 'user-update', 'user-deactivate')
          and ${names.key} is not null
      ), active as (
        select a.id, a.canonical, a.user_name_key as key, u.directory from accounts a
        join directory_users u on u.organization = $1 and u.id = a.canonical and u.active and u.deleted_at is null
        where a.organization = $1 and a.suspended_at is null
      )
      select count(*) from (
        select a.id from named n join active a on a.key = n.key and a.directory <> $3
        where not n.active and (select position from directories where organization = $1 and id = a.directory) >
          (select position from directories where organization = $1 and id = $3)
        union
        select a.id from named n join active a on a.canonical = n.subject and a.key <> n.key
        join directory_users o on o.organization = $1 and o.directory <> $3 and o.user_name_key = n.key
          and o.deleted_at is null
        where n.kind = 'user-update'
      ) shut_out`,
    values: [db.organization, run, directory, ...names.values],
  });
  return row?.count ?? 0;
}

/** Members count as lost by whatever takes them: the membership, the person or the whole group. */
async function shrinkingGroups(
  tx: Tx,
  run: SyncRunId,
  directory: DirectoryId,
): Promise<{ group: string; members: number; lost: number }[]> {
  return tx.query({
    text: `
      with gone as (
        select subject as group_id, member from sync_plan
        where organization = $1 and run = $2 and kind = 'member-remove'
        union
        select m.group_id, m.directory_user from sync_plan p
        join remote_memberships m on m.organization = $1 and m.directory_user = p.subject
        where p.organization = $1 and p.run = $2 and p.kind = 'user-remove'
        union
        select m.group_id, m.directory_user from sync_plan p
        join remote_memberships m on m.organization = $1 and m.group_id = p.subject
        where p.organization = $1 and p.run = $2 and p.kind = 'group-remove'
      ), counted as (
        select x.group_id, count(*) as lost from gone x
        cross join lateral (
          select from directory_users u where u.organization = $1 and u.id = x.member and u.deleted_at is null offset 0) u
        group by x.group_id
      ), tombstones as (
        -- They are fewer than the members of a large group.
        select m.group_id, count(*) as members from directory_users u
        join remote_memberships m on m.organization = $1 and m.directory_user = u.id
        where u.organization = $1 and u.directory = $3 and u.deleted_at is not null
          and m.group_id in (select group_id from counted)
        group by m.group_id
      )
      select g.display_name as "group", c.lost,
        (select count(*) from remote_memberships m where m.organization = $1 and m.group_id = c.group_id)
          - coalesce(t.members, 0) as members
      from counted c left join tombstones t on t.group_id = c.group_id
      join directory_groups g on g.organization = $1 and g.id = c.group_id and g.deleted_at is null
      order by c.lost desc, g.id`,
    values: [tx.organization, run, directory],
  });
}

/** Whether a group of which the plan takes nobody has a member who stays. */
async function hasOtherMembers(tx: Tx, run: SyncRunId, directory: DirectoryId): Promise<boolean> {
  const [row] = await tx.query<{ stays: boolean }>({
    text: `
      with planned as materialized (
        select kind, subject from sync_plan
        where organization = $1 and run = $2 and kind in ('member-remove', 'group-remove', 'user-remove')
      )
      select exists (
        select from directory_groups g
        join remote_memberships m on m.organization = $1 and m.group_id = g.id
        join directory_users u on u.organization = $1 and u.id = m.directory_user and u.deleted_at is null
        where g.organization = $1 and g.directory = $3 and g.deleted_at is null
          and g.id not in (select subject from planned where kind <> 'user-remove')
          and u.id not in (select subject from planned where kind = 'user-remove')) as stays`,
    values: [tx.organization, run, directory],
  });
  return row?.stays === true;
}

/**
 * An administrator stays while the account's canonical record stays this record and active. Another record under the
 * name parks the right (design §7), so one that arrives in a directory further up counts as a loss too.
 */
export async function countAdministrators(
  db: Db,
  run: SyncRunId,
  directory: DirectoryId,
  names: PlannedNames = STAGED,
): Promise<{ administrators: number; administratorsStaying: number }> {
  const [row] = await db.query<{ administrators: number; administratorsStaying: number }>({
    text: `
      with planned as (
        select p.kind, p.subject, ${names.key} as key
        from sync_plan p
        ${names.join}
        where p.organization = $1 and p.run = $2
          and p.kind in ('user-add', 'user-restore', 'user-update', 'user-deactivate', 'user-remove')
      ), administrator as (
        select distinct a.id, a.canonical, a.user_name_key as key, d.position
        from rights r
        join accounts a on a.organization = $1 and a.id = r.account and a.suspended_at is null
        join directory_users u on u.organization = $1 and u.id = a.canonical and u.active and u.deleted_at is null
        join directories d on d.organization = $1 and d.id = u.directory
        where r.organization = $1 and r.bundle = 'organization-administrator' and r.parked_at is null
      ), losing as (
        select a.id from administrator a
        join planned p on p.subject = a.canonical and p.kind in ('user-deactivate', 'user-remove')
        union
        select a.id from administrator a join planned p on p.key = a.key and p.subject <> a.canonical
        where p.kind <> 'user-deactivate' and a.position >
          (select position from directories where organization = $1 and id = $3)
        union
        select a.id from administrator a
        join planned p on p.subject = a.canonical and p.key <> a.key
        join accounts o on o.organization = $1 and o.user_name_key = p.key and o.id <> a.id
      )
      select count(*) as administrators,
        count(*) filter (where id not in (select id from losing)) as "administratorsStaying"
      from administrator`,
    values: [db.organization, run, directory, ...names.values],
  });
  return row ?? { administrators: 0, administratorsStaying: 0 };
}
