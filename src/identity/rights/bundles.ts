import { PERMISSIONS, type Permission } from "./permissions.ts";

/** The bundles in which permissions are given (design §1: an administrator has rights, a bundle with a scope). */
export const BUNDLES = [
  "organization-administrator",
  "site-administrator",
  "user-access-administrator",
  "trusted",
  "auditor",
  "group-manager",
] as const;
export type Bundle = (typeof BUNDLES)[number];

const READING = PERMISSIONS.filter((permission) => permission.endsWith(":read"));

/** What each bundle allows within its scope. R11 to R18. */
export const PERMISSIONS_OF: Readonly<Record<Bundle, ReadonlySet<Permission>>> = {
  "organization-administrator": new Set(PERMISSIONS),
  "site-administrator": new Set<Permission>([
    "access:read",
    "invitations:read",
    "invitations:write",
    "groups:read",
    "grants:read",
    "grants:write",
    "guests:read",
    "guests:write",
    "sites:read",
    "sites:write",
    "products:read",
    "products:write",
    "rights:read",
    "rights:write",
  ]),
  "user-access-administrator": new Set<Permission>([
    "access:read",
    "invitations:read",
    "invitations:write",
    "groups:read",
    "grants:read",
    "grants:write",
    "guests:read",
    "guests:write",
    "products:read",
  ]),
  trusted: new Set<Permission>(["sites:read", "products:read", "products:write", "invitations:write"]),
  auditor: new Set(READING),
  "group-manager": new Set<Permission>(["groups:read", "members:write"]),
};
