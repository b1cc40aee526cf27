import { type AccountId, type DirectoryId, type DirectoryUserId, newId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { listDirectories } from "../directories.ts";
import { insertDirectoryUsers } from "../directory-users/insert.ts";
import { emailKey, userNameKey } from "../keys.ts";
import { requireWriteTarget } from "../write-target.ts";
import { resolvePerson } from "./person.ts";

/** Whom an administrator adds. */
export type NewPerson = { email: string; displayName?: string | undefined };

/**
 * A new person with the address as user name, in the first directory in order that may be written to (R162, T9). No mail
 * goes out (R64) and there is no password.
 * Before: any. After: the record and its account stand, `Invited – Invitation not sent`, with audit and event.
 * @throws MusterError `invalid` (no address); `externally-managed` (R23); `read-only` when no directory may be written to
 * (T10); `uniqueness` when somebody has the address as user name or e-mail: a record made here never joins a name that
 * another directory holds (design §7).
 */
export async function addPerson(tx: Tx, person: NewPerson): Promise<AccountId> {
  return addTo(tx, (await requireWriteTarget(tx)).id, person);
}

/**
 * The same in `internal`, whatever the directories' order and permissions are and whoever manages people: for an
 * administrator who must have a way in while the outside is down (R26).
 * @throws MusterError `invalid`, `uniqueness`.
 */
export async function addPersonToInternal(tx: Tx, person: NewPerson): Promise<AccountId> {
  const internal = (await listDirectories(tx)).find((directory) => directory.kind === "internal");
  if (!internal) throw new MusterError("internal", "the organization has no directory internal");
  return addTo(tx, internal.id, person);
}

async function addTo(tx: Tx, directory: DirectoryId, { email, ...person }: NewPerson): Promise<AccountId> {
  const displayName = person.displayName ?? null;
  const address = emailKey(email);
  if (address === null) throw new MusterError("invalid", "this is no e-mail address", { at: "email" });
  if (await isTaken(tx, address))
    throw new MusterError("uniqueness", "somebody has this address as user name or e-mail already", { at: "email" });
  await insertDirectoryUsers(tx, directory, [
    {
      id: newId<DirectoryUserId>(),
      immutableId: null,
      externalId: null,
      userName: address,
      active: true,
      email: address,
      displayName,
      resource: { emails: [{ value: address, primary: true }], ...(displayName !== null && { displayName }) },
      contentHash: null,
    },
  ]);
  return resolvePerson(tx, address);
}

/** Whether somebody else than this account has the address as user name or e-mail. Who was removed has it no longer (T19). */
export async function isTaken(tx: Tx, address: string, by?: AccountId): Promise<boolean> {
  const rows = await tx.query({
    text: `select id from accounts where organization = $1 and canonical is not null and id is distinct from $4
      and (user_name_key = $2 or email_key = $3) limit 1`,
    values: [tx.organization, userNameKey(address), emailKey(address), by ?? null],
  });
  return rows.length > 0;
}
