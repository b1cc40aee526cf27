import type { DirectoryId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { stagedMembers } from "../staging.ts";

/**
 * Marks who wants a user name that somebody holds of whom a delta says nothing: that one may have left the directory,
 * which only a full run can prove. Before: nobody is marked yet, so that the followers of a conflict are found after.
 */
export async function markHeldNames(tx: Tx, run: SyncRunId, directory: DirectoryId): Promise<void> {
  await tx.query({
    text: `
      update sync_staged_users s set conflict = format(
        '%s (id %s) wants the user name %s, which %s (id %s) still holds; the next full run tells whether it is free',
        s.location, s.immutable_id, s.user_name, h.user_name, coalesce(h.immutable_id, h.id::text)),
        conflict_kind = 'user-name-held', conflict_with = h.immutable_id
      from directory_users h
      where s.organization = $1 and s.run = $2 and s.conflict is null
        and h.organization = $1 and h.directory = $3 and h.deleted_at is null and h.user_name_key = s.user_name_key
        and h.immutable_id is distinct from s.immutable_id
        and not exists (select from sync_staged_users k
          where k.organization = $1 and k.run = $2 and k.immutable_id = h.immutable_id)`,
    values: [tx.organization, run, directory],
  });
}

/** The live people and groups of the directory once the plan is applied, by its ids and by Muster's. */
const AFTERWARDS = `
  people as (
    select immutable_id, id, user_name as name from directory_users
    where organization = $1 and directory = $3 and deleted_at is null and immutable_id is not null
    union all
    select immutable_id, subject, name from sync_plan
    where organization = $1 and run = $2 and kind in ('user-add', 'user-restore')
  ), teams as (
    select immutable_id, id, display_name as name from directory_groups
    where organization = $1 and directory = $3 and deleted_at is null and immutable_id is not null
    union all
    select immutable_id, subject, name from sync_plan
    where organization = $1 and run = $2 and kind in ('group-add', 'group-restore')
  )`;

/**
 * Plans the memberships and nestings that a delta names and nobody holds. None is taken away, except those that a
 * tombstone would bring back unconfirmed: nobody gets in by a membership of long ago.
 */
export async function planMembersOfDelta(tx: Tx, run: SyncRunId, directory: DirectoryId): Promise<void> {
  for (const { kind, noun, members, held } of LINKS)
    await tx.query({
      text: `
        with ${AFTERWARDS}, back as (
          select subject from sync_plan where organization = $1 and run = $2 and kind in ('user-restore', 'group-restore')
        ), wanted as (
          select distinct t.id as subject, m.id as member from ${stagedMembers(kind)} s
          join teams t on t.immutable_id = s.group_id
          join ${members} m on m.immutable_id = s.member_id
          where t.id <> m.id
        ), different as (
          select w.subject, w.member, true as added from wanted w
          where not exists (select from ${held} and h.subject = w.subject and h.member = w.member)
          union all
          select h.subject, h.member, false from ${held} and (h.subject in (table back) or h.member in (table back))
            and not exists (select from wanted w where w.subject = h.subject and w.member = h.member)
        )
        insert into sync_plan (organization, run, kind, subject, member, name)
        select $1, $2, case when d.added then '${noun}-add' else '${noun}-remove' end, d.subject, d.member,
          format('%s in %s', m.name, t.name)
        from different d join teams t on t.id = d.subject join ${members} m on m.id = d.member
        order by d.subject, d.member`,
      values: [tx.organization, run, directory],
    });
}

const LINKS = [
  {
    kind: "user",
    noun: "member",
    members: "people",
    held: "(select group_id as subject, directory_user as member from remote_memberships where organization = $1) h where true",
  },
  {
    kind: "group",
    noun: "nesting",
    members: "teams",
    held: "(select parent as subject, child as member from group_nestings where organization = $1 and origin = 'remote') h where true",
  },
] as const;
