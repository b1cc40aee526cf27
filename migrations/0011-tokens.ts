import type { Knex } from "knex";
import { protect } from "./protect.ts";

/**
 * Several tokens to a directory, each with a name, scopes and perhaps a person; OAuth clients that fetch theirs by
 * themselves; the dialect that a directory's identity provider speaks. Every change of who may call, and as what, is
 * told on the channel `muster_callers`, so that a process may remember callers for a moment.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Raised by whoever changes the organization's schema extensions: what was compiled from older ones is stale.
    alter table organizations add column schema_version integer not null default 0;

    alter table directories add column profile text not null default 'generic'
      constraint directories_profile
        check (profile in ('generic', 'strict', 'entra', 'okta', 'onelogin', 'jumpcloud', 'google', 'ping')),
      -- PUT, PATCH and DELETE must say which version they change (RFC 6585 §3).
      add column require_if_match boolean not null default false;

    create table oauth_clients (
      organization uuid not null constraint oauth_clients_organization references organizations,
      id uuid not null,
      directory uuid not null,
      name text constraint oauth_clients_name_length check (length(name) between 1 and 256),
      -- SHA-256 of a secret of 256 random bits, which is found by it.
      secret_hash bytea not null constraint oauth_clients_secret_unique unique,
      -- null: all. A client is no person, so it has no 'me'.
      scopes text[] constraint oauth_clients_scopes check (cardinality(scopes) > 0
        and scopes <@ array['users:read', 'users:write', 'groups:read', 'groups:write']),
      created_at timestamptz not null default now(),
      revoked_at timestamptz,
      constraint oauth_clients_pk primary key (organization, id),
      constraint oauth_clients_directory_unique unique (organization, directory, id),
      constraint oauth_clients_directory foreign key (organization, directory) references directories on delete cascade
    );

    alter table tokens
      add column name text constraint tokens_name_length check (length(name) between 1 and 256),
      -- null: all.
      add column scopes text[] constraint tokens_scopes check (cardinality(scopes) > 0
        and scopes <@ array['users:read', 'users:write', 'groups:read', 'groups:write', 'me']),
      -- The person who is "Me" (RFC 7644 §3.11), a directory user of the same directory.
      add column subject uuid,
      -- The OAuth client that fetched it.
      add column client uuid,
      -- To the minute, written in passing.
      add column last_used_at timestamptz,
      add constraint tokens_subject foreign key (organization, subject) references directory_users on delete cascade,
      add constraint tokens_client foreign key (organization, directory, client)
        references oauth_clients (organization, directory, id) on delete cascade,
      add constraint tokens_directory_only
        check (directory is not null or (scopes is null and subject is null and client is null)),
      add constraint tokens_me_has_subject check (subject is not null or scopes is null or not ('me' = any (scopes)));
    create index tokens_subject on tokens (organization, subject) where subject is not null;
    create index tokens_of_clients on tokens (organization, expires_at) where client is not null;

    -- Everything that a request needs of its token, before an organization is known: ids and facts, live ones only. A
    -- person's token lives while the person is active. expires_in counts by this clock, which no other need agree with.
    drop function find_token(bytea);
    create function find_token(wanted bytea)
      returns table (organization uuid, id uuid, directory uuid, product uuid, client uuid, scopes text[], subject uuid,
        profile text, require_if_match boolean, schema_version integer, expires_in double precision)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select t.organization, t.id, t.directory, t.product, t.client, t.scopes, t.subject, d.profile, d.require_if_match,
          o.schema_version,
          extract(epoch from t.expires_at - statement_timestamp())::double precision
        from tokens t join organizations o on o.id = t.organization
          left join directories d on d.organization = t.organization and d.id = t.directory
          left join directory_users u on u.organization = t.organization and u.id = t.subject
        where t.hash = wanted and t.revoked_at is null
          and (t.expires_at is null or t.expires_at > statement_timestamp())
          and (t.subject is null or (u.active and u.deleted_at is null and u.directory = t.directory))
      $$;
    revoke all on function find_token(bytea) from public;
    grant execute on function find_token(bytea) to muster_app;

    create function find_oauth_client(wanted bytea) returns table (organization uuid, id uuid, directory uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select c.organization, c.id, c.directory from oauth_clients c where c.secret_hash = wanted and c.revoked_at is null
      $$;
    revoke all on function find_oauth_client(bytea) from public;
    grant execute on function find_oauth_client(bytea) to muster_app;

    -- Delivered with the commit, once a transaction. Nothing that a SCIM request writes comes here.
    create function notify_callers() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
      as $$ begin perform pg_notify('muster_callers', ''); return null; end $$;
    revoke all on function notify_callers() from public;

    create trigger tokens_changed
      after update of hash, directory, product, scopes, subject, client, expires_at, revoked_at or delete on tokens
      for each row execute function notify_callers();
    create trigger oauth_clients_changed after update or delete on oauth_clients
      for each row execute function notify_callers();
    create trigger directories_profile_changed after update of profile, require_if_match on directories
      for each row when ((old.profile, old.require_if_match) <> (new.profile, new.require_if_match))
      execute function notify_callers();
    create trigger organizations_schema_changed after update of schema_version on organizations
      for each row when (old.schema_version <> new.schema_version) execute function notify_callers();
  `);
  await protect(knex, "oauth_clients");
}
