import type { Knex } from "knex";

/** Who vouches for each part of an offer, and for which record of a person a mailbox was proven. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- One invitation can offer what several people put into it: each is asked again for their own part. R11.
    alter table invitation_groups add column inviter_kind text, add column inviter text;
    alter table invitation_spaces add column inviter_kind text, add column inviter text;
    update invitation_groups o set inviter_kind = i.inviter_kind, inviter = i.inviter
      from invitations i where i.organization = o.organization and i.id = o.invitation;
    update invitation_spaces o set inviter_kind = i.inviter_kind, inviter = i.inviter
      from invitations i where i.organization = o.organization and i.id = o.invitation;

    -- The canonical record whose mailbox was proven by accepting: another record is another person (design §7).
    alter table invitations add column proven_record uuid;
    update invitations i set proven_record = a.canonical from accounts a
      where a.organization = i.organization and a.id = i.account and i.state = 'accepted' and i.token_hash is not null
        and exists (select from mails m where m.organization = i.organization and m.invitation = i.id
          and m.token_hash = i.token_hash);

    -- An address's invitations of any state: the partial unique index knows the open ones alone.
    create index invitations_address on invitations (organization, email_key);

    -- A domain in both forms covers itself and what is below it. R113, R114.
    alter table sign_up_roles drop constraint sign_up_roles_pk;
    alter table sign_up_roles add constraint sign_up_roles_pk primary key (organization, product, domain, match);
  `);
}
