import type { Knex } from "knex";
import { RULE } from "./by-product/rule.ts";

/**
 * The organization in the words of the policies. To them `of_organization` was another condition: the planner put a check of its
 * own before each of twelve scans, which cost more to set up than the scans to run.
 */
const HERE = "current_setting('muster.organization')::uuid";

/** What decides on a way by its grant and directory, in the words of the rule itself (0046). */
function decidedByGrant(): string {
  const [decided] = /when t\.needs_confirmation then[\s\S]*?then 'domain'/.exec(RULE) ?? [];
  if (!decided) throw new Error("the rule says nothing of grants");
  return decided.replaceAll("of_organization", HERE).replaceAll("h.email_domain", "r.email_domain");
}

/**
 * An explanation is of few people: each membership walks up by itself, and what decides on it goes along, so nothing is kept aside and
 * joined afterwards. Most of what it costs is to set up the parts of its plan, of which there are half as many as in 0061. The tests
 * hold it against `access_paths` on random worlds.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function explained_access(uuid, uuid[], uuid, integer, integer);
    create function explained_access(wanted uuid[], of_product uuid, most integer, skipped integer)
      returns table (account uuid, product uuid, role text, through text, member_of text, group_id uuid, group_name text,
        group_directory text, grant_id uuid, failing text)
      language plpgsql stable
      set search_path = muster, pg_temp set jit = off
      set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_memoize = off
    as $$
    #variable_conflict use_column
    begin
      return query
        with recursive reached as (
          select a.id as account, a.email_domain, m.directory_user, m.directory,
            coalesce(
              case
                -- The canonical record is looked up where it is another one.
                when not coalesce(m.canonical_is_active, (
                  select c.active from directory_users c
                  where c.organization = ${HERE} and c.id = a.canonical and c.deleted_at is null), false) then 'deactivated'
                when a.suspended_at is not null then 'suspended'
              end, m.failing) as failing,
            g.id as member_of, g.name as member_name, g.id as granted_group, g.name as granted_name, g.directory as home
          from (
            select a.id, a.canonical, a.email_domain, a.suspended_at from accounts a
            where a.organization = ${HERE} and a.id = any (wanted) offset 0) a
          cross join lateral (
            select u.id as directory_user, u.directory, m.group_id,
              case when u.id = a.canonical then u.active end as canonical_is_active,
              case
                when not u.active then 'inactive'
                when u.id is distinct from a.canonical
                  and (select o.membership_mode from organizations o where o.id = ${HERE}) = 'masking' then 'masked'
              end as failing
            from (
              select u.id, u.directory, u.active, u.deleted_at from directory_users u
              where u.organization = ${HERE} and u.account = a.id offset 0) u
            cross join lateral (
              select m.group_id from remote_memberships m
              where m.organization = ${HERE} and m.directory_user = u.id offset 0) m
            where u.deleted_at is null
            union all
            select null, null, m.group_id, null, case when m.parked_at is not null then 'parked' end
            from local_memberships m where m.organization = ${HERE} and m.account = a.id
          ) m
          cross join lateral (
            select g.id, g.deleted_at, g.name, g.directory from groups g
            where g.organization = ${HERE} and g.id = m.group_id offset 0) g
          where g.deleted_at is null
          union
          select r.account, r.email_domain, r.directory_user, r.directory, r.failing, r.member_of, r.member_name, g.id, g.name,
            g.directory
          from reached r
          cross join lateral (
            select n.parent from group_nestings n
            where n.organization = ${HERE} and n.child = r.granted_group offset 0) n
          cross join lateral (
            select g.id, g.deleted_at, g.name, g.directory from groups g
            where g.organization = ${HERE} and g.id = n.parent offset 0) g
          where g.deleted_at is null
        ), source as materialized (
          -- An organization has few directories, and most of them are named.
          select d.id, d.name, d.position, d.domain_policy from directories d where d.organization = ${HERE}
        )
        select p.account, p.product, p.role, p.through, p.member_name, p.granted_group, p.granted_name,
          p.home_name, p.grant_id, p.failing
        from (
          select r.account, r.directory_user, r.member_of, r.member_name, r.granted_group, r.granted_name,
            d.name as through, d.position as directory_position, t.id as grant_id, t.product, t.role,
            case when r.home = r.directory then d.name else (select d.name from source d where d.id = r.home) end
              as home_name,
            case t.role when 'admin' then 3 when 'user' then 2 else 1 end as strength,
            case
              when r.failing is not null then r.failing
              ${decidedByGrant()}
            end as failing
          from reached r
          cross join lateral (
            select t.id, t.product, t.role, t.needs_confirmation from role_grants t
            where t.organization = ${HERE} and t.group_id = r.granted_group
              and (of_product is null or t.product = of_product) offset 0) t
          left join source d on d.id = r.directory offset 0) p
        order by p.account, p.product, p.failing is not null, p.strength desc, p.directory_position, p.directory_user,
          p.member_of, p.granted_group, p.grant_id
        limit most offset skipped;
    end $$;
    revoke all on function explained_access(uuid[], uuid, integer, integer) from public;
    grant execute on function explained_access(uuid[], uuid, integer, integer) to muster_app;
  `);
}
