/**
 * Admits who waits, in the order of waiting_since and account id, as far as seats and slots reach; nobody is dropped
 * (R146). The caller holds the products' rows. Seats go first, because guests' slots may be counted from them.
 */
export const SETTLE = `
  create function settle_access(of_organization uuid, products_of uuid[], moment timestamptz)
    returns setof access_change
    language plpgsql volatile set search_path = muster, pg_temp set jit = off
  as $$
  #variable_conflict use_column
  declare
    kind text;
    waiter access_change;
  begin
    foreach kind in array array['seat', 'slot'] loop
      for waiter in
        select q.account, q.product, false, q.role, 'live', q.domain_limited, q.live_until, q.directory_user, q.group_id,
          q.grant_id, null, moment, q.role, q.state, q.live_until, q.domain_limited, true, false
        from products p
        cross join lateral (
          select count(*) filter (where a.role in ('admin', 'user') and a.state = 'live') as users,
            count(*) filter (where a.role in ('admin', 'user')) as members,
            count(*) filter (where a.role = 'guest' and a.state = 'live' and a.admitted_at is not null
              and (a.live_until is null or a.live_until > moment)) as guests
          from access a where a.organization = of_organization and a.product = p.id
        ) u
        cross join lateral (
          select a.account, a.product, a.role, a.state, a.domain_limited, a.live_until, a.directory_user, a.group_id,
            a.grant_id, row_number() over (order by a.waiting_since, a.account) as place
          from access a
          where a.organization = of_organization and a.product = p.id
            and a.state = case kind when 'seat' then 'no-seat' else 'over-quota' end
            and (a.live_until is null or a.live_until > moment)
        ) q
        cross join lateral (
          select case kind
            when 'seat' then case when p.seats is not null and p.seat_enforcement = 'block' then p.seats - u.users end
            else case when p.guest_enforcement = 'block' then
              case p.guest_basis
                when 'fixed' then p.guest_ratio - u.guests
                when 'paid-seats' then p.guest_ratio * u.users - u.guests
                when 'members' then p.guest_ratio * u.members - u.guests
              end end
            end as free
        ) r
        where p.organization = of_organization and p.id = any (products_of) and (r.free is null or q.place <= r.free)
        order by q.product, q.place
      loop
        update access a set state = 'live', admitted_at = moment, waiting_since = null, updated_at = moment
          where a.organization = of_organization and a.account = waiter.account and a.product = waiter.product;
        return next waiter;
      end loop;
    end loop;
  end $$;
`;

/** Audit and outbox rows of what changed, told by what stands now against what stood before. */
export const NOTE = `
  create function note_access(of_organization uuid, changes access_change[], moment timestamptz, by_kind text, by_id text,
      request text)
    returns void
    language sql volatile
  begin atomic
    with compared as (
      select c.account, c.product, c.was_state is not null as existed, a.account is not null as exists,
        c.was_state = 'live' and (c.was_until is null or c.was_until > moment) as was_live,
        a.state = 'live' and (a.live_until is null or a.live_until > moment) as is_live,
        c.was_state = 'live' and c.was_until <= moment as was_expired,
        c.was_role, c.was_state, c.was_until, a.role, a.state, a.live_until, a.domain_limited
      from unnest(changes) c
      left join lateral (
        select a.account, a.role, a.state, a.live_until, a.domain_limited from access a
        where a.organization = of_organization and a.account = c.account and a.product = c.product offset 0) a on true
      where c.loud
    ), told as (
      select k.account,
        case
          when k.is_live and k.was_live is not true then 'access.granted'
          when k.was_live and k.is_live is not true then 'access.revoked'
          when k.was_expired and k.state = 'live' then 'access.expired'
          else 'access.changed'
        end as action,
        jsonb_build_object('product', k.product, 'role', k.role, 'state', k.state, 'liveUntil', k.live_until,
          'domainLimited', coalesce(k.domain_limited, false),
          'before', case when k.existed then
            jsonb_build_object('role', k.was_role, 'state', k.was_state, 'liveUntil', k.was_until) end) as detail
      from compared k
      where k.existed or k.exists
      order by k.account, k.product
    ), audited as (
      insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
      select of_organization, by_kind, by_id, request, t.action, 'account', t.account, t.detail from told t
    )
    insert into outbox (organization, kind, subject_kind, subject, data)
    select of_organization, t.action, 'account', t.account, t.detail from told t;
  end;
`;
