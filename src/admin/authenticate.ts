import type { Request, RequestHandler, Response } from "express";
import type { Context } from "../context.ts";
import type { Db } from "../db/connection.ts";
import type { OrganizationId, ProductId, TokenId } from "../db/id.ts";
import type { Actor } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { FailedAttempts, lookUpCaller } from "../http/failed-attempts.ts";
import { findToken } from "../identity/tokens.ts";
import { requestIdOf } from "./problem.ts";

/** Whose token it is: of the organization's administration, or (with `product`) of one product. */
export type Caller = { organization: OrganizationId; token: TokenId; product: ProductId | null };

/**
 * Who calls, before anything else of the request is read: a bearer token in the header alone (RFC 6750 §2.1), which
 * also decides the organization. A token of another kind is refused without asking the database.
 */
export function authenticate(ctx: Context): RequestHandler {
  const attempts = new FailedAttempts();
  return async (request, response, next) => {
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
    response.locals.caller = {
      organization: found.organization,
      token: found.id,
      product: found.product,
    } satisfies Caller;
    next();
  };
}

export function callerOf(response: Response): Caller {
  return response.locals.caller as Caller;
}

/** Only the organization's administration may go on; a product's token asks about its product alone. */
export const administrationOnly: RequestHandler = (_request: Request, response, next) => {
  if (callerOf(response).product !== null) {
    response.set("WWW-Authenticate", 'Bearer realm="muster", error="insufficient_scope", scope="admin"');
    throw new MusterError(
      "not-allowed",
      "a product's token asks about its product alone; this needs a token of scope admin",
    );
  }
  next();
};

/** The caller's organization, for reading. */
export function readsOf(ctx: Context, response: Response): Db {
  return ctx.db.of(callerOf(response).organization);
}

/** The caller as audit rows name them. */
export function actorOf(response: Response): Actor {
  const { organization, token } = callerOf(response);
  return { organization, kind: "api-token", id: token, requestId: requestIdOf(response) };
}
