import type { AccountId, DirectoryId, DirectoryUserId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { isCovered, listSignUpDomains } from "../domains.ts";
import { emailDomain } from "../keys.ts";
import { lockAccounts } from "./lock.ts";

/** A person whose canonical record is in `internal`: nobody else says their address. */
export type OwnedRecord = {
  account: AccountId;
  record: DirectoryUserId;
  directory: DirectoryId;
  userName: string;
  emailKey: string | null;
  /** Whether the user name is the address, and nobody else's name depends on it: then it changes with it. */
  nameFollows: boolean;
  active: boolean;
  suspended: boolean;
};

/**
 * The same of one who is active and not suspended.
 * @throws MusterError as below; `conflict` for one who is suspended or deactivated.
 */
export async function lockActiveOwned(tx: Tx, account: AccountId): Promise<OwnedRecord> {
  const owned = await lockOwned(tx, account);
  if (!owned.active || owned.suspended)
    throw new MusterError("conflict", `this person is ${owned.active ? "suspended" : "deactivated"}`, { at: "id" });
  return owned;
}

/**
 * The record that gives a person's address, where Muster owns it; record and account are held until the transaction ends.
 * @throws MusterError `not-found`; `read-only` naming the directory that owns it; `conflict` for one whom no directory holds.
 */
export async function lockOwned(tx: Tx, account: AccountId): Promise<OwnedRecord> {
  // Records before accounts (design §3.4); what is read comes after both are held.
  await tx.query({
    text: `select u.id from directory_users u
      where u.organization = $1 and u.id = (select canonical from accounts where organization = $1 and id = $2)
      for no key update`,
    values: [tx.organization, account],
  });
  await lockAccounts(tx, [account]);
  const [row] = await tx.query<OwnedRecord & { owner: string | null; kind: string }>({
    text: `select a.id as account, u.id as record, u.directory, u.user_name as "userName", a.email_key as "emailKey",
        d.name as owner, d.kind, u.active, a.suspended_at is not null as suspended,
        u.user_name_key = a.email_key and not exists (select from directory_users o where o.organization = $1
          and o.account = a.id and o.id <> u.id and o.deleted_at is null) as "nameFollows"
      from accounts a
      left join directory_users u on u.organization = a.organization and u.id = a.canonical and u.deleted_at is null
      left join directories d on d.organization = u.organization and d.id = u.directory
      where a.organization = $1 and a.id = $2`,
    values: [tx.organization, account],
  });
  if (!row) throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  const { owner, kind, ...owned } = row;
  if (owner === null) throw new MusterError("conflict", "no directory holds this person any more", { at: "id" });
  if (kind !== "internal")
    throw new MusterError(
      "read-only",
      `the directory ${owner} owns this person's address; change it there, and it arrives here by itself`,
      { at: "id" },
    );
  return { ...owned, nameFollows: owned.nameFollows ?? false };
}

/**
 * Whether an address is one that this person could not have come in with: who signed up where that takes an address in the
 * sign-up domains (R106) does not leave them by a change. Who was invited is under no such rule (R118).
 */
export async function isOutsideSignUp(tx: Tx, account: AccountId, address: string): Promise<boolean> {
  const [restricted] = await tx.query({
    text: `select o.id from organizations o where o.id = $1 and o.sign_up = 'restricted' and exists (
      select from invitations i where i.organization = $1 and i.account = $2 and i.source = 'sign-up' and i.state = 'accepted')`,
    values: [tx.organization, account],
  });
  return restricted !== undefined && !isCovered(emailDomain(address), await listSignUpDomains(tx));
}
