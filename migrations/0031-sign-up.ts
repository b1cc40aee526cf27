import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** Ways in that people take themselves: links, signing up, asking for access. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table organizations
      add column sign_up text not null default 'off'
        constraint organizations_sign_up check (sign_up in ('off', 'restricted', 'open')),
      add column sign_up_verification text not null default 'always'
        constraint organizations_sign_up_verification check (sign_up_verification in ('always', 'restricted-only')),
      add column sign_up_notices boolean not null default true,
      add column access_requests boolean not null default true;

    -- Which roles come with signing up: for everybody who may, or for addresses of one domain. R117.
    create table sign_up_roles (
      organization uuid not null,
      product uuid not null,
      -- In A-labels; empty: for everybody who may sign up.
      domain text not null default '',
      match text not null default 'exact'
        constraint sign_up_roles_match check (match in ('exact', 'subdomains', 'exact-and-subdomains')),
      role text not null constraint sign_up_roles_role check (role in ('user', 'guest')),
      needs_approval boolean not null default false,
      constraint sign_up_roles_pk primary key (organization, product, domain),
      constraint sign_up_roles_product foreign key (organization, product) references products on delete cascade
    );

    create table links (
      organization uuid not null constraint links_organization references organizations,
      id uuid not null,
      label text not null constraint links_label_length check (length(label) between 1 and 200),
      token_hash bytea not null constraint links_token_unique unique,
      max_uses integer constraint links_max_uses_positive check (max_uses > 0),
      uses integer not null default 0,
      expires_at timestamptz,
      allowed_domains text[] not null default '{}',
      email_key text,
      needs_approval boolean not null default false,
      maker_kind text not null,
      maker text,
      disabled_at timestamptz,
      reset_at timestamptz,
      created_at timestamptz not null default now(),
      constraint links_pk primary key (organization, id)
    );
    create table link_groups (
      organization uuid not null,
      link uuid not null,
      group_id uuid not null,
      constraint link_groups_pk primary key (organization, link, group_id),
      constraint link_groups_link foreign key (organization, link) references links on delete cascade,
      constraint link_groups_group foreign key (organization, group_id) references groups
    );
    create table link_spaces (
      organization uuid not null,
      link uuid not null,
      product uuid not null,
      space uuid not null,
      permission text not null constraint link_spaces_permission check (permission in ('can-create-and-edit', 'read-only')),
      sponsor uuid,
      expires_at timestamptz,
      constraint link_spaces_pk primary key (organization, link, product),
      constraint link_spaces_link foreign key (organization, link) references links on delete cascade,
      constraint link_spaces_space foreign key (organization, product, space)
        references spaces (organization, product, id) on delete cascade
    );
    -- Who used a link. No account is referred to: a use stays one when the person is gone, so that nothing arms a link again.
    create table link_uses (
      organization uuid not null,
      link uuid not null,
      email_key text not null,
      invitation uuid,
      used_at timestamptz not null default now(),
      constraint link_uses_pk primary key (organization, link, email_key),
      constraint link_uses_link foreign key (organization, link) references links on delete cascade
    );

    create table access_requests (
      organization uuid not null constraint access_requests_organization references organizations,
      id uuid not null,
      email text not null,
      email_key text not null,
      name text constraint access_requests_name_length check (length(name) <= 200),
      message text constraint access_requests_message_length check (length(message) <= 2000),
      source text not null constraint access_requests_source check (source in ('form', 'link', 'sign-up')),
      link uuid,
      product uuid,
      role text constraint access_requests_role check (role in ('user', 'guest')),
      state text not null default 'open' constraint access_requests_state check (state in ('open', 'approved', 'denied')),
      snoozed_until timestamptz,
      decider_kind text,
      decider text,
      decided_at timestamptz,
      answer text constraint access_requests_answer_length check (length(answer) <= 2000),
      -- A denied one that shuts out the next of the same address, too.
      blocks boolean not null default false,
      invitation uuid,
      created_at timestamptz not null default now(),
      constraint access_requests_pk primary key (organization, id),
      constraint access_requests_product foreign key (organization, product) references products on delete cascade
    );
    create unique index access_requests_open_unique on access_requests (organization, email_key) where state = 'open';
    create index access_requests_address on access_requests (organization, email_key);

    -- What strangers did at the public pages, for their budgets; forgotten after a day.
    create table public_attempts (
      organization uuid not null constraint public_attempts_organization references organizations,
      id uuid not null,
      network text not null,
      email_key text not null,
      at timestamptz not null default now(),
      constraint public_attempts_pk primary key (organization, id)
    );
    create index public_attempts_network on public_attempts (organization, network, at);
    create index public_attempts_address on public_attempts (organization, email_key, at);
    create index public_attempts_time on public_attempts (organization, at);

    -- How somebody came to be invited.
    alter table invitations add column source text not null default 'administrator'
      constraint invitations_source check (source in ('administrator', 'link', 'sign-up', 'request'));

    alter table mails drop constraint mails_kind;
    alter table mails add constraint mails_kind
      check (kind in ('invitation', 'removals', 'break-glass', 'sign-up', 'request'));

    -- A link decides the organization, so it is found before one is known: by hash, ids only.
    create function find_link(wanted bytea) returns table (organization uuid, link uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$ select l.organization, l.id from links l where l.token_hash = wanted $$;
    revoke all on function find_link(bytea) from public;
    grant execute on function find_link(bytea) to muster_app;
  `);
  for (const table of [
    "sign_up_roles",
    "links",
    "link_groups",
    "link_spaces",
    "link_uses",
    "access_requests",
    "public_attempts",
  ])
    await protect(knex, table);
}
