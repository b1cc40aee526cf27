import { z } from "zod";
import type { AccountId } from "../../db/id.ts";
import { inTransaction, simulate } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { holds, PERMISSIONS } from "../../identity/rights/permissions.ts";
import { removeSingleSignOn, setSingleSignOn, singleSignOnOf } from "../../identity/single-sign-on.ts";
import { bindAccount, listBindings, unbindAccount } from "../../identity/single-sign-on-bindings.ts";
import type { Caller } from "../caller.ts";
import { afterOf, idIn, idOut, instant, listOf, listQuery, pageOf, text } from "../fields.ts";
import { route } from "../route.ts";
import { surroundings } from "./signing-in.ts";

const claim = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "a claim's name has letters, digits and underscores");

const setting = z
  .object({
    issuer: z.string(),
    clientId: z.string(),
    enabled: z.boolean(),
    domains: z.array(z.string()),
    emailClaim: z.string(),
    verifiedClaim: z.string(),
  })
  .meta({ id: "SingleSignOn" });

const binding = z
  .object({ account: idOut, userName: z.string(), issuer: z.string(), subject: z.string(), boundAt: instant })
  .meta({ id: "SingleSignOnBinding" });

/** @throws MusterError `not-allowed`: whoever says who is who can be anybody, so they must be allowed everything already. */
function requireEverything({ held }: Caller): void {
  if (!PERMISSIONS.every((permission) => holds(held, permission, { kind: "organization" })))
    throw new MusterError("not-allowed", "single sign-on is for organization administrators to change");
}

/** `/settings/single-sign-on`: through which provider people sign in, and who is bound to whom there. */
export const singleSignOnSettingRoutes = [
  route({
    id: "singleSignOn.get",
    method: "GET",
    path: "/settings/single-sign-on",
    summary: "Show how people sign in through the organization's provider; never its secret",
    guard: { permission: "settings:read" },
    answer: setting,
    read: async (db) => {
      const found = await singleSignOnOf(db);
      if (!found) throw new MusterError("not-found", "there is no single sign-on");
      return found;
    },
  }),
  route({
    id: "singleSignOn.set",
    method: "PUT",
    path: "/settings/single-sign-on",
    summary: "Say through which provider people sign in; another one, or none, ends the sessions that came through it",
    guard: { permission: "settings:write" },
    dangerous: true,
    body: z.strictObject({
      issuer: text(1024),
      clientId: text(512),
      /** Without it the one that is there stays. */
      clientSecret: text(1024).optional(),
      enabled: z.boolean().default(true),
      domains: z.array(text(253)).max(100),
      emailClaim: claim.optional(),
      verifiedClaim: claim.optional(),
    }),
    answer: setting,
    // Not `write`: with an Idempotency-Key the door would keep a digest of the secret.
    act: ({ ctx, caller, body, dryRun }) => {
      requireEverything(caller);
      const { secret } = surroundings(ctx);
      const work = dryRun ? simulate : inTransaction;
      return work(ctx, caller.actor, (tx) => setSingleSignOn(tx, secret, body), { lock: "none" });
    },
  }),
  route({
    id: "singleSignOn.remove",
    method: "DELETE",
    path: "/settings/single-sign-on",
    summary: "End single sign-on; the sessions that came through it end",
    guard: { permission: "settings:write" },
    dangerous: true,
    lock: "none",
    write: (tx, { caller }) => {
      requireEverything(caller);
      return removeSingleSignOn(tx);
    },
  }),
  route({
    id: "singleSignOnBindings.list",
    method: "GET",
    path: "/settings/single-sign-on/bindings",
    summary: "List who is bound to whom at the provider",
    guard: { permission: "settings:read" },
    query: listQuery,
    answer: listOf(binding),
    read: async (db, { query }) => {
      const rows = await listBindings(db, { after: afterOf<AccountId>(query), limit: query.limit + 1 });
      return pageOf(rows, query.limit, ({ account }) => account);
    },
  }),
  route({
    id: "singleSignOnBindings.make",
    method: "POST",
    path: "/settings/single-sign-on/bindings",
    summary: "Bind a person to a subject of the provider, for providers that verify no address",
    guard: { permission: "settings:write" },
    dangerous: true,
    body: z.strictObject({ user: idIn<AccountId>(), subject: text(255) }),
    status: 201,
    answer: binding,
    lock: "none",
    write: (tx, { body, caller }) => {
      requireEverything(caller);
      return bindAccount(tx, body.user, body.subject);
    },
  }),
  route({
    id: "singleSignOnBindings.remove",
    method: "DELETE",
    path: "/settings/single-sign-on/bindings/{id}",
    summary: "Take a person's binding away; their next sign-in binds anew",
    guard: { permission: "settings:write" },
    dangerous: true,
    params: z.strictObject({ id: idIn<AccountId>() }),
    lock: "none",
    write: (tx, { params, caller }) => {
      requireEverything(caller);
      return unbindAccount(tx, params.id);
    },
  }),
];
