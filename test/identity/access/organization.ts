import type { Context } from "../../../src/context.ts";
import type { Db } from "../../../src/db/connection.ts";
import {
  type AccountId,
  type DirectoryId,
  type DirectoryUserId,
  type GroupId,
  newId,
  type OrganizationId,
  type ProductId,
} from "../../../src/db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../../src/db/transaction.ts";
import { accessOf, type ProductAccess } from "../../../src/identity/access/access-of.ts";
import { reconcileAll } from "../../../src/identity/access/reconcile.ts";
import { resolvePerson } from "../../../src/identity/accounts/person.ts";
import { addDirectory } from "../../../src/identity/directories.ts";
import { changeMembers } from "../../../src/identity/directory-groups/members.ts";
import { changeNestings } from "../../../src/identity/directory-groups/nestings.ts";
import { insertDirectoryGroups } from "../../../src/identity/directory-groups/write.ts";
import { orderDirectories } from "../../../src/identity/directory-order.ts";
import { createDirectoryUser } from "../../../src/identity/directory-users/create.ts";
import type { DirectoryUser, DirectoryUserInput } from "../../../src/identity/directory-users/directory-user.ts";
import { removeDirectoryUsers } from "../../../src/identity/directory-users/remove.ts";
import { updateDirectoryUsers } from "../../../src/identity/directory-users/update.ts";
import { grantRole, type Role } from "../../../src/identity/grants.ts";
import { createOrganization, type MembershipMode } from "../../../src/identity/organizations.ts";
import { createProduct, type ProductSettings } from "../../../src/identity/products.ts";
import { resolveSite } from "../../../src/identity/sites.ts";

/** One organization and the changes that doors make to it, each in a transaction of its own as there. */
export type Organization = Awaited<ReturnType<typeof makeOrganization>>;

export async function makeOrganization(ctx: Context, key: string, mode: MembershipMode = "aggregating") {
  const id = newId<OrganizationId>();
  const actor: Actor = { organization: id, kind: "command", id: "test", requestId: null };
  const db: Db = ctx.db.of(id);
  const alone = <T>(work: (tx: Tx) => Promise<T>) => inTransaction(ctx, actor, work, { lock: "exclusive" });
  const shared = <T>(work: (tx: Tx) => Promise<T>) => inTransaction(ctx, actor, work);
  await alone(async (tx) => {
    await createOrganization(tx, { key });
    await tx.query({ text: "update organizations set membership_mode = $2 where id = $1", values: [id, mode] });
  });
  return {
    id,
    key,
    ctx,
    actor,
    db,
    alone,
    shared,
    directory: async (name: string): Promise<DirectoryId> =>
      (await alone((tx) => addDirectory(tx, { name, kind: "scim" }))).id,
    /** One that is read; its first run applies. */
    pulled: async (name: string): Promise<DirectoryId> =>
      (await alone((tx) => addDirectory(tx, { name, kind: "ldap", firstRun: "apply" }))).id,
    account: (person: string): Promise<AccountId> => resolvePerson(db, person),
    order: (...names: string[]) => alone((tx) => orderDirectories(tx, names)),
    mode: (wanted: MembershipMode) =>
      alone(async (tx) => {
        await tx.query({ text: "update organizations set membership_mode = $2 where id = $1", values: [id, wanted] });
        await reconcileAll(tx);
      }),
    product: async (productKey: string, settings: Partial<ProductSettings> = {}): Promise<ProductId> =>
      (await alone(async (tx) => createProduct(tx, await resolveSite(tx, undefined), { key: productKey, ...settings })))
        .id,
    group: async (directory: DirectoryId, displayName: string): Promise<GroupId> => {
      const group = newId<GroupId>();
      await shared((tx) => insertDirectoryGroups(tx, directory, [groupInput(group, displayName)]));
      return group;
    },
    person: (
      directory: DirectoryId,
      userName: string,
      facts: Partial<DirectoryUserInput> = {},
    ): Promise<DirectoryUser> => createDirectoryUser(ctx, actor, directory, personInput(userName, facts)),
    update: (user: DirectoryUser, facts: Partial<DirectoryUserInput>) =>
      shared((tx) => updateDirectoryUsers(tx, user.directory, [{ ...user, ...facts }])),
    remove: (user: DirectoryUser) => shared((tx) => removeDirectoryUsers(tx, user.directory, [user.id])),
    join: (directory: DirectoryId, group: GroupId, member: DirectoryUserId) =>
      shared((tx) => changeMembers(tx, directory, { add: [{ group, member }], remove: [] })),
    leave: (directory: DirectoryId, group: GroupId, member: DirectoryUserId) =>
      shared((tx) => changeMembers(tx, directory, { add: [], remove: [{ group, member }] })),
    nest: (directory: DirectoryId, parent: GroupId, child: GroupId) =>
      alone((tx) => changeNestings(tx, directory, { add: [{ parent, child }], remove: [] })),
    grant: (group: GroupId | { directory: DirectoryId; name: string }, product: ProductId, role: Role) =>
      alone((tx) => grantRole(tx, { group, product, role })),
    /** The row of one product, as `muster access` tells it. */
    access: async (account: AccountId, productKey: string): Promise<ProductAccess> => {
      const row = (await accessOf(db, account)).access.find((product) => product.product === productKey);
      if (!row) throw new Error(`no product ${productKey}`);
      return row;
    },
  };
}

export function personInput(userName: string, facts: Partial<DirectoryUserInput> = {}): DirectoryUserInput {
  return {
    id: newId<DirectoryUserId>(),
    immutableId: null,
    externalId: null,
    userName,
    active: true,
    email: `${userName.toLowerCase()}@example.com`,
    displayName: userName,
    resource: {},
    contentHash: null,
    ...facts,
  };
}

export function groupInput(id: GroupId, displayName: string) {
  return { id, immutableId: null, externalId: null, displayName, resource: {}, contentHash: null, uniqueName: true };
}

/** The names of the groups whose paths count for this product. */
export function effective(access: ProductAccess): string[] {
  return access.trace
    .filter((path) => path.counts)
    .map((path) => path.group)
    .sort();
}
