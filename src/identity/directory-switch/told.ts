import type { Tx } from "../../db/transaction.ts";
import type { Move, SwitchedAccess, SwitchedPerson, Unmatched } from "./switch.ts";

/** Of each list so many are told. */
export const TOLD = 100;

/** Who was switched: those with rights first, then those who have another user name now. */
export async function tellSwitched(tx: Tx, move: Move): Promise<SwitchedPerson[]> {
  return tx.query<SwitchedPerson>({
    text: `select s.account, o.user_name as from, n.user_name as to, s.joined,
        array(select distinct r.bundle from rights r where r.organization = $1 and r.account = s.account
          and r.in_force order by 1) as rights
      from switched_records s
      join directory_users o on o.organization = $1 and o.id = s.record
      join directory_users n on n.organization = $1 and n.id = s.partner
      left join (select account, count(*) as count from rights where organization = $1 and in_force group by account) r
        on r.account = s.account
      where s.organization = $1 and s.switch = $2
      order by coalesce(r.count, 0) desc, o.user_name_key = n.user_name_key, o.user_name_key limit ${TOLD}`,
    values: [tx.organization, move.switch],
  });
}

/**
 * Who of the directory that is left is in none of the pairs and in no conflict, with what hangs on them: what they would lose with
 * the directory. Those with most first.
 */
export async function tellUnmatched(
  tx: Tx,
  move: Move,
  inConflict: readonly string[],
): Promise<{ count: number; people: Unmatched[] }> {
  const rows = await tx.query<Unmatched & { count: number }>({
    text: `with left_alone as (
        select u.id, u.user_name, u.user_name_key, u.email, u.account from directory_users u
        where u.organization = $1 and u.directory = $2 and u.deleted_at is null and u.id <> all($3::uuid[])
      ), counted as (
        select l.*, coalesce(a.count, 0) as products, coalesce(r.count, 0) as bundles, coalesce(g.count, 0) as assignments,
          coalesce(m.count, 0) as memberships
        from left_alone l
        left join (select account, count(*) from access where organization = $1 group by 1) a using (account)
        left join (select account, count(*) from rights where organization = $1 group by 1) r using (account)
        left join (select account, count(*) from guest_assignments where organization = $1 group by 1) g using (account)
        left join (select account, count(*) from local_memberships where organization = $1 group by 1) m using (account)
      ), told as (
        select c.*, count(*) over () as count from counted c
        order by bundles desc, assignments + memberships desc, products desc, user_name_key limit ${TOLD}
      )
      select t.count, t.account, t.user_name as "userName", t.email,
        coalesce((select json_agg(json_build_object('site', s.key, 'product', p.key, 'role', a.role,
            'seat', a.admitted_at is not null) order by s.key, p.key)
          from access a join products p on p.organization = $1 and p.id = a.product
          join sites s on s.organization = $1 and s.id = p.site
          where a.organization = $1 and a.account = t.account), '[]') as access,
        array(select distinct r.bundle from rights r where r.organization = $1 and r.account = t.account order by 1) as rights,
        t.assignments as "guestAssignments", t.memberships as "localMemberships"
      from told t order by bundles desc, assignments + memberships desc, products desc, user_name_key`,
    values: [tx.organization, move.from.id, inConflict],
  });
  return { count: rows[0]?.count ?? 0, people: rows.map(({ count: _, ...row }) => row) };
}

/** What this transaction's own audit rows say of access; a joined account's is the other one's now. */
const TOLD_ACCESS = `
  select u.id as row, u.subject as account, u.action, u.detail from audit u
  where u.organization = $1 and u.id > $3 and u.transaction = transaction_now() and u.action like 'access.%'
    and not exists (select from switched_records s where s.organization = $1 and s.switch = $2 and s.joined = u.subject)`;

export type AccessChanges = { lost: number; gained: number; changed: number; people: SwitchedAccess[] };

/** Whose access is another now; losses first. @param since the last audit row before the switch. */
export async function tellAccess(tx: Tx, move: Move, since: number): Promise<AccessChanges> {
  const values = [tx.organization, move.switch, since];
  const [counts] = await tx.query<Omit<AccessChanges, "people">>({
    text: `select count(*) filter (where action in ('access.revoked', 'access.expired')) as lost,
        count(*) filter (where action = 'access.granted') as gained,
        count(*) filter (where action = 'access.changed') as changed
      from (${TOLD_ACCESS}) t`,
    values,
  });
  const people = await tx.query<SwitchedAccess>({
    text: `select t.account, a.user_name as "userName", s.key as site, p.key as product,
        t.detail #>> '{before,role}' as "roleBefore", t.detail ->> 'role' as role,
        case t.action when 'access.granted' then 'gained' when 'access.changed' then 'changed' else 'lost' end as what
      from (${TOLD_ACCESS}) t
      join accounts a on a.organization = $1 and a.id = t.account
      join products p on p.organization = $1 and p.id = (t.detail ->> 'product')::uuid
      join sites s on s.organization = $1 and s.id = p.site
      order by array_position(array['lost', 'changed', 'gained'],
          case t.action when 'access.granted' then 'gained' when 'access.changed' then 'changed' else 'lost' end),
        a.user_name_key, s.key, p.key limit ${TOLD}`,
    values,
  });
  return { ...(counts ?? { lost: 0, gained: 0, changed: 0 }), people };
}

/** Whose local facts wait for a confirmation since this change: another person's record gives their profile now. */
export async function tellParked(
  tx: Tx,
  since: number,
): Promise<{ count: number; people: { account: string; userName: string }[] }> {
  const rows = await tx.query<{ count: number; account: string; userName: string }>({
    text: `select count(*) over () as count, u.subject as account, a.user_name as "userName" from audit u
      join accounts a on a.organization = $1 and a.id = u.subject
      where u.organization = $1 and u.id > $2 and u.transaction = transaction_now()
        and u.action = 'account.canonical-changed' and (u.detail ->> 'parked')::boolean
      order by a.user_name_key limit ${TOLD}`,
    values: [tx.organization, since],
  });
  return { count: rows[0]?.count ?? 0, people: rows.map(({ count: _, ...row }) => row) };
}
