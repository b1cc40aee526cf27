/** Of whom nothing can count, because the canonical record is gone or inactive or the account (a) is suspended. */
const holding = (canonicalIsActive: string) => `case
          when not ${canonicalIsActive} then 'deactivated'
          when a.suspended_at is not null then 'suspended'
        end`;

/**
 * As in 0027, for some products alone where they are given: what a change of a grant or of a group's members touches is known
 * beforehand, and whoever is in five groups has access to more than that. Null: every product.
 */
export const RULE = `
  -- The groups that have a role on these products, and those below them.
  create function groups_below(of_organization uuid, of_products uuid[]) returns setof uuid
    language plpgsql stable
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  begin
    return query
      with recursive giving (id) as (
        select t.group_id from role_grants t
        where t.organization = of_organization and t.product = any (of_products) and t.group_id is not null
        union
        select n.child from giving g
        cross join lateral (
          select n.child from group_nestings n where n.organization = of_organization and n.parent = g.id offset 0) n
      )
      select g.id from giving g;
  end $$;
  create or replace function access_holders(of_organization uuid, wanted uuid[])
    returns table (account uuid, canonical uuid, email_domain text, membership_mode text, failing text)
    language sql stable
  begin atomic
    select a.id, a.canonical, a.email_domain,
      (select o.membership_mode from organizations o where o.id = of_organization),
      ${holding("c.active is true")}
    from unnest(wanted) w (id)
    cross join lateral (
      select a.id, a.canonical, a.email_domain, a.suspended_at from accounts a
      where a.organization = of_organization and a.id = w.id offset 0) a
    left join lateral (
      select c.active, c.deleted_at from directory_users c
      where c.organization = of_organization and c.id = a.canonical offset 0) c on c.deleted_at is null;
  end;

  create function access_paths(of_organization uuid, wanted uuid[], of_products uuid[], within uuid[])
    returns table (account uuid, product uuid, role text, strength integer, directory_user uuid, directory uuid,
      directory_position integer, member_of uuid, granted_group uuid, grant_id uuid, failing text)
    language sql stable
  begin atomic
    with recursive who as (
      select a.id, a.canonical, a.email_domain, a.suspended_at,
        (select o.membership_mode from organizations o where o.id = of_organization) as membership_mode
      from unnest(wanted) w (id)
      cross join lateral (
        select a.id, a.canonical, a.email_domain, a.suspended_at from accounts a
        where a.organization = of_organization and a.id = w.id offset 0) a
    ), membership as (
      select a.id as account, a.email_domain, u.id as directory_user, u.directory, m.group_id,
        -- The canonical record is looked up where it is another one.
        ${holding("case when u.id = a.canonical then u.active else c.active is true end")} as holding,
        case
          when not u.active then 'inactive'
          when a.membership_mode = 'masking' and u.id is distinct from a.canonical then 'masked'
        end as failing
      from who a
      cross join lateral (
        select u.id, u.directory, u.active, u.deleted_at from directory_users u
        where u.organization = of_organization and u.account = a.id offset 0) u
      cross join lateral (
        select m.group_id from remote_memberships m
        where m.organization = of_organization and m.directory_user = u.id
          and (within is null or m.group_id = any (within)) offset 0) m
      left join lateral (
        select c.active from directory_users c
        where u.id is distinct from a.canonical and c.organization = of_organization and c.id = a.canonical
          and c.deleted_at is null offset 0) c on true
      where u.deleted_at is null
      union all
      select a.id, a.email_domain, null, null, m.group_id, ${holding("c.active is true")},
        case when m.parked_at is not null then 'parked' end
      from who a
      cross join lateral (
        select m.group_id, m.parked_at from local_memberships m
        where m.organization = of_organization and m.account = a.id
          and (within is null or m.group_id = any (within)) offset 0) m
      left join lateral (
        select c.active from directory_users c
        where c.organization = of_organization and c.id = a.canonical and c.deleted_at is null offset 0) c on true
    ), held as (
      select m.account, m.email_domain, m.directory_user, m.directory, m.group_id,
        coalesce(m.holding, m.failing) as failing
      from membership m
    ), reached as (
      -- Each group once, however many of the accounts are in it.
      select g.id as member_of, g.id as granted_group
      from (select distinct h.group_id from held h) h
      cross join lateral (
        select g.id, g.deleted_at from groups g
        where g.organization = of_organization and g.id = h.group_id offset 0) g
      where g.deleted_at is null
      union
      select r.member_of, g.id
      from reached r
      cross join lateral (
        select n.parent from group_nestings n
        where n.organization = of_organization and n.child = r.granted_group offset 0) n
      cross join lateral (
        select g.id, g.deleted_at from groups g
        where g.organization = of_organization and g.id = n.parent offset 0) g
      where g.deleted_at is null
    ), granted as materialized (
      select r.member_of, r.granted_group, t.id, t.product, t.role, t.needs_confirmation
      from reached r
      cross join lateral (
        select t.id, t.product, t.role, t.needs_confirmation from role_grants t
        where t.organization = of_organization and t.group_id = r.granted_group offset 0) t
      where of_products is null or t.product = any (of_products)
    ), source as materialized (
      select d.id, d.position, d.domain_policy
      from (select distinct h.directory from held h) h
      cross join lateral (
        select d.id, d.position, d.domain_policy from directories d
        where d.organization = of_organization and d.id = h.directory offset 0) d
    )
    select h.account, t.product, t.role, case t.role when 'admin' then 3 when 'user' then 2 else 1 end,
      h.directory_user, h.directory, d.position, t.member_of, t.granted_group, t.id,
      case
        when h.failing is not null then h.failing
        when t.needs_confirmation then 'unconfirmed'
        when t.role <> 'guest' and d.domain_policy and not exists (
          select from sign_up_domains s
          where s.organization = of_organization and (
            (s.match <> 'subdomains' and h.email_domain = s.domain)
            or (s.match <> 'exact' and right(h.email_domain, length(s.domain) + 1) = '.' || s.domain))
        ) then 'domain'
      end
    from held h
    join granted t on t.member_of = h.group_id
    left join source d on d.id = h.directory;
  end;

  -- For whoever asks about a few people: to plan this anew each time takes ten times as long as to answer.
  create or replace function access_paths(of_organization uuid, wanted uuid[])
    returns table (account uuid, product uuid, role text, strength integer, directory_user uuid, directory uuid,
      directory_position integer, member_of uuid, granted_group uuid, grant_id uuid, failing text)
    language plpgsql stable
    set search_path = muster, pg_temp set jit = off
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_memoize = off
  as $$
  #variable_conflict use_column
  begin
    return query select p.account, p.product, p.role, p.strength, p.directory_user, p.directory, p.directory_position,
      p.member_of, p.granted_group, p.grant_id, p.failing from access_paths(of_organization, wanted, null, null) p;
  end $$;

  create function access_wanted(of_organization uuid, wanted uuid[], of_products uuid[], within uuid[])
    returns table (account uuid, product uuid, role text, domain_limited boolean, directory_user uuid, group_id uuid,
      grant_id uuid)
    language sql stable
  begin atomic
    select distinct on (p.account, p.product) p.account, p.product,
      case when p.failing is null then p.role end,
      coalesce(max(p.strength) filter (where p.failing is not null) over best, 0)
        > case when p.failing is null then p.strength else 0 end,
      case when p.failing is null then p.directory_user end,
      case when p.failing is null then p.member_of end,
      case when p.failing is null then p.grant_id end
    from (
      select p.account, p.product, p.role, p.strength, p.directory_user, p.directory_position, p.member_of,
        p.granted_group, p.grant_id, p.failing
      from access_paths(of_organization, wanted, of_products, within) p offset 0) p
    where p.failing is null or p.failing = 'domain'
    -- In one order, so that it is sorted once.
    window best as (
      partition by p.account, p.product
      order by (p.failing is null) desc, p.strength desc, p.directory_position, p.directory_user, p.member_of,
        p.granted_group, p.grant_id
      rows between unbounded preceding and unbounded following)
    order by p.account, p.product, (p.failing is null) desc, p.strength desc, p.directory_position, p.directory_user,
      p.member_of, p.granted_group, p.grant_id;
  end;
`;
