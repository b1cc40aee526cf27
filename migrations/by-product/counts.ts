/**
 * How much of each product is taken, kept as differences as `directory_user_counts` keeps people: to count a hundred thousand rows
 * for each preview takes 40 ms. `users` are admins and users with access, `members` those that wait too, `guests` those that
 * were admitted; whose time is over is not in the count's hands and is taken off by whoever reads it.
 */
export const COUNTS = `
  create table access_counts (
    organization uuid not null,
    product uuid not null,
    id bigint generated always as identity,
    users bigint not null,
    members bigint not null,
    guests bigint not null,
    constraint access_counts_pk primary key (organization, product, id)
  );
  insert into access_counts (organization, product, users, members, guests)
    select a.organization, a.product,
      count(*) filter (where a.role in ('admin', 'user') and a.state = 'live'),
      count(*) filter (where a.role in ('admin', 'user')),
      count(*) filter (where a.role = 'guest' and a.state = 'live' and a.admitted_at is not null)
    from access a group by a.organization, a.product;

  create function access_counted(of_organization uuid, of_products uuid[], moment timestamptz)
    returns table (product uuid, users bigint, members bigint, guests bigint)
    language sql stable
  begin atomic
    select w.id, coalesce(s.users, 0)::bigint, coalesce(s.members, 0)::bigint, (coalesce(s.guests, 0) - e.ended)::bigint
    from (select distinct w.id from unnest(of_products) w (id)) w
    cross join lateral (
      select sum(c.users) as users, sum(c.members) as members, sum(c.guests) as guests from access_counts c
      where c.organization = of_organization and c.product = w.id) s
    cross join lateral (
      -- By the end alone, so that no plan takes the index by product and reads everybody's rows.
      select count(*) as ended from access a
      where a.organization = of_organization and a.live_until <= moment and a.admitted_at is not null
        and a.product is not distinct from w.id and a.role = 'guest' and a.state = 'live') e;
  end;

  -- Now and then whoever writes puts one row in the place of many; of two at the same moment each takes rows of its own.
  create function fold_access_counts(of_organization uuid, of_product uuid) returns void
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  begin
    with old as (
      select c.id from access_counts c where c.organization = of_organization and c.product = of_product
      for update skip locked
    ), gone as (
      delete from access_counts c using old
      where c.organization = of_organization and c.product = of_product and c.id = old.id
      returning c.users, c.members, c.guests
    )
    insert into access_counts (organization, product, users, members, guests)
      select of_organization, of_product, sum(g.users), sum(g.members), sum(g.guests) from gone g having count(*) > 0;
  end $$;

  create function count_access(of_organization uuid, changes access_change[]) returns void
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  begin
    insert into access_counts (organization, product, users, members, guests)
      select of_organization, t.product, t.users, t.members, t.guests
      from (
        select c.product,
          count(*) filter (where not c.gone and c.role <> 'guest' and c.state = 'live')
            - count(*) filter (where c.was_role <> 'guest' and c.was_state = 'live') as users,
          count(*) filter (where not c.gone and c.role <> 'guest')
            - count(*) filter (where c.was_role <> 'guest') as members,
          count(*) filter (where not c.gone and c.role = 'guest' and c.state = 'live' and c.admitted_at is not null)
            - count(*) filter (where c.was_role = 'guest' and c.was_state = 'live' and c.was_admitted is not null)
            as guests
        from unnest(changes) c group by c.product) t
      where t.users <> 0 or t.members <> 0 or t.guests <> 0;
    if random() < 0.02 then perform fold_access_counts(of_organization, changes[1].product); end if;
  end $$;

  -- Somebody wrote access otherwise than by what changed: its products are counted anew. The organization is held alone.
  create function recount_access(of_organization uuid, of_products uuid[]) returns void
    language plpgsql volatile
    set search_path = muster, pg_temp
  as $$
  begin
    delete from access_counts c where c.organization = of_organization and c.product = any (of_products);
    insert into access_counts (organization, product, users, members, guests)
      select a.organization, a.product,
        count(*) filter (where a.role <> 'guest' and a.state = 'live'),
        count(*) filter (where a.role <> 'guest'),
        count(*) filter (where a.role = 'guest' and a.state = 'live' and a.admitted_at is not null)
      from access a where a.organization = of_organization and a.product = any (of_products)
      group by a.organization, a.product;
  end $$;
`;

/**
 * As in 0041, by the keys of what open invitations offer: groups that nobody is invited to, and what other groups are in each
 * other, are not read, and neither are invitations that are over. Whether they hold slots back is asked of each product once.
 */
export const RESERVED = `
  create or replace function reserved_places(of_organization uuid, of_products uuid[])
    returns table (product uuid, seats integer, guests integer)
    language sql stable
  begin atomic
    with recursive offered as materialized (
      select i.id, i.account, o.group_id
      from invitations i
      cross join lateral (
        select o.group_id from invitation_groups o
        where o.organization = of_organization and o.invitation = i.id offset 0) o
      where i.organization = of_organization and i.state = 'pending' and i.granted_at is null
        and i.expires_at > statement_timestamp()
    ), reached as (
      select g.id as offer, g.id
      from (select distinct o.group_id from offered o) o
      cross join lateral (
        select g.id, g.deleted_at from groups g
        where g.organization = of_organization and g.id = o.group_id offset 0) g
      where g.deleted_at is null
      union
      select r.offer, g.id
      from reached r
      cross join lateral (
        select n.parent from group_nestings n
        where n.organization = of_organization and n.child = r.id offset 0) n
      cross join lateral (
        select g.id, g.deleted_at from groups g
        where g.organization = of_organization and g.id = n.parent offset 0) g
      where g.deleted_at is null
    ), given as materialized (
      select r.offer, t.product, bool_or(t.role <> 'guest') as seat
      from reached r
      cross join lateral (
        select t.product, t.role, t.needs_confirmation from role_grants t
        where t.organization = of_organization and t.group_id = r.id offset 0) t
      where t.product = any (of_products) and not t.needs_confirmation
      group by r.offer, t.product
    ), wanted as (
      select g.product, o.id, o.account, bool_or(g.seat) as seat
      from offered o join given g on g.offer = o.group_id
      group by g.product, o.id, o.account
    )
    select t.product, t.seats, case when p.counts then t.guests else 0 end
    from (
      select w.product, (count(*) filter (where w.seat and not coalesce(a.role <> 'guest', false)))::integer as seats,
        (count(*) filter (where not w.seat and a.account is null))::integer as guests
      from wanted w
      left join lateral (
        select a.account, a.role from access a
        where a.organization = of_organization and a.account = w.account and a.product is not distinct from w.product
          and a.admitted_at is not null offset 0) a on true
      group by w.product) t
    -- Each product once, however many are invited to it.
    cross join lateral (
      select coalesce(p.guest_policy ->> 'countPending', o.settings -> 'guestPolicy' ->> 'countPending', 'true')::boolean
        as counts
      from products p join organizations o on o.id = p.organization
      where p.organization = of_organization and p.id = t.product offset 0) p;
  end;
`;

/** As 0032 has it, by what is counted. The products are held, so nobody else gains or loses a limited place meanwhile. */
export const SETTLE = `
  create or replace function settle_access(of_organization uuid, products_of uuid[], moment timestamptz)
    returns setof access_change
    language plpgsql volatile set search_path = muster, pg_temp set jit = off
  as $$
  #variable_conflict use_column
  declare
    kind text;
    waiter access_change;
    admitted access_change[];
  begin
    foreach kind in array array['seat', 'slot'] loop
      admitted := '{}';
      for waiter in
        select q.account, q.product, false, q.role, 'live', q.domain_limited, q.live_until, q.directory_user, q.group_id,
          q.grant_id, null, moment, q.role, q.state, q.live_until, q.domain_limited, true, false, null
        from products p
        join access_counted(of_organization, products_of, moment) u on u.product = p.id
        left join reserved_places(of_organization, products_of) v on v.product = p.id
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
            when 'seat' then case when p.seats is not null and p.seat_enforcement = 'block'
              then p.seats - u.users - coalesce(v.seats, 0) end
            else case when p.guest_enforcement = 'block' then
              case p.guest_basis
                when 'fixed' then p.guest_ratio - u.guests - coalesce(v.guests, 0)
                when 'paid-seats' then p.guest_ratio * u.users - u.guests - coalesce(v.guests, 0)
                when 'members' then p.guest_ratio * u.members - u.guests - coalesce(v.guests, 0)
              end end
            end as free
        ) r
        where p.organization = of_organization and p.id = any (products_of) and (r.free is null or q.place <= r.free)
        order by q.product, q.place
      loop
        update access a set state = 'live', admitted_at = moment, waiting_since = null, updated_at = moment
          where a.organization = of_organization and a.account = waiter.account and a.product = waiter.product;
        admitted := admitted || waiter;
        return next waiter;
      end loop;
      -- Guests' slots may be counted from the seats that have just been given.
      if cardinality(admitted) > 0 then perform count_access(of_organization, admitted); end if;
    end loop;
  end $$;
`;
