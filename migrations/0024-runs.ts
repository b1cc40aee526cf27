import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** Runs that are followed while they go on, given up when they fall silent, read by deltas, and whose conflicts name both sides. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table sync_runs
      -- A delta lane only adds and updates; nothing is proven by it.
      add column lane text not null default 'full' constraint sync_runs_lane check (lane in ('full', 'delta')),
      -- Where the directory stood before it was read, in its connector's own words; the next delta reads from there.
      add column mark text constraint sync_runs_mark_size check (octet_length(mark) <= 65536),
      -- Why a run that was to read changes only has read everything.
      add column fell_back text,
      add column asked_by text,
      -- Until when a waiting plan can be approved.
      add column approvable_until timestamptz,
      add column discarded_by text,
      add column discarded_reason text,
      drop constraint sync_runs_state,
      add constraint sync_runs_state check (state in
        ('running', 'previewed', 'held', 'done', 'partial', 'failed', 'abandoned', 'undone', 'discarded'));
    update sync_runs set approvable_until = finished_at + interval '24 hours' where state in ('held', 'previewed');

    alter table sync_plan
      -- What kind of conflict it is, and both sides of it as far as they are known.
      add column conflict_kind text constraint sync_plan_conflict_kind check (conflict_kind in
        ('unusable', 'same-user-name', 'user-name-held', 'same-address', 'same-group-name', 'changed-since', 'refused')),
      add column sides jsonb,
      drop constraint sync_plan_kind,
      add constraint sync_plan_kind check (kind in (
        'user-add', 'user-restore', 'user-update', 'user-deactivate', 'user-remove',
        'group-add', 'group-restore', 'group-update', 'group-remove',
        'member-add', 'member-remove', 'nesting-add', 'nesting-remove',
        'conflict', 'shared-address', 'shared-group-name'));

    alter table sync_staged_users
      add column conflict_kind text,
      -- The unchanging id of the other side.
      add column conflict_with text;

    alter table directories
      add column delta_every interval,
      add column next_delta_at timestamptz,
      add constraint directories_delta_confirmed check (delta_every is null or (sync_every is not null and delta_every < sync_every));

    -- Who is at work on a directory, and how far. Its holder alone writes it, about every second, on the connection that
    -- holds the lock; unlogged, because a crash of the database ends all holders.
    create unlogged table directory_locks (
      organization uuid not null,
      directory uuid not null,
      -- Counts how often a silent holder was given up: the lock that is taken is another one each time.
      takeover integer not null default 0,
      run uuid,
      phase text,
      phase_since timestamptz,
      entries_read integer not null default 0,
      entries_expected integer,
      rows_planned integer,
      rows_applied integer not null default 0,
      -- The holder's last sign of life; null: nobody holds it.
      heartbeat_at timestamptz,
      constraint directory_locks_pk primary key (organization, directory),
      constraint directory_locks_directory foreign key (organization, directory) references directories on delete cascade
    ) with (fillfactor = 50);

    drop function list_due_directories(integer);
    drop index directories_due;
    create index directories_due on directories (next_run_at) where sync_every is not null or delta_every is not null;

    -- The scheduler's question, which no organization can answer for all: ids only, the longest due first. A full run
    -- that is due wins over a delta; 'resume' is for a run whose process ended or fell silent.
    create function list_due_syncs(most integer, silence interval)
      returns table (organization uuid, id uuid, lane text)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        with due as (
          select d.organization, d.id, d.next_run_at,
            case
              when d.sync_every is not null and (d.next_run_at is null or d.next_run_at <= statement_timestamp()) then 'full'
              when d.delta_every is not null and (d.next_delta_at is null or d.next_delta_at <= statement_timestamp()) then 'delta'
              when exists (select from sync_runs r
                left join directory_locks l on l.organization = r.organization and l.directory = r.directory
                where r.organization = d.organization and r.directory = d.id and r.state = 'running'
                  and (l.heartbeat_at is null or l.heartbeat_at < clock_timestamp() - silence)) then 'resume'
            end as lane
          from directories d where d.removed_at is null and d.kind in ('ldap', 'google-workspace', 'csv')
        )
        select due.organization, due.id, due.lane from due where due.lane is not null
        order by due.next_run_at nulls first, due.id limit most
      $$;
    revoke all on function list_due_syncs(integer, interval) from public;
    grant execute on function list_due_syncs(integer, interval) to muster_app;
  `);
  await protect(knex, "directory_locks");
}
