import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** Accounts, the directories' users and groups, memberships of both owners, nesting. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table accounts (
      organization uuid not null constraint accounts_organization references organizations,
      id uuid not null,
      user_name text not null,
      user_name_key text not null,
      email text,
      email_key text,
      email_domain text,
      display_name text,
      -- null: no directory holds the user name any more, the account is Deactivated and kept for undo.
      canonical uuid,
      -- The record that was canonical last, kept while there is none: another one coming after it parks what is local.
      last_canonical uuid,
      suspended_at timestamptz,
      suspended_reason text,
      first_access_at timestamptz,
      last_access_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint accounts_pk primary key (organization, id),
      constraint accounts_user_name_unique unique (organization, user_name_key)
    );
    create index accounts_email on accounts (organization, email_key);

    create table directory_users (
      organization uuid not null,
      id uuid not null,
      directory uuid not null,
      account uuid not null,
      -- The directory's own id that never changes (entryUUID, objectGUID, …); null where Muster's id is that id (SCIM).
      immutable_id text,
      external_id text,
      user_name text not null,
      user_name_key text not null,
      active boolean not null,
      email text,
      email_key text,
      email_domain text,
      display_name text,
      -- The SCIM attributes as they are served, without id, meta, groups, userName, active and externalId.
      resource jsonb not null default '{}',
      content_hash bytea,
      version bigint not null default 1,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      deleted_at timestamptz,
      constraint directory_users_pk primary key (organization, id),
      constraint directory_users_directory foreign key (organization, directory) references directories,
      constraint directory_users_account foreign key (organization, account) references accounts
        deferrable initially deferred
    );
    create unique index directory_users_user_name_unique
      on directory_users (organization, directory, user_name_key) where deleted_at is null;
    create unique index directory_users_immutable_id_unique
      on directory_users (organization, directory, immutable_id) where deleted_at is null;
    create index directory_users_account on directory_users (organization, account);
    create index directory_users_external_id on directory_users (organization, directory, external_id);
    create index directory_users_email on directory_users (organization, directory, email_key);
    create index directory_users_listed on directory_users (organization, directory, id) where deleted_at is null;

    alter table accounts add constraint accounts_canonical foreign key (organization, canonical)
      references directory_users deferrable initially deferred;

    create table groups (
      organization uuid not null constraint groups_organization references organizations,
      id uuid not null,
      -- null: local to the organization. Otherwise the directory whose group of the same id this is.
      directory uuid,
      name text not null,
      name_key text not null,
      created_at timestamptz not null default now(),
      deleted_at timestamptz,
      constraint groups_pk primary key (organization, id),
      constraint groups_directory foreign key (organization, directory) references directories
    );
    create unique index groups_local_name_unique
      on groups (organization, name_key) where directory is null and deleted_at is null;
    create index groups_name on groups (organization, directory, name_key) where deleted_at is null;

    create table directory_groups (
      organization uuid not null,
      id uuid not null,
      directory uuid not null,
      immutable_id text,
      external_id text,
      display_name text not null,
      display_name_key text not null,
      -- Equal to display_name_key where the directory promises unique names (SCIM), else null (LDAP allows twins).
      name_claim text,
      resource jsonb not null default '{}',
      content_hash bytea,
      version bigint not null default 1,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      deleted_at timestamptz,
      constraint directory_groups_pk primary key (organization, id),
      constraint directory_groups_group foreign key (organization, id) references groups,
      constraint directory_groups_directory foreign key (organization, directory) references directories
    );
    create unique index directory_groups_display_name_unique
      on directory_groups (organization, directory, name_claim) where deleted_at is null;
    create unique index directory_groups_immutable_id_unique
      on directory_groups (organization, directory, immutable_id) where deleted_at is null;
    create index directory_groups_display_name on directory_groups (organization, directory, display_name_key);
    create index directory_groups_external_id on directory_groups (organization, directory, external_id);
    create index directory_groups_listed on directory_groups (organization, directory, id) where deleted_at is null;

    -- Owned by the directory: both sides stand in the same directory. Rows of a tombstone stay for undo, unseen.
    create table remote_memberships (
      organization uuid not null,
      group_id uuid not null,
      directory_user uuid not null,
      constraint remote_memberships_pk primary key (organization, group_id, directory_user),
      constraint remote_memberships_group foreign key (organization, group_id) references directory_groups
        on delete cascade,
      constraint remote_memberships_user foreign key (organization, directory_user) references directory_users
        on delete cascade
    );
    create index remote_memberships_user on remote_memberships (organization, directory_user);

    -- Owned by an administrator; sync never touches it.
    create table local_memberships (
      organization uuid not null,
      group_id uuid not null,
      account uuid not null,
      -- Set when the account's canonical record changed; counts again when an administrator confirms.
      parked_at timestamptz,
      created_at timestamptz not null default now(),
      constraint local_memberships_pk primary key (organization, group_id, account),
      constraint local_memberships_group foreign key (organization, group_id) references groups on delete cascade,
      constraint local_memberships_account foreign key (organization, account) references accounts on delete cascade
    );
    create index local_memberships_account on local_memberships (organization, account);

    -- Group in group. Remote nesting stays inside one directory; a local parent may contain any group.
    create table group_nestings (
      organization uuid not null,
      parent uuid not null,
      child uuid not null,
      origin text not null constraint group_nestings_origin check (origin in ('remote', 'local')),
      constraint group_nestings_pk primary key (organization, parent, child),
      constraint group_nestings_parent foreign key (organization, parent) references groups on delete cascade,
      constraint group_nestings_child foreign key (organization, child) references groups on delete cascade
    );
    create index group_nestings_child on group_nestings (organization, child);
  `);
  for (const table of [
    "accounts",
    "directory_users",
    "groups",
    "directory_groups",
    "remote_memberships",
    "local_memberships",
    "group_nestings",
  ])
    await protect(knex, table);
}
