import type { Knex } from "knex";

/**
 * What open invitations hold back of a product, and whoever waits is admitted beside it (R143, design §4.6): the one count that
 * previews, refusals and the reconciler share. An account that has its seat or slot already takes no second one.
 */
const RESERVED = `
  create function reserved_places(of_organization uuid, of_products uuid[])
    returns table (product uuid, seats integer, guests integer)
    language sql stable
  begin atomic
    with recursive offered as (
      select i.id, i.account, o.group_id from invitations i
      join invitation_groups o on o.organization = i.organization and o.invitation = i.id
      join groups g on g.organization = o.organization and g.id = o.group_id and g.deleted_at is null
      where i.organization = of_organization and i.state = 'pending' and i.granted_at is null
        and i.expires_at > statement_timestamp()
      union
      select f.id, f.account, n.parent from offered f
      join group_nestings n on n.organization = of_organization and n.child = f.group_id
      join groups g on g.organization = of_organization and g.id = n.parent and g.deleted_at is null
    ), wanted as (
      select t.product, f.id, f.account, bool_or(t.role <> 'guest') as seat from offered f
      join role_grants t on t.organization = of_organization and t.group_id = f.group_id and not t.needs_confirmation
      where t.product = any (of_products)
      group by t.product, f.id, f.account
    )
    select w.product,
      (count(*) filter (where w.seat and not coalesce(a.role <> 'guest', false)))::integer,
      (count(*) filter (where not w.seat and a.account is null))::integer
    from wanted w
    left join access a on a.organization = of_organization and a.account = w.account and a.product = w.product
      and a.admitted_at is not null
    group by w.product;
  end;
`;

/** As migration 0006 had it, but that what is reserved is not free. */
const SETTLE = `
  create or replace function settle_access(of_organization uuid, products_of uuid[], moment timestamptz)
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
        return next waiter;
      end loop;
    end loop;
  end $$;
`;

/** Places that invitations hold back, and when managers are told that a guest's time runs out (R126, R152). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(RESERVED);
  await knex.raw(SETTLE);
  await knex.raw(`
    revoke all on function reserved_places(uuid, uuid[]) from public;
    grant execute on function reserved_places(uuid, uuid[]) to muster_app;

    alter table products add column guest_reminders interval[] not null default '{1 day}'
      constraint products_guest_reminders check (cardinality(guest_reminders) <= 10);

    -- Which reminders of this end the managers got.
    alter table guest_assignments
      add column reminded_for timestamptz,
      add column reminded interval[] not null default '{}';

    alter table mails drop constraint mails_kind;
    alter table mails add constraint mails_kind
      check (kind in ('invitation', 'removals', 'break-glass', 'sign-up', 'request', 'guest-ending'));
    create index guest_assignments_ending on guest_assignments (organization, expires_at) where expires_at is not null;
  `);
}
