import { PERMISSIONS, type Permission, type RightScope } from "./permissions.ts";

/** The bundles in which permissions are given to people (design §1: an administrator has rights, a bundle with a scope). */
export const BUNDLES = [
  "organization-administrator",
  "auditor",
  "site-administrator",
  "trusted",
  "basic",
  "user-access-administrator",
  "group-manager",
] as const;
export type Bundle = (typeof BUNDLES)[number];

/** For what kind of scope each bundle is given; it says more than it seems: nobody is auditor of a site. */
export const SCOPE_OF: Readonly<Record<Bundle, RightScope["kind"]>> = {
  "organization-administrator": "organization",
  auditor: "organization",
  "site-administrator": "site",
  trusted: "site",
  basic: "site",
  "user-access-administrator": "product",
  "group-manager": "group",
};

/** What concerns the people of one product; guests are invited by site and organization administrators alone (R11). */
const OF_A_PRODUCT: readonly Permission[] = [
  "access:read",
  "access:check",
  "events:read",
  "invitations:read",
  "invitations:write",
  "groups:read",
  "grants:read",
  "grants:write",
  "guests:read",
  "products:read",
];

/**
 * What each bundle allows within its scope, and nowhere else.
 * - An organization administrator may everything.
 * - An auditor sees everything and changes nothing.
 * - A site administrator may everything on the site and its products (R16), and nothing of what is the organization's:
 *   people and directories among them (R13, R18).
 * - Trusted: sees, configures and adds products, and invites people (R15). Basic: uses products and no more (R14).
 * - A user-access administrator says who uses one product, but does not let guests in (R11).
 * - A group manager says who is in one group.
 */
export const PERMISSIONS_OF: Readonly<Record<Bundle, ReadonlySet<Permission>>> = {
  "organization-administrator": new Set(PERMISSIONS),
  auditor: new Set(PERMISSIONS.filter((permission) => permission.endsWith(":read"))),
  "site-administrator": new Set<Permission>([
    ...OF_A_PRODUCT,
    "guests:write",
    "sites:read",
    "sites:write",
    "products:write",
    "rights:read",
    "rights:write",
    "tokens:read",
    "tokens:write",
  ]),
  trusted: new Set<Permission>([
    "sites:read",
    "products:read",
    "products:write",
    "invitations:read",
    "invitations:write",
  ]),
  basic: new Set(),
  "user-access-administrator": new Set(OF_A_PRODUCT),
  "group-manager": new Set<Permission>(["groups:read", "members:write"]),
};

/** Who invites beside administrators (C6): what the organization says of it changes these bundles and no other. */
export type WhoMayInvite = "administrators" | "trusted" | "managers";

const INVITING: ReadonlySet<Bundle> = new Set(["trusted", "user-access-administrator"]);

/**
 * What a bundle allows as the organization has it. `administrators`: they alone invite (R11, R13). `trusted`: whoever is trusted on a
 * site (R15) or looks after a product invites users. `managers`: guests too (R126, R132).
 */
export function permissionsOf(bundle: Bundle, whoMayInvite: WhoMayInvite): ReadonlySet<Permission> {
  const permissions = PERMISSIONS_OF[bundle];
  if (!INVITING.has(bundle) || whoMayInvite === "trusted") return permissions;
  return whoMayInvite === "administrators"
    ? permissions.difference(new Set<Permission>(["invitations:write"]))
    : permissions.union(new Set<Permission>(["guests:read", "guests:write"]));
}
