import type { Knex } from "knex";

/** Which transaction queued a mail: a dry run tells the mails that it would send. Mails of before have none. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table mails add column transaction xid8;
    alter table mails alter column transaction set default pg_current_xact_id();
    create index mails_transaction on mails (organization, transaction);
  `);
}
