import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** Changes of a person's address that the owner of the new mailbox confirms, and the owner of the old one can take back. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table address_changes (
      organization uuid not null constraint address_changes_organization references organizations,
      id uuid not null,
      account uuid not null,
      -- The canonical record that it was asked for: another record is another person (design §7).
      record uuid not null,
      -- The address at the time of asking; the user name that went with it, once it is confirmed.
      before_key text,
      name_before text,
      email text not null,
      state text not null default 'pending' constraint address_changes_state
        check (state in ('pending', 'confirmed', 'cancelled', 'superseded', 'refused', 'reverted')),
      -- Why the confirmed mailbox did not become the address.
      refusal text constraint address_changes_refusal check (refusal in ('address-taken', 'outside-sign-up', 'asker-may-not')),
      -- Who asked, as audit rows name actors: asked again when it is confirmed.
      asker_kind text not null,
      asker text,
      -- SHA-256 of the token in the latest mail to the new mailbox, and of the one in the notice to the old one.
      token_hash bytea constraint address_changes_token_unique unique,
      revert_hash bytea constraint address_changes_revert_unique unique,
      sent_count integer not null default 1,
      expires_at timestamptz not null,
      confirmed_at timestamptz,
      revert_until timestamptz,
      reverted_at timestamptz,
      -- As of invitations: the record whose mailbox this proved.
      proven_record uuid,
      created_at timestamptz not null default statement_timestamp(),
      constraint address_changes_pk primary key (organization, id),
      constraint address_changes_account foreign key (organization, account) references accounts on delete cascade
    );
    create unique index address_changes_pending_unique on address_changes (organization, account) where state = 'pending';
    create index address_changes_account on address_changes (organization, account, id);

    -- A link decides the organization, so it is found before one is known: by hash, ids only. Links of earlier mails are found
    -- too, so that their page can say that a newer one was sent.
    create function find_address_change(wanted bytea) returns table (organization uuid, change uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select c.organization, c.id from address_changes c where c.token_hash = wanted
        union
        select c.organization, c.id from address_changes c where c.revert_hash = wanted
        union
        select m.organization, (m.content ->> 'change')::uuid from mails m
          where m.token_hash = wanted and m.kind in ('email-change-new', 'email-change-old')
      $$;
    revoke all on function find_address_change(bytea) from public;
    grant execute on function find_address_change(bytea) to muster_app;
  `);
  await protect(knex, "address_changes");
  await allowMailKinds(knex, ["email-change-new", "email-change-old"]);
}

/** Beside the kinds that there are: whichever migrations came before. */
async function allowMailKinds(knex: Knex, added: readonly string[]): Promise<void> {
  const { rows } = await knex.raw(
    "select pg_get_constraintdef(oid) as text from pg_constraint where conname = 'mails_kind' and conrelid = 'mails'::regclass",
  );
  const present = [...String(rows[0]?.text).matchAll(/'([a-z-]+)'/g)].map(([, kind]) => kind as string);
  const kinds = [...new Set([...present, ...added])].map((kind) => `'${kind}'`).join(", ");
  await knex.raw(`
    alter table mails drop constraint mails_kind;
    alter table mails add constraint mails_kind check (kind in (${kinds}));
  `);
}
