import { type GrantId, type GroupId, newId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import type { Role } from "../grants.ts";
import { recordChanges } from "../record.ts";
import type { CopiedGrant, Move, SwitchConflict } from "./switch.ts";

/** Groups of the same name, where either directory has exactly one of it. */
const TWINS = `twins as (
    select o.id as old, n.id as new, o.name
    from (select name_key, min(id::text)::uuid as id, min(name) as name from groups
      where organization = $1 and directory = $2 and deleted_at is null group by name_key having count(*) = 1) o
    join (select name_key, min(id::text)::uuid as id from groups
      where organization = $1 and directory = $3 and deleted_at is null group by name_key having count(*) = 1) n
      using (name_key)
  )`;

/** What a group gives: its roles, and the local groups that it is in. */
const GIVES = `(exists (select from role_grants r where r.organization = $1 and r.group_id = g.id)
  or exists (select from group_nestings n where n.organization = $1 and n.child = g.id and n.origin = 'local'))`;

/**
 * Copies what the groups of the one directory give to the other's groups of the same name: role grants, and places in local
 * groups. Groups are never the same by their name (design §4.3), so this is only done when an administrator asks for it.
 * A group that has a role on the product already keeps it.
 *
 * Before: the organization is locked exclusively. After: the copies stand, with audit and events. Returns them, the groups
 * whose members' access the caller works out, and the groups for which nothing could be copied.
 */
export async function copyGrants(
  tx: Tx,
  move: Move,
): Promise<{ grants: CopiedGrant[]; groups: GroupId[]; conflicts: SwitchConflict[] }> {
  const values = [tx.organization, move.from.id, move.to.id];
  const wanted = await tx.query<{ group: GroupId; product: string; role: Role; confirm: boolean }>({
    text: `with ${TWINS}
      select t.new as "group", r.product, r.role, r.needs_confirmation as confirm from twins t
      join role_grants r on r.organization = $1 and r.group_id = t.old
      where not exists (select from role_grants k where k.organization = $1 and k.group_id = t.new and k.product = r.product)
      order by t.name, r.product`,
    values,
  });
  const ids = wanted.map(() => newId<GrantId>());
  await tx.query({
    text: `insert into role_grants (organization, id, product, group_id, role, needs_confirmation)
      select $1, w.* from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::boolean[]) w`,
    values: [
      tx.organization,
      ids,
      wanted.map((grant) => grant.product),
      wanted.map((grant) => grant.group),
      wanted.map((grant) => grant.role),
      wanted.map((grant) => grant.confirm),
    ],
  });
  await recordChanges(
    tx,
    wanted.map(({ group, product, role }, index) => ({
      action: "grant.created",
      subjectKind: "grant",
      subject: ids[index] ?? null,
      detail: { group, product, role, switchedFrom: move.from.id },
      event: true,
    })),
  );
  const nested = await copyPlaces(tx, values);
  return {
    grants: [...(await tellGrants(tx, ids)), ...nested.map(({ group, inside }) => ({ group, inside }))],
    groups: [...new Set([...wanted.map((grant) => grant.group), ...nested.map((nesting) => nesting.child)])],
    conflicts: await tellLeft(tx, values),
  };
}

async function copyPlaces(
  tx: Tx,
  values: unknown[],
): Promise<{ parent: GroupId; child: GroupId; group: string; inside: string }[]> {
  const rows = await tx.query<{ parent: GroupId; child: GroupId; group: string; inside: string }>({
    text: `with ${TWINS}, added as (
        insert into group_nestings (organization, parent, child, origin)
        select $1, n.parent, t.new, 'local' from twins t
        join group_nestings n on n.organization = $1 and n.child = t.old and n.origin = 'local'
        order by n.parent, t.new on conflict do nothing returning parent, child
      )
      select a.parent, a.child, t.name as "group", p.name as inside from added a
      join twins t on t.new = a.child join groups p on p.organization = $1 and p.id = a.parent
      order by p.name, t.name`,
    values,
  });
  const parents = new Map<GroupId, GroupId[]>();
  for (const { parent, child } of rows) parents.set(parent, [...(parents.get(parent) ?? []), child]);
  await recordChanges(
    tx,
    [...parents].map(([parent, groups]) => ({
      action: "group.groups-added",
      subjectKind: "group",
      subject: parent,
      detail: { groups },
      event: true,
    })),
  );
  return rows;
}

async function tellGrants(tx: Tx, ids: readonly GrantId[]): Promise<CopiedGrant[]> {
  return tx.query<CopiedGrant>({
    text: `select g.name as "group", s.key as site, p.key as product, r.role from role_grants r
      join groups g on g.organization = $1 and g.id = r.group_id
      join products p on p.organization = $1 and p.id = r.product
      join sites s on s.organization = $1 and s.id = p.site
      where r.organization = $1 and r.id = any($2) order by g.name, s.key, p.key`,
    values: [tx.organization, ids],
  });
}

/** Groups that give something and have no single namesake, and roles that the namesake has otherwise. */
async function tellLeft(tx: Tx, values: unknown[]): Promise<SwitchConflict[]> {
  return tx.query<SwitchConflict>({
    text: `with ${TWINS}
      select 'group-without-namesake' as reason, array[g.name] as from,
        array(select n.name from groups n where n.organization = $1 and n.directory = $3 and n.deleted_at is null
          and n.name_key = g.name_key order by n.id limit 10) as to,
        'what the group ' || g.name || ' gives is not copied: there is no one group of this name on both sides' as detail
      from groups g
      where g.organization = $1 and g.directory = $2 and g.deleted_at is null and ${GIVES}
        and not exists (select from twins t where t.old = g.id)
      union all
      select 'group-has-another-role', array[t.name], array[t.name],
        t.name || ' has the role ' || k.role || ' on ' || p.key || ' already, not ' || r.role
      from twins t
      join role_grants r on r.organization = $1 and r.group_id = t.old
      join role_grants k on k.organization = $1 and k.group_id = t.new and k.product = r.product and k.role <> r.role
      join products p on p.organization = $1 and p.id = r.product
      order by 4`,
    values,
  });
}
