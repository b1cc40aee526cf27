/**
 * How many live users a directory has, kept as differences: a row each that all writers update would make them wait for
 * each other. Whoever counts adds them up, and when they are many puts one row in their place.
 */
export const COUNTS = `
  create table directory_user_counts (
    organization uuid not null,
    directory uuid not null,
    id bigint generated always as identity,
    change bigint not null,
    constraint directory_user_counts_pk primary key (organization, directory, id),
    constraint directory_user_counts_directory foreign key (organization, directory) references directories
      on delete cascade
  );
  insert into directory_user_counts (organization, directory, change)
    select organization, directory, count(*) from directory_users where deleted_at is null group by organization, directory;

  create function count_directory_users(of_organization uuid, of_directory uuid) returns bigint
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
    if parts > 1000 then
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
    end if;
    return people;
  end $$;
`;
