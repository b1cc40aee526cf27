import type { Tx } from "../../db/transaction.ts";
import { isTheirsAlone } from "./accounts.ts";
import { actorOf } from "./records.ts";
import type { Move, SwitchConflict } from "./switch.ts";

const JOINED = `switched_records s where s.organization = $1 and s.switch = $2 and s.joined is not null`;

/**
 * What goes over unless the account that is kept has the same already: table, which of it, and what is the same there. What
 * waits for a confirmation may be somebody else's and stays where it is.
 */
const FACTS: readonly (readonly [table: string, which: string, same: string])[] = [
  ["local_memberships", "t.parked_at is null", "k.group_id = t.group_id"],
  ["guest_assignments", "t.parked_at is null", "k.product = t.product"],
  ["rights", "t.parked_at is null", "(k.bundle, k.scope_kind, k.scope_id) = (t.bundle, t.scope_kind, t.scope_id)"],
  ["single_sign_on_bindings", "true", "k.issuer = t.issuer"],
];

/** What goes over whole: table and the column that names the account. */
const WHOLE: readonly (readonly [table: string, column: string])[] = [
  ["invitations", "account"],
  ["mails", "account"],
  ["tokens", "owner"],
  ["sessions", "account"],
  ["guest_assignments", "sponsor"],
];

/**
 * Carries what is local of an account over to the one that it is joined into: memberships, guest assignments, rights,
 * invitations, own tokens, a suspension, first and last access. What both have stays as the kept one has it.
 * Before: `joined` is decided. After: what is left on a joined account counts no more. Returns where the two disagree.
 */
export async function carryFacts(tx: Tx, move: Move): Promise<SwitchConflict[]> {
  const values = [tx.organization, move.switch];
  const [any] = await tx.query({ text: `select s.record from ${JOINED} limit 1`, values });
  if (!any) return [];
  await tx.query({ text: FIRST_AND_LAST, values });
  for (const [table, which, same] of FACTS)
    await tx.query({
      text: `update ${table} t set account = x.account from (select s.joined, s.account from ${JOINED}) x
        where t.organization = $1 and t.account = x.joined and ${which}
          and not exists (select from ${table} k where k.organization = $1 and k.account = x.account and ${same})`,
      values,
    });
  for (const [table, column] of WHOLE)
    await tx.query({
      text: `update ${table} t set ${column} = x.account from (select s.joined, s.account from ${JOINED}) x
        where t.organization = $1 and t.${column} = x.joined`,
      values,
    });
  await tx.query({ text: TELL, values: [...values, ...actorOf(tx)] });
  return tx.query<SwitchConflict>({
    text: `select 'second-space' as reason, array[o.user_name] as from, array[n.user_name] as to,
        'on ' || p.key || ' the space ' || w.key || ' stays, ' || q.key || ' of the joined account does not count any more'
          as detail
      from (select s.* from ${JOINED}) s
      join guest_assignments g on g.organization = $1 and g.account = s.joined and g.parked_at is null
      join guest_assignments k on k.organization = $1 and k.account = s.account and k.product = g.product
        and (k.space, k.permission) <> (g.space, g.permission)
      join products p on p.organization = $1 and p.id = g.product
      join spaces q on q.organization = $1 and q.id = g.space
      join spaces w on w.organization = $1 and w.id = k.space
      join directory_users o on o.organization = $1 and o.id = s.record
      join directory_users n on n.organization = $1 and n.id = s.partner
      order by o.user_name_key`,
    values,
  });
}

/**
 * Carries seats over: those of joined accounts, and those of accounts that nobody is in any more. A seat goes over as one that is
 * admitted and not taken yet, so that taking it is told like any other, and nobody who waits comes between.
 * Before: `account` and `joined` are decided, records not exchanged yet.
 */
export async function carrySeats(tx: Tx, move: Move): Promise<void> {
  const values = [tx.organization, move.switch];
  await tx.query({ text: SEATS, values });
  await tx.query({ text: RECOUNT, values });
}

/** Whoever was suspended as one of the two stays out: that was an administrator's word. */
const FIRST_AND_LAST = `
  update accounts a set
    first_access_at = case when x.theirs then least(a.first_access_at, j.first_access_at) else a.first_access_at end,
    last_access_at = case when x.theirs then greatest(a.last_access_at, j.last_access_at) else a.last_access_at end,
    suspended_reason = case when a.suspended_at is null then j.suspended_reason else a.suspended_reason end,
    suspended_at = coalesce(a.suspended_at, j.suspended_at), updated_at = statement_timestamp()
  from (select s.joined, s.account, ${isTheirsAlone("s")} as theirs from ${JOINED}) x
  join accounts j on j.organization = $1 and j.id = x.joined
  where a.organization = $1 and a.id = x.account
    and (j.first_access_at is not null or j.last_access_at is not null or j.suspended_at is not null)`;

const GIVING = `(select s.joined as gone, s.account from ${JOINED}
  union all
  select s.from_account, s.account from switched_records s
  where s.organization = $1 and s.switch = $2 and s.account = s.to_account and s.from_account <> s.to_account
    and not exists (select from directory_users r where r.organization = $1 and r.account = s.from_account
      and r.id <> s.record and r.deleted_at is null))`;

const SEATS = `
  insert into access as k (organization, account, product, role, state, admitted_at)
  select $1, x.account, t.product, t.role, case t.role when 'guest' then 'over-quota' else 'no-seat' end, t.admitted_at
  from ${GIVING} x
  join access t on t.organization = $1 and t.account = x.gone and t.admitted_at is not null
  order by x.account, t.product
  on conflict (organization, account, product) do update set admitted_at = excluded.admitted_at, waiting_since = null
    where k.admitted_at is null and (k.role = 'guest') = (excluded.role = 'guest')`;

/** Admitted ones of those who give have come to these products. */
const RECOUNT = `
  select recount_access($1, array(
    select distinct t.product from ${GIVING} x
    join access t on t.organization = $1 and t.account = x.gone and t.admitted_at is not null))`;

const TELL = `
  with change as (
    select s.joined as id, jsonb_build_object('into', s.account) as detail from ${JOINED}
  ), audited as (
    insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
    select $1, $3, $4, $5, 'account.joined', 'account', id, detail from change
  )
  insert into outbox (organization, kind, subject_kind, subject, data)
  select $1, 'account.joined', 'account', id, detail from change`;
