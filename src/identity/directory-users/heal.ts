import type { AccountId, DirectoryId, DirectoryUserId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { userNameKey } from "../keys.ts";
import { type DirectoryUserInput, fromValues, toValues } from "./directory-user.ts";
import { restoreDirectoryUsers } from "./remove.ts";
import { updateDirectoryUsers } from "./update.ts";

type Former = { id: DirectoryUserId; account: AccountId; key: string; active: boolean; deletedAt: Date | null };

/**
 * Brings back the person whom a provider creates anew after it had deleted or deactivated them: the record of the same
 * external id, which a provider never gives to anybody else (RFC 7643 §3.1). Without this a provider that believes a
 * person gone and a directory that still holds the name refuse each other for ever.
 *
 * A deactivated record comes first, then the tombstone that was made last. While an active record has the external id
 * nothing is healed, and nobody is by the user name alone. A tombstone's memberships do not come back with it: since the
 * deletion the provider could neither see nor end them.
 *
 * Before: any. After: undefined, and nothing written, when there is no such record; else the record of the answer is live
 * with the content of `input`, under its own id; account, canonical record and access follow.
 * @throws MusterError `uniqueness` when another record holds the user name.
 */
export async function healDirectoryUser(
  tx: Tx,
  directory: DirectoryId,
  input: DirectoryUserInput,
): Promise<DirectoryUserId | undefined> {
  if (input.externalId === null) return undefined;
  const held = await tx.query<Former>({
    name: "lock-former-users",
    text: `select id, account, user_name_key as key, active, deleted_at as "deletedAt" from directory_users
      where organization = $1 and directory = $2 and external_id = $3 order by id for no key update`,
    values: [tx.organization, directory, input.externalId],
  });
  const live = held.filter((row) => row.deletedAt === null);
  if (live.some((row) => row.active)) return undefined;
  const former = live.at(-1) ?? held.toSorted((a, b) => Number(a.deletedAt) - Number(b.deletedAt)).at(-1);
  if (!former) return undefined;
  const content = { ...input, id: former.id };
  if (former.deletedAt === null) await updateDirectoryUsers(tx, directory, [content], "directory-user.restored");
  else await restoreAs(tx, directory, former, content);
  return former.id;
}

/** A tombstone is seen by nobody, so it gets its new content first and is restored as that. */
async function restoreAs(tx: Tx, directory: DirectoryId, former: Former, content: DirectoryUserInput): Promise<void> {
  await tx.query({
    text: "delete from remote_memberships where organization = $1 and directory_user = $2",
    values: [tx.organization, former.id],
  });
  await tx.query({
    text: `update directory_users set (id, immutable_id, external_id, user_name, user_name_key, active, email, email_key,
          email_domain, display_name, resource, content_hash) = row (${fromValues(3)}),
        shown_name_key = shown_name_key($13), first_address_key = first_address_key($13)
      where organization = $1 and id = $2`,
    values: [tx.organization, former.id, ...toValues(content)],
  });
  await tx.query({
    text: "select keep_further_addresses($1, $2, $3)",
    values: [tx.organization, former.id, JSON.stringify(content.resource)],
  });
  const key = userNameKey(content.userName);
  // An account that was this record's alone takes the new name along, as after a rename (design §7).
  if (former.key !== key)
    await tx.query({
      text: `update accounts a set user_name = $4, user_name_key = $5
        where a.organization = $1 and a.id = $2 and a.canonical is null and a.last_canonical = $3
          and not exists (select from accounts o where o.organization = $1 and o.user_name_key = $5)`,
      values: [tx.organization, former.account, former.id, content.userName, key],
    });
  await restoreDirectoryUsers(tx, directory, [former.id]);
}
