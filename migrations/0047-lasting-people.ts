import type { Knex } from "knex";

/**
 * What 0027 did for access and memberships, for accounts and records: organizations, accounts and records are never deleted, and
 * that the application cannot is what these foreign keys were good for. Each looked a row up and locked it that stood in the same
 * statement or in its caller's token. A record's directory keeps its own: directories are removed.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    revoke delete on organizations from muster_app;
    alter table accounts drop constraint accounts_organization, drop constraint accounts_canonical;
    alter table directory_users drop constraint directory_users_account;
    alter table directory_user_counts drop constraint directory_user_counts_directory;
  `);
}
