import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** Work that an administrator asks for and that outlives the request: something done to many people, and exports. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table jobs (
      organization uuid not null constraint jobs_organization references organizations,
      id uuid not null,
      action text not null
        constraint jobs_action check (action in ('suspend', 'restore', 'resend-invite', 'export')),
      -- What was asked for: a reason; an export's kind, format and filter.
      input jsonb not null default '{}',
      state text not null default 'queued'
        constraint jobs_state check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
      -- People of the job; null: not known before the end.
      total integer,
      done integer not null default 0,
      unchanged integer not null default 0,
      refused integer not null default 0,
      -- Why it failed.
      detail text,
      -- Whose request it was: it is done in their name, as far as they may by then.
      maker_kind text not null,
      maker text,
      request_id text,
      -- Somebody works at it until then, under this number; whoever comes after has a higher one.
      held_until timestamptz,
      epoch integer not null default 0,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      ended_at timestamptz,
      -- Of an export: how large it is, and until when it is kept.
      bytes bigint,
      file_until timestamptz,
      constraint jobs_pk primary key (organization, id)
    );
    create index jobs_open on jobs (organization, id) where state in ('queued', 'running');
    create index jobs_ended on jobs (organization, ended_at) where ended_at is not null;

    -- The people of a job as they were when it was made. No foreign key: what became of somebody is still to be told.
    create table job_rows (
      organization uuid not null,
      job uuid not null,
      account uuid not null,
      state text not null default 'open'
        constraint job_rows_state check (state in ('open', 'done', 'unchanged', 'refused')),
      code text,
      message text,
      constraint job_rows_pk primary key (organization, job, account),
      constraint job_rows_job foreign key (organization, job) references jobs on delete cascade
    );
    create index job_rows_of_state on job_rows (organization, job, state, account);

    -- An export's file in pieces: replicas share nothing but PostgreSQL.
    create table job_chunks (
      organization uuid not null,
      job uuid not null,
      number integer not null,
      content bytea not null,
      constraint job_chunks_pk primary key (organization, job, number),
      constraint job_chunks_job foreign key (organization, job) references jobs on delete cascade
    );
    -- Compressing what is read once costs more than it saves.
    alter table job_chunks alter column content set storage external;

    -- Jobs that nobody works at: those whose worker died, and those that found no free place. Ids only.
    create function idle_jobs(at_most integer) returns table (organization uuid, job uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select j.organization, j.id from jobs j
        where j.state in ('queued', 'running') and (j.held_until is null or j.held_until <= statement_timestamp())
        order by j.id limit at_most
      $$;
    revoke all on function idle_jobs(integer) from public;
    grant execute on function idle_jobs(integer) to muster_app;
  `);
  for (const table of ["jobs", "job_rows", "job_chunks"]) await protect(knex, table);
}
