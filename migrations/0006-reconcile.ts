import type { Knex } from "knex";

/**
 * The reconciler: who has which role on which product, and by which path. `access_paths` is the one statement that
 * knows the rule; the compute (`access_wanted`, `access_difference`, `reconcile`) and `explain` both select from it.
 * All functions run with the caller's rights, so row-level security stands.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(PATHS);
  await knex.raw(WANTED);
  await knex.raw(DIFFERENCE);
  await knex.raw(SETTLE);
  await knex.raw(NOTE);
  await knex.raw(RECONCILE);
  for (const routine of [
    "access_paths(uuid, uuid[])",
    "access_wanted(uuid, uuid[])",
    "access_difference(uuid, uuid[], timestamptz)",
    "settle_access(uuid, uuid[], timestamptz)",
    "note_access(uuid, access_change[], timestamptz, text, text, text)",
    "reconcile(uuid, uuid[], text, text, text)",
    "settle(uuid, uuid[], text, text, text)",
  ]) {
    await knex.raw(`revoke all on function ${routine} from public`);
    await knex.raw(`grant execute on function ${routine} to muster_app`);
  }
}

/**
 * A session keeps its plans, and the first ones are made while the tables are empty or without statistics. Such a plan
 * joined whole tables: two minutes for one account among 100,000. So no statement here leaves the planner a choice that
 * matters: `offset 0` keeps each look-up a subquery of its own, by the key of the row before it, and `deleted_at is
 * null` stands outside of it, because partial indexes look tiny without statistics.
 *
 * Every path account → record → group → group above → grant, with the first condition that fails (null: it counts).
 * Paths through what is gone (a tombstone, a deleted group) do not exist; paths that only do not count are there.
 */
const PATHS = `
  create index access_expiring on access (organization, live_until) where admitted_at is not null and live_until is not null;

  create function access_paths(of_organization uuid, wanted uuid[])
    returns table (account uuid, product uuid, role text, strength integer, directory_user uuid, directory uuid,
      directory_position integer, member_of uuid, granted_group uuid, grant_id uuid, failing text)
    language sql stable
  begin atomic
    with recursive who as (
      select a.id as account, a.canonical, a.email_domain, o.membership_mode,
        case
          when c.id is null or not c.active then 'deactivated'
          when a.suspended_at is not null then 'suspended'
        end as failing
      from unnest(wanted) w (id)
      cross join lateral (
        select a.id, a.canonical, a.email_domain, a.suspended_at from accounts a
        where a.organization = of_organization and a.id = w.id offset 0) a
      join organizations o on o.id = of_organization
      left join lateral (
        select c.id, c.active, c.deleted_at from directory_users c
        where c.organization = of_organization and c.id = a.canonical offset 0) c on c.deleted_at is null
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
    left join directories d on d.organization = of_organization and d.id = r.directory;
  end;
`;

/** The role per account and product: the highest that counts, ties by directory order, then by ids; null when the domains refused all. */
const WANTED = `
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
const DIFFERENCE = `
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

/**
 * Admits who waits, in the order of waiting_since and account id, as far as seats and slots reach; nobody is dropped
 * (R146). The caller holds the products' rows. Seats go first, because guests' slots may be counted from them.
 */
const SETTLE = `
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
const NOTE = `
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

/**
 * Gives the accounts exactly the access that the rule gives them. Each statement of a volatile PL/pgSQL function takes
 * a new snapshot, so what the second one reads was committed by whoever held the locks before.
 */
const RECONCILE = `
  create function reconcile(of_organization uuid, wanted uuid[], by_kind text, by_id text, request text,
      out lost uuid[], out changed integer)
    language plpgsql volatile
    set search_path = muster, pg_temp set jit = off
    -- Planning costs ten times the work for one account.
    set plan_cache_mode = force_generic_plan
  as $$
  #variable_conflict use_column
  declare
    moment constant timestamptz := statement_timestamp();
    changes access_change[];
    settling uuid[];
    admitted access_change[];
  begin
    lost := '{}';
    changed := 0;
    -- For many it costs nothing, and a plan that was kept from when the tables were small would cost minutes.
    if cardinality(wanted) > 50 then perform set_config('plan_cache_mode', 'force_custom_plan', true); end if;
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

    with change as (
      select c.* from unnest(changes) c
    ), removed as (
      delete from access a using change c
      where c.gone and a.organization = of_organization and a.account = c.account and a.product = c.product
    ), waiting as (
      -- Still waiting as far as we know, but not under the product's lock: whether it was admitted is not ours to write.
      update access a
        set role = c.role, domain_limited = c.domain_limited, live_until = c.live_until,
          directory_user = c.directory_user, group_id = c.group_id, grant_id = c.grant_id, updated_at = moment
      from change c
      where not c.gone and not c.settles and c.waiting_since is not null
        and a.organization = of_organization and a.account = c.account and a.product = c.product
    )
    insert into access as a (organization, account, product, role, state, domain_limited, live_until, directory_user,
      group_id, grant_id, waiting_since, admitted_at, updated_at)
    select of_organization, c.account, c.product, c.role, c.state, c.domain_limited, c.live_until, c.directory_user,
      c.group_id, c.grant_id, c.waiting_since, c.admitted_at, moment
    from change c where not c.gone and (c.settles or c.waiting_since is null)
    order by c.account, c.product
    on conflict (organization, account, product) do update
      set role = excluded.role, domain_limited = excluded.domain_limited, live_until = excluded.live_until,
        directory_user = excluded.directory_user, group_id = excluded.group_id, grant_id = excluded.grant_id,
        state = excluded.state, waiting_since = excluded.waiting_since, admitted_at = excluded.admitted_at,
        updated_at = excluded.updated_at;

    if cardinality(settling) > 0 then
      admitted := array(select s from settle_access(of_organization, settling, moment) s
        where not exists (select from unnest(changes) c where c.account = s.account and c.product = s.product));
    end if;

    select count(distinct c.account) into changed from unnest(changes || admitted) c where c.loud;
    if changed = 0 then return; end if;
    perform note_access(of_organization, changes || admitted, moment, by_kind, by_id, request);
    lost := array(
      select distinct c.account from unnest(changes) c
      where c.was_state = 'live' and (c.was_until is null or c.was_until > moment)
        and not exists (
          select from live_access v where v.organization = of_organization and v.account = c.account offset 0));
  end $$;

  -- After a product's limits changed, or to be sure that nobody waits in vain.
  create function settle(of_organization uuid, products_of uuid[], by_kind text, by_id text, request text)
    returns integer
    language plpgsql volatile
    set search_path = muster, pg_temp
  as $$
  declare
    moment constant timestamptz := statement_timestamp();
    admitted access_change[];
  begin
    perform from products p where p.organization = of_organization and p.id = any (products_of) order by p.id
      for no key update;
    admitted := array(select s from settle_access(of_organization, products_of, moment) s);
    if cardinality(admitted) > 0 then
      perform note_access(of_organization, admitted, moment, by_kind, by_id, request);
    end if;
    return cardinality(admitted);
  end $$;
`;
