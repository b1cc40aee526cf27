import type { AccountId, DirectoryId, DirectoryUserId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { reconcile } from "../access/reconcile.ts";
import { refreshCanonical } from "../accounts/canonical.ts";
import { followRenames } from "../accounts/rename.ts";
import { userNameKey } from "../keys.ts";
import { recordChanges } from "../record.ts";
import {
  type DirectoryUser,
  type DirectoryUserInput,
  directoryUserColumns,
  fromColumns,
  toColumns,
} from "./directory-user.ts";

type Held = { id: DirectoryUserId; account: AccountId; key: string; active: boolean; email: string | null };

/**
 * Replaces the whole content of records, found by id. Names and addresses may move between the records of one call
 * (a swap works). Renames move accounts as design §7 says.
 *
 * Before: the ids are live records of `directory`; others are left alone and missing from the answer. After: each
 * record has its new content and a version one higher; accounts, canonical records and access follow; nobody was
 * mailed. Deactivation is by the stored record, whatever else changes with it.
 * @throws MusterError `uniqueness` when a name is taken by a record that is not part of the call.
 */
export async function updateDirectoryUsers(
  tx: Tx,
  directory: DirectoryId,
  inputs: readonly DirectoryUserInput[],
): Promise<DirectoryUser[]> {
  if (inputs.length === 0) return [];
  const held = await tx.query<Held>({
    name: "lock-directory-users",
    text: `select id, account, user_name_key as key, active, email from directory_users
      where organization = $1 and directory = $2 and id = any($3) and deleted_at is null
      order by id for no key update`,
    values: [tx.organization, directory, inputs.map((input) => input.id)],
  });
  const before = new Map(held.map((row) => [row.id, row]));
  const known = inputs.filter((input) => before.has(input.id));
  const renamed = known.filter((input) => before.get(input.id)?.key !== userNameKey(input.userName));
  if (renamed.length > 1) await parkNames(tx, renamed);
  const users = await writeContent(tx, known);
  const touched = new Set<AccountId>(held.map((row) => row.account));
  for (const account of await followRenames(
    tx,
    renamed.map((input) => ({
      id: input.id,
      account: (before.get(input.id) as Held).account,
      userName: input.userName,
      userNameKey: userNameKey(input.userName),
    })),
  ))
    touched.add(account);
  await recordUpdates(tx, directory, known, before);
  await refreshCanonical(tx, [...touched]);
  if (known.some((input) => mayTouchAccess(input, before.get(input.id)))) await reconcile(tx, [...touched]);
  return renamed.length === 0 ? users : withAccounts(tx, users);
}

/** Access depends on the name, on being active, and on the address (sign-up domains); on nothing else of a record. */
function mayTouchAccess(input: DirectoryUserInput, before: Held | undefined): boolean {
  return (
    before === undefined ||
    before.key !== userNameKey(input.userName) ||
    before.active !== input.active ||
    before.email !== input.email
  );
}

/** A name that nobody can have: names that move within one change never meet. */
async function parkNames(tx: Tx, renamed: readonly DirectoryUserInput[]): Promise<void> {
  await tx.query({
    text: `update directory_users set user_name_key = chr(1) || id::text where organization = $1 and id = any($2)`,
    values: [tx.organization, renamed.map((input) => input.id)],
  });
}

async function writeContent(tx: Tx, inputs: readonly DirectoryUserInput[]): Promise<DirectoryUser[]> {
  return tx.query<DirectoryUser>({
    name: "update-directory-users",
    text: `update directory_users u set immutable_id = i.immutable_id, external_id = i.external_id,
        user_name = i.user_name, user_name_key = i.user_name_key, active = i.active, email = i.email,
        email_key = i.email_key, email_domain = i.email_domain, display_name = i.display_name, resource = i.resource,
        content_hash = i.content_hash, version = u.version + 1, updated_at = statement_timestamp()
      from ${fromColumns(2)} where u.organization = $1 and u.id = i.id
      returning ${directoryUserColumns}`,
    values: [tx.organization, ...toColumns(inputs)],
  });
}

async function recordUpdates(
  tx: Tx,
  directory: DirectoryId,
  inputs: readonly DirectoryUserInput[],
  before: ReadonlyMap<DirectoryUserId, Held>,
): Promise<void> {
  await recordChanges(
    tx,
    inputs.map((input) => {
      const old = before.get(input.id);
      return {
        action: "directory-user.updated",
        subjectKind: "directory-user",
        subject: input.id,
        detail: {
          directory,
          userName: input.userName,
          ...(old?.key === userNameKey(input.userName) ? {} : { renamedFrom: old?.key }),
          ...(old?.active === input.active ? {} : { active: input.active }),
        },
        event: true,
      };
    }),
  );
}

async function withAccounts(tx: Tx, users: DirectoryUser[]): Promise<DirectoryUser[]> {
  const rows = await tx.query<{ id: DirectoryUserId; account: AccountId }>({
    text: "select id, account from directory_users where organization = $1 and id = any($2)",
    values: [tx.organization, users.map((user) => user.id)],
  });
  const accountOf = new Map(rows.map((row) => [row.id, row.account]));
  return users.map((user) => ({ ...user, account: accountOf.get(user.id) ?? user.account }));
}
