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

/**
 * Refuses a caller whose token was not given a scope. Each scope stands for itself alone: who may write may not read.
 * @param scopes of the token; null: all.
 * @throws MusterError `not-allowed`, naming the scope (RFC 6750 §3.1 `insufficient_scope`).
 */
export function requireScope(scopes: readonly string[] | null, scope: Scope): void {
  if (scopes !== null && !scopes.includes(scope))
    throw new MusterError("not-allowed", `this token lacks the scope ${scope}`, { scope });
}
