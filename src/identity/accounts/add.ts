import { type AccountId, type DirectoryUserId, newId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { listDirectories } from "../directories.ts";
import { insertDirectoryUsers } from "../directory-users/insert.ts";
import { emailKey } from "../keys.ts";
import { resolvePerson } from "./person.ts";

/**
 * A new person in `internal`, with the address as user name. No mail goes out (R64) and there is no password.
 * Before: any. After: the record and its account stand, `Invited – Invitation not sent`, with audit and event.
 * @throws MusterError `invalid` (no address); `uniqueness` when somebody has the address as user name or e-mail: a
 * record made here never joins a name that another directory holds (design §7).
 */
export async function addPerson(
  tx: Tx,
  person: { email: string; displayName?: string | undefined },
): Promise<AccountId> {
  const address = emailKey(person.email);
  if (address === null) throw new MusterError("invalid", "this is no e-mail address", { at: "email" });
  if (await isTaken(tx, address))
    throw new MusterError("uniqueness", "somebody has this address as user name or e-mail already", { at: "email" });
  const internal = (await listDirectories(tx)).find((directory) => directory.kind === "internal");
  if (!internal) throw new MusterError("internal", "the organization has no directory internal");
  const { displayName = null } = person;
  await insertDirectoryUsers(tx, internal.id, [
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

async function isTaken(tx: Tx, address: string): Promise<boolean> {
  try {
    await resolvePerson(tx, address);
    return true;
  } catch (error) {
    if (!isMusterError(error)) throw error;
    if (error.code === "conflict") return true;
    if (error.code === "not-found") return false;
    throw error;
  }
}
