import { z } from "zod";
import type { Db } from "../db/connection.ts";
import type { ProductId, TokenId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { reach } from "../identity/rights/permissions.ts";
import { targetOf } from "../identity/rights/scope.ts";
import {
  getToken,
  giveToken,
  pageOfTokens,
  rotateToken,
  type TokenMaker,
  targetOfToken,
  type WantedToken,
} from "../identity/token-rights.ts";
import { OVERLAP_HOURS, revokeToken } from "../identity/tokens.ts";
import type { Caller } from "./caller.ts";
import { afterOf, idIn, idOut, instant, instantIn, listOf, listQuery, pageOf, text } from "./fields.ts";
import { route } from "./route.ts";
import { permission, scopeIn, scopeOut } from "./scope.ts";

const tokenAnswer = z
  .object({
    id: idOut,
    kind: z.enum(["administration", "product", "directory"]),
    name: z.string().nullable(),
    directory: idOut.nullable(),
    permissions: z.array(z.string()).readonly().nullable(),
    scope: scopeOut,
    scopeName: z.string().nullable(),
    owner: z.object({ id: idOut, userName: z.string() }).nullable(),
    createdBy: z.object({ kind: z.string(), id: z.string().nullable() }).nullable(),
    createdAt: instant,
    expiresAt: instant.nullable(),
    lastUsedAt: instant.nullable(),
  })
  .meta({ id: "Token" });

const newToken = z.object({ id: idOut, token: z.string(), expiresAt: instant.nullable() }).meta({ id: "NewToken" });

const wanted = z.union([
  z.strictObject({
    product: idIn<ProductId>(),
    name: text(256).optional(),
    expiresAt: instantIn.nullable().optional(),
  }),
  z.strictObject({
    permissions: z.array(permission).min(1).max(100).nullable(),
    scope: scopeIn.default({ kind: "organization" }),
    /** Whether it is the caller's own, and ends with them. Left out: where the caller is a person. */
    personal: z.boolean().optional(),
    name: text(256).optional(),
    expiresAt: instantIn.nullable().optional(),
  }),
]);

const one = z.strictObject({ id: idIn<TokenId>() });

const ofToken = (db: Db, { params }: { params: { id: TokenId } }) => targetOfToken(db, params.id);

const maker = ({ held, account }: Caller): TokenMaker => ({ held, account });

/** @throws MusterError `invalid` when the token is to be the own one of a caller who is no person. */
function wantedOf(body: z.output<typeof wanted>, { account }: Caller): WantedToken {
  const { name, expiresAt: expires } = body;
  if ("product" in body) return { name, expires, product: body.product };
  const { permissions, scope, personal = account !== null } = body;
  if (personal && account === null)
    throw new MusterError("invalid", "only a person has tokens of their own", { at: "personal" });
  return { name, expires, permissions, scope, owner: personal ? account : null };
}

/** `/tokens`: by which programs call, limited to permissions, a scope and a time. */
export const tokenRoutes = [
  route({
    id: "tokens.list",
    method: "GET",
    path: "/tokens",
    summary: "List live tokens, never their texts",
    guard: { permission: "tokens:read", anywhere: true },
    query: listQuery,
    answer: listOf(tokenAnswer),
    read: async (db, { caller, query }) => {
      const within = reach(caller.held, "tokens:read");
      const tokens = await pageOfTokens(db, { within, after: afterOf<TokenId>(query), limit: query.limit + 1 });
      return pageOf(tokens, query.limit, (token) => token.id);
    },
  }),
  route({
    id: "tokens.get",
    method: "GET",
    path: "/tokens/{id}",
    summary: "Show a live token, never its text",
    guard: { permission: "tokens:read", on: ofToken },
    params: one,
    answer: tokenAnswer,
    read: (db, { params }) => getToken(db, params.id),
  }),
  route({
    id: "tokens.create",
    method: "POST",
    path: "/tokens",
    summary: "Make a token, for a product or for the administration; its text is shown this once",
    guard: {
      permission: "tokens:write",
      on: (db, { body }) => targetOf(db, "product" in body ? { kind: "product", id: body.product } : body.scope),
    },
    dangerous: true,
    body: wanted,
    status: 201,
    location: (token) => `/tokens/${token.id}`,
    answer: newToken,
    lock: "none",
    write: (tx, { caller, body }) => giveToken(tx, maker(caller), wantedOf(body, caller)),
  }),
  route({
    id: "tokens.revoke",
    method: "POST",
    path: "/tokens/{id}/revoke",
    summary: "End a token at once",
    guard: { permission: "tokens:write", on: ofToken },
    params: one,
    lock: "none",
    write: (tx, { params }) => revokeToken(tx, params.id),
  }),
  route({
    id: "tokens.rotate",
    method: "POST",
    path: "/tokens/{id}/rotate",
    summary: "Make a token's successor; both work for some hours, and its text is shown this once",
    guard: { permission: "tokens:write", on: ofToken },
    dangerous: true,
    params: one,
    body: z.strictObject({ overlapHours: z.int().min(0).max(720).default(OVERLAP_HOURS) }),
    status: 201,
    location: (token) => `/tokens/${token.id}`,
    answer: newToken,
    lock: "none",
    write: (tx, { caller, params, body }) => rotateToken(tx, maker(caller), params.id, body.overlapHours),
  }),
];
