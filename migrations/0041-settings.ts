import type { Knex } from "knex";

/** As migration 0032 had it, but that open invitations hold a guest slot only where the product counts them (C1). */
const RESERVED = `
  create or replace function reserved_places(of_organization uuid, of_products uuid[])
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
      case when coalesce(p.guest_policy ->> 'countPending', o.settings -> 'guestPolicy' ->> 'countPending', 'true')::boolean
        then (count(*) filter (where not w.seat and a.account is null))::integer else 0 end
    from wanted w
    join products p on p.organization = of_organization and p.id = w.product
    join organizations o on o.id = of_organization
    left join access a on a.organization = of_organization and a.account = w.account and a.product = w.product
      and a.admitted_at is not null
    group by w.product, p.guest_policy, o.settings;
  end;
`;

/** What administrators set: of the organization, and of guests on one product. What is left out has its default. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- src/identity/settings says which there are, with their defaults.
    alter table organizations add column settings jsonb not null default '{}'
      constraint organizations_settings_object check (jsonb_typeof(settings) = 'object');
    -- Where a product differs from the organization's policy for guests.
    alter table products add column guest_policy jsonb not null default '{}'
      constraint products_guest_policy_object check (jsonb_typeof(guest_policy) = 'object');
    update products set guest_policy = jsonb_build_object('reminders', (select coalesce(jsonb_agg(
        'PT' || round(extract(epoch from r) / 60)::integer || 'M'), '[]') from unnest(guest_reminders) r))
      where guest_reminders <> '{1 day}';
    alter table products drop column guest_reminders;
  `);
  await knex.raw(RESERVED);
}
