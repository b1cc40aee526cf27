import type { AccountId, OrganizationId, ProductId } from "../db/id.ts";
import type { Actor } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { type Held, holds, type Permission, type Target } from "../identity/rights/permissions.ts";

/** On whose behalf a request is made, and what that one may do. */
export type Caller = {
  organization: OrganizationId;
  actor: Actor;
  held: readonly Held[];
  /** The person who calls, or whose own token it is; null: no person (a token of the organization's, break-glass). */
  account: AccountId | null;
  /** The product whose own token it is, which asks about nothing else. */
  product: ProductId | null;
  /** Whose requests the limits count together. */
  limitedAs: string;
};

/** @throws MusterError `not-allowed`, naming the permission that is missing. */
export function require(caller: Caller, permission: Permission, target?: Target): void {
  if (!holds(caller.held, permission, target)) throw lacking(caller, permission);
}

export function lacking(caller: Caller, permission: Permission): MusterError {
  return new MusterError(
    "not-allowed",
    caller.product === null
      ? `this needs the permission ${permission}`
      : `a product's token asks about its product alone; this needs the permission ${permission}`,
  );
}
