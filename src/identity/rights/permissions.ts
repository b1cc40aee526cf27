import type { GroupId, ProductId, SiteId } from "../../db/id.ts";

/** What can be allowed. `NOUN:read` shows it, `NOUN:write` changes it; each holds for a scope. */
export const PERMISSIONS = [
  "users:read",
  "users:write",
  "access:read",
  "access:check",
  "invitations:read",
  "invitations:write",
  "groups:read",
  "groups:write",
  "members:write",
  "grants:read",
  "grants:write",
  "guests:read",
  "guests:write",
  "sites:read",
  "sites:write",
  "products:read",
  "products:write",
  "directories:read",
  "directories:write",
  "runs:read",
  "runs:write",
  "events:read",
  "webhooks:read",
  "webhooks:write",
  "audit:read",
  "exports:write",
  "tokens:read",
  "tokens:write",
  "rights:read",
  "rights:write",
  "mails:read",
  "mails:write",
  "settings:read",
  "settings:write",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** Where permissions hold: the whole organization, or one site (with its products), product or group of it. */
export type RightScope =
  | { kind: "organization" }
  | { kind: "site"; id: SiteId }
  | { kind: "product"; id: ProductId }
  | { kind: "group"; id: GroupId };

/** What a request is about. A product knows its site, because a right on the site reaches it. */
export type Target = Exclude<RightScope, { kind: "product" }> | { kind: "product"; id: ProductId; site: SiteId };

/** Permissions with the scope for which somebody has them. */
export type Held = { permissions: ReadonlySet<Permission>; scope: RightScope };

/** Whether a scope reaches what a request is about. */
export function covers(scope: RightScope, target: Target): boolean {
  switch (scope.kind) {
    case "organization":
      return true;
    case "site":
      return target.kind === "site" ? target.id === scope.id : target.kind === "product" && target.site === scope.id;
    case "product":
    case "group":
      return target.kind === scope.kind && target.id === scope.id;
  }
}

/** Whether one of the held rights gives the permission for the target; without a target, for anything at all. */
export function holds(held: readonly Held[], permission: Permission, target?: Target): boolean {
  return held.some(
    ({ permissions, scope }) => permissions.has(permission) && (target === undefined || covers(scope, target)),
  );
}

/** The scopes for which the permission is held; null: the whole organization. */
export function reach(held: readonly Held[], permission: Permission): readonly RightScope[] | null {
  const scopes = held.filter(({ permissions }) => permissions.has(permission)).map(({ scope }) => scope);
  return scopes.some((scope) => scope.kind === "organization") ? null : scopes;
}
