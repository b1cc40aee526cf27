/**
 * What 0006 says, in fewer steps. For one account setting a plan up costs more than running it, so an expression is not
 * copied into every condition that mentions it (`offset 0`), and what has nothing to do is not asked.
 */
export const WANTED = `
  create or replace function access_wanted(of_organization uuid, wanted uuid[])
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
    from (
      select p.account, p.product, p.role, p.strength, p.directory_user, p.directory_position, p.member_of,
        p.granted_group, p.grant_id, p.failing
      from access_paths(of_organization, wanted) p offset 0) p
    where p.failing is null or p.failing = 'domain'
    order by p.account, p.product, (p.failing is null) desc, p.strength desc, p.directory_position, p.directory_user,
      p.member_of, p.granted_group, p.grant_id;
  end;
`;

/** As in 0006; every look-up is by key, so that one plan serves one account and five thousand. */
export const DIFFERENCE = `
  create or replace function access_difference(of_organization uuid, wanted uuid[], moment timestamptz)
    returns setof access_change
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
      offset 0
    ), decided as (
      select c.*, l.seats, l.slots, l.counts_users,
        not c.keeps and coalesce((c.consumes = 'seat' and l.seats) or (c.consumes = 'slot' and l.slots), false) as waits
      from pair c
      cross join lateral (
        select p.seats is not null and p.seat_enforcement = 'block' as seats,
          p.guest_basis <> 'unlimited' and p.guest_enforcement = 'block' as slots,
          p.guest_basis in ('paid-seats', 'members') as counts_users
        from products p where p.organization = of_organization and p.id = c.product offset 0) l
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

/**
 * What 0012 made of the first \`reconcile\`. Without whole-table reads among its plans, one that was kept from when the
 * tables were empty is as good as any, for any number of accounts; so nothing is planned anew for many.
 */
export const WORK_OUT = `
  create or replace function work_out_access(of_organization uuid, wanted uuid[], by_kind text, by_id text, request text,
      out lost uuid[], out changed integer)
    language plpgsql volatile
    set search_path = muster, pg_temp set jit = off
    set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    moment constant timestamptz := statement_timestamp();
    changes access_change[];
    settling uuid[];
    admitted access_change[];
    kinds record;
  begin
    lost := '{}';
    changed := 0;
    wanted := array(select distinct w.id from unnest(wanted) w (id) order by w.id);
    perform from unnest(wanted) w (id)
      cross join lateral (
        select a.id from accounts a where a.organization = of_organization and a.id = w.id for no key update) a;

    changes := array(select d from access_difference(of_organization, wanted, moment) d);
    if cardinality(changes) = 0 then return; end if;

    settling := array(select distinct c.product from unnest(changes) c where c.settles);
    if cardinality(settling) > 0 then
      perform from products p where p.organization = of_organization and p.id = any (settling) order by p.id
        for no key update;
      -- Whoever held a product may have admitted one of these accounts meanwhile.
      changes := array(select d from access_difference(of_organization, wanted, moment) d);
    end if;

    select bool_or(c.gone) as gone, bool_or(not c.gone and not c.settles and c.waiting_since is not null) as waiting,
        bool_or(not c.gone and (c.settles or c.waiting_since is null)) as held,
        bool_or(c.was_state = 'live' and (c.was_until is null or c.was_until > moment)) as was_live
      into kinds from unnest(changes) c;
    if kinds.gone then
      delete from access a using unnest(changes) c
        where c.gone and a.organization = of_organization and a.account = c.account and a.product = c.product;
    end if;
    if kinds.waiting then
      -- Still waiting as far as we know, but not under the product's lock: whether it was admitted is not ours to write.
      update access a
        set role = c.role, domain_limited = c.domain_limited, live_until = c.live_until,
          directory_user = c.directory_user, group_id = c.group_id, grant_id = c.grant_id, updated_at = moment
        from unnest(changes) c
        where not c.gone and not c.settles and c.waiting_since is not null
          and a.organization = of_organization and a.account = c.account and a.product = c.product;
    end if;
    if kinds.held then
      insert into access as a (organization, account, product, role, state, domain_limited, live_until, directory_user,
          group_id, grant_id, waiting_since, admitted_at, updated_at)
        select of_organization, c.account, c.product, c.role, c.state, c.domain_limited, c.live_until, c.directory_user,
          c.group_id, c.grant_id, c.waiting_since, c.admitted_at, moment
        from unnest(changes) c where not c.gone and (c.settles or c.waiting_since is null)
        order by c.account, c.product
        on conflict (organization, account, product) do update
          set role = excluded.role, domain_limited = excluded.domain_limited, live_until = excluded.live_until,
            directory_user = excluded.directory_user, group_id = excluded.group_id, grant_id = excluded.grant_id,
            state = excluded.state, waiting_since = excluded.waiting_since, admitted_at = excluded.admitted_at,
            updated_at = excluded.updated_at;
    end if;

    if cardinality(settling) > 0 then
      admitted := array(select s from settle_access(of_organization, settling, moment) s
        where not exists (select from unnest(changes) c where c.account = s.account and c.product = s.product));
      changes := changes || admitted;
    end if;

    select count(distinct c.account) into changed from unnest(changes) c where c.loud;
    if changed = 0 then return; end if;
    perform note_access(of_organization, changes, moment, by_kind, by_id, request);
    if not kinds.was_live then return; end if;
    lost := array(
      select distinct c.account from unnest(changes) c
      where c.was_state = 'live' and (c.was_until is null or c.was_until > moment)
        and not exists (
          select from live_access v where v.organization = of_organization and v.account = c.account offset 0));
  end $$;
`;

/** As in 0006, but a session keeps its plan. */
export const NOTE = `
  create or replace function note_access(of_organization uuid, changes access_change[], moment timestamptz, by_kind text,
      by_id text, request text)
    returns void
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  begin
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
  end $$;
`;
