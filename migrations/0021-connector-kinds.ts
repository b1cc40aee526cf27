import type { Knex } from "knex";

/** Directories of kind csv: people and groups out of files, also on a schedule. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table directories drop constraint directories_kind;
    alter table directories add constraint directories_kind
      check (kind in ('internal', 'scim', 'ldap', 'google-workspace', 'csv'));

    -- The scheduler's question of 0005, for every kind that is pulled.
    create or replace function list_due_directories(most integer) returns table (organization uuid, id uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select d.organization, d.id from directories d
        where d.sync_every is not null and d.kind in ('ldap', 'google-workspace', 'csv')
          and (d.next_run_at is null or d.next_run_at <= statement_timestamp())
        order by d.next_run_at nulls first, d.id limit most
      $$;
  `);
}
