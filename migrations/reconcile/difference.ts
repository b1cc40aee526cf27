/** The role per account and product: the highest that counts, ties by directory order, then by ids; null when the domains refused all. */
export const WANTED = `
  create function access_wanted(of_organization uuid, wanted uuid[])
    returns table (account uuid, product uuid, role text, domain_limited boolean, directory_user uuid, group_id uuid,
      grant_id uuid)
    language sql stable
  begin atomic
    select distinct on (p.account, p.product) p.account, p.product,
      case when p.failing is null then p.role end,
      coalesce(max(p.strength) filter (where p.failing is not null) over (partition by p.account, p.product), 0)
        > case when p.failing is null then p.strength else 0 end,
      case when p.failing is null then p.directory_user end,
      case when p.failing is null then p.member_of end,
      case when p.failing is null then p.grant_id end
    from access_paths(of_organization, wanted) p
    where p.failing is null or p.failing = 'domain'
    order by p.account, p.product, (p.failing is null) desc, p.strength desc, p.directory_position, p.directory_user,
      p.member_of, p.granted_group, p.grant_id;
  end;
`;

/**
 * What must be written so that the accounts have what they should have. Who already holds a seat or a slot keeps it
 * (R146); who comes to a product with a blocking limit waits first and is admitted by settle_access.
 */
export const DIFFERENCE = `
  create type access_change as (
    account uuid, product uuid, gone boolean, role text, state text, domain_limited boolean, live_until timestamptz,
    directory_user uuid, group_id uuid, grant_id uuid, waiting_since timestamptz, admitted_at timestamptz,
    was_role text, was_state text, was_until timestamptz, was_limited boolean,
    -- Whether anybody would notice: not a change of path alone.
    loud boolean,
    -- Whether a limited seat or slot is gained, lost or waited for.
    settles boolean);

  create function access_difference(of_organization uuid, wanted uuid[], moment timestamptz) returns setof access_change
    language sql stable
  begin atomic
    with aim as (
      select w.account, w.product, w.role, w.domain_limited, w.directory_user, w.group_id, w.grant_id,
        s.live_until,
        case when w.role is null then 'domain' when w.role = 'guest' and s.spaces = 0 then 'no-space' else 'live' end
          as state,
        case
          when w.role <> 'guest' then 'seat'
          when s.spaces > 0 and (s.live_until is null or s.live_until > moment) then 'slot'
        end as consumes
      from access_wanted(of_organization, wanted) w
      left join lateral (
        select count(*) as spaces, case when not bool_or(g.expires_at is null) then max(g.expires_at) end as live_until
        from guest_assignments g
        where g.organization = of_organization and g.account = w.account and g.product = w.product
          and g.parked_at is null
      ) s on w.role = 'guest'
    ), held as (
      select a.account, a.product, a.role, a.state, a.domain_limited, a.live_until, a.directory_user, a.group_id,
        a.grant_id, a.waiting_since, a.admitted_at,
        case when a.admitted_at is not null or a.waiting_since is not null then
          case a.role when 'guest' then 'slot' else 'seat' end end as consumes
      from unnest(wanted) w (id)
      cross join lateral (
        select a.account, a.product, a.role, a.state, a.domain_limited, a.live_until, a.directory_user, a.group_id,
          a.grant_id, a.waiting_since, a.admitted_at
        from access a where a.organization = of_organization and a.account = w.id offset 0) a
    ), pair as (
      select coalesce(m.account, h.account) as account, coalesce(m.product, h.product) as product,
        m.account is null as gone, h.account is null as fresh, m.role, m.state, m.domain_limited, m.live_until,
        m.directory_user, m.group_id, m.grant_id, m.consumes,
        h.role as was_role, h.state as was_state, h.domain_limited as was_limited, h.live_until as was_until,
        h.directory_user as was_directory_user, h.group_id as was_group, h.grant_id as was_grant,
        h.waiting_since as was_waiting, h.admitted_at as was_admitted, h.consumes as consumed,
        coalesce(h.consumes = m.consumes and h.admitted_at is not null
          and (h.live_until is null or h.live_until > moment), false) as keeps
      from aim m
      full join held h on h.account = m.account and h.product = m.product
    ), limited as (
      select p.id, p.seats is not null and p.seat_enforcement = 'block' as seats,
        p.guest_basis <> 'unlimited' and p.guest_enforcement = 'block' as slots,
        p.guest_basis in ('paid-seats', 'members') as counts_users
      from products p
      where p.organization = of_organization
    ), decided as (
      select c.*, l.seats, l.slots, l.counts_users,
        not c.keeps and coalesce((c.consumes = 'seat' and l.seats) or (c.consumes = 'slot' and l.slots), false) as waits
      from pair c
      join limited l on l.id = c.product
    ), settled as (
      select d.*,
        case when d.waits then case d.consumes when 'seat' then 'no-seat' else 'over-quota' end else d.state end
          as new_state,
        case when d.waits then
          case when d.consumed = d.consumes and d.was_waiting is not null then d.was_waiting else moment end
        end as new_waiting,
        case when d.consumes is not null and not d.waits then case when d.keeps then d.was_admitted else moment end end
          as new_admitted
      from decided d
    )
    select n.account, n.product, n.gone, n.role, n.new_state, n.domain_limited, n.live_until, n.directory_user,
      n.group_id, n.grant_id, n.new_waiting, n.new_admitted, n.was_role, n.was_state, n.was_until, n.was_limited,
      n.gone or n.fresh or (n.role, n.new_state, n.live_until, n.domain_limited)
        is distinct from (n.was_role, n.was_state, n.was_until, n.was_limited)
        or (n.was_admitted is not null and n.new_admitted is null),
      (n.was_admitted, n.was_waiting, n.consumed) is distinct from (n.new_admitted, n.new_waiting, n.consumes)
        and ((n.seats and 'seat' in (n.consumes, n.consumed))
          or (n.slots and ('slot' in (n.consumes, n.consumed)
            or (n.counts_users and 'seat' in (n.consumes, n.consumed))))) is true
    from settled n
    where n.gone or n.fresh
      or (n.role, n.new_state, n.live_until, n.domain_limited, n.directory_user, n.group_id, n.grant_id,
          n.new_waiting, n.new_admitted)
        is distinct from (n.was_role, n.was_state, n.was_until, n.was_limited, n.was_directory_user, n.was_group,
          n.was_grant, n.was_waiting, n.was_admitted);
  end;
`;
