import type { AccountId } from "../db/id.ts";
import { requireExclusive, type Tx } from "../db/transaction.ts";
import type { Role } from "./grants.ts";
import { latestChange } from "./record.ts";
import { BUNDLES, type Bundle, PERMISSIONS_OF } from "./rights/bundles.ts";
import type { RightScope } from "./rights/permissions.ts";
import { type ScopeColumns, scopeOf } from "./rights/scope.ts";

/** So many are named of each; the counts are of all. */
const MOST_NAMED = 100;

type Person = { id: AccountId; userName: string };
type Named<Row> = { total: number; named: Row[] };
type Standing = { role: Role | null; allowed: boolean };

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
  roles: Named<{ user: Person; site: string; product: string; from: Standing; to: Standing }>;
  /** Seats and guest slots, by product; products where none is gained or lost are left out. */
  products: {
    site: string;
    product: string;
    seats: { gained: number; lost: number };
    guestSlots: { gained: number; lost: number };
  }[];
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
  const { products, ...roles } = await tellRoles(tx, since);
  const { locksOutCaller, ...administrators } = await tellAdministrators(tx, rights);
  return { done, consequences: { canonical, deactivated, parked, roles, products, administrators, locksOutCaller } };
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
        where u.organization = $1 and u.id > $2 and u.transaction = transaction_now()
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

/** What was live is what an access row said, at its time: an end that has passed opens nothing. */
const IS_LIVE = (row: string): string =>
  `coalesce(${row} ->> 'state' = 'live' and coalesce((${row} ->> 'liveUntil')::timestamptz > statement_timestamp(), true), false)`;

async function tellRoles(
  tx: Tx,
  since: number,
): Promise<Consequences["roles"] & { products: Consequences["products"] }> {
  const gained = (kind: string, more: string, less: string) =>
    `count(*) filter (where ${more} = '${kind}' and ${less} is distinct from '${kind}')`;
  const [row] = await tx.query<Consequences["roles"] & { products: Consequences["products"] }>({
    // Of one person and product several rows may tell: the first knows what stood before all, the last what stands now.
    text: `with pair as materialized (
        select u.subject as account, (u.detail ->> 'product')::uuid as product,
          (array_agg(u.detail -> 'before' order by u.id))[1] as before, (array_agg(u.detail order by u.id desc))[1] as after
        from audit u
        where u.organization = $1 and u.id > $2 and u.transaction = transaction_now() and u.subject_kind = 'account'
          and u.action in ('access.granted', 'access.revoked', 'access.changed', 'access.expired')
        group by 1, 2
      ), stood as (
        select p.account, p.product, p.before ->> 'role' as was_role, ${IS_LIVE("p.before")} as was_live,
          p.after ->> 'role' as role, ${IS_LIVE("p.after")} as live
        from pair p
      ), told as materialized (
        select t.*, case when t.was_live then case t.was_role when 'guest' then 'slot' else 'seat' end end as used,
          case when t.live then case t.role when 'guest' then 'slot' else 'seat' end end as uses
        from stood t where (t.was_role, t.was_live) is distinct from (t.role, t.live)
      ), named as (
        select t.*, s.key as site, p.key
        from (select t.*, a.user_name, a.user_name_key from told t
            join accounts a on a.organization = $1 and a.id = t.account
            order by a.user_name_key, t.product limit ${MOST_NAMED}) t
        join products p on p.organization = $1 and p.id = t.product
        join sites s on s.organization = $1 and s.id = p.site
      ), counted as (
        select s.key as site, p.key, ${gained("seat", "t.uses", "t.used")} as seats_gained,
          ${gained("seat", "t.used", "t.uses")} as seats_lost, ${gained("slot", "t.uses", "t.used")} as slots_gained,
          ${gained("slot", "t.used", "t.uses")} as slots_lost
        from told t join products p on p.organization = $1 and p.id = t.product
        join sites s on s.organization = $1 and s.id = p.site
        where t.used is distinct from t.uses group by s.key, p.key
      )
      select (select count(*) from told) as total,
        coalesce((select json_agg(json_build_object('user', json_build_object('id', n.account, 'userName', n.user_name),
            'site', n.site, 'product', n.key, 'from', json_build_object('role', n.was_role, 'allowed', n.was_live),
            'to', json_build_object('role', n.role, 'allowed', n.live)) order by n.user_name_key, n.site, n.key)
          from named n), '[]') as named,
        coalesce((select json_agg(json_build_object('site', c.site, 'product', c.key,
            'seats', json_build_object('gained', c.seats_gained, 'lost', c.seats_lost),
            'guestSlots', json_build_object('gained', c.slots_gained, 'lost', c.slots_lost)) order by c.site, c.key)
          from counted c), '[]') as products`,
    values: [tx.organization, since],
  });
  return row ?? { total: 0, named: [], products: [] };
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
