import type { Knex } from "knex";

/**
 * Rights of people stand in one table, and site memberships are read from them and from access; tokens of the
 * administration with permissions, a scope and an owner.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(RIGHTS);
  await knex.raw(SITE_MEMBERSHIPS);
  await knex.raw(TOKENS);
}

const RIGHTS = `
  alter table rights
    drop constraint rights_bundle,
    add constraint rights_bundle check (bundle in ('organization-administrator', 'auditor', 'site-administrator',
      'trusted', 'basic', 'user-access-administrator', 'group-manager')),
    -- Each bundle is for one kind of scope.
    add constraint rights_scope check (scope_kind = case
      when bundle in ('organization-administrator', 'auditor') then 'organization'
      when bundle in ('site-administrator', 'trusted', 'basic') then 'site'
      when bundle = 'user-access-administrator' then 'product'
      when bundle = 'group-manager' then 'group' end
      and (scope_kind = 'organization') = (scope_id = organization));
  -- Who could do it, for a scope.
  create index rights_by_scope on rights (organization, scope_kind, scope_id, bundle) where in_force;
`;

const SITE_MEMBERSHIPS = `
  insert into rights (organization, id, account, bundle, scope_kind, scope_id, parked_at, created_at, in_force)
    select m.organization, gen_random_uuid(), m.account,
      case m.level when 'administrator' then 'site-administrator' else m.level end, 'site', m.site, m.parked_at, m.created_at,
      m.parked_at is null and exists (
        select from accounts a
        join directory_users c on c.organization = a.organization and c.id = a.canonical and c.deleted_at is null
        where a.organization = m.organization and a.id = m.account and a.suspended_at is null and c.active)
    from site_memberships m
    on conflict on constraint rights_unique do nothing;
  drop table site_memberships;

  -- The highest of what an administrator gave, and 'basic' for whoever has live access to anything on the site (R14 to R16).
  create view site_memberships with (security_invoker = true) as
    select m.organization, m.site, m.account,
      case max(m.height) when 2 then 'administrator' when 1 then 'trusted' else 'basic' end as level,
      bool_or(m.given) as given
    from (
      select r.organization, r.scope_id as site, r.account,
        case r.bundle when 'site-administrator' then 2 when 'trusted' then 1 else 0 end as height, true as given
      from rights r where r.scope_kind = 'site' and r.in_force
      union all
      select l.organization, p.site, l.account, 0, false
      from live_access l join products p on p.organization = l.organization and p.id = l.product
    ) m
    group by m.organization, m.site, m.account;
  grant select on site_memberships to muster_app;

  -- As in migration 0015, without the table that is gone.
  create or replace function park_local_facts(of_organization uuid, wanted uuid[]) returns void
    language plpgsql volatile
    set search_path = muster, pg_temp
  as $$
  begin
    update local_memberships set parked_at = statement_timestamp()
      where organization = of_organization and account = any (wanted) and parked_at is null;
    update guest_assignments set parked_at = statement_timestamp()
      where organization = of_organization and account = any (wanted) and parked_at is null;
    update rights set parked_at = statement_timestamp()
      where organization = of_organization and account = any (wanted) and parked_at is null;
    update invitations set state = 'superseded'
      where organization = of_organization and account = any (wanted) and state = 'pending';
  end $$;
`;

const TOKENS = `
  alter table tokens
    -- null: all. Which there are is for src/identity/rights/permissions.ts to say.
    add column permissions text[] constraint tokens_permissions check (cardinality(permissions) > 0),
    add column scope_kind text not null default 'organization'
      constraint tokens_scope_kind check (scope_kind in ('organization', 'site', 'product', 'group')),
    -- null: the organization.
    add column scope_id uuid,
    -- Whose own it is: it ends with the person and never does what the person may not.
    add column owner uuid,
    add column created_by_kind text,
    add column created_by text,
    add constraint tokens_owner foreign key (organization, owner) references accounts on delete cascade,
    add constraint tokens_scope check ((scope_kind = 'organization') = (scope_id is null)),
    add constraint tokens_administration_only check ((directory is null and product is null)
      or (permissions is null and scope_id is null and owner is null));
  create index tokens_owner on tokens (organization, owner) where owner is not null;

  -- As in migration 0011, with what a token of the administration may do. The owner is looked at only where there is one: a
  -- SCIM token's look-up does as much as before.
  drop function find_token(bytea);
  create function find_token(wanted bytea)
    returns table (organization uuid, id uuid, directory uuid, product uuid, client uuid, scopes text[], subject uuid,
      profile text, require_if_match boolean, schema_version integer, expires_in double precision, permissions text[],
      scope_kind text, scope_id uuid, owner uuid)
    language sql stable security definer set search_path = muster, pg_temp
    as $$
      select t.organization, t.id, t.directory, t.product, t.client, t.scopes, t.subject, d.profile, d.require_if_match,
        o.schema_version,
        extract(epoch from t.expires_at - statement_timestamp())::double precision,
        t.permissions, t.scope_kind, t.scope_id, t.owner
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

  drop trigger tokens_changed on tokens;
  create trigger tokens_changed
    after update of hash, directory, product, scopes, subject, client, expires_at, revoked_at, permissions, scope_kind, scope_id,
      owner or delete on tokens
    for each row execute function notify_callers();
`;
