import type { AccountId, DirectoryId, DirectoryUserId, GroupId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { explain } from "./access/explain.ts";
import { getDirectory } from "./directories.ts";
import { changeMembers } from "./directory-groups/members.ts";
import { refusalToWrite } from "./directory-permissions.ts";
import { refused } from "./external-user-management.ts";
import type { Role } from "./grants.ts";
import { localMembersAmong, removeLocalMembers } from "./groups.ts";
import { keysOfProducts } from "./products.ts";

/** What a person still has on a product that the group gives, and through which group of which directory, or `local`. */
type Remaining = {
  user: { id: AccountId; userName: string };
  site: string;
  product: string;
  role: Role;
  directory: string;
  group: string;
};

export type MembersRemoved = {
  /** How many were members and are none any more by this change. */
  removed: number;
  /** Whom the group's own directory keeps in it. */
  kept: { user: { id: AccountId; userName: string }; directory: string }[];
  /** What stays effective on the products that the group gives, 100 at most. */
  remaining: Remaining[];
};

const MOST_NAMED = 100;

/**
 * Takes people out of one group: administrators' own memberships, and the directory's where it may be written to. Groups
 * of two directories are two groups, whatever they are called; so the answer tells what is left by the other one (T12 to T14).
 *
 * Before: any. After: who could be taken out is, and access follows; who was no member is none.
 * @throws MusterError `not-found` for an unknown group; `read-only` naming the directory, when it alone keeps one of them
 * in its group: then nothing is changed, because nothing would be.
 */
export async function removeMembers(tx: Tx, group: GroupId, accounts: readonly AccountId[]): Promise<MembersRemoved> {
  const products = await productsThrough(tx, group, accounts);
  const own = await localMembersAmong(tx, group, accounts);
  const held = await heldByDirectory(tx, group, accounts);
  const directory = held[0] && (await getDirectory(tx, held[0].directory));
  const refusal = directory ? refusalToWrite(directory) : null;
  if (directory && refusal && held.some((row) => !own.includes(row.account)))
    throw refused(
      { ...refusal, message: `${directory.name} itself keeps the person in its group; ${refusal.message}` },
      "user",
    );
  // Directory users and groups are locked before accounts.
  if (directory && !refusal)
    await changeMembers(tx, directory.id, { add: [], remove: held.map((row) => ({ group, member: row.record })) });
  await removeLocalMembers(tx, group, accounts);
  const out = new Set([...own, ...(refusal ? [] : held.map((row) => row.account))]);
  return {
    removed: out.size,
    kept:
      refusal && directory
        ? held.map(({ account: id, userName }) => ({ user: { id, userName }, directory: directory.name }))
        : [],
    remaining: await remainingOn(tx, products, accounts),
  };
}

/** The products on which this group gives these people a role, by itself or by the groups that it is in. */
async function productsThrough(tx: Tx, group: GroupId, accounts: readonly AccountId[]): Promise<string[]> {
  const rows = await tx.query<{ product: string }>({
    text: "select distinct product from access_paths($1, $2::uuid[]) where member_of = $3",
    values: [tx.organization, accounts, group],
  });
  return rows.map((row) => row.product);
}

type Held = { account: AccountId; userName: string; record: DirectoryUserId; directory: DirectoryId };

async function heldByDirectory(tx: Tx, group: GroupId, accounts: readonly AccountId[]): Promise<Held[]> {
  return tx.query<Held>({
    text: `select u.account, a.user_name as "userName", u.id as record, u.directory
      from directory_users u
      join remote_memberships m on m.organization = u.organization and m.directory_user = u.id and m.group_id = $2
      join accounts a on a.organization = u.organization and a.id = u.account
      where u.organization = $1 and u.account = any ($3) and u.deleted_at is null order by a.user_name_key, u.id`,
    values: [tx.organization, group, accounts],
  });
}

async function remainingOn(tx: Tx, products: readonly string[], accounts: readonly AccountId[]): Promise<Remaining[]> {
  if (products.length === 0) return [];
  const paths = (await explain(tx, accounts)).filter(
    (path) => path.failing === null && products.includes(path.product),
  );
  const keys = new Map(
    (await keysOfProducts(tx, [...new Set(paths.map((path) => path.product))])).map((one) => [one.id, one]),
  );
  const names = await tx.query<{ id: AccountId; userName: string }>({
    text: `select id, user_name as "userName" from accounts where organization = $1 and id = any ($2)`,
    values: [tx.organization, accounts],
  });
  return paths.slice(0, MOST_NAMED).map(({ account, product, role, group }) => {
    const { site = "", key = "" } = keys.get(product) ?? {};
    const user = names.find(({ id }) => id === account) ?? { id: account, userName: "" };
    return { user, site, product: key, role, directory: group.directory ?? "local", group: group.name };
  });
}
