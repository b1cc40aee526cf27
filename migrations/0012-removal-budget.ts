import type { Knex } from "knex";
import { protect } from "./protect.ts";
import { COUNT } from "./reconcile/removals-count.ts";
import { RECONCILE, SPEND } from "./reconcile/removals-spend.ts";

/**
 * The removal budget: how many people a SCIM directory may take the last access from in an hour, whatever its requests
 * look like. Kept by `reconcile`, so that nothing that takes access away can forget it; and the mail that tells
 * administrators.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Whether the right counts: not parked, its holder active. Written by the reconciler alone.
    alter table rights add column in_force boolean not null default true;
    update rights r set in_force = false
      where r.parked_at is not null or not exists (
        select from accounts a
        join directory_users c on c.organization = a.organization and c.id = a.canonical and c.deleted_at is null
        where a.organization = r.organization and a.id = r.account and a.suspended_at is null and c.active);

    create or replace view live_access with (security_invoker = true) as
      select organization, account, product, role, live_until, directory_user, group_id, grant_id, admitted_at
      from access
      where state = 'live' and (live_until is null or live_until > statement_timestamp());

    -- Who lost the last access, or an administrator's rights, through a directory, and when last. A row lives for a day;
    -- foreign keys would cost as much as the row.
    create table removals (
      organization uuid not null,
      directory uuid not null,
      account uuid not null,
      at timestamptz not null,
      -- The last access; else an administrator's rights alone.
      of_access boolean not null,
      -- Found to have it again.
      returned boolean not null default false,
      constraint removals_pk primary key (organization, account, directory)
    );
    create index removals_at on removals (organization, directory, at);

    -- The last count. Only a memory: what is missing or old is counted again.
    create table removal_budgets (
      organization uuid not null,
      directory uuid not null,
      base integer not null,
      base_at timestamptz not null,
      gone integer not null,
      counted_at timestamptz not null,
      noticed_at timestamptz,
      held_at timestamptz,
      constraint removal_budgets_pk primary key (organization, directory),
      constraint removal_budgets_directory foreign key (organization, directory) references directories on delete cascade
    );
  `);
  await knex.raw(MAIL);
  await knex.raw(COUNT);
  await knex.raw(SPEND);
  await knex.raw(RECONCILE);
  for (const routine of [
    "removals_of(uuid, uuid)",
    "removal_base(uuid, uuid)",
    "removal_budget(integer)",
    "removals_lock(uuid)",
    "removals_known(uuid, uuid)",
    "count_removals(uuid, uuid, boolean)",
    "spend_removals(uuid, uuid, uuid[], uuid[])",
    "follow_rights(uuid, uuid[])",
    "reconcile(uuid, uuid[], text, text, text)",
  ]) {
    await knex.raw(`revoke all on function ${routine} from public`);
    await knex.raw(`grant execute on function ${routine} to muster_app`);
  }
  await protect(knex, "removals");
  await protect(knex, "removal_budgets");
}

/** A mail is an invitation, or tells an administrator something by itself: then \`content\` holds what. */
const MAIL = `
  alter table mails
    drop constraint mails_kind,
    add column content jsonb,
    add constraint mails_kind check (kind in ('invitation', 'removals')),
    add constraint mails_content check ((kind = 'invitation') = (content is null) and (kind = 'invitation') = (invitation is not null));
`;
