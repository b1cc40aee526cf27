import type { AccountId, DirectoryUserId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { accountsByName } from "../accounts/by-name.ts";
import { actorOf } from "./records.ts";
import type { Move } from "./switch.ts";

/** Whether nobody but the partner was ever in the account that has the new name: what hangs on it is theirs. */
export function isTheirsAlone(pair: string): string {
  return `not exists (select from directory_users r
    where r.organization = $1 and r.account = ${pair}.to_account and r.id <> ${pair}.partner)`;
}

/**
 * Decides which account each person keeps. It is the one of the record that is left; only where that one was never used and
 * nothing local hangs on it, and the partner's was or has, the partner's. The other one is joined into it.
 * Before: the pairs are written. After: `account` and `joined` of each say so. Returns how many are joined.
 */
export async function chooseAccounts(tx: Tx, move: Move): Promise<number> {
  const values = [tx.organization, move.switch];
  await tx.query({
    text: `update switched_records s set account = s.to_account
      where s.organization = $1 and s.switch = $2 and s.from_account <> s.to_account
        and not ${hasHistory("s.from_account")} and ${hasHistory("s.to_account")}
        and ${isTheirsAlone("s")}
        and not exists (select from switched_records x where x.organization = $1 and x.switch = $2
          and x.from_account = s.to_account)
        and not exists (select from switched_records x where x.organization = $1 and x.switch = $2
          and x.to_account = s.from_account)`,
    values,
  });
  const joined = await tx.query({
    text: `update switched_records s set joined = s.to_account
      where s.organization = $1 and s.switch = $2 and s.from_account <> s.to_account and s.account = s.from_account
        and not exists (select from switched_records x where x.organization = $1 and x.switch = $2
          and x.from_account = s.to_account)
      returning s.record`,
    values,
  });
  return joined.length;
}

function hasHistory(account: string): string {
  const of = (table: string, column = "account") =>
    `exists (select from ${table} t where t.organization = $1 and t.${column} = ${account})`;
  const used = `exists (select from accounts t where t.organization = $1 and t.id = ${account}
    and (t.first_access_at is not null or t.suspended_at is not null))`;
  const local = ["local_memberships", "guest_assignments", "rights", "invitations"].map((table) => of(table));
  return `(${[used, ...local, of("tokens", "owner")].join(" or ")})`;
}

/** The accounts that follow their person to another user name. */
const MOVERS = `switched_records s
  join directory_users o on o.organization = $1 and o.id = s.record
  join directory_users n on n.organization = $1 and n.id = s.partner and n.user_name_key <> o.user_name_key
  where s.organization = $1 and s.switch = $2 and s.account = s.from_account`;

/**
 * Gives accounts and records the names that they have from now on: every account that is kept has its partner's, an
 * account that was joined one that nobody can have, and every live record is in the account of its own name (design §7).
 * Names move within one change, so every moving account first takes its own id.
 * Before: records are exchanged. Returns every account that was touched, and how many records stay under a name that its
 * account has given up.
 */
export async function moveNames(tx: Tx, move: Move): Promise<{ accounts: AccountId[]; leftBehind: number }> {
  const values = [tx.organization, move.switch];
  await tx.query({
    text: `update accounts a set user_name = a.user_name || ' (joined ' || a.id || ')',
        user_name_key = a.user_name_key || ' (joined ' || a.id || ')', updated_at = statement_timestamp()
      from switched_records s where s.organization = $1 and s.switch = $2 and a.organization = $1 and a.id = s.joined`,
    values,
  });
  await tx.query({
    text: `update accounts a set user_name_key = chr(1) || a.id::text
      from (select s.account from ${MOVERS}) m where a.organization = $1 and a.id = m.account`,
    values,
  });
  await tx.query({
    text: `update accounts a set user_name = m.user_name, user_name_key = m.user_name_key, updated_at = statement_timestamp()
      from (select s.account, n.user_name, n.user_name_key from ${MOVERS}) m
      where a.organization = $1 and a.id = m.account`,
    values,
  });
  await makeMissing(tx, move);
  const strays = await tx.query<{ before: AccountId; after: AccountId; kept: boolean }>({
    text: `update directory_users u set account = x.after
      from (select r.id, r.account as before, h.id as after,
          exists (select from switched_records k where k.organization = $1 and k.switch = $2 and k.account = h.id) as kept
        from (${STRAYS}) r join accounts h on h.organization = $1 and h.user_name_key = r.user_name_key) x
      where u.organization = $1 and u.id = x.id
      returning x.before, x.after, x.kept`,
    values,
  });
  const touched = await tx.query<{ id: AccountId }>({
    text: `select from_account as id from switched_records where organization = $1 and switch = $2
      union select to_account from switched_records where organization = $1 and switch = $2`,
    values,
  });
  return {
    accounts: [
      ...new Set([...touched.map((row) => row.id), ...strays.flatMap((row) => [row.before, row.after])]),
    ].sort(),
    leftBehind: strays.filter((row) => !row.kept).length,
  };
}

/** Live records that carry another name than their account. */
const STRAYS = `
  select u.id, u.account, u.user_name, u.user_name_key from directory_users u
  join accounts a on a.organization = $1 and a.id = u.account and a.user_name_key <> u.user_name_key
  where u.organization = $1 and u.deleted_at is null and (
    u.account in (select from_account from switched_records where organization = $1 and switch = $2
      union select to_account from switched_records where organization = $1 and switch = $2)
    or u.id in (select partner from switched_records where organization = $1 and switch = $2))`;

/** Whoever stays behind under a name that its account has given up becomes a new account with nothing local. */
async function makeMissing(tx: Tx, move: Move): Promise<void> {
  const rows = await tx.query<{ id: DirectoryUserId; userName: string; userNameKey: string }>({
    text: `select r.id, r.user_name as "userName", r.user_name_key as "userNameKey" from (${STRAYS}) r
      where not exists (select from accounts h where h.organization = $1 and h.user_name_key = r.user_name_key)
      order by r.user_name_key, r.id`,
    values: [tx.organization, move.switch],
  });
  if (rows.length > 0) await accountsByName(tx, rows);
}

/**
 * Says of every account that had the record which was left that its profile is the partner's from now on: nothing local is
 * parked, because an administrator has said that they are one person. Whoever is signed in stays so.
 * Before: every live record is in the account of its name. After: canonical records, audit and events say so; profiles
 * follow with `refreshCanonical`.
 */
export async function takeOver(tx: Tx, move: Move): Promise<void> {
  const values = [tx.organization, move.switch];
  await tx.query({
    text: `with taken as (
        update accounts a set canonical = s.partner, last_canonical = s.partner, updated_at = statement_timestamp()
        from switched_records s
        where s.organization = $1 and s.switch = $2 and a.organization = $1 and a.id = s.account and a.canonical = s.record
        returning a.id, s.record, s.partner
      ), change as (
        select id, jsonb_build_object('before', record, 'after', partner, 'parked', false, 'switched', true) as detail from taken
      ), audited as (
        insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
        select $1, $3, $4, $5, 'account.canonical-changed', 'account', id, detail from change
      )
      insert into outbox (organization, kind, subject_kind, subject, data)
      select $1, 'account.canonical-changed', 'account', id, detail from change`,
    values: [...values, ...actorOf(tx)],
  });
  for (const table of ["sessions", "single_sign_on_bindings", "credentials"])
    await tx.query({
      text: `update ${table} t set record = s.partner from switched_records s
        where s.organization = $1 and s.switch = $2 and t.organization = $1 and t.account = s.account and t.record = s.record`,
      values,
    });
}
