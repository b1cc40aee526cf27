import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** What mails say by an organization's own words, whom no mail reaches, and what became of each. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- An organization's own words for a kind of mail in a language; null: Muster's. R60, R61.
    create table mail_texts (
      organization uuid not null constraint mail_texts_organization references organizations,
      kind text not null,
      locale text not null,
      subject text constraint mail_texts_subject check (length(subject) <= 200),
      intro text constraint mail_texts_intro check (length(intro) <= 4000),
      action text constraint mail_texts_action check (length(action) <= 4000),
      outro text constraint mail_texts_outro check (length(outro) <= 4000),
      -- What an invitation says personally where its sender writes nothing else.
      message text constraint mail_texts_message check (length(message) <= 2000),
      changed_at timestamptz not null default statement_timestamp(),
      constraint mail_texts_pk primary key (organization, kind, locale)
    );

    -- Addresses that get no mail: their server refused it for good, or their owner wants no invitation ever again.
    create table mail_suppressions (
      organization uuid not null constraint mail_suppressions_organization references organizations,
      email_key text not null,
      reason text not null constraint mail_suppressions_reason check (reason in ('bounced', 'asked')),
      -- The mail server's words.
      reply text,
      since timestamptz not null default statement_timestamp(),
      -- null: until an administrator takes it away.
      until timestamptz,
      constraint mail_suppressions_pk primary key (organization, email_key)
    );

    alter table mails
      drop constraint mails_state,
      add constraint mails_state check (state in ('queued', 'sent', 'bounced', 'failed', 'suppressed', 'cancelled')),
      -- The kinds stand in src/identity/mail-pages.ts.
      drop constraint mails_kind,
      add constraint mails_kind check (kind ~ '^[a-z][a-z-]{0,39}$'),
      -- Of a link that stands in the mail itself: until when it opens, and when it did. R72.
      add column link_expires_at timestamptz,
      add column link_used_at timestamptz;

    alter table invitations
      drop constraint invitations_delivery,
      add constraint invitations_delivery
        check (delivery in ('not-requested', 'queued', 'accepted', 'deferred', 'bounced', 'failed', 'suppressed')),
      -- The language that its sender, or who signed up, chose.
      add column locale text constraint invitations_locale check (locale in ('en', 'de')),
      -- An organization administrator wrote the message: what is a link in it stays one. R59.
      add column message_links boolean not null default false;

    -- Which mail a link came in, by hash, ids only: a link decides the organization, so it is found before one is known.
    create function find_mail(wanted bytea) returns table (organization uuid, mail uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$ select m.organization, m.id from mails m where m.token_hash = wanted $$;
    revoke all on function find_mail(bytea) from public;
    grant execute on function find_mail(bytea) to muster_app;
  `);
  for (const table of ["mail_texts", "mail_suppressions"]) await protect(knex, table);
}
