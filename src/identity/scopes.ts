import { MusterError } from "../errors.ts";

/** What a token of a SCIM directory may do; `me`: its own person alone, through `/Me` (RFC 7644 §3.11). */
export const SCOPES = ["users:read", "users:write", "groups:read", "groups:write", "me"] as const;
export type Scope = (typeof SCOPES)[number];

/** What an OAuth client may be given: it is no person, so it has no `me`. */
export const CLIENT_SCOPES = SCOPES.filter((scope) => scope !== "me");

/**
 * Scopes in their one order, each once; null when none was named, which means all.
 * @throws MusterError `invalid-value` for a text that is no scope, naming those that are.
 */
export function parseScopes(texts: readonly string[], allowed: readonly Scope[] = SCOPES): Scope[] | null {
  if (texts.length === 0) return null;
  const unknown = texts.find((text) => !allowed.some((scope) => scope === text));
  if (unknown !== undefined)
    throw new MusterError("invalid-value", `there is no scope ${unknown}; the scopes are ${allowed.join(", ")}`, {
      at: "scope",
    });
  return allowed.filter((scope) => texts.includes(scope));
}
