import type { AccountId, DirectoryId, DirectoryUserId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { refuseLastAdministrator } from "../rights/last-administrator.ts";
import { forgetAccounts, forgetRecords } from "./forget.ts";
import { removeAccounts } from "./remove.ts";

/**
 * Takes everything personal of people out of Muster for good: records and profiles, addresses in invitations, mails, links and access
 * requests, the log of SCIM requests about them, and what the audit and the feed of events say of them in words. Nothing undoes it.
 *
 * Before: the organization is locked exclusively. After: a person who was still of `internal` is removed; the account is an id
 * without a name, which nobody is shown any more; the audit keeps each row with who, what, when and every id. Who comes under the same
 * name or address is somebody new. Returns those that were not erased before.
 * @throws MusterError `not-found`; `read-only` for one whom another directory holds still, naming it: it would bring them back;
 * `conflict` for the last administrator (F35).
 */
export async function eraseAccounts(tx: Tx, accounts: readonly AccountId[]): Promise<AccountId[]> {
  const known = await tx.query<{ id: AccountId; held: boolean; erased: boolean }>({
    text: `select a.id, a.erased_at is not null as erased, exists (select from directory_users u
        where u.organization = a.organization and u.account = a.id and u.deleted_at is null) as held
      from accounts a where a.organization = $1 and a.id = any ($2) order by a.id`,
    values: [tx.organization, accounts],
  });
  if (known.length < new Set(accounts).size)
    throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  await refuseLastAdministrator(tx, ...accounts);
  const held = known.filter((account) => account.held).map((account) => account.id);
  if (held.length > 0) await removeAccounts(tx, held, null);
  const erased = known.filter((account) => !account.erased).map((account) => account.id);
  for (const account of erased) await erase(tx, account);
  return erased;
}

async function erase(tx: Tx, account: AccountId): Promise<void> {
  const records = await tx.query<{ id: DirectoryUserId; directory: DirectoryId; words: string[] }>({
    text: `select u.id, u.directory, array_remove(array[u.user_name, u.external_id, u.email, u.display_name], null) as words
      from directory_users u where u.organization = $1 and u.account = $2 order by u.id for no key update`,
    values: [tx.organization, account],
  });
  const ids = records.map((record) => record.id);
  const traces = await subjectsAbout(tx, account);
  await forgetRequests(tx, records);
  await forgetRecords(tx, ids);
  await tx.query({
    text: "select erase_traces($1, $2::uuid[])",
    values: [tx.organization, [account, ...ids, ...traces]],
  });
  await forgetAccounts(tx, [account], "an administrator asked for it");
}

/** What audit rows about the person are about, beside account and records. */
async function subjectsAbout(tx: Tx, account: AccountId): Promise<string[]> {
  const rows = await tx.query<{ id: string }>({
    text: `with mine as (
        select i.id, i.email_key from invitations i where i.organization = $1 and i.account = $2
      ), addresses as (
        select email_key from mine union select a.email_key from accounts a where a.organization = $1 and a.id = $2
      )
      select id from mine
      union select i.id from invitations i join addresses k on i.email_key = k.email_key where i.organization = $1
      union select m.id from mails m where m.organization = $1 and m.account = $2
      union select r.id from access_requests r join addresses k on r.email_key = k.email_key where r.organization = $1
      union select c.id from address_changes c where c.organization = $1 and c.account = $2
      union select t.id from tokens t where t.organization = $1 and t.owner = $2`,
    values: [tx.organization, account],
  });
  return rows.map((row) => row.id);
}

/** The log is bounded, and nothing in it is indexed by person: it is read once, for whoever names the person. */
async function forgetRequests(
  tx: Tx,
  records: readonly { id: DirectoryUserId; directory: DirectoryId; words: string[] }[],
): Promise<void> {
  for (const { id, directory, words } of records)
    await tx.query({
      text: `delete from scim_requests q where q.organization = $1 and q.directory = $2 and (
        position($3 in q.path) > 0 or exists (select from unnest($4::text[]) w (word) where length(w.word) > 2
          and position(lower(w.word) in lower(concat(q.path, q.query, q.request::text, q.changes::text, q.detail, q.warnings::text))) > 0))`,
      values: [tx.organization, directory, id, words],
    });
}
