import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** What identity providers sent: one row per exchange with a SCIM directory, masked, pruned by age. No record of anything. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table scim_requests (
      organization uuid not null,
      directory uuid not null,
      at timestamptz not null,
      id uuid not null,
      request_id text,
      -- Null: the request was refused before its token was known.
      token uuid,
      method text not null,
      path text not null,
      query text,
      status smallint not null,
      duration_ms real not null,
      user_agent text,
      bytes integer,
      -- json keeps the order in which a provider writes; nothing is ever searched in it.
      warnings json,
      changes json,
      request json,
      -- The request held more than is kept of one.
      cut boolean not null default false,
      detail text,
      -- Requests of this directory before this one that were left out because there were too many at once.
      skipped integer not null default 0,
      -- The one index: newest first of a directory, and the oldest of it to prune.
      constraint scim_requests_pk primary key (organization, directory, at, id),
      constraint scim_requests_directory foreign key (organization, directory) references directories on delete cascade
    );

    -- A request with a token that nobody has names a directory all the same: its administrators should see that.
    create index directories_id on directories (id);
    create function organizations_of_directories(wanted uuid[]) returns table (organization uuid, directory uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$ select d.organization, d.id from directories d where d.id = any (wanted) and d.kind = 'scim' $$;
    revoke all on function organizations_of_directories(uuid[]) from public;
    grant execute on function organizations_of_directories(uuid[]) to muster_app;
  `);
  await protect(knex, "scim_requests");
}
