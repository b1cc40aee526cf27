import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** Sync runs, their plans (logged: they are what is applied and undone) and their staging (unlogged: it may vanish). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table sync_runs (
      organization uuid not null,
      id uuid not null,
      directory uuid not null,
      mode text not null constraint sync_runs_mode check (mode in ('run', 'dry-run', 'approve', 'undo')),
      trigger text not null constraint sync_runs_trigger check (trigger in ('command', 'api', 'schedule')),
      state text not null constraint sync_runs_state check (state in
        ('running', 'previewed', 'held', 'done', 'partial', 'failed', 'abandoned', 'undone')),
      -- What a running run is at. A run that died in 'apply' is finished by the next one, elsewhere it is abandoned.
      phase text not null default 'read' constraint sync_runs_phase check (phase in ('read', 'plan', 'apply', 'over')),
      -- The directory's epoch when the run took it over; every batch checks it, so that a run that lost its lock stops.
      epoch bigint not null,
      -- Whether the read ended with its proof; without it nothing is planned.
      complete boolean not null default false,
      proof jsonb,
      counts jsonb not null default '{}',
      details jsonb not null default '{}',
      rows_written bigint not null default 0,
      -- People of the directory who stopped or began being active through this run, as far as it was applied.
      lost integer not null default 0,
      gained integer not null default 0,
      verdict jsonb,
      error text,
      -- The run whose plan this run applied backwards.
      undoes uuid,
      approved_by text,
      approved_reason text,
      approved_at timestamptz,
      -- Milliseconds per phase.
      timings jsonb not null default '{}',
      started_at timestamptz not null default statement_timestamp(),
      applied_at timestamptz,
      finished_at timestamptz,
      constraint sync_runs_pk primary key (organization, id),
      constraint sync_runs_directory foreign key (organization, directory) references directories on delete cascade
    );
    create index sync_runs_of_directory on sync_runs (organization, directory, started_at desc);
    create unique index sync_runs_one_running on sync_runs (organization, directory) where state = 'running';

    create table sync_plan (
      organization uuid not null,
      run uuid not null,
      seq bigint generated always as identity,
      kind text not null constraint sync_plan_kind check (kind in (
        'user-add', 'user-restore', 'user-update', 'user-deactivate', 'user-remove',
        'group-add', 'group-restore', 'group-update', 'group-remove',
        'member-add', 'member-remove', 'nesting-add', 'nesting-remove', 'conflict', 'shared-address')),
      -- The directory user, or the group (of a membership: the group; of a nesting: the parent); null for a conflict about a newcomer.
      subject uuid,
      -- The member of a membership, the child of a nesting.
      member uuid,
      immutable_id text,
      -- For a person to read; never used to find anything.
      name text,
      -- Renames among each other's names: applied in one call, because they free the names for one another.
      together boolean not null default false,
      -- What was planned against. Groups go by content: memberships move their version too.
      version bigint,
      content_hash bytea,
      next jsonb,
      previous jsonb,
      applied_at timestamptz,
      applied_version bigint,
      conflict text,
      constraint sync_plan_pk primary key (organization, run, seq),
      constraint sync_plan_run foreign key (organization, run) references sync_runs on delete cascade
    );
    create index sync_plan_to_do on sync_plan (organization, run, kind, seq)
      where applied_at is null and conflict is null;
    create index sync_plan_of_subject on sync_plan (organization, subject);
    create index sync_plan_conflicts on sync_plan (organization, run, seq) where conflict is not null;

    create unlogged table sync_staged_users (
      organization uuid not null,
      run uuid not null,
      immutable_id text not null,
      user_name text not null,
      user_name_key text not null,
      active boolean not null,
      email text,
      email_key text,
      display_name text,
      resource jsonb not null,
      location text not null,
      content_hash bytea not null,
      conflict text,
      -- Still in the directory, but in a form that cannot be taken: neither it nor its memberships are touched.
      withheld boolean not null default false,
      constraint sync_staged_users_pk primary key (organization, run, immutable_id)
    );
    create index sync_staged_users_user_name on sync_staged_users (organization, run, user_name_key);

    create unlogged table sync_staged_groups (
      organization uuid not null,
      run uuid not null,
      immutable_id text not null,
      name text not null,
      location text not null,
      content_hash bytea not null,
      constraint sync_staged_groups_pk primary key (organization, run, immutable_id)
    );

    create unlogged table sync_staged_members (
      organization uuid not null,
      run uuid not null,
      group_id text not null,
      kind text not null constraint sync_staged_members_kind check (kind in ('user', 'group')),
      member_id text not null,
      constraint sync_staged_members_pk primary key (organization, run, group_id, kind, member_id)
    );

    -- A record that comes back is found among the tombstones by the id that never changes.
    create index directory_users_tombstones on directory_users (organization, directory, immutable_id, deleted_at)
      where deleted_at is not null;
    create index directory_groups_tombstones on directory_groups (organization, directory, immutable_id, deleted_at)
      where deleted_at is not null;
    create index directories_due on directories (next_run_at) where sync_every is not null;

    -- A UUIDv7 (RFC 9562 §5.7) for what SQL creates by the set: PostgreSQL has uuidv7() from 18 on only.
    create function new_id() returns uuid language sql volatile set search_path = pg_catalog, pg_temp
      as $$
        select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
          placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
          52, 1), 53, 1), 'hex')::uuid
      $$;
    revoke all on function new_id() from public;
    grant execute on function new_id() to muster_app;

    -- The scheduler's question, which no organization can answer for all: ids only, the longest due first.
    create function list_due_directories(most integer) returns table (organization uuid, id uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select d.organization, d.id from directories d
        where d.sync_every is not null and d.kind in ('ldap', 'google-workspace')
          and (d.next_run_at is null or d.next_run_at <= statement_timestamp())
        order by d.next_run_at nulls first, d.id limit most
      $$;
    revoke all on function list_due_directories(integer) from public;
    grant execute on function list_due_directories(integer) to muster_app;
  `);
  for (const table of ["sync_runs", "sync_plan", "sync_staged_users", "sync_staged_groups", "sync_staged_members"])
    await protect(knex, table);
}
