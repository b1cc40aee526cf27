import type { DirectoryId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";

/**
 * Marks the staged entries that cannot have the user name they want (T23). Of several entries with one name the one
 * that Muster holds under it keeps it, else the first by its unchanging id; the others are left as they are. An entry
 * that is left keeps its old name, so whoever wants that one is left too, until nothing moves any more.
 */
export async function markNameConflicts(tx: Tx, run: SyncRunId, directory: DirectoryId): Promise<void> {
  await tx.query({
    text: `
      with holders as materialized (
        select h.* from (select distinct user_name_key from sync_staged_users
          where organization = $1 and run = $2 and conflict is null
            -- A directory that holds nobody has no holders, and nobody is looked for there one by one.
            and (select exists (select from directory_users
              where organization = $1 and directory = $3 and deleted_at is null))) s
        cross join lateral (
          select h.id, h.user_name_key, h.immutable_id, h.user_name from directory_users h
          where h.organization = $1 and h.directory = $3 and h.user_name_key = s.user_name_key
            and h.deleted_at is null offset 0) h
      ), unchanged as materialized (
        -- "is true" has the few holders hashed, and not all of whom nothing is said.
        select held from sync_unchanged_users
        where organization = $1 and run = $2 and (held in (select id from holders)) is true
      ), claims as (
        select s.user_name_key, s.immutable_id, s.location,
          h.user_name_key is not distinct from s.user_name_key as holds
        from sync_staged_users s
        left join directory_users h on h.organization = $1 and h.directory = $3 and h.immutable_id = s.immutable_id
          and h.deleted_at is null
        where s.organization = $1 and s.run = $2 and s.conflict is null
        union all
        -- Whoever says what is held holds the name.
        select h.user_name_key, h.immutable_id, h.user_name, true from holders h join unchanged u on u.held = h.id
      ), doubled as (
        select user_name_key from claims group by user_name_key having count(*) > 1
      ), ranked as (
        select c.immutable_id, first_value(c.immutable_id) over name as winner, first_value(c.location) over name as place
        from claims c
        where c.user_name_key in (select user_name_key from doubled)
        window name as (partition by c.user_name_key order by c.holds desc, c.immutable_id collate "C")
      )
      update sync_staged_users s set conflict = format(
        '%s (id %s) has the same user name %s as %s (id %s), which keeps it',
        s.location, s.immutable_id, s.user_name, r.place, r.winner), conflict_kind = 'same-user-name', conflict_with = r.winner
      from ranked r
      where s.organization = $1 and s.run = $2 and s.immutable_id = r.immutable_id and r.immutable_id <> r.winner`,
    values: [tx.organization, run, directory],
  });
  while ((await markFollowers(tx, run, directory)) > 0);
}

async function markFollowers(tx: Tx, run: SyncRunId, directory: DirectoryId): Promise<number> {
  const rows = await tx.query({
    text: `
      update sync_staged_users s set conflict = format(
        '%s (id %s) wants the user name %s, which %s (id %s) could not give up',
        s.location, s.immutable_id, s.user_name, k.location, k.immutable_id),
        conflict_kind = 'user-name-held', conflict_with = k.immutable_id
      from sync_staged_users k
      join directory_users h on h.organization = $1 and h.directory = $3 and h.immutable_id = k.immutable_id
        and h.deleted_at is null
      where k.organization = $1 and k.run = $2 and k.conflict is not null
        and s.organization = $1 and s.run = $2 and s.conflict is null
        and s.user_name_key = h.user_name_key and s.immutable_id <> k.immutable_id
      returning 1`,
    values: [tx.organization, run, directory],
  });
  return rows.length;
}

/** Renames that want one another's names (a swap, a chain) free them only together. */
export async function markRenamesTogether(tx: Tx, run: SyncRunId): Promise<void> {
  await tx.query({
    text: `
      with renamed as (
        select p.seq, h.user_name_key as old, s.user_name_key as new
        from sync_plan p
        join directory_users h on h.organization = $1 and h.id = p.subject
        join sync_staged_users s on s.organization = $1 and s.run = $2 and s.immutable_id = p.immutable_id
        where p.organization = $1 and p.run = $2 and p.kind in ('user-update', 'user-deactivate')
          and s.conflict is null and h.user_name_key <> s.user_name_key
      )
      update sync_plan p set together = true
      where p.organization = $1 and p.run = $2 and p.seq in
        (select unnest(array[a.seq, b.seq]) from renamed a join renamed b on b.old = a.new and b.seq <> a.seq)`,
    values: [tx.organization, run],
  });
}

/**
 * Reports addresses that a person written by this plan has in common with a person of another user name (T22). Both
 * are written: an address makes nobody the same person.
 */
export async function reportSharedAddresses(tx: Tx, run: SyncRunId, directory: DirectoryId): Promise<void> {
  await tx.query({
    text: `
      with wanted as (
        select p.email_key from sync_plan p
        where p.organization = $1 and p.run = $2 and p.kind = 'user-add' and p.email_key is not null
        union
        select s.email_key from sync_plan p
        join sync_staged_users s on s.organization = $1 and s.run = $2 and s.immutable_id = p.immutable_id
        where p.organization = $1 and p.run = $2 and p.kind in ('user-restore', 'user-update') and s.email_key is not null
      ), found as materialized (
        select id, directory, immutable_id, user_name, user_name_key, email_key from directory_users
        where organization = $1 and deleted_at is null and email_key in (select email_key from wanted)
      ), unchanged as materialized (
        select held from sync_unchanged_users
        where organization = $1 and run = $2 and (held in (select id from found where directory = $3)) is true
      ), others as (
        select u.* from found u where u.directory <> $3 or u.id in (select held from unchanged)
      ), shared as materialized (
        select email_key, min(user_name_key) as first, max(user_name_key) as last from (
          select email_key, user_name_key from sync_staged_users
          where organization = $1 and run = $2 and email_key in (select email_key from wanted)
          union all
          select email_key, user_name_key from others) named
        group by email_key having min(user_name_key) <> max(user_name_key)
      ), claims as (
        select email_key, user_name_key, format('%s (%s)', user_name, location) as who,
          $3::uuid as directory, immutable_id, location, user_name from sync_staged_users
        where organization = $1 and run = $2 and email_key in (select email_key from shared)
        union all
        select u.email_key, u.user_name_key, format('%s of the directory %s', u.user_name, d.name),
          u.directory, u.immutable_id, null, u.user_name
        from others u join directories d on d.organization = $1 and d.id = u.directory
        where u.email_key in (select email_key from shared)
      )
      insert into sync_plan (organization, run, kind, subject, immutable_id, name, conflict, conflict_kind, sides)
      select distinct on (p.seq) $1::uuid, $2::uuid, 'shared-address', p.subject, p.immutable_id, p.name,
        format('%s (%s) and %s have the same address %s; they stay two people', s.user_name, s.location, c.who,
          s.next ->> 'email'),
        'same-address', jsonb_build_array(
          jsonb_build_object('directory', $3::uuid, 'id', s.immutable_id, 'location', s.location, 'name', s.user_name),
          jsonb_build_object('directory', c.directory, 'id', c.immutable_id, 'location', c.location, 'name', c.user_name))
      from sync_plan p
      join sync_staged_users s on s.organization = $1 and s.run = $2 and s.immutable_id = p.immutable_id
      join shared x on x.email_key = s.email_key
      join claims c on c.email_key = s.email_key
        and c.user_name_key = case when x.first = s.user_name_key then x.last else x.first end
      where p.organization = $1 and p.run = $2 and p.kind in ('user-add', 'user-restore', 'user-update')
        and (p.previous ->> 'email') is distinct from (s.next ->> 'email')
      order by p.seq, c.who`,
    values: [tx.organization, run, directory],
  });
}
