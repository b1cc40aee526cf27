import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** Grants, access with its deciding path, guests, rights, site memberships, invitations. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table role_grants (
      organization uuid not null,
      id uuid not null,
      product uuid not null,
      -- null while the grant waits for the first group of that name which that directory creates.
      group_id uuid,
      waiting_directory uuid,
      waiting_name text,
      waiting_name_key text,
      role text not null constraint role_grants_role check (role in ('admin', 'user', 'guest')),
      -- A grant of admin that waited counts only once an administrator confirmed what it was bound to.
      needs_confirmation boolean not null default false,
      created_at timestamptz not null default now(),
      constraint role_grants_pk primary key (organization, id),
      constraint role_grants_product foreign key (organization, product) references products,
      constraint role_grants_group foreign key (organization, group_id) references groups,
      constraint role_grants_waiting_directory foreign key (organization, waiting_directory) references directories,
      constraint role_grants_bound_or_waiting
        check ((group_id is not null) or (waiting_directory is not null and waiting_name_key is not null))
    );
    create unique index role_grants_group_unique
      on role_grants (organization, product, group_id) where group_id is not null;
    create unique index role_grants_waiting_unique
      on role_grants (organization, product, waiting_directory, waiting_name_key) where group_id is null;
    create index role_grants_group on role_grants (organization, group_id);
    create index role_grants_waiting on role_grants (organization, waiting_directory, waiting_name_key)
      where group_id is null;

    -- Written by the reconciler alone.
    create table access (
      organization uuid not null,
      account uuid not null,
      product uuid not null,
      -- null only with state domain: every path to a role was refused by the sign-up domains.
      role text constraint access_role check (role in ('admin', 'user', 'guest')),
      state text not null
        constraint access_state check (state in ('live', 'no-space', 'over-quota', 'no-seat', 'domain')),
      -- A higher role than this one was refused by the sign-up domains.
      domain_limited boolean not null default false,
      -- A guest's access ends here, whether or not any job runs.
      live_until timestamptz,
      -- The deciding path: null where none (state domain) or where the membership is local (directory_user).
      directory_user uuid,
      group_id uuid,
      grant_id uuid,
      waiting_since timestamptz,
      admitted_at timestamptz,
      updated_at timestamptz not null default now(),
      constraint access_pk primary key (organization, account, product),
      constraint access_account foreign key (organization, account) references accounts on delete cascade,
      constraint access_product foreign key (organization, product) references products on delete cascade,
      constraint access_role_or_domain check ((role is null) = (state = 'domain'))
    );
    create index access_product on access (organization, product, state);

    create view live_access with (security_invoker = true) as
      select organization, account, product, role, live_until, directory_user, group_id, grant_id
      from access
      where state = 'live' and (live_until is null or live_until > statement_timestamp());

    create table guest_assignments (
      organization uuid not null,
      id uuid not null,
      account uuid not null,
      product uuid not null,
      space uuid not null,
      permission text not null
        constraint guest_assignments_permission check (permission in ('can-create-and-edit', 'read-only')),
      sponsor uuid,
      expires_at timestamptz,
      parked_at timestamptz,
      created_at timestamptz not null default now(),
      constraint guest_assignments_pk primary key (organization, id),
      constraint guest_assignments_account foreign key (organization, account) references accounts on delete cascade,
      constraint guest_assignments_product foreign key (organization, product) references products,
      constraint guest_assignments_space foreign key (organization, product, space) references spaces (organization, product, id),
      constraint guest_assignments_space_unique unique (organization, account, space)
    );
    create index guest_assignments_account on guest_assignments (organization, account, product);

    create table rights (
      organization uuid not null,
      id uuid not null,
      account uuid not null,
      bundle text not null constraint rights_bundle check (bundle in
        ('organization-administrator', 'site-administrator', 'user-access-administrator', 'trusted', 'auditor', 'group-manager')),
      scope_kind text not null constraint rights_scope_kind check (scope_kind in ('organization', 'site', 'product', 'group')),
      scope_id uuid not null,
      parked_at timestamptz,
      created_at timestamptz not null default now(),
      constraint rights_pk primary key (organization, id),
      constraint rights_account foreign key (organization, account) references accounts on delete cascade,
      constraint rights_unique unique (organization, account, bundle, scope_kind, scope_id)
    );

    create table site_memberships (
      organization uuid not null,
      site uuid not null,
      account uuid not null,
      level text not null constraint site_memberships_level check (level in ('basic', 'trusted', 'administrator')),
      parked_at timestamptz,
      created_at timestamptz not null default now(),
      constraint site_memberships_pk primary key (organization, site, account),
      constraint site_memberships_site foreign key (organization, site) references sites,
      constraint site_memberships_account foreign key (organization, account) references accounts on delete cascade
    );

    create table invitations (
      organization uuid not null,
      id uuid not null,
      account uuid,
      email text not null,
      email_key text not null,
      state text not null default 'pending' constraint invitations_state
        check (state in ('pending', 'accepted', 'declined', 'revoked', 'superseded', 'needs-review')),
      delivery text not null default 'not-requested' constraint invitations_delivery
        check (delivery in ('not-requested', 'queued', 'accepted', 'deferred', 'bounced', 'failed')),
      -- SHA-256 of the token in the latest mail; the token itself is nowhere at rest.
      token_hash bytea constraint invitations_token_unique unique,
      sent_count integer not null default 0,
      sent_at timestamptz,
      expires_at timestamptz,
      accepted_at timestamptz,
      created_at timestamptz not null default now(),
      constraint invitations_pk primary key (organization, id),
      constraint invitations_organization foreign key (organization) references organizations,
      constraint invitations_account foreign key (organization, account) references accounts on delete cascade
    );
    create unique index invitations_live_unique on invitations (organization, email_key) where state = 'pending';
    create index invitations_account on invitations (organization, account);
  `);
  for (const table of ["role_grants", "access", "guest_assignments", "rights", "site_memberships", "invitations"])
    await protect(knex, table);
  await knex.raw("grant select on live_access to muster_app");
}
