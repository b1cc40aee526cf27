import type { Knex } from "knex";

/**
 * That a record's directory stands is asked once for all that a statement inserts, of the row that counts them, and no longer
 * of each record: batches that were written at once locked the directory's row a hundred thousand times, each time among the
 * locks of the others. That a directory goes while records name it is refused by the directory.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from directory_user_counts c where not exists (
      select from directories d where d.organization = c.organization and d.id = c.directory);
    alter table directory_user_counts add constraint directory_user_counts_directory
      foreign key (organization, directory) references directories;
    alter table directory_users drop constraint directory_users_directory;

    create function refuse_named_directory() returns trigger language plpgsql set search_path = muster, pg_temp
    as $$
    begin
      if exists (select from directory_users u where u.organization = old.organization and u.directory = old.id) then
        raise foreign_key_violation using message = format('records name the directory %s', old.id),
          schema = 'muster', table = 'directory_users', constraint = 'directory_users_directory';
      end if;
      return null;
    end $$;
    create trigger directories_named after delete on directories for each row execute function refuse_named_directory();
    revoke all on function refuse_named_directory() from public;
  `);
}
