import type { Knex } from "knex";

/** Invitations from a file as a job, and who asked for a mail: what goes out is counted against budgets. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table jobs drop constraint jobs_action;
    alter table jobs add constraint jobs_action
      check (action in ('suspend', 'restore', 'resend-invite', 'export', 'import-invitations'));
    -- Turns that ended in waiting for a budget: they do not count as failed ones.
    alter table jobs add column waits integer not null default 0;

    -- What a job is about need not be a person: an import's row has an id of its own, its place in the file, what it asks for, and
    -- whose it became.
    alter table job_rows rename column account to subject;
    alter table job_rows
      add column number integer,
      add column input jsonb,
      add column email text,
      add column account uuid;

    alter table mails add column maker_kind text, add column maker text;
    create index mails_invitations_made on mails (organization, created_at) where kind = 'invitation';
    create index mails_invitations_to on mails (organization, recipient, created_at) where kind = 'invitation';
  `);
}
