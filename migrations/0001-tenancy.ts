import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** Organizations, sites, products, spaces, directories, sign-up domains. The roles and the schema exist already. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    grant usage on schema muster to muster_app;

    create table organizations (
      id uuid constraint organizations_pk primary key,
      key text not null constraint organizations_key_unique unique
        constraint organizations_key_form check (key ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      name text not null,
      membership_mode text not null default 'aggregating'
        constraint organizations_membership_mode check (membership_mode in ('aggregating', 'masking')),
      created_at timestamptz not null default now()
    );

    create table sites (
      organization uuid not null constraint sites_organization references organizations,
      id uuid not null,
      key text not null constraint sites_key_form check (key ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      name text not null,
      created_at timestamptz not null default now(),
      constraint sites_pk primary key (organization, id),
      constraint sites_key_unique unique (organization, key)
    );

    create table products (
      organization uuid not null,
      id uuid not null,
      site uuid not null,
      key text not null constraint products_key_form check (key ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      name text not null,
      url text,
      has_guests boolean not null default false,
      seats integer constraint products_seats_positive check (seats >= 0),
      seat_enforcement text not null default 'warn'
        constraint products_seat_enforcement check (seat_enforcement in ('warn', 'block')),
      guest_basis text not null default 'unlimited'
        constraint products_guest_basis check (guest_basis in ('unlimited', 'fixed', 'paid-seats', 'members')),
      guest_ratio integer not null default 0 constraint products_guest_ratio_positive check (guest_ratio >= 0),
      guest_enforcement text not null default 'block'
        constraint products_guest_enforcement check (guest_enforcement in ('warn', 'block')),
      created_at timestamptz not null default now(),
      constraint products_pk primary key (organization, id),
      constraint products_site foreign key (organization, site) references sites,
      constraint products_key_unique unique (organization, site, key)
    );

    create table spaces (
      organization uuid not null,
      id uuid not null,
      product uuid not null,
      key text not null constraint spaces_key_form check (key ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      name text not null,
      created_at timestamptz not null default now(),
      constraint spaces_pk primary key (organization, id),
      constraint spaces_product foreign key (organization, product) references products,
      constraint spaces_key_unique unique (organization, product, key),
      constraint spaces_product_unique unique (organization, product, id)
    );

    create table directories (
      organization uuid not null constraint directories_organization references organizations,
      id uuid not null,
      name text not null constraint directories_name_form check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      kind text not null
        constraint directories_kind check (kind in ('internal', 'scim', 'ldap', 'google-workspace')),
      position integer not null,
      settings jsonb not null default '{}',
      secret bytea,
      domain_policy boolean not null default false,
      authoritative_domains text[] not null default '{}',
      first_run text not null default 'preview'
        constraint directories_first_run check (first_run in ('preview', 'apply')),
      sync_every interval,
      next_run_at timestamptz,
      epoch bigint not null default 0,
      released_until timestamptz,
      created_at timestamptz not null default now(),
      constraint directories_pk primary key (organization, id),
      constraint directories_name_unique unique (organization, name),
      constraint directories_position_unique unique (organization, position) deferrable initially deferred
    );

    create table sign_up_domains (
      organization uuid not null constraint sign_up_domains_organization references organizations,
      domain text not null,
      match text not null
        constraint sign_up_domains_match check (match in ('exact', 'subdomains', 'exact-and-subdomains')),
      constraint sign_up_domains_pk primary key (organization, domain)
    );

    -- The only way to learn of organizations before one is chosen: ids and keys, nothing else.
    create function list_organizations() returns table (id uuid, key text)
      language sql stable security definer set search_path = muster, pg_temp
      as $$ select o.id, o.key from organizations o order by o.key $$;
    revoke all on function list_organizations() from public;
    grant execute on function list_organizations() to muster_app;
  `);
  await protect(knex, "organizations", { column: "id" });
  for (const table of ["sites", "products", "spaces", "directories", "sign_up_domains"]) await protect(knex, table);
}
