import express, { type RequestHandler } from "express";
import type { Context } from "../../context.ts";
import { type DirectoryId, parseId } from "../../db/id.ts";
import { inTransaction } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { FailedAttempts } from "../../http/failed-attempts.ts";
import { TokenBuckets } from "../../http/token-buckets.ts";
import { findClient, grantToken } from "../../identity/oauth-clients.ts";
import { tokenDigest } from "../../identity/token-form.ts";
import { oauthErrors, sendJson } from "./errors.ts";
import { invalidClient, readTokenRequest, type TokenRequest } from "./token-request.ts";

/** Bytes of a token request: two ids, a secret and a few scopes. */
const BODY_LIMIT = 8_192;
/** Tokens that one client may fetch; each lives for an hour, so one in an hour is enough. */
const GRANTS = { perSecond: 10, burst: 100 };
/** Clients that are remembered as good, so that failures of others behind the same address do not lock them out. */
const MOST_KNOWN = 10_000;

/**
 * Everything below `/oauth`: a client of a SCIM directory fetches a token for an hour at `/oauth/<directory id>/token`, with
 * its own credentials (RFC 6749 §4.4). No bearer token is needed here.
 */
export function oauthRouter(ctx: Context): express.Router {
  const router = express.Router();
  const readForm = express.text({ type: "application/x-www-form-urlencoded", limit: BODY_LIMIT, inflate: false });
  router
    .route("/:directory/token")
    .post(readForm, grant(ctx))
    .all((_request, response) => {
      response.setHeader("Allow", "POST");
      throw new MusterError("method-not-allowed", "a token is asked for with POST");
    });
  router.use(() => {
    throw new MusterError("not-found", "there is nothing at this path");
  });
  router.use(oauthErrors(ctx));
  return router;
}

function grant(ctx: Context): RequestHandler<{ directory: string }> {
  const attempts = new FailedAttempts();
  const grants = new TokenBuckets(GRANTS);
  const known = new Set<string>();
  return async (request, response) => {
    if (typeof request.body !== "string")
      throw new MusterError("invalid", "a token request is a form: application/x-www-form-urlencoded");
    const asked = readTokenRequest(request.headers.authorization, request.body);
    const proof = tokenDigest(`${request.params.directory} ${asked.id} ${asked.secret}`);
    const isKnown = known.has(proof);
    if (!isKnown) attempts.begin(request.ip);
    const directory = parseId<DirectoryId>(request.params.directory);
    const client = directory && (await findClient(ctx.db, directory, asked.id, asked.secret));
    if (directory === undefined || client === undefined) {
      known.delete(proof);
      throw invalidClient();
    }
    if (!isKnown) attempts.succeeded(request.ip);
    remember(known, proof);
    checkGrant(asked);
    const retryAfter = grants.wait(grants.level(client.id));
    if (retryAfter > 0)
      throw new MusterError("cool-down", "this client fetches more tokens than it can need: each is good for an hour", {
        retryAfter,
      });
    grants.take(client.id);
    const requestId = response.getHeader("x-request-id");
    const made = await inTransaction(
      ctx,
      {
        organization: client.organization,
        kind: "oauth-client",
        id: client.id,
        requestId: typeof requestId === "string" ? requestId : null,
      },
      (tx) => grantToken(tx, directory, client.id, asked.scopes),
      { lock: "none" },
    );
    if (!made) throw invalidClient();
    sendJson(response, 200, {
      access_token: made.token,
      token_type: "Bearer",
      expires_in: made.expiresIn,
      scope: made.scopes.join(" "),
    });
  };
}

function checkGrant({ grantType }: TokenRequest): void {
  if (grantType === undefined) throw new MusterError("invalid", "grant_type must be client_credentials");
  if (grantType !== "client_credentials")
    throw new MusterError("not-implemented", "the only grant type is client_credentials");
}

function remember(known: Set<string>, proof: string): void {
  known.delete(proof);
  known.add(proof);
  if (known.size > MOST_KNOWN) known.delete(known.values().next().value as string);
}
