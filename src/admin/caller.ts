import type { AccountId, BreakGlassId, OrganizationId, ProductId, SessionId } from "../db/id.ts";
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
  /** How a person at the console is signed in; undefined: a token calls. */
  session?: CallerSession;
};

export type CallerSession = {
  id: SessionId;
  holder: { account: AccountId } | { breakGlass: BreakGlassId };
  method: "password" | "single-sign-on" | "break-glass";
  /** What every change of this session has to bring in the header `X-CSRF-Token`. */
  csrfToken: string;
  /** Whether its holder has proven who they are so lately that it may do something dangerous. */
  fresh: boolean;
  network: string;
  address: string | null;
};

/** @throws MusterError `not-found` for a token: what it asks for is a session's. */
export function sessionOf(caller: Caller): CallerSession {
  if (caller.session) return caller.session;
  throw new MusterError("not-found", "a token has no session");
}

/** @throws MusterError `reauthentication-required`, only for a session: a token was made for what it does. */
export function requireFresh(caller: Caller): void {
  if (caller.session && !caller.session.fresh)
    throw new MusterError("reauthentication-required", "prove again who you are: POST /api/v1/session/reauthenticate");
}

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
