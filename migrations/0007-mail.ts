import type { Knex } from "knex";

/** The sending of mails: when the next attempt is due, who is at it, and by which link an invitation is opened. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table mails
      add column next_attempt_at timestamptz not null default now(),
      -- A sender holds the mail until then; one that died before it recorded an outcome loses it at that instant.
      add column held_until timestamptz,
      -- SHA-256 of the token in this mail: every attempt carries the same one.
      add column token_hash bytea constraint mails_token_unique unique;
    create index mails_due on mails (next_attempt_at) where state = 'queued';
    create index mails_account on mails (organization, account);
    create index mails_invitation on mails (organization, invitation);

    -- A link decides the organization, so it is found before one is known: by hash, ids only. Links of earlier mails
    -- are found too, so that their page can say that a newer one was sent.
    create function find_invitation(wanted bytea) returns table (organization uuid, invitation uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select i.organization, i.id from invitations i where i.token_hash = wanted
        union
        select m.organization, m.invitation from mails m where m.token_hash = wanted and m.invitation is not null
      $$;
    revoke all on function find_invitation(bytea) from public;
    grant execute on function find_invitation(bytea) to muster_app;

    -- Mails that should have left but whose sender died: ids only, oldest first.
    create function overdue_mails(at_most integer) returns table (organization uuid, mail uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select m.organization, m.id from mails m
        where m.state = 'queued' and m.next_attempt_at < statement_timestamp() - interval '30 seconds'
          and (m.held_until is null or m.held_until < statement_timestamp())
        order by m.next_attempt_at limit at_most
      $$;
    revoke all on function overdue_mails(integer) from public;
    grant execute on function overdue_mails(integer) to muster_app;
  `);
}
