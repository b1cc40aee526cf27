import type { Request, RequestHandler, Response } from "express";
import type { Context } from "../context.ts";
import { MusterError } from "../errors.ts";
import { type FailedAttempts, lookUpCaller } from "../http/failed-attempts.ts";
import { SESSION_COOKIE } from "../http/session-cookie.ts";
import { heldByToken } from "../identity/rights/held.ts";
import { findToken } from "../identity/tokens.ts";
import type { Caller } from "./caller.ts";
import { requestIdOf } from "./problem.ts";
import { attemptsOf } from "./sign-in/attempts.ts";
import { callerBySession } from "./sign-in/authenticate-session.ts";
import { cookieOf } from "./sign-in/cookies.ts";

/**
 * Who calls, before anything else of the request is read: a bearer token in the header alone (RFC 6750 §2.1), or the cookie of
 * a session; either decides the organization. A token of another kind is refused without asking the database.
 */
export function authenticate(ctx: Context): RequestHandler {
  return async (request, response, next) => {
    const cookie = cookieOf(request, SESSION_COOKIE);
    if (cookie !== undefined && request.headers.authorization !== undefined)
      throw new MusterError("usage", "a request comes with a token or with a session, not with both", {
        at: "Authorization",
      });
    response.locals.caller =
      cookie === undefined
        ? await callerByToken(ctx, attemptsOf(ctx), request, response)
        : await callerBySession(ctx, cookie, request, response);
    next();
  };
}

async function callerByToken(
  ctx: Context,
  attempts: FailedAttempts,
  request: Request,
  response: Response,
): Promise<Caller> {
  const [, token] = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(request.headers.authorization ?? "") ?? [];
  const found =
    token === undefined
      ? undefined
      : await lookUpCaller(attempts, request, (mayAsk) => findToken(ctx.db, token, "api", mayAsk));
  if (!found || found.directory !== null) {
    const reason = request.headers.authorization === undefined ? "" : ', error="invalid_token"';
    response.set("WWW-Authenticate", `Bearer realm="muster"${reason}`);
    throw new MusterError("unauthenticated", "this needs a live token: Authorization: Bearer mst_api_…");
  }
  const { organization, id, product, owner } = found;
  return {
    organization,
    actor: { organization, kind: "api-token", id, requestId: requestIdOf(response) },
    held: await heldByToken(ctx.db.of(organization), found),
    account: owner,
    product,
    limitedAs: id,
  };
}

export function callerOf(response: Response): Caller {
  return response.locals.caller as Caller;
}
