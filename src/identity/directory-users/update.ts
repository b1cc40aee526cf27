import type { AccountId, DirectoryId, DirectoryUserId } from "../../db/id.ts";
import { lockedById } from "../../db/sql.ts";
import type { Tx } from "../../db/transaction.ts";
import { reconcile } from "../access/reconcile.ts";
import { refreshCanonical } from "../accounts/canonical.ts";
import { followRenames } from "../accounts/rename.ts";
import { userNameKey } from "../keys.ts";
import { type DirectoryUser, type DirectoryUserInput, fromColumns, toColumns } from "./directory-user.ts";

type Held = { id: DirectoryUserId; account: AccountId; key: string };

type Written = Pick<DirectoryUser, "id" | "account" | "version" | "createdAt" | "updatedAt"> & {
  renamed: boolean;
  touchesAccess: boolean;
  touchesProfile: boolean;
};

/**
 * Replaces the whole content of records, found by id. Names and addresses may move between the records of one call
 * (a swap works). Renames move accounts as design §7 says.
 *
 * Before: the ids are live records of `directory`; others are left alone and missing from the answer. After: each
 * record has its new content and a version one higher; accounts, canonical records and access follow; nobody was
 * mailed. Deactivation is by the stored record, whatever else changes with it.
 * @param action what the audit trail calls it.
 * @throws MusterError `uniqueness` when a name is taken by a record that is not part of the call.
 */
export async function updateDirectoryUsers(
  tx: Tx,
  directory: DirectoryId,
  inputs: readonly DirectoryUserInput[],
  action: "directory-user.updated" | "directory-user.restored" = "directory-user.updated",
): Promise<DirectoryUser[]> {
  if (inputs.length === 0) return [];
  const held = await tx.query<Held>({
    name: "lock-directory-users",
    text: `select l.id, l.account, l.user_name_key as key
      from ${lockedById("directory_users", "id, account, user_name_key", "$3", "for no key update", "t.directory = $2 and t.deleted_at is null")}`,
    values: [tx.organization, directory, inputs.map((input) => input.id)],
  });
  const before = new Map(held.map((row) => [row.id, row]));
  const known = inputs.filter((input) => before.has(input.id));
  const renamed = known.filter((input) => before.get(input.id)?.key !== userNameKey(input.userName));
  if (renamed.length > 1) await parkNames(tx, renamed);
  const written = await writeContent(tx, directory, known, before, action);
  const accountOf = new Map(written.map((row) => [row.id, row.account]));
  const moved = await followRenames(
    tx,
    renamed.map((input) => ({
      id: input.id,
      account: accountOf.get(input.id) as AccountId,
      userName: input.userName,
      userNameKey: userNameKey(input.userName),
    })),
  );
  const touched = (does: (row: Written) => boolean) => [
    ...new Set([...written.filter(does).map((row) => row.account), ...moved]),
  ];
  await refreshCanonical(
    tx,
    touched((row) => row.touchesProfile),
  );
  await reconcile(
    tx,
    touched((row) => row.touchesAccess),
  );
  const users = withContent(directory, known, written);
  return renamed.length === 0 ? users : withAccounts(tx, users);
}

/** A name that nobody can have: names that move within one change never meet. */
async function parkNames(tx: Tx, renamed: readonly DirectoryUserInput[]): Promise<void> {
  await tx.query({
    text: `update directory_users set user_name_key = chr(1) || id::text where organization = $1 and id = any($2)`,
    values: [tx.organization, renamed.map((input) => input.id)],
  });
}

async function writeContent(
  tx: Tx,
  directory: DirectoryId,
  inputs: readonly DirectoryUserInput[],
  before: ReadonlyMap<DirectoryUserId, Held>,
  action: string,
): Promise<Written[]> {
  return tx.query<Written>({
    name: "write-directory-users",
    text: `select i.id, w.account, w.version, w.created_at as "createdAt", w.updated_at as "updatedAt", w.renamed,
        w.touches_access as "touchesAccess", w.touches_profile as "touchesProfile"
      from ${fromColumns(3, { called: "text" })}
      cross join lateral write_directory_user($1, $2, i.id, i.immutable_id, i.external_id, i.user_name, i.user_name_key,
        i.active, i.email, i.email_key, i.email_domain, i.display_name, i.resource, i.content_hash, i.called, null, $16,
        $17, $18, $19) w
      where w.outcome = 'written'`,
    values: [
      tx.organization,
      directory,
      ...toColumns(inputs),
      inputs.map((input) => before.get(input.id)?.key),
      action,
      tx.actor.kind,
      tx.actor.id,
      tx.actor.requestId,
    ],
  });
}

function withContent(
  directory: DirectoryId,
  inputs: readonly DirectoryUserInput[],
  written: readonly Written[],
): DirectoryUser[] {
  const contentOf = new Map(inputs.map((input) => [input.id, input]));
  return written.map(({ id, account, version, createdAt, updatedAt }) => ({
    ...(contentOf.get(id) as DirectoryUserInput),
    directory,
    account,
    version,
    createdAt,
    updatedAt,
  }));
}

async function withAccounts(tx: Tx, users: DirectoryUser[]): Promise<DirectoryUser[]> {
  const rows = await tx.query<{ id: DirectoryUserId; account: AccountId }>({
    text: "select id, account from directory_users where organization = $1 and id = any($2)",
    values: [tx.organization, users.map((user) => user.id)],
  });
  const accountOf = new Map(rows.map((row) => [row.id, row.account]));
  return users.map((user) => ({ ...user, account: accountOf.get(user.id) ?? user.account }));
}
