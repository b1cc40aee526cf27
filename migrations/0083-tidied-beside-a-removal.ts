import type { Knex } from "knex";

/**
 * count_directory_users as in 0015, but it leaves the rows as they are while somebody holds the directory: the row that it would put in
 * their place waits for the directory's (0075), and a removal of the directory would wait for the rows.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function count_directory_users(of_organization uuid, of_directory uuid) returns bigint
      language plpgsql volatile
      set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan
    as $$
    #variable_conflict use_column
    declare
      people bigint;
      parts integer;
    begin
      select coalesce(sum(c.change), 0), count(*) into people, parts from directory_user_counts c
        where c.organization = of_organization and c.directory = of_directory;
      if parts <= 1000 then return people; end if;
      perform from directories d where d.organization = of_organization and d.id = of_directory for key share skip locked;
      if not found then return people; end if;
      -- Of two who tidy at the same moment each takes rows of its own.
      with old as (
        select c.id from directory_user_counts c where c.organization = of_organization and c.directory = of_directory
        for update skip locked
      ), gone as (
        delete from directory_user_counts c using old
        where c.organization = of_organization and c.directory = of_directory and c.id = old.id returning c.change
      )
      insert into directory_user_counts (organization, directory, change)
        select of_organization, of_directory, sum(g.change) from gone g having count(*) > 0;
      return people;
    end $$;
  `);
}
