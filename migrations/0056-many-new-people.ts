import type { Knex } from "knex";

/** What a first sync does for each of its rows, and need not do, or not so dearly. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- A UUIDv7 (RFC 9562 §5.7) as migration 0005 makes it, in a function without settings of its own: only such a one
    -- becomes a part of the statement that calls it. PostgreSQL makes them itself from 18 on.
    do $do$
    begin
      execute format('create or replace function new_id() returns uuid language sql volatile as %L',
        case when current_setting('server_version_num')::integer >= 180000 then 'select pg_catalog.uuidv7()' else
          'select pg_catalog.encode(pg_catalog.set_bit(pg_catalog.set_bit(pg_catalog.overlay(
              pg_catalog.uuid_send(pg_catalog.gen_random_uuid()),
              pg_catalog.substring(pg_catalog.int8send((extract(epoch from pg_catalog.clock_timestamp())
                operator(pg_catalog.*) 1000)::pg_catalog.int8), 3), 1, 6),
              52, 1), 53, 1), ''hex'')::pg_catalog.uuid' end);
    end $do$;

    -- Nothing is looked for by these as they are, and counting what stands in them reads all of a long value.
    alter table directory_users alter column resource set statistics 0, alter column content_hash set statistics 0;
    alter table directory_groups alter column resource set statistics 0, alter column content_hash set statistics 0;
    alter table sync_plan
      alter column organization set statistics 10, alter column run set statistics 10, alter column seq set statistics 10,
      alter column kind set statistics 10, alter column subject set statistics 10, alter column member set statistics 10,
      alter column immutable_id set statistics 0, alter column name set statistics 0,
      alter column version set statistics 0, alter column content_hash set statistics 0,
      alter column next set statistics 0, alter column previous set statistics 0, alter column sides set statistics 0,
      alter column user_name_key set statistics 0, alter column email_key set statistics 0,
      alter column conflict set statistics 10;
  `);
}
