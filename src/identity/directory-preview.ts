import { requireExclusive, type Tx } from "../db/transaction.ts";
import { MOST_NAMED, type Named, type Person, type PlacesMoved, type RoleMoved, tellAccess } from "./access/told.ts";
import { latestChange, OWN_CHANGE } from "./record.ts";
import { BUNDLES, type Bundle, PERMISSIONS_OF } from "./rights/bundles.ts";
import type { RightScope } from "./rights/permissions.ts";
import { type ScopeColumns, scopeOf } from "./rights/scope.ts";

/** What a change of the directories did, told of people. Lists hold 100 of each at most, by user name. */
export type Consequences = {
  /** Whose canonical record is another one: from which directory to which; null: none holds the person any more. */
  canonical: Named<{
    user: Person;
    from: string | null;
    to: string | null;
    /** Was active before, is not any more. */
    deactivated: boolean;
    /** Groups, spaces and rights given here wait until an administrator confirms the person (design §7). */
    parked: boolean;
  }>;
  /** How many of them are not active any more, and of how many something is parked or may come to be. */
  deactivated: number;
  parked: number;
  /** Whose role on a product is another one, or counts no more. */
  roles: Named<RoleMoved>;
  /** Seats and guest slots, by product; products where none is gained or lost are left out. */
  products: PlacesMoved[];
  /** Administrators whose right does not count any more: parked until confirmed, or ended with the person. D20. */
  administrators: Named<{ user: Person; bundle: Bundle; scope: RightScope; becomes: "parked" | "ended" }>;
  /** Whoever makes this change is one of them. D20. */
  locksOutCaller: boolean;
};

/**
 * Makes a change and tells what it did, by the audit rows that it has just written: so what a dry run tells and what a
 * change does cannot differ. A few statements, however many people are concerned.
 *
 * Before: the organization is locked exclusively. After: as `work` says.
 */
export async function withConsequences<T>(
  tx: Tx,
  work: () => Promise<T>,
): Promise<{ done: T; consequences: Consequences }> {
  requireExclusive(tx);
  const since = await latestChange(tx);
  const rights = await rightsInForce(tx);
  const done = await work();
  const { deactivated, parked, ...canonical } = await tellCanonical(tx, since);
  const { products, total, named } = await tellAccess(tx, since);
  const { locksOutCaller, ...administrators } = await tellAdministrators(tx, rights);
  return {
    done,
    consequences: { canonical, deactivated, parked, roles: { total, named }, products, administrators, locksOutCaller },
  };
}

async function tellCanonical(
  tx: Tx,
  since: number,
): Promise<Consequences["canonical"] & { deactivated: number; parked: number }> {
  const [row] = await tx.query<Consequences["canonical"] & { deactivated: number; parked: number }>({
    text: `with moved as materialized (
        select u.subject as account, (array_agg(u.detail ->> 'before' order by u.id))[1]::uuid as before,
          (array_agg(u.detail ->> 'after' order by u.id desc))[1]::uuid as after,
          bool_or(coalesce((u.detail ->> 'parked')::boolean, false)) as parked
        from audit u
        where u.organization = $1 and u.id > $2 and u.${OWN_CHANGE}
          and u.action in ('account.canonical-changed', 'account.deactivated')
        group by u.subject
      ), told as materialized (
        select m.account, a.user_name, a.user_name_key, b.name as "from", c.name as "to", m.parked,
          coalesce(b.active, false) and not coalesce(c.active, false) as deactivated
        from moved m join accounts a on a.organization = $1 and a.id = m.account
        left join lateral (
          select d.name, r.active from directory_users r join directories d on d.organization = $1 and d.id = r.directory
          where r.organization = $1 and r.id = m.before) b on true
        left join lateral (
          select d.name, r.active from directory_users r join directories d on d.organization = $1 and d.id = r.directory
          where r.organization = $1 and r.id = m.after) c on true
        where m.before is distinct from m.after
      )
      select count(*) as total, count(*) filter (where deactivated) as deactivated, count(*) filter (where parked) as parked,
        coalesce((select json_agg(json_build_object('user', json_build_object('id', n.account, 'userName', n.user_name),
            'from', n."from", 'to', n."to", 'deactivated', n.deactivated, 'parked', n.parked) order by n.user_name_key)
          from (select * from told order by user_name_key limit ${MOST_NAMED}) n), '[]') as named
      from told`,
    values: [tx.organization, since],
  });
  return row ?? { total: 0, deactivated: 0, parked: 0, named: [] };
}

/** Those that allow anything: a right that says no more than that its holder uses a product makes nobody an administrator. */
async function rightsInForce(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ id: string }>({
    text: "select id from rights where organization = $1 and in_force and bundle = any ($2)",
    values: [tx.organization, BUNDLES.filter((bundle) => PERMISSIONS_OF[bundle].size > 0)],
  });
  return rows.map((row) => row.id);
}

type LostRight = { user: Person; bundle: Bundle; becomes: "parked" | "ended" } & ScopeColumns;

async function tellAdministrators(
  tx: Tx,
  before: readonly string[],
): Promise<Consequences["administrators"] & { locksOutCaller: boolean }> {
  const [row] = await tx.query<{ total: number; locksOutCaller: boolean; named: LostRight[] }>({
    text: `with lost as materialized (
        select r.id, r.account, r.bundle, r.scope_kind, r.scope_id, a.user_name, a.user_name_key,
          case when r.parked_at is null then 'ended' else 'parked' end as becomes
        from rights r join accounts a on a.organization = r.organization and a.id = r.account
        where r.organization = $1 and r.id = any ($2) and not r.in_force
      )
      select count(*) as total,
        coalesce(bool_or(l.account::text = case $3 when 'session' then $4::text
          when 'api-token' then (select t.owner::text from tokens t where t.organization = $1 and t.id::text = $4) end), false)
          as "locksOutCaller",
        coalesce((select json_agg(json_build_object('user', json_build_object('id', n.account, 'userName', n.user_name),
            'bundle', n.bundle, 'scopeKind', n.scope_kind, 'scopeId', n.scope_id, 'becomes', n.becomes)
            order by n.user_name_key, n.bundle, n.id)
          from (select * from lost order by user_name_key, bundle, id limit ${MOST_NAMED}) n), '[]') as named
      from lost l`,
    values: [tx.organization, before, tx.actor.kind, tx.actor.id],
  });
  const { total = 0, locksOutCaller = false, named = [] } = row ?? {};
  return {
    total,
    locksOutCaller,
    named: named.map(({ scopeKind, scopeId, ...right }) => ({ ...right, scope: scopeOf({ scopeKind, scopeId }) })),
  };
}
