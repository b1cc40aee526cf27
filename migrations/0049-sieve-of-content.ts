import type { Knex } from "knex";

/**
 * The sieve of migration 0026, which now hashes what entries say by itself: the process that reads has no time to spare,
 * the database has. And one question of it whose plan went wrong where little had changed.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function sieve_users(uuid, uuid, uuid, json, bytea);

    -- Notes the entries that say what is held, and answers the places (from 1) of the others. \`contents\` are what the
    -- content hashes are made of: each element's own text, which the type json keeps as it is.
    create function sieve_users(of_organization uuid, of_run uuid, of_directory uuid, ids json, contents json)
      returns integer[]
      language plpgsql volatile
      set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
    as $$
    #variable_conflict use_column
    declare
      different integer[];
    begin
      with arrived as materialized (
        select e.id, e.place::integer as place, sha256(convert_to(e.content::text, 'UTF8')) as hash
        from rows from (json_array_elements_text(ids), json_array_elements(contents)) with ordinality e (id, content, place)
      ), same as materialized (
        select a.place, h.id from arrived a
        cross join lateral (
          select u.id, u.content_hash from directory_users u
          where u.organization = of_organization and u.directory = of_directory and u.immutable_id = a.id
            and u.deleted_at is null and u.immutable_id is not null offset 0) h
        where h.content_hash = a.hash
      ), kept as (
        insert into sync_unchanged_users (organization, run, held) select of_organization, of_run, s.id from same s
      )
      select array(select a.place from arrived a where a.place not in (select s.place from same s)) into different;
      return different;
    end $$;

    -- Whether an entry came twice: both times as it is held, or once so and once in staging. Whole sets are compared:
    -- guessed to be of a few rows, each of one would be sought through all of the other.
    create function sieve_saw_twice(of_organization uuid, of_run uuid, of_directory uuid) returns boolean
      language plpgsql volatile
      set search_path = muster, pg_temp set enable_nestloop = off set enable_sort = off
    as $$
    #variable_conflict use_column
    declare
      staged uuid[];
    begin
      if exists (select from sync_unchanged_users u where u.organization = of_organization and u.run = of_run
          group by u.held having count(*) > 1) then
        return true;
      end if;
      staged := array(
        select h.id from sync_staged_users s
        cross join lateral (
          select u.id from directory_users u
          where u.organization = of_organization and u.directory = of_directory and u.immutable_id = s.immutable_id
            and u.deleted_at is null and u.immutable_id is not null offset 0) h
        where s.organization = of_organization and s.run = of_run);
      return cardinality(staged) > 0 and exists (
        select from sync_unchanged_users u join unnest(staged) s (id) on s.id = u.held
        where u.organization = of_organization and u.run = of_run);
    end $$;
  `);
  for (const routine of ["sieve_users(uuid, uuid, uuid, json, json)", "sieve_saw_twice(uuid, uuid, uuid)"]) {
    await knex.raw(`revoke all on function ${routine} from public`);
    await knex.raw(`grant execute on function ${routine} to muster_app`);
  }
}
