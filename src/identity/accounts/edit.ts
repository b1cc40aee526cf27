import type { AccountId, DirectoryId, DirectoryUserId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { getDirectory } from "../directories.ts";
import { refusalToWrite } from "../directory-permissions.ts";
import { lockDirectoryUser } from "../directory-users/read.ts";
import { updateDirectoryUsers } from "../directory-users/update.ts";
import { refused, refuseExternallyManaged } from "../external-user-management.ts";
import { emailKey } from "../keys.ts";
import type { Held } from "../rights/permissions.ts";
import { refuseActingForBeyond } from "../rights/rights.ts";
import { isTaken } from "./add.ts";

/** What an administrator changes of a person; what is left out stays, null takes it away. */
export type PersonChanges = {
  displayName?: string | null | undefined;
  givenName?: string | null | undefined;
  familyName?: string | null | undefined;
  email?: string | undefined;
};

type Resource = Record<string, unknown>;

/**
 * Edits a person in the canonical record, which alone is seen, and in no other: an edit of a masked record would show
 * nowhere (T7, T8; D9). The user name stays.
 *
 * Before: any. After: the record says so, with audit and event, and the account shows it; nobody was mailed. Returns
 * whether anything changed.
 * @param held what the administrator holds: an address is a way to sign in as somebody.
 * @throws MusterError `not-found`; `externally-managed` (R23); `read-only` naming the directory of the canonical record and
 * what would help; `conflict` for one whom no directory holds; `invalid`, `uniqueness` (address); `not-allowed` when the
 * person has rights beyond `held`.
 */
export async function editPerson(
  tx: Tx,
  account: AccountId,
  changes: PersonChanges,
  held: readonly Held[],
): Promise<boolean> {
  await refuseExternallyManaged(tx);
  const canonical = await requireWritable(tx, account);
  await refuseActingForBeyond(tx, held, account);
  const record = await lockDirectoryUser(tx, canonical.directory, canonical.id);
  if (!record) throw new MusterError("conflict", "the record was taken away at the same moment; try again");
  const email = changes.email === undefined ? undefined : await freeAddress(tx, account, changes.email);
  const resource = edited(record.resource, { ...changes, email });
  if (JSON.stringify(resource) === JSON.stringify(record.resource)) return false;
  await updateDirectoryUsers(tx, canonical.directory, [
    { ...record, resource, email: email ?? record.email, displayName: shownName(resource) },
  ]);
  if (email !== undefined && email !== emailOf(record)) await forgetProofs(tx, account, email);
  return true;
}

/** An address that an administrator typed is nobody's proven mailbox, also where it was once (R38): `askForAddress` proves one. */
async function forgetProofs(tx: Tx, account: AccountId, address: string): Promise<void> {
  await tx.query({
    text: `update invitations set proven_record = null
      where organization = $1 and account = $2 and email_key = $3 and proven_record is not null`,
    values: [tx.organization, account, address],
  });
  await tx.query({
    text: `update address_changes set proven_record = null
      where organization = $1 and account = $2 and email = $3 and proven_record is not null`,
    values: [tx.organization, account, address],
  });
}

/** The canonical record of an account whose directory lets it be edited. */
async function requireWritable(tx: Tx, account: AccountId): Promise<{ id: DirectoryUserId; directory: DirectoryId }> {
  const [row] = await tx.query<{ id: DirectoryUserId | null; directory: DirectoryId | null }>({
    text: `select u.id, u.directory from accounts a
      left join directory_users u on u.organization = a.organization and u.id = a.canonical and u.deleted_at is null
      where a.organization = $1 and a.id = $2`,
    values: [tx.organization, account],
  });
  if (!row) throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  const { id, directory } = row;
  const holder = directory === null ? undefined : await getDirectory(tx, directory);
  if (id === null || !holder)
    throw new MusterError("conflict", "no directory holds this person any more, so there is nothing to edit", {
      at: "id",
    });
  const refusal = refusalToWrite(holder);
  if (refusal)
    throw refused(
      { ...refusal, message: `the person's canonical record is in ${holder.name}; ${refusal.message}` },
      "id",
    );
  return { id, directory: holder.id };
}

function emailOf({ email }: { email: string | null }): string | null {
  return email === null ? null : emailKey(email);
}

async function freeAddress(tx: Tx, account: AccountId, text: string): Promise<string> {
  const address = emailKey(text);
  if (address === null) throw new MusterError("invalid", "this is no e-mail address", { at: "email" });
  if (await isTaken(tx, address, account))
    throw new MusterError("uniqueness", "somebody has this address as user name or e-mail already", { at: "email" });
  return address;
}

/** The SCIM attributes after the edit (RFC 7643 §4.1); a name put together from parts that changed goes with them. */
function edited(before: Resource, { displayName, givenName, familyName, email }: PersonChanges): Resource {
  const changed = withChanges(before, {
    displayName,
    ...(email === undefined ? {} : { emails: withAddress(before.emails, email) }),
  });
  const held = isObject(before.name) ? before.name : {};
  const parts = withChanges(held, { givenName, familyName });
  if (JSON.stringify(parts) === JSON.stringify(held)) return changed;
  const name = withChanges(parts, { formatted: null });
  return withChanges(changed, { name: Object.keys(name).length > 0 ? name : null });
}

function withChanges(before: Resource, changes: Resource): Resource {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    Object.entries({ ...before, ...Object.fromEntries(given) }).filter(([, value]) => value !== null),
  );
}

/** The address by which Muster knows the person becomes another: the primary one, the one for work or the first. */
export function withAddress(before: unknown, email: string): unknown[] {
  const all: Resource[] = (Array.isArray(before) ? before : []).filter(isObject);
  const usable = all.filter((one) => typeof one.value === "string" && emailKey(one.value) !== null);
  const isWork = (one: Resource) => String(one.type).toLowerCase() === "work";
  const known = usable.find((one) => one.primary === true) ?? usable.find(isWork) ?? usable[0];
  if (known === undefined) return [...all, { value: email, primary: true }];
  if (emailKey(String(known.value)) === email) return all;
  return all.map((one) => (one === known ? { ...one, value: email } : one));
}

function shownName({ displayName, name }: Resource): string | null {
  if (typeof displayName === "string") return displayName;
  const { formatted, givenName, familyName } = isObject(name) ? name : {};
  if (typeof formatted === "string") return formatted;
  return [givenName, familyName].filter((part) => typeof part === "string").join(" ") || null;
}

function isObject(value: unknown): value is Resource {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
