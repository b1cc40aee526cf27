import type { Knex } from "knex";

/**
 * What administrators may change of a directory's people and groups; organizations whose people are managed elsewhere;
 * what is kept of a removed directory.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table directories
      add column permissions text not null default 'read-only-local-groups'
        constraint directories_permissions check (permissions in ('read-only', 'read-only-local-groups', 'read-write')),
      -- Set: this is no directory any more. The row keeps the tombstones of one that was removed, below every other.
      add column removed_at timestamptz,
      -- What the next sync would take back is never written here.
      add constraint directories_written_by_sync check (permissions <> 'read-write' or kind not in ('ldap', 'google-workspace')),
      add constraint directories_removed_below check ((removed_at is not null) = (position < 0));
    update directories set permissions = 'read-write' where kind = 'internal';

    alter table organizations add column external_user_management boolean not null default false;
  `);
}
