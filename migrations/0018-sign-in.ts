import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** Signing in to the console: passwords and second factors, sessions, break-glass, single sign-on, the first run. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(CREDENTIALS);
  await knex.raw(SESSIONS);
  await knex.raw(SINGLE_SIGN_ON);
  await knex.raw(SET_UP);
  await knex.raw(MAIL);
  for (const routine of ["find_session(bytea)", "find_setup(bytea)", "prune_setups()", "take_setup(bytea)"]) {
    await knex.raw(`revoke all on function ${routine} from public`);
    await knex.raw(`grant execute on function ${routine} to muster_app`);
  }
  await knex.raw("revoke all on function end_sessions_without_rights() from public");
  for (const table of [
    "credentials",
    "recovery_codes",
    "break_glass_administrators",
    "sign_in_attempts",
    "sessions",
    "single_sign_on",
    "single_sign_on_bindings",
    "single_sign_on_flows",
    "setups",
  ])
    await protect(knex, table);
}

const CREDENTIALS = `
  create table credentials (
    organization uuid not null,
    account uuid not null,
    -- The record in internal that they were given to: they count only while it is the account's canonical one.
    record uuid not null,
    -- argon2id, as a PHC string.
    password text not null,
    password_changed_at timestamptz not null default statement_timestamp(),
    -- Sealed. Not confirmed: enrolment has begun, and nothing asks for it.
    totp_secret bytea,
    totp_confirmed_at timestamptz,
    -- The time step of the last code that was taken: neither it nor an earlier one is taken again (RFC 6238 §5.2).
    totp_last_step bigint,
    constraint credentials_pk primary key (organization, account),
    constraint credentials_account foreign key (organization, account) references accounts on delete cascade,
    constraint credentials_second_factor check (totp_secret is not null or totp_confirmed_at is null)
  );

  -- A row is a code that was not used yet: SHA-256 of 120 random bits.
  create table recovery_codes (
    organization uuid not null,
    account uuid not null,
    hash bytea not null,
    constraint recovery_codes_pk primary key (organization, account, hash),
    constraint recovery_codes_credentials foreign key (organization, account) references credentials on delete cascade
  );

  -- No account, so no directory can hold, shadow or end it.
  create table break_glass_administrators (
    organization uuid not null constraint break_glass_administrators_organization references organizations,
    id uuid not null,
    name text not null
      constraint break_glass_administrators_name_form check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    password text not null,
    totp_secret bytea not null,
    totp_last_step bigint,
    created_at timestamptz not null default statement_timestamp(),
    last_used_at timestamptz,
    revoked_at timestamptz,
    constraint break_glass_administrators_pk primary key (organization, id)
  );
  create unique index break_glass_administrators_name_unique
    on break_glass_administrators (organization, name) where revoked_at is null;

  -- Wrong guesses since the last right one, of an account, a name that nobody has (as a digest) or a network.
  create table sign_in_attempts (
    organization uuid not null constraint sign_in_attempts_organization references organizations,
    subject text not null,
    failures integer not null,
    last_at timestamptz not null,
    blocked_until timestamptz not null,
    constraint sign_in_attempts_pk primary key (organization, subject)
  );
  create index sign_in_attempts_last on sign_in_attempts (organization, last_at);
`;

const SESSIONS = `
  create table sessions (
    organization uuid not null constraint sessions_organization references organizations,
    id uuid not null,
    -- SHA-256 of a token of 256 random bits.
    hash bytea not null constraint sessions_hash_unique unique,
    account uuid,
    -- The account's canonical record at sign-in: after another one became canonical it may be another human.
    record uuid,
    break_glass uuid,
    method text not null constraint sessions_method check (method in ('password', 'single-sign-on', 'break-glass')),
    created_at timestamptz not null default statement_timestamp(),
    last_used_at timestamptz not null default statement_timestamp(),
    -- When its holder proved last who they are; null: nobody knows.
    authenticated_at timestamptz,
    idle_seconds integer not null,
    expires_at timestamptz not null,
    address text,
    constraint sessions_pk primary key (organization, id),
    constraint sessions_account foreign key (organization, account) references accounts on delete cascade,
    constraint sessions_break_glass foreign key (organization, break_glass) references break_glass_administrators
      on delete cascade,
    constraint sessions_one_holder check ((account is null) = (record is null) and (account is null) <> (break_glass is null))
  );
  create index sessions_of_account on sessions (organization, account);
  create index sessions_of_break_glass on sessions (organization, break_glass) where break_glass is not null;
  create index sessions_end on sessions (organization, expires_at);

  -- A session decides the organization, so it is found before one is known; live ones of live holders only. That it was
  -- used is noted to the minute, or to a quarter of its idle time where that is shorter.
  create function find_session(wanted bytea)
    returns table (organization uuid, id uuid, account uuid, break_glass uuid, method text, authenticated_ago double precision)
    language sql volatile security definer set search_path = muster, pg_temp
    as $$
      with live as (
        select s.organization, s.id, s.account, s.break_glass, s.method, s.authenticated_at, s.last_used_at, s.idle_seconds
        from sessions s
        where s.hash = wanted and s.expires_at > statement_timestamp()
          and s.last_used_at + make_interval(secs => s.idle_seconds) > statement_timestamp()
          and case when s.break_glass is null then exists (
              select from accounts a
              join directory_users u on u.organization = a.organization and u.id = a.canonical
              where a.organization = s.organization and a.id = s.account and a.canonical = s.record
                and a.suspended_at is null and u.active and u.deleted_at is null)
            else exists (
              select from break_glass_administrators b
              where b.organization = s.organization and b.id = s.break_glass and b.revoked_at is null) end
      ), touched as (
        update sessions s set last_used_at = statement_timestamp() from live l
        where s.organization = l.organization and s.id = l.id
          and l.last_used_at + make_interval(secs => least(60, l.idle_seconds / 4.0)) < statement_timestamp()
      )
      select l.organization, l.id, l.account, l.break_glass, l.method,
        extract(epoch from statement_timestamp() - l.authenticated_at)::double precision
      from live l
    $$;

  -- Whoever has no right left is signed out for good: the sessions of one who is suspended or deactivated for a moment, or
  -- whose rights wait for an administrator, do not come back with them.
  create function end_sessions_without_rights() returns trigger
    language plpgsql set search_path = muster, pg_temp
    as $$
    begin
      delete from sessions s where s.organization = old.organization and s.account = old.account
        and not exists (select from rights r where r.organization = old.organization and r.account = old.account
          and r.in_force and r.parked_at is null);
      return null;
    end $$;
  create trigger rights_ended after update on rights
    for each row when (old.in_force and old.parked_at is null and not (new.in_force and new.parked_at is null))
    execute function end_sessions_without_rights();
  create trigger rights_taken after delete on rights for each row execute function end_sessions_without_rights();
`;

const SINGLE_SIGN_ON = `
  create table single_sign_on (
    organization uuid constraint single_sign_on_pk primary key
      constraint single_sign_on_organization references organizations,
    issuer text not null,
    client_id text not null,
    -- Sealed.
    client_secret bytea not null,
    enabled boolean not null,
    -- Whose addresses it speaks for, as lower-case A-labels.
    domains text[] not null,
    email_claim text not null,
    verified_claim text not null,
    updated_at timestamptz not null default statement_timestamp()
  );

  -- Which account a person of the provider is. Never moved: taken away by an administrator, and then made anew.
  create table single_sign_on_bindings (
    organization uuid not null,
    issuer text not null,
    subject text not null,
    account uuid not null,
    record uuid not null,
    bound_at timestamptz not null default statement_timestamp(),
    constraint single_sign_on_bindings_pk primary key (organization, issuer, subject),
    constraint single_sign_on_bindings_account_unique unique (organization, issuer, account),
    constraint single_sign_on_bindings_account foreign key (organization, account) references accounts on delete cascade
  );

  -- Answers of the provider that were taken: none is taken twice.
  create table single_sign_on_flows (
    organization uuid not null constraint single_sign_on_flows_organization references organizations,
    state bytea not null,
    at timestamptz not null default statement_timestamp(),
    constraint single_sign_on_flows_pk primary key (organization, state)
  );
  create index single_sign_on_flows_at on single_sign_on_flows (organization, at);
`;

const SET_UP = `
  -- A link by which the first organization can be made, under the id that stands here.
  create table setups (
    organization uuid constraint setups_pk primary key,
    -- SHA-256 of a token of 256 random bits.
    hash bytea not null constraint setups_hash_unique unique,
    expires_at timestamptz not null,
    created_at timestamptz not null default statement_timestamp()
  );

  create function find_setup(wanted bytea) returns table (organization uuid)
    language sql stable security definer set search_path = muster, pg_temp
    as $$ select s.organization from setups s where s.hash = wanted and s.expires_at > statement_timestamp() $$;

  -- Each start makes one more while there is no organization; those that have expired go, and all but the latest nine.
  create function prune_setups() returns void
    language sql volatile security definer set search_path = muster, pg_temp
    as $$
      delete from setups s where s.expires_at <= statement_timestamp()
        or s.organization not in (select k.organization from setups k order by k.created_at desc, k.organization desc limit 9)
    $$;

  -- The one that comes first, of all who have a link, gets the organization; every link ends with it.
  create function take_setup(wanted bytea) returns table (organization uuid)
    language plpgsql volatile security definer set search_path = muster, pg_temp
    as $$
    #variable_conflict use_column
    declare
      taken uuid;
    begin
      perform pg_advisory_xact_lock(4242, 18);
      -- A statement of its own, so that it sees what was committed while this one waited.
      select s.organization into taken from setups s
        where s.hash = wanted and s.expires_at > statement_timestamp() and not exists (select from organizations o);
      if taken is not null then
        delete from setups;
        return query select taken;
      end if;
    end $$;
`;

/** A notice of break-glass is one more mail with words of its own. */
const MAIL = `
  alter table mails
    drop constraint mails_kind,
    add constraint mails_kind check (kind in ('invitation', 'removals', 'break-glass'));
`;
