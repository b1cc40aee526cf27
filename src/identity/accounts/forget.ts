import type { AccountId, DirectoryUserId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { recordOfAccounts } from "../record.ts";
import { UNDO_DAYS } from "./remove.ts";

/** Records that go in one transaction. */
export const FORGOTTEN_AT_ONCE = 1_000;

/**
 * Forgets what directories no longer hold (T19): records that went more than 30 days ago, and whoever none is left of. Records of a
 * switch of directories stay, because the way back needs them. A day of grace, so that an undo that was begun in time finds them.
 * Before: any. After: nothing personal of them is left but what the audit says (`eraseAccount` takes that too). At most 1,000; returns
 * how many records. For a job.
 */
export async function forgetOldTombstones(tx: Tx): Promise<number> {
  const rows = await tx.query<{ id: DirectoryUserId; account: AccountId }>({
    text: `select u.id, u.account from directory_users u
      where u.organization = $1 and u.deleted_at < statement_timestamp() - make_interval(days => ${UNDO_DAYS + 1})
        and u.forgotten_at is null
        and not exists (select from switched_records s where s.organization = $1 and s.record = u.id)
      order by u.id limit ${FORGOTTEN_AT_ONCE} for no key update of u`,
    values: [tx.organization],
  });
  if (rows.length === 0) return 0;
  await forgetRecords(
    tx,
    rows.map((row) => row.id),
  );
  const accounts = await tx.query<{ id: AccountId }>({
    text: `select a.id from accounts a where a.organization = $1 and a.id = any ($2) and a.canonical is null and a.erased_at is null
        and not exists (select from directory_users u where u.organization = $1 and u.account = a.id and u.forgotten_at is null)
      order by a.id for no key update`,
    values: [tx.organization, rows.map((row) => row.account)],
  });
  await forgetAccounts(
    tx,
    accounts.map((account) => account.id),
    `gone for more than ${UNDO_DAYS} days`,
  );
  return rows.length;
}

/** Before: tombstones, locked. After: nothing personal is in them, in their memberships or in plans about them. */
export async function forgetRecords(tx: Tx, ids: readonly DirectoryUserId[]): Promise<void> {
  const about = async (text: string) => tx.query({ text, values: [tx.organization, ids] });
  await about("delete from remote_memberships where organization = $1 and directory_user = any ($2)");
  await about("delete from further_addresses where organization = $1 and directory_user = any ($2)");
  await about("delete from switched_records where organization = $1 and (record = any ($2) or partner = any ($2))");
  await about("delete from tokens where organization = $1 and subject = any ($2)");
  await forgetInPlans(tx, ids);
  await about(`update directory_users set user_name = 'erased-' || id::text, user_name_key = 'erased-' || id::text,
      immutable_id = null, external_id = null, email = null, email_key = null, email_domain = null, display_name = null,
      resource = '{}', shown_name_key = null, first_address_key = null, content_hash = null, version = version + 1, forgotten_at = statement_timestamp()
    where organization = $1 and id = any ($2) and deleted_at is not null and forgotten_at is null`);
}

/**
 * In every plan, also of a run that goes on or that a process left when it died: what is not applied yet of somebody who is forgotten
 * must not be. Of a row that stands for many memberships the others keep their places.
 */
async function forgetInPlans(tx: Tx, ids: readonly DirectoryUserId[]): Promise<void> {
  const about = async (text: string) => tx.query({ text, values: [tx.organization, ids] });
  await about(`delete from sync_plan p where p.organization = $1 and (p.subject = any ($2) or p.member = any ($2)
    or p.members && $2 and array_remove(p.members, null) <@ $2
    or exists (select from jsonb_array_elements(p.sides) s
      join directory_users u on u.organization = $1 and u.id = any ($2) and u.directory::text = s ->> 'directory'
      where u.immutable_id = s ->> 'id' or s ->> 'id' is null and u.user_name = s ->> 'name'))`);
  await about(`update sync_plan p set (members, member_names) = (
      select array_agg(case when not m.id = any ($2) then m.id end order by m.place),
        array_agg(case when not m.id = any ($2) then m.name end order by m.place)
      from unnest(p.members, p.member_names) with ordinality m (id, name, place))
    where p.organization = $1 and p.members && $2`);
}

/**
 * Before: nobody holds the accounts any more; their records are forgotten; they are locked. After: the ids stay, so that audit and
 * products can tell that it was somebody; the user name is free; nothing is given to them and nothing of theirs is left.
 * @param because stands in the audit.
 */
export async function forgetAccounts(tx: Tx, accounts: readonly AccountId[], because: string): Promise<void> {
  if (accounts.length === 0) return;
  const about = async (text: string) => tx.query({ text, values: [tx.organization, accounts] });
  const addresses = `array(select w.key from (
      select a.email_key as key from accounts a where a.organization = $1 and a.id = any ($2)
      union select i.email_key from invitations i where i.organization = $1 and i.account = any ($2)
      union select m.recipient from mails m where m.organization = $1 and m.account = any ($2)) w where w.key is not null)`;
  await about(`update job_rows set email = null, input = null
    where organization = $1 and (email is not null or input is not null) and (account = any ($2) or email = any (${addresses}))`);
  await about(`delete from access_requests where organization = $1 and email_key = any (${addresses})`);
  await about(`delete from public_attempts where organization = $1 and email_key = any (${addresses})`);
  await about(`delete from mail_suppressions where organization = $1 and email_key = any (${addresses})`);
  // A use stays one: nothing arms a link again (F15).
  await about(`update link_uses set email_key = 'erased-' || gen_random_uuid()::text
    where organization = $1 and email_key = any (${addresses})`);
  await about(`delete from mails where organization = $1 and (account = any ($2) or recipient = any (${addresses}))`);
  await about(
    `delete from invitations where organization = $1 and (account = any ($2) or email_key = any (${addresses}))`,
  );
  await about("update guest_assignments set sponsor = null where organization = $1 and sponsor = any ($2)");
  await about("update invitation_spaces set sponsor = null where organization = $1 and sponsor = any ($2)");
  await about("update link_spaces set sponsor = null where organization = $1 and sponsor = any ($2)");
  for (const table of [
    "guest_assignments",
    "local_memberships",
    "rights",
    "sessions",
    "credentials",
    "address_changes",
  ])
    await about(`delete from ${table} where organization = $1 and account = any ($2)`);
  // With what is taken by it (migration 0046).
  await about(`with gone as (
      delete from access where organization = $1 and account = any ($2) returning product, role, state, admitted_at)
    insert into access_counts (organization, product, users, members, guests)
    select $1, product, -count(*) filter (where role <> 'guest' and state = 'live'), -count(*) filter (where role <> 'guest'),
      -count(*) filter (where role = 'guest' and state = 'live' and admitted_at is not null)
    from gone group by product`);
  await about("delete from single_sign_on_bindings where organization = $1 and account = any ($2)");
  await about(
    "delete from account_merges where organization = $1 and (from_account = any ($2) or to_account = any ($2))",
  );
  await about("delete from tokens where organization = $1 and owner = any ($2)");
  await about(`delete from sign_in_attempts where organization = $1
    and subject in (select 'account:' || w.id::text from unnest($2::uuid[]) w (id))`);
  await about(`update accounts set user_name = 'erased-' || id::text, user_name_key = 'erased-' || id::text, email = null,
      email_key = null, email_domain = null, display_name = null, canonical = null, last_canonical = null, suspended_at = null,
      suspended_reason = null, first_access_at = null, last_access_at = null, erased_at = statement_timestamp(),
      updated_at = statement_timestamp()
    where organization = $1 and id = any ($2)`);
  await recordOfAccounts(tx, "account.erased", accounts, { because });
}
