import type { AccountId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import type { Role } from "../grants.ts";
import { OWN_CHANGE } from "../record.ts";

/** So many are named of each; the counts are of all. */
export const MOST_NAMED = 100;

export type Person = { id: AccountId; userName: string };
export type Named<Row> = { total: number; named: Row[] };

/** What somebody has of a product: a role that may not count now (R129, R146). */
export type Standing = { role: Role | null; allowed: boolean };

/** Whose role on a product is another one, or counts no more. */
export type RoleMoved = { user: Person; site: string; product: string; from: Standing; to: Standing };

/** Seats and guest slots of a product that came and went. */
export type PlacesMoved = {
  site: string;
  product: string;
  seats: { gained: number; lost: number };
  guestSlots: { gained: number; lost: number };
};

/** How many people go the same way on the same product. */
type Becoming = { site: string; product: string; from: Standing; to: Standing; people: number };

/** What became of whose access. `named` holds 100 at most, by user name, `becoming` the 200 largest. */
export type AccessTold = Named<RoleMoved> & {
  products: PlacesMoved[];
  becoming: Becoming[];
  /** How many had something to use before and have nothing now. */
  lostLast: number;
};

/** What was live is what an access row said, at its time: an end that has passed opens nothing. */
const IS_LIVE = (row: string): string =>
  `coalesce(${row} ->> 'state' = 'live' and coalesce((${row} ->> 'liveUntil')::timestamptz > statement_timestamp(), true), false)`;

const MOVED = (kind: string, more: string, less: string): string =>
  `count(*) filter (where ${more} = '${kind}' and ${less} is distinct from '${kind}')`;

const STANDING = (role: string, live: string): string => `json_build_object('role', ${role}, 'allowed', ${live})`;

// Of one person and product several rows may tell: the first knows what stood before all, the last what stands now.
const TOLD = `
  with pair as materialized (
    select u.subject as account, (u.detail ->> 'product')::uuid as product,
      (array_agg(u.detail -> 'before' order by u.id))[1] as before, (array_agg(u.detail order by u.id desc))[1] as after
    from audit u
    where u.organization = $1 and u.id > $2 and u.${OWN_CHANGE} and u.subject_kind = 'account'
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
  ), placed as materialized (
    select p.id, s.key as site, p.key from products p
    join sites s on s.organization = p.organization and s.id = p.site
    where p.organization = $1 and p.id in (select t.product from told t)
  ), named as (
    select t.*, p.site, p.key
    from (select t.*, a.user_name, a.user_name_key from told t
        join accounts a on a.organization = $1 and a.id = t.account
        order by a.user_name_key, t.product limit ${MOST_NAMED}) t
    join placed p on p.id = t.product
  ), counted as (
    select p.site, p.key, ${MOVED("seat", "t.uses", "t.used")} as seats_gained,
      ${MOVED("seat", "t.used", "t.uses")} as seats_lost, ${MOVED("slot", "t.uses", "t.used")} as slots_gained,
      ${MOVED("slot", "t.used", "t.uses")} as slots_lost
    from told t join placed p on p.id = t.product
    where t.used is distinct from t.uses group by p.site, p.key
  ), becoming as (
    select p.site, p.key, t.was_role, t.was_live, t.role, t.live, count(*) as people
    from told t join placed p on p.id = t.product
    group by p.site, p.key, t.was_role, t.was_live, t.role, t.live
    order by people desc, p.site, p.key, t.was_role, t.role, t.was_live, t.live limit 200
  )
  select (select count(*) from told)::integer as total,
    (select count(distinct t.account) from told t where t.was_live and not t.live
      and not exists (select from live_access v where v.organization = $1 and v.account = t.account))::integer as "lostLast",
    coalesce((select json_agg(json_build_object('user', json_build_object('id', n.account, 'userName', n.user_name),
        'site', n.site, 'product', n.key, 'from', ${STANDING("n.was_role", "n.was_live")},
        'to', ${STANDING("n.role", "n.live")}) order by n.user_name_key, n.site, n.key)
      from named n), '[]') as named,
    coalesce((select json_agg(json_build_object('site', b.site, 'product', b.key, 'from', ${STANDING("b.was_role", "b.was_live")},
        'to', ${STANDING("b.role", "b.live")}, 'people', b.people) order by b.people desc, b.site, b.key, b.was_role, b.role)
      from becoming b), '[]') as becoming,
    coalesce((select json_agg(json_build_object('site', c.site, 'product', c.key,
        'seats', json_build_object('gained', c.seats_gained, 'lost', c.seats_lost),
        'guestSlots', json_build_object('gained', c.slots_gained, 'lost', c.slots_lost)) order by c.site, c.key)
      from counted c), '[]') as products`;

/**
 * Whose access this transaction has changed so far, by the audit rows that the reconciler wrote: so what is told cannot differ from
 * what was done. One statement, however many people are concerned.
 * @param since what `latestChange` said before.
 */
export async function tellAccess(tx: Tx, since: number): Promise<AccessTold> {
  const [row] = await tx.query<AccessTold>({ text: TOLD, values: [tx.organization, since] });
  return row ?? { total: 0, named: [], products: [], becoming: [], lostLast: 0 };
}
