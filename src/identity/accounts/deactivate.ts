import type { AccountId, DirectoryId, DirectoryUserId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import type { DirectoryUserInput } from "../directory-users/directory-user.ts";
import { updateDirectoryUsers } from "../directory-users/update.ts";
import { isCovered, listSignUpDomains } from "../domains.ts";
import { recordOfAccounts } from "../record.ts";
import { refuseLastAdministrator } from "../rights/last-administrator.ts";
import { endWhatTheyHad } from "./leaving.ts";

type Record = {
  account: AccountId;
  userName: string;
  id: DirectoryUserId | null;
  directory: DirectoryId | null;
  directoryName: string | null;
  kind: string | null;
  active: boolean | null;
  emailDomain: string | null;
};

/**
 * Deactivates people whom the organization manages and whose record is Muster's own (R84; C20): of `internal`, with an address of a
 * sign-up domain. They sign in nowhere until `reactivateAccounts`; groups, spaces and rights stay and give nothing.
 * Before: the organization is locked exclusively, at least where one of them is an administrator. After: their records are inactive,
 * their access, sessions, tokens, links and open invitations have ended. Returns those that were active before.
 * @throws MusterError `not-found`; `read-only` for a record of another directory, naming it and what to do (R85); `conflict` for a
 * person whom the organization does not manage (R85), one who was removed, and the last administrator (F35).
 */
export async function deactivateAccounts(
  tx: Tx,
  accounts: readonly AccountId[],
  reason: string | null,
): Promise<AccountId[]> {
  const records = await requireManaged(tx, accounts);
  await refuseLastAdministrator(tx, ...accounts);
  return setActive(tx, records, false, reason);
}

/**
 * Ends a deactivation (R84). Before: any. After: the records are active, and access is what groups, spaces and rights give now; no
 * session, token, link or invitation comes back. Returns those that were inactive before.
 * @throws MusterError as `deactivateAccounts`.
 */
export async function reactivateAccounts(tx: Tx, accounts: readonly AccountId[]): Promise<AccountId[]> {
  return setActive(tx, await requireManaged(tx, accounts), true, null);
}

async function setActive(
  tx: Tx,
  records: readonly Owned[],
  active: boolean,
  reason: string | null,
): Promise<AccountId[]> {
  const changed = records.filter((record) => record.active !== active);
  for (const [directory, own] of Map.groupBy(changed, (record) => record.directory))
    await updateDirectoryUsers(tx, directory, await contentOf(tx, own, active));
  const accounts = changed.map((record) => record.account).sort();
  await recordOfAccounts(
    tx,
    active ? "account.reactivated" : "account.deactivated",
    accounts,
    active ? {} : { reason },
  );
  await endWhatTheyHad(tx);
  return accounts;
}

async function contentOf(tx: Tx, records: readonly Owned[], active: boolean): Promise<DirectoryUserInput[]> {
  return tx.query<DirectoryUserInput>({
    text: `select id, immutable_id as "immutableId", external_id as "externalId", user_name as "userName", $3 as active, email,
        display_name as "displayName", resource, content_hash as "contentHash"
      from directory_users where organization = $1 and id = any ($2) and deleted_at is null order by id`,
    values: [tx.organization, records.map((record) => record.id), active],
  });
}

type Owned = Record & { id: DirectoryUserId; directory: DirectoryId };

/** Whose canonical record is in internal and whose address is of the organization's own domains. @throws as above. */
async function requireManaged(tx: Tx, accounts: readonly AccountId[]): Promise<Owned[]> {
  const records = await canonicalRecords(tx, accounts);
  const domains = await listSignUpDomains(tx);
  return records.map((record) => {
    const { id, directory, userName } = record;
    if (id === null || directory === null)
      throw new MusterError("conflict", `no directory holds ${userName} any more; there is nothing to deactivate`, {
        at: "id",
      });
    if (record.kind !== "internal")
      throw new MusterError(
        "read-only",
        `${userName} belongs to ${record.directoryName}, which alone activates and deactivates its people: suspend them here, or deactivate them there`,
        { at: "id" },
      );
    if (record.emailDomain === null || !isCovered(record.emailDomain, domains))
      throw new MusterError(
        "conflict",
        `the organization does not manage ${userName}: the address is of none of its sign-up domains; suspend them, revoke their access or remove them`,
        { at: "id" },
      );
    return { ...record, id, directory };
  });
}

/** The canonical records, in the order of the accounts' ids. @throws MusterError `not-found` for the first that there is not. */
async function canonicalRecords(tx: Tx, accounts: readonly AccountId[]): Promise<Record[]> {
  await tx.query({
    text: "select id from directory_users where organization = $1 and account = any ($2) order by id for no key update",
    values: [tx.organization, accounts],
  });
  const rows = await tx.query<Record>({
    text: `select a.id as account, a.user_name as "userName", u.id, u.directory, d.name as "directoryName", d.kind, u.active,
        u.email_domain as "emailDomain"
      from accounts a
      left join directory_users u on u.organization = a.organization and u.id = a.canonical and u.deleted_at is null
      left join directories d on d.organization = u.organization and d.id = u.directory
      where a.organization = $1 and a.id = any ($2) order by a.id`,
    values: [tx.organization, accounts],
  });
  const known = new Set(rows.map((row) => row.account));
  if (accounts.some((account) => !known.has(account)))
    throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  return rows;
}
