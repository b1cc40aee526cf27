import { csrfTokenOf } from "../../src/admin/sign-in/authenticate-session.ts";
import { type AccountId, type DirectoryUserId, type GroupId, newId } from "../../src/db/id.ts";
import type { Tx } from "../../src/db/transaction.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { createBreakGlass } from "../../src/identity/break-glass.ts";
import { insertDirectoryGroups } from "../../src/identity/directory-groups/write.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { addLocalMembers, createLocalGroup, nestGroups } from "../../src/identity/groups.ts";
import { assignGuest } from "../../src/identity/guests.ts";
import { invite } from "../../src/identity/invitations/invite.ts";
import { createProduct } from "../../src/identity/products.ts";
import type { Bundle } from "../../src/identity/rights/bundles.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { PERMISSIONS, type Permission, type RightScope } from "../../src/identity/rights/permissions.ts";
import { giveRight } from "../../src/identity/rights/rights.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { beginSession, type SessionHolder } from "../../src/identity/sessions.ts";
import { generatePassword } from "../../src/identity/sign-in/generated-password.ts";
import { createSite } from "../../src/identity/sites.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { createToken } from "../../src/identity/tokens.ts";
import type { Api, Ask, Company } from "./world.ts";

/** Who may call, in the order of the table's columns. */
export const ACTORS = [
  "anonymous",
  "scim-token",
  "product-token",
  "other-token",
  "reading-token",
  "basic",
  "trusted",
  "group-manager",
  "user-access-administrator",
  "site-administrator",
  "auditor",
  "organization-administrator",
  "break-glass",
] as const;
export type ActorName = (typeof ACTORS)[number];

/** How an actor shows who they are. */
export type Credentials = Pick<Ask, "token" | "headers">;

/** What a caller names things of one place by, every place in the same order. */
type Place = readonly string[];

/** A second site in the company, with all that stands on its first one; and things of both that only rights reach. */
export async function makePlaces({ write }: Pick<Api, "write">, c: Company) {
  return write(c.organization, async (tx) => {
    const site = await createSite(tx, { key: "south" });
    const intranet = await createProduct(tx, site, { key: "intranet", hasGuests: true });
    const board = await createProduct(tx, site, { key: "board" });
    const docs = await createSpace(tx, intranet.id, { key: "docs" });
    const [users, guests, empty] = [
      await createLocalGroup(tx, "far users"),
      await createLocalGroup(tx, "far guests"),
      await createLocalGroup(tx, "far empty"),
    ];
    const waiting = await grantRole(tx, {
      group: { directory: c.okta.id, name: "far owners" },
      product: intranet.id,
      role: "admin",
    });
    const owners = { id: newId<GroupId>(), immutableId: null, externalId: null, resource: {}, contentHash: null };
    await insertDirectoryGroups(tx, c.okta.id, [{ ...owners, displayName: "far owners", uniqueName: true }]);
    const grant = await grantRole(tx, { group: users.id, product: intranet.id, role: "user" });
    await grantRole(tx, { group: guests.id, product: intranet.id, role: "guest" });
    await addLocalMembers(tx, users.id, [c.people.ada]);
    await addLocalMembers(tx, guests.id, [c.people.bob]);
    await nestGroups(tx, users.id, [owners.id]);
    const guest = await assignGuest(tx, {
      account: c.people.bob,
      space: docs.id,
      permission: "read-only",
      expiresAt: null,
      sponsor: c.people.ada,
    });
    const given = async (at: RightScope & { kind: "site" }) =>
      (await giveRight(tx, [EVERYTHING], { account: c.people.carol, bundle: "basic", scope: at })).id;
    const [nearRight, farRight] = [
      await given({ kind: "site", id: c.site.id }),
      await given({ kind: "site", id: site.id }),
    ];
    const [nearToken, farToken] = [
      await createToken(tx, { product: c.wiki.id }),
      await createToken(tx, { product: intranet.id }),
    ];
    const invited = async (email: string, group: GroupId) => {
      const wanted = { emails: [email], groups: [group], roles: [], spaces: [], notify: false, message: null };
      const { results } = await invite(tx, { validDays: 7, resendCoolDown: 0 }, [EVERYTHING], wanted);
      return results[0]?.invitation as string;
    };
    const reviewed = async (email: string, group: GroupId) => {
      const id = await invited(email, group);
      await tx.query({
        text: "update invitations set state = 'needs-review', review = 'inviter-may-not' where organization = $1 and id = $2",
        values: [c.organization, id],
      });
      return id;
    };
    const invitations = {
      near: [
        await invited("mia@near.example", c.groups.users.id),
        await reviewed("ned@near.example", c.groups.users.id),
      ],
      far: [await invited("mia@far.example", users.id), await reviewed("ned@far.example", users.id)],
    };
    const near: Place = [
      ...[c.site.id, c.wiki.id, c.tracker.id, c.docs.id, c.groups.users.id, c.groups.guests.id, c.groups.empty.id],
      ...[c.groups.owners.id, c.grants.waiting.id, c.grants.users.id, c.guest.id, nearRight, nearToken.id],
      ...invitations.near,
    ];
    const far: Place = [
      ...[site.id, intranet.id, board.id, docs.id, users.id, guests.id, empty.id],
      ...[owners.id, waiting.id, grant.id, guest.id, farRight, farToken.id],
      ...invitations.far,
    ];
    const [invitation = "", review = ""] = invitations.near;
    return { near, far, right: nearRight, token: nearToken.id, productToken: nearToken.token, invitation, review };
  });
}

/** The keys by which requests name the site and the products of each place, as `Place` has their ids. */
export const KEYS = {
  near: (c: Pick<Company, "key">) => [c.key, "wiki", "tracker"],
  far: ["south", "intranet", "board"],
  unknown: ["nowhere", "nothing", "nil"],
} as const;

export type Places = Awaited<ReturnType<typeof makePlaces>>;

/** The bundle of the actors who are people, and for what they have it. */
function rightsOf(c: Company): Readonly<Record<Bundle, RightScope>> {
  const site = { kind: "site", id: c.site.id } as const;
  return {
    basic: site,
    trusted: site,
    "site-administrator": site,
    "group-manager": { kind: "group", id: c.groups.users.id },
    "user-access-administrator": { kind: "product", id: c.wiki.id },
    auditor: { kind: "organization" },
    "organization-administrator": { kind: "organization" },
  };
}

/**
 * Credentials of every actor. People call by sessions as the console does; one who has nothing to do there (Basic) by a
 * token of their own. @param productToken of the product that is near.
 */
export async function makeActors({ ctx, write }: Pick<Api, "ctx" | "write">, c: Company, productToken: string) {
  const origin = new URL(ctx.config.publicUrl).origin;
  const password = await generatePassword();
  return write(c.organization, async (tx) => {
    const signedIn = async (holder: SessionHolder, method: "password" | "break-glass"): Promise<Credentials> => {
      const facts = { method, authenticated: "now", address: null } as const;
      const { token } = await beginSession(tx, holder, facts, { idle: 3_600, longest: 36_000 });
      return { headers: { cookie: `__Host-muster=${token}`, "x-csrf-token": csrfTokenOf(token), origin } };
    };
    const made: Partial<Record<ActorName, Credentials>> = {
      anonymous: {},
      "scim-token": { token: (await createToken(tx, { directory: c.okta.id })).token },
      "product-token": { token: productToken },
      "reading-token": {
        token: (await createToken(tx, { administration: true, permissions: PERMISSIONS.filter(reads) })).token,
      },
    };
    for (const [bundle, scope] of Object.entries(rightsOf(c)) as [Bundle, RightScope][]) {
      const { account, record } = await newPerson(tx, c, bundle);
      await giveRight(tx, [EVERYTHING], { account, bundle, scope });
      made[bundle] =
        bundle === "basic"
          ? { token: (await createToken(tx, { administration: true, owner: account })).token }
          : await signedIn({ account, record }, "password");
    }
    const key = loadSecretKey(ctx.config);
    const { id: breakGlass } = await createBreakGlass(tx, key, "fire", password);
    made["break-glass"] = await signedIn({ breakGlass }, "break-glass");
    /** A token of the organization's that has every permission but this one, and those that read nothing of it. */
    const others = new Map<Permission | null, Credentials>();
    for (const permission of [null, ...PERMISSIONS]) {
      const permissions = PERMISSIONS.filter((one) => one !== permission);
      others.set(permission, { token: (await createToken(tx, { administration: true, permissions })).token });
    }
    return (actor: ActorName, permission: Permission | null): Credentials =>
      (actor === "other-token" ? others.get(permission) : made[actor]) as Credentials;
  });
}

const reads = (permission: Permission) => permission.endsWith(":read");

/** A person of the company's SCIM directory. */
export async function newPerson(tx: Tx, c: Pick<Company, "okta" | "key">, userName: string) {
  const record = newId<DirectoryUserId>();
  const facts = { immutableId: null, externalId: null, displayName: null, resource: {}, contentHash: null };
  await insertDirectoryUsers(tx, c.okta.id, [
    { ...facts, id: record, userName, active: true, email: `${userName}@${c.key}.example` },
  ]);
  const account: AccountId = await resolvePerson(tx, userName);
  return { account, record };
}
