import type { Context } from "../../src/context.ts";
import {
  type AccountId,
  type DirectoryId,
  type DirectoryUserId,
  type GroupId,
  newId,
  type OrganizationId,
  type ProductId,
} from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryGroups } from "../../src/identity/directory-groups/write.ts";
import { createDirectoryUser } from "../../src/identity/directory-users/create.ts";
import type { DirectoryUserInput } from "../../src/identity/directory-users/directory-user.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { type ResentInvitation, resendInvitation } from "../../src/identity/invitations/resend.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { resolveSite } from "../../src/identity/sites.ts";

export type World = { organization: OrganizationId; directory: DirectoryId; actor: Actor };

/** An organization with one SCIM directory. */
export async function makeWorld(ctx: Context, key: string): Promise<World> {
  const organization = newId<OrganizationId>();
  const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
  const directory = await inTransaction(
    ctx,
    actor,
    async (tx) => {
      await createOrganization(tx, { key, name: `The ${key} company` });
      return addDirectory(tx, { name: "okta", kind: "scim" });
    },
    { lock: "exclusive" },
  );
  return { organization, directory: directory.id, actor };
}

/** What a directory says of somebody whom only the user name tells from others. */
export function person(userName: string, facts: Partial<DirectoryUserInput> = {}): DirectoryUserInput {
  return {
    id: newId<DirectoryUserId>(),
    immutableId: null,
    externalId: null,
    userName,
    active: true,
    email: `${userName}@example.com`,
    displayName: userName,
    resource: {},
    contentHash: null,
    ...facts,
  };
}

/** Creates the person as a SCIM POST does. */
export async function addPerson(
  ctx: Context,
  world: World,
  userName: string,
  facts: Partial<DirectoryUserInput> = {},
): Promise<AccountId> {
  const user = await createDirectoryUser(ctx, world.actor, world.directory, person(userName, facts));
  return user.account;
}

export type MailRow = {
  id: string;
  state: string;
  attempts: number;
  lastReply: string | null;
  dedupeKey: string;
};

/** The mails of an account, oldest first. */
export async function mailsOf(ctx: Context, world: World, account: AccountId): Promise<MailRow[]> {
  return ctx.db.of(world.organization).query<MailRow>({
    text: `select id, state, attempts, last_reply as "lastReply", dedupe_key as "dedupeKey" from mails
      where organization = $1 and account = $2 order by id`,
    values: [world.organization, account],
  });
}

/** The delivery word of the account's newest invitation. */
export async function deliveryOf(ctx: Context, world: World, account: AccountId): Promise<string | undefined> {
  const rows = await ctx.db.of(world.organization).query<{ delivery: string }>({
    text: "select delivery from invitations where organization = $1 and account = $2 order by id desc limit 1",
    values: [world.organization, account],
  });
  return rows[0]?.delivery;
}

/** A product on the organization's site and a group of the directory that has `role` in it. */
export async function addProduct(
  ctx: Context,
  world: World,
  key: string,
  role: "admin" | "user" | "guest",
  url: string | null = null,
): Promise<{ product: ProductId; group: GroupId }> {
  const group = newId<GroupId>();
  return inTransaction(
    ctx,
    world.actor,
    async (tx) => {
      const product = await createProduct(tx, await resolveSite(tx, undefined), {
        key,
        name: `The ${key}`,
        url,
        hasGuests: role === "guest",
      });
      await insertDirectoryGroups(tx, world.directory, [
        {
          id: group,
          immutableId: null,
          externalId: null,
          displayName: `${key}-people`,
          resource: {},
          contentHash: null,
          uniqueName: true,
        },
      ]);
      await grantRole(tx, { group, product: product.id, role });
      return { product: product.id, group };
    },
    { lock: "exclusive" },
  );
}

/** Presses *Resend invite* for a person. */
export async function resend(ctx: Context, world: World, account: AccountId): Promise<ResentInvitation> {
  return inTransaction(ctx, world.actor, (tx) => resendInvitation(tx, ctx.config.invitations, account), {
    lock: "none",
  });
}
