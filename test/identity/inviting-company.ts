import type { Context } from "../../src/context.ts";
import {
  type AccountId,
  type GroupId,
  newId,
  type OrganizationId,
  type ProductId,
  type SpaceId,
} from "../../src/db/id.ts";
import { type Actor, inTransaction, type OrganizationLock, simulate, type Tx } from "../../src/db/transaction.ts";
import { accessOf } from "../../src/identity/access/access-of.ts";
import { setDefaultGroup } from "../../src/identity/default-groups.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { grantRole, type Role } from "../../src/identity/grants.ts";
import { createLocalGroup } from "../../src/identity/groups.ts";
import { acceptInvitation } from "../../src/identity/invitations/accept.ts";
import { copyInvitationLink } from "../../src/identity/invitations/change.ts";
import { type Invite, type Invited, invite } from "../../src/identity/invitations/invite.ts";
import { findInvitation } from "../../src/identity/invitations/links.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct, type ProductSettings } from "../../src/identity/products.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import type { Held } from "../../src/identity/rights/permissions.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { hashToken } from "../../src/identity/token-form.ts";

export const settings = { validDays: 7, resendCoolDown: 60 };
let organizations = 0;

/** An organization with a product that has a local group, the default one, for each role. */
export async function company(ctx: Context, product: Partial<ProductSettings> = {}) {
  organizations += 1;
  const organization = newId<OrganizationId>();
  const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
  const write = <T>(work: (tx: Tx) => Promise<T>, lock: OrganizationLock = "exclusive") =>
    inTransaction(ctx, actor, work, { lock });
  const made = await write(async (tx) => {
    await createOrganization(tx, { key: `acme-${organizations}` });
    const wiki = await createProduct(tx, await resolveSite(tx, undefined), {
      key: "wiki",
      hasGuests: true,
      ...product,
    });
    const groups = {} as Record<Role, GroupId>;
    for (const role of ["admin", "user", "guest"] as const) {
      groups[role] = (await createLocalGroup(tx, `wiki ${role}s`)).id;
      await grantRole(tx, { group: groups[role], product: wiki.id, role });
      await setDefaultGroup(tx, wiki.id, role, groups[role]);
    }
    const docs = await createSpace(tx, wiki.id, { key: "docs" });
    const other = await createSpace(tx, wiki.id, { key: "other" });
    const okta = await addDirectory(tx, { name: "okta", kind: "scim", authoritativeDomains: ["acme.example"] });
    return { wiki: wiki.id, groups, docs: docs.id, other: other.id, okta: okta.id };
  });
  const ask = (wanted: Partial<Invite>, held: readonly Held[] = [EVERYTHING]) =>
    write((tx) => invite(tx, settings, held, inviting(wanted)), "shared");
  const preview = (wanted: Partial<Invite>) =>
    simulate(ctx, actor, (tx) => invite(tx, settings, [EVERYTHING], inviting(wanted)));
  const db = ctx.db.of(organization);
  const roleOf = async (account: AccountId | null) => {
    const { access } = await accessOf(db, account as AccountId);
    return access.map(({ role, allowed }) => `${role} ${allowed}`).join();
  };
  const mails = async () =>
    (
      await db.query<{ recipient: string }>({
        text: "select recipient from mails where organization = $1 order by recipient",
        values: [organization],
      })
    ).map(({ recipient }) => recipient);
  const link = (one: Invited | undefined) =>
    write((tx) => copyInvitationLink(tx, settings, [EVERYTHING], one?.invitation as never), "none");
  const open = async (token: string) => {
    const found = await findInvitation(ctx.db, hashToken(token));
    return found ? acceptInvitation(ctx, found, hashToken(token), null) : "closed";
  };
  return { ...made, organization, actor, write, ask, preview, db, roleOf, mails, link, open };
}

export function inviting(wanted: Partial<Invite>): Invite {
  return { emails: [], roles: [], groups: [], spaces: [], notify: true, message: null, ...wanted };
}

export const asUser = (product: ProductId) => [{ product, role: "user" as const }];
export const asGuest = (c: { wiki: ProductId; docs: SpaceId }, expiresAt: Date | null = null) => ({
  roles: [{ product: c.wiki, role: "guest" as const }],
  spaces: [{ product: c.wiki, space: c.docs, permission: "read-only" as const, sponsor: null, expiresAt }],
});
