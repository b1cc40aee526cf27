import type { Knex } from "knex";
import { RULE } from "./by-product/rule.ts";

/** The rule's own SELECT (0046) with these parts in place of those: whatever else stands there stays the same. */
function ruleWith(parts: readonly (readonly [string, string])[]): string {
  const [, after = ""] = RULE.split("create function access_paths(of_organization uuid, wanted uuid[], of_products");
  const [, rule = ""] = (after.split("\n  end;")[0] ?? "").split("begin atomic");
  return parts.reduce(
    (text, [part, other]) => {
      if (!text.includes(part)) throw new Error(`the rule has no ${part}`);
      return text.replaceAll(part, () => other);
    },
    rule.trim().replace(/;$/, ""),
  );
}

const NAMED = ruleWith([
  // Whoever explains asks for one product or all, and for no group's sake.
  ["\n          and (within is null or m.group_id = any (within)) offset 0", " offset 0"],
  ["of_products is null or t.product = any (of_products)", "of_product is null or t.product = of_product"],
  // Names come along with the groups, which are looked up anyway.
  ["select g.id, g.deleted_at from groups g", "select g.id, g.deleted_at, g.name, g.directory from groups g"],
  [
    "select g.id as member_of, g.id as granted_group",
    "select g.id as member_of, g.name as member_name, g.id as granted_group, g.name as granted_name, g.directory as home",
  ],
  ["select r.member_of, g.id\n", "select r.member_of, r.member_name, g.id, g.name, g.directory\n"],
  [
    "select r.member_of, r.granted_group, t.id,",
    "select r.member_of, r.member_name, r.granted_group, r.granted_name, r.home, t.id,",
  ],
  // An organization has few directories, and most of them are named.
  [
    `select d.id, d.position, d.domain_policy
      from (select distinct h.directory from held h) h
      cross join lateral (
        select d.id, d.position, d.domain_policy from directories d
        where d.organization = of_organization and d.id = h.directory offset 0) d`,
    "select d.id, d.name, d.position, d.domain_policy from directories d where d.organization = of_organization",
  ],
  [
    "case t.role when 'admin' then 3 when 'user' then 2 else 1 end,",
    "case t.role when 'admin' then 3 when 'user' then 2 else 1 end as strength, d.name as through, t.member_name, t.granted_name, t.home,",
  ],
  [
    "h.directory_user, h.directory, d.position, t.member_of",
    "h.directory_user, d.position as directory_position, t.member_of",
  ],
  ["t.granted_group, t.id,\n", "t.granted_group, t.id as grant_id,\n"],
  [") then 'domain'\n      end", ") then 'domain'\n      end as failing"],
]);

/** An explanation looks up no group twice: once for its role, once more for its name. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function explained_access(of_organization uuid, wanted uuid[], of_product uuid, most integer, skipped integer)
      returns table (account uuid, product uuid, role text, through text, member_of text, granted_group json, grant_id uuid,
        failing text)
      language plpgsql stable
      set search_path = muster, pg_temp set jit = off
      set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_memoize = off
    as $$
    #variable_conflict use_column
    begin
      return query
        ${NAMED.replace(/\n {4}select h\.account/, "\n    , path as (select h.account")})
        select p.account, p.product, p.role, p.through, p.member_name,
          json_build_object('id', p.granted_group, 'name', p.granted_name, 'directory', d.name), p.grant_id, p.failing
        from path p
        left join source d on d.id = p.home
        order by p.account, p.product, p.failing is not null, p.strength desc, p.directory_position, p.directory_user,
          p.member_of, p.granted_group, p.grant_id
        limit most offset skipped;
    end $$;
  `);
}
