/** As in 0015, but each product is looked up once, and guest assignments of guests alone. */
export const DIFFERENCE = `
  create or replace function access_aims(of_organization uuid, wanted uuid[], moment timestamptz) returns setof access_aim
    language sql stable
  begin atomic
    select w.account, w.product, w.role, w.domain_limited, w.directory_user, w.group_id, w.grant_id, s.live_until,
      case when w.role is null then 'domain' when w.role = 'guest' and s.spaces = 0 then 'no-space' else 'live' end,
      case
        when w.role <> 'guest' then 'seat'
        when s.spaces > 0 and (s.live_until is null or s.live_until > moment) then 'slot'
      end
    from access_wanted(of_organization, wanted) w
    left join lateral (
      -- The condition stands here, so that nobody else's are looked for.
      select count(*) as spaces, case when not bool_or(g.expires_at is null) then max(g.expires_at) end as live_until
      from guest_assignments g
      where w.role = 'guest' and g.organization = of_organization and g.account = w.account and g.product = w.product
        and g.parked_at is null
    ) s on true;
  end;

  create or replace function access_difference(of_organization uuid, wanted uuid[], aims access_aim[], moment timestamptz)
    returns setof access_change
    language sql stable
  begin atomic
    with held as (
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
      from unnest(aims) m
      full join held h on h.account = m.account and h.product = m.product
      offset 0
    ), limited as materialized (
      -- Each product once.
      select l.id, l.seats, l.slots, l.counts_users
      from (select distinct c.product from pair c) c
      cross join lateral (
        select p.id, p.seats is not null and p.seat_enforcement = 'block' as seats,
          p.guest_basis <> 'unlimited' and p.guest_enforcement = 'block' as slots,
          p.guest_basis in ('paid-seats', 'members') as counts_users
        from products p where p.organization = of_organization and p.id = c.product offset 0) l
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
      offset 0
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
