import type { Knex } from "knex";

/**
 * What is asked of one person or one product again and again is one statement, planned once: an explanation with the names in it, and how
 * much of products is taken. A statement around a function would be planned anew for each question, which takes longer than to answer.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(EXPLAINED);
  await knex.raw(TAKEN);
  await knex.raw(`
    revoke all on function explained_access(uuid, uuid[], uuid, integer, integer) from public;
    revoke all on function seats_taken(uuid, uuid[]) from public;
    grant execute on function explained_access(uuid, uuid[], uuid, integer, integer) to muster_app;
    grant execute on function seats_taken(uuid, uuid[]) to muster_app;
  `);
}

/** The paths of the rule itself (0046), with the names that an explanation shows. */
const EXPLAINED = `
  create function explained_access(of_organization uuid, wanted uuid[], of_product uuid, most integer, skipped integer)
    returns table (account uuid, product uuid, role text, through text, member_of text, granted_group json, grant_id uuid,
      failing text)
    language plpgsql stable
    set search_path = muster, pg_temp set jit = off
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_memoize = off
  as $$
  #variable_conflict use_column
  begin
    return query
      -- An organization has few directories, and most of them are named.
      with source as materialized (
        select d.id, d.name from directories d where d.organization = of_organization
      )
      select p.account, p.product, p.role, o.name,
        case when p.member_of = p.granted_group then g.name else m.name end,
        json_build_object('id', g.id, 'name', g.name, 'directory', d.name), p.grant_id, p.failing
      from access_paths(of_organization, wanted, null, null) p
      -- One by one: a plan for a thousand paths would read all groups to name five. Most are the group itself.
      cross join lateral (
        select g.id, g.name, g.directory from groups g
        where g.organization = of_organization and g.id = p.granted_group offset 0) g
      left join source d on d.id = g.directory
      left join lateral (
        select m.name from groups m
        where p.member_of <> p.granted_group and m.organization = of_organization and m.id = p.member_of offset 0) m on true
      left join source o on o.id = p.directory
      where of_product is null or p.product = of_product
      order by p.account, p.product, p.failing is not null, p.strength desc, p.directory_position, p.directory_user,
        p.member_of, p.granted_group, p.grant_id
      limit most offset skipped;
  end $$;
`;

/** What is taken of products (null: of all) and what open invitations hold back: the one count of previews and refusals. */
const TAKEN = `
  create function seats_taken(of_organization uuid, of_products uuid[])
    returns table (product uuid, site text, key text, seats json, guests json)
    language plpgsql stable
    set search_path = muster, pg_temp set jit = off
    set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  begin
    if of_products is null then of_products := array(select p.id from products p where p.organization = of_organization); end if;
    return query
      select c.product, s.key, p.key,
        json_build_object('used', c.users, 'pending', coalesce(v.seats, 0), 'limit', p.seats,
          'enforcement', p.seat_enforcement),
        json_build_object('used', c.guests, 'pending', coalesce(v.guests, 0),
          'limit', case p.guest_basis when 'fixed' then p.guest_ratio when 'paid-seats' then p.guest_ratio * c.users
            when 'members' then p.guest_ratio * c.members end,
          'enforcement', p.guest_enforcement, 'basis', p.guest_basis, 'ratio', p.guest_ratio)
      from access_counted(of_organization, of_products, statement_timestamp()) c
      left join reserved_places(of_organization, of_products) v on v.product = c.product
      cross join lateral (
        select p.key, p.site, p.seats, p.seat_enforcement, p.guest_basis, p.guest_ratio, p.guest_enforcement
        from products p where p.organization = of_organization and p.id = c.product offset 0) p
      cross join lateral (
        select s.key from sites s where s.organization = of_organization and s.id = p.site offset 0) s
      order by s.key, p.key;
  end $$;
`;
