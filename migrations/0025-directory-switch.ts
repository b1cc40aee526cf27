import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** A directory that people were moved away from: it is paused, and which record of it became which is kept for the way back. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table directories
      -- Set: its people were switched to another directory. It is neither synced nor pushed to any more.
      add column switched_at timestamptz,
      add column switched_to uuid,
      add constraint directories_switched_to foreign key (organization, switched_to) references directories
        on delete set null (switched_to),
      add constraint directories_switched check (switched_to is null or switched_at is not null);

    create table switched_records (
      organization uuid not null,
      -- A tombstone of the directory that was left.
      record uuid not null,
      directory uuid not null,
      -- The same person's record in the directory that was switched to.
      partner uuid not null,
      switch uuid not null,
      -- The account of the record, and the one that had the partner's user name; which of them the person keeps.
      from_account uuid not null,
      to_account uuid not null,
      account uuid not null,
      -- The account whose local facts went over to it.
      joined uuid,
      switched_at timestamptz not null default statement_timestamp(),
      constraint switched_records_pk primary key (organization, record),
      constraint switched_records_partner_unique unique (organization, partner, directory),
      constraint switched_records_record foreign key (organization, record) references directory_users on delete cascade,
      constraint switched_records_partner foreign key (organization, partner) references directory_users on delete cascade
    );
    create index switched_records_switch on switched_records (organization, switch);
  `);
  await protect(knex, "switched_records");
  await knex.raw(TOKENS);
}

/** As in migration 0017, and whether the token's directory takes nothing any more. */
const TOKENS = `
  drop function find_token(bytea);
  create function find_token(wanted bytea)
    returns table (organization uuid, id uuid, directory uuid, product uuid, client uuid, scopes text[], subject uuid,
      profile text, require_if_match boolean, schema_version integer, expires_in double precision, permissions text[],
      scope_kind text, scope_id uuid, owner uuid, switched boolean)
    language sql stable security definer set search_path = muster, pg_temp
    as $$
      select t.organization, t.id, t.directory, t.product, t.client, t.scopes, t.subject, d.profile, d.require_if_match,
        o.schema_version,
        extract(epoch from t.expires_at - statement_timestamp())::double precision,
        t.permissions, t.scope_kind, t.scope_id, t.owner, d.switched_at is not null
      from tokens t join organizations o on o.id = t.organization
        left join directories d on d.organization = t.organization and d.id = t.directory
        left join directory_users u on u.organization = t.organization and u.id = t.subject
      where t.hash = wanted and t.revoked_at is null
        and (t.expires_at is null or t.expires_at > statement_timestamp())
        and (t.subject is null or (u.active and u.deleted_at is null and u.directory = t.directory))
        and case when t.owner is null then true else (
          select a.suspended_at is null and c.active and c.deleted_at is null
          from accounts a join directory_users c on c.organization = a.organization and c.id = a.canonical
          where a.organization = t.organization and a.id = t.owner) end
    $$;
  revoke all on function find_token(bytea) from public;
  grant execute on function find_token(bytea) to muster_app;

  create trigger directories_switched_changed after update of switched_at on directories
    for each row when (old.switched_at is distinct from new.switched_at) execute function notify_callers();
`;
