/** From so many accounts on it is asked which groups give these products at all; where they are few, no other membership counts. */
const SEVERAL = 8;
const FEW_GROUPS = 64;

/** What accounts should have by the rule, and how it differs from what they have. */
export const AIMS = `
  create function access_aims(of_organization uuid, wanted uuid[], of_products uuid[], within uuid[],
      moment timestamptz)
    returns setof access_aim
    language sql stable
  begin atomic
    select w.account, w.product, w.role, w.domain_limited, w.directory_user, w.group_id, w.grant_id, s.live_until,
      case when w.role is null then 'domain' when w.role = 'guest' and s.spaces = 0 then 'no-space' else 'live' end,
      case
        when w.role <> 'guest' then 'seat'
        when s.spaces > 0 and (s.live_until is null or s.live_until > moment) then 'slot'
      end
    from access_wanted(of_organization, wanted, of_products, within) w
    left join lateral (
      -- The condition stands here, so that nobody else's are looked for.
      select count(*) as spaces, case when not bool_or(g.expires_at is null) then max(g.expires_at) end as live_until
      from guest_assignments g
      where w.role = 'guest' and g.organization = of_organization and g.account = w.account and g.product = w.product
        and g.parked_at is null
    ) s on true;
  end;

  -- What the accounts should have. To the planner they are ten; of thousands only hashes join fast, so it is to take them
  -- wherever it can, which is where no key is looked up.
  create function aims_of(of_organization uuid, wanted uuid[], of_products uuid[], moment timestamptz)
    returns access_aim[]
    language plpgsql stable
    set search_path = muster, pg_temp set jit = off
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_memoize = off set enable_nestloop = off
  as $$
  declare
    within uuid[];
  begin
    if of_products is not null and cardinality(wanted) > ${SEVERAL} then
      within := array(select g.id from groups_below(of_organization, of_products) g (id) limit ${FEW_GROUPS} + 1);
      if cardinality(within) > ${FEW_GROUPS} then within := null; end if;
    end if;
    return array(select a from access_aims(of_organization, wanted, of_products, within, moment) a);
  end $$;

  create function access_difference(of_organization uuid, wanted uuid[], of_products uuid[], aims access_aim[],
      moment timestamptz)
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
      where of_products is null or a.product = any (of_products)
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
            or (n.counts_users and 'seat' in (n.consumes, n.consumed))))) is true,
      n.was_admitted
    from settled n
    where n.gone or n.fresh
      or (n.role, n.new_state, n.live_until, n.domain_limited, n.directory_user, n.group_id, n.grant_id,
          n.new_waiting, n.new_admitted)
        is distinct from (n.was_role, n.was_state, n.was_until, n.was_limited, n.was_directory_user, n.was_group,
          n.was_grant, n.was_waiting, n.was_admitted);
  end;

  -- The products that these groups, or groups above them, have a role on: whoever comes into them or leaves them may gain
  -- or lose access to these and to no other.
  create function products_above(of_organization uuid, of_groups uuid[]) returns uuid[]
    language plpgsql stable
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  begin
    return array(
      with recursive above (id) as (
        select w.id from unnest(of_groups) w (id)
        union
        select n.parent from above a
        cross join lateral (
          select n.parent from group_nestings n where n.organization = of_organization and n.child = a.id offset 0) n
      )
      select distinct t.product from above a
      cross join lateral (
        select t.product from role_grants t where t.organization = of_organization and t.group_id = a.id offset 0) t);
  end $$;
`;
