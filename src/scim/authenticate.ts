import type { RequestHandler, Response } from "express";
import type { Context } from "../context.ts";
import { type DirectoryId, type OrganizationId, parseId } from "../db/id.ts";
import type { Actor } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { findToken } from "../identity/tokens.ts";

/** On whose behalf a request is made, and where its answers say that resources are. */
export type Caller = {
  organization: OrganizationId;
  directory: DirectoryId;
  actor: Actor;
  /** Public URL of this directory's endpoint, without a final slash. */
  baseUrl: string;
};

const CHALLENGE = 'Bearer realm="Muster"';

/**
 * The first thing that happens to a request, before a byte of its body is read (RFC 7644 §2, RFC 6750). A token opens one
 * directory: with another in the path the answer has the same bytes as with a token that nobody has.
 */
export function authenticate(ctx: Context): RequestHandler<{ directory: string }> {
  return async (request, response, next) => {
    response.setHeader("Cache-Control", "no-store");
    const token = /^bearer +([\w.~+/-]+=*)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) throw refuse(response, CHALLENGE);
    const found = await findToken(ctx.db, token, "scim");
    const directory = parseId<DirectoryId>(request.params.directory);
    if (!found || directory === undefined || found.directory !== directory)
      throw refuse(response, `${CHALLENGE}, error="invalid_token"`);
    const { organization } = found;
    const requestId = response.getHeader("x-request-id");
    const caller: Caller = {
      organization,
      directory,
      actor: {
        organization,
        kind: "scim-token",
        id: found.id,
        requestId: typeof requestId === "string" ? requestId : null,
      },
      baseUrl: `${ctx.config.publicUrl}/scim/v2/${directory}`,
    };
    response.locals.caller = caller;
    next();
  };
}

function refuse(response: Response, challenge: string): MusterError {
  response.setHeader("WWW-Authenticate", challenge);
  return new MusterError("unauthenticated", "this needs the bearer token of this directory");
}

/** Who was found by `authenticate`, which every route of this door stands behind. */
export function callerOf(response: Response): Caller {
  const caller = response.locals.caller as Caller | undefined;
  if (!caller) throw new MusterError("internal", "a route stands before the authentication");
  return caller;
}
