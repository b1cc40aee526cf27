import express from "express";
import type { Context } from "../../context.ts";
import { type DirectoryId, parseId } from "../../db/id.ts";
import { sendProblem } from "../../http/problem.ts";
import { CLIENT_SCOPES } from "../../identity/scopes.ts";

/** Where a directory's clients fetch tokens: its issuer, and the endpoint below it. */
export function issuerOf(ctx: Context, directory: DirectoryId): string {
  return `${ctx.config.publicUrl}/oauth/${directory}`;
}

/**
 * What a client can learn by itself (RFC 8414 §3): `/.well-known/oauth-authorization-server` and then the path of the
 * issuer. It is the same for every id that has the form of one, so it tells nobody which directories there are.
 * `response_types_supported` is left out: there is no authorization endpoint, and empty lists are not sent (§3.2).
 */
export function oauthMetadataRouter(ctx: Context): express.Router {
  const router = express.Router();
  const prefix = new URL(ctx.config.publicUrl).pathname.replace(/\/+$/, "");
  router
    .route([`${prefix}/oauth/:directory`, "/oauth/:directory"])
    .get((request, response, next) => {
      const directory = parseId<DirectoryId>(String(request.params.directory));
      if (directory === undefined) {
        next("route");
        return;
      }
      const issuer = issuerOf(ctx, directory);
      response.setHeader("Cache-Control", "public, max-age=300");
      response.setHeader("Content-Type", "application/json");
      response.end(
        JSON.stringify({
          issuer,
          token_endpoint: `${issuer}/token`,
          grant_types_supported: ["client_credentials"],
          token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
          scopes_supported: CLIENT_SCOPES,
        }),
      );
    })
    .all((_request, response) => {
      response.setHeader("Allow", "GET, HEAD");
      sendProblem(response, 405, "method-not-allowed", "Method Not Allowed", "this path takes GET and HEAD");
    });
  return router;
}
