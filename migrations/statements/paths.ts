/**
 * As in 0006, with the first condition of all by itself: of whom nothing can count, because the account is suspended or
 * its canonical record is gone or inactive. \`failing\` says which; null: neither.
 */
export const PATHS = `
  create function access_holders(of_organization uuid, wanted uuid[])
    returns table (account uuid, canonical uuid, email_domain text, membership_mode text, failing text)
    language sql stable
  begin atomic
    select a.id as account, a.canonical, a.email_domain,
      (select o.membership_mode from organizations o where o.id = of_organization) as membership_mode,
      case
        when c.id is null or not c.active then 'deactivated'
        when a.suspended_at is not null then 'suspended'
      end as failing
    from unnest(wanted) w (id)
    cross join lateral (
      select a.id, a.canonical, a.email_domain, a.suspended_at from accounts a
      where a.organization = of_organization and a.id = w.id offset 0) a
    left join lateral (
      select c.id, c.active, c.deleted_at from directory_users c
      where c.organization = of_organization and c.id = a.canonical offset 0) c on c.deleted_at is null;
  end;

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
      select h.account, h.email_domain, h.directory_user, h.directory, h.failing,
        g.id as member_of, g.id as granted_group
      from held h
      cross join lateral (
        select g.id, g.deleted_at from groups g
        where g.organization = of_organization and g.id = h.group_id offset 0) g
      where g.deleted_at is null
      union
      select r.account, r.email_domain, r.directory_user, r.directory, r.failing, r.member_of, g.id
      from reached r
      cross join lateral (
        select n.parent from group_nestings n
        where n.organization = of_organization and n.child = r.granted_group offset 0) n
      cross join lateral (
        select g.id, g.deleted_at from groups g
        where g.organization = of_organization and g.id = n.parent offset 0) g
      where g.deleted_at is null
    )
    select r.account, t.product, t.role, case t.role when 'admin' then 3 when 'user' then 2 else 1 end,
      r.directory_user, r.directory, d.position, r.member_of, r.granted_group, t.id,
      case
        when r.failing is not null then r.failing
        when t.needs_confirmation then 'unconfirmed'
        when t.role <> 'guest' and d.domain_policy and not exists (
          select from sign_up_domains s
          where s.organization = of_organization and (
            (s.match <> 'subdomains' and r.email_domain = s.domain)
            or (s.match <> 'exact' and right(r.email_domain, length(s.domain) + 1) = '.' || s.domain))
        ) then 'domain'
      end
    from reached r
    cross join lateral (
      select t.id, t.product, t.role, t.needs_confirmation from role_grants t
      where t.organization = of_organization and t.group_id = r.granted_group offset 0) t
    left join lateral (
      select d.position, d.domain_policy from directories d
      where d.organization = of_organization and d.id = r.directory offset 0) d on true;
  end;
`;
