/**
 * As in 0015, but what is beyond the membership is looked up once for each group and directory, not for each account: of
 * many accounts most are in the same few.
 */
export const PATHS = `
  create or replace function access_paths(of_organization uuid, wanted uuid[])
    returns table (account uuid, product uuid, role text, strength integer, directory_user uuid, directory uuid,
      directory_position integer, member_of uuid, granted_group uuid, grant_id uuid, failing text)
    language sql stable
  begin atomic
    with recursive who as (
      select h.account, h.canonical, h.email_domain, h.membership_mode, h.failing
      from access_holders(of_organization, wanted) h
    ), held as (
      select w.account, w.email_domain, u.id as directory_user, u.directory, m.group_id,
        case
          when w.failing is not null then w.failing
          when not u.active then 'inactive'
          when w.membership_mode = 'masking' and u.id is distinct from w.canonical then 'masked'
        end as failing
      from who w
      cross join lateral (
        select u.id, u.directory, u.active, u.deleted_at from directory_users u
        where u.organization = of_organization and u.account = w.account offset 0) u
      cross join lateral (
        select m.group_id from remote_memberships m
        where m.organization = of_organization and m.directory_user = u.id offset 0) m
      where u.deleted_at is null
      union all
      select w.account, w.email_domain, null, null, m.group_id,
        case when w.failing is not null then w.failing when m.parked_at is not null then 'parked' end
      from who w
      cross join lateral (
        select m.group_id, m.parked_at from local_memberships m
        where m.organization = of_organization and m.account = w.account offset 0) m
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

  -- What the accounts should have. To the planner they are ten; of thousands only hashes join fast, so it is to take them
  -- wherever it can, which is where no key is looked up.
  create function aims_of(of_organization uuid, wanted uuid[], moment timestamptz) returns access_aim[]
    language plpgsql stable
    set search_path = muster, pg_temp set jit = off
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_memoize = off set enable_nestloop = off
  as $$
  begin
    return array(select a from access_aims(of_organization, wanted, moment) a);
  end $$;
`;
