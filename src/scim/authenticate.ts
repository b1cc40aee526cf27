import type { Request, Response } from "express";
import type { Context } from "../context.ts";
import { type DirectoryId, parseId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { FailedAttempts, lookUpCaller } from "../http/failed-attempts.ts";
import type { Scope } from "../identity/scopes.ts";
import { findToken } from "../identity/tokens.ts";
import type { Caller } from "./caller.ts";
import { dialectOf } from "./dialect.ts";
import { recordRefusal } from "./request-log.ts";
import { typesOf } from "./schema/types-of.ts";

const CHALLENGE = 'Bearer realm="Muster"';

/** Who makes a request to the directory that its path names. */
export type Authenticate = (request: Request, response: Response, named: string) => Promise<Caller>;

/**
 * The first thing that happens to a request, before a byte of its body is read (RFC 7644 §2, RFC 6750). A token opens one
 * directory: with another in the path the answer has the same bytes as with a token that nobody has.
 * What it makes throws MusterError `unauthenticated`, with the challenge set, and `cool-down`.
 */
export function authenticate(ctx: Context): Authenticate {
  const attempts = new FailedAttempts();
  return async (request, response, named) => {
    response.setHeader("Cache-Control", "no-store");
    const token = /^bearer +([\w.~+/-]+=*)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) throw refuse(response, CHALLENGE);
    const found = await lookUpCaller(attempts, request, (mayAsk) => findToken(ctx.db, token, "scim", mayAsk));
    const directory = parseId<DirectoryId>(named);
    if (!found || directory === undefined || found.directory !== directory) {
      noteRefusal(ctx, request, response, named);
      throw refuse(response, `${CHALLENGE}, error="invalid_token"`);
    }
    const { organization } = found;
    const requestId = response.getHeader("x-request-id");
    return {
      organization,
      directory,
      actor: {
        organization,
        kind: "scim-token",
        id: found.id,
        requestId: typeof requestId === "string" ? requestId : null,
      },
      baseUrl: `${ctx.config.publicUrl}/scim/v2/${directory}`,
      types: await typesOf(ctx, organization, found.schemaVersion),
      dialect: dialectOf(found.profile ?? "generic"),
      scopes: found.scopes ?? null,
      subject: found.subject ?? null,
      requireIfMatch: found.requireIfMatch ?? false,
      switched: found.switched ?? false,
      limitedAs: found.client ?? found.id,
    };
  };
}

/** A provider that still has the old token is the first thing to look for when nothing arrives. */
function noteRefusal(ctx: Context, request: Request, response: Response, named: string): void {
  const requestId = response.getHeader("x-request-id");
  recordRefusal(ctx, {
    directory: named,
    requestId: typeof requestId === "string" ? requestId : null,
    method: request.method,
    path: request.path,
    status: 401,
    startedAt: performance.now(),
  });
}

function refuse(response: Response, challenge: string): MusterError {
  response.setHeader("WWW-Authenticate", challenge);
  return new MusterError("unauthenticated", "this needs the bearer token of this directory");
}

/**
 * RFC 6750 §3.1: a token that may do less than the route asks for. Sets the challenge that names the scope.
 */
export function insufficientScope(response: Response, scope: Scope): MusterError {
  response.setHeader("WWW-Authenticate", `${CHALLENGE}, error="insufficient_scope", scope="${scope}"`);
  return new MusterError("not-allowed", `this token may not do this: it lacks the scope ${scope}`);
}
