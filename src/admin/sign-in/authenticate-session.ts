import { createHmac, timingSafeEqual } from "node:crypto";
import type { Request, Response } from "express";
import type { Context } from "../../context.ts";
import { type Actor, inTransaction } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { lookUpCaller, networkOf } from "../../http/failed-attempts.ts";
import { EVERYTHING, heldByAccount } from "../../identity/rights/held.ts";
import { endSessions, type FoundSession, findSession } from "../../identity/sessions.ts";
import type { Caller } from "../caller.ts";
import { requestIdOf } from "../problem.ts";
import { attemptsOf } from "./attempts.ts";
import { clearSessionCookie } from "./cookies.ts";

/**
 * Who calls with this session, and what they may do now: read anew for each request.
 * @throws MusterError `unauthenticated` when it is not live; `not-allowed` when a change comes without the session's own
 * CSRF token, or from another origin.
 */
export async function callerBySession(
  ctx: Context,
  token: string,
  request: Request,
  response: Response,
): Promise<Caller> {
  const found = await lookUpCaller(attemptsOf(ctx), request, (mayAsk) => findSession(ctx.db, token, mayAsk));
  if (!found) throw ended(response);
  const csrfToken = csrfTokenOf(token);
  if (request.method !== "GET" && request.method !== "HEAD") {
    refuseForeignOrigin(ctx, request, "required");
    refuseWithoutCsrfToken(request, csrfToken);
  }
  return callerOfFound(ctx, found, csrfToken, request, response);
}

async function callerOfFound(
  ctx: Context,
  found: FoundSession,
  csrfToken: string,
  request: Request,
  response: Response,
): Promise<Caller> {
  const { organization, id, account, breakGlass, method, authenticatedAgo } = found;
  const actor = { organization, requestId: requestIdOf(response) };
  const session = {
    id,
    method,
    csrfToken,
    fresh: authenticatedAgo !== null && authenticatedAgo <= ctx.config.signIn.fresh,
    network: networkOf(request.ip),
    address: request.ip ?? null,
  };
  if (breakGlass !== null)
    return {
      organization,
      actor: { ...actor, kind: "break-glass", id: breakGlass },
      held: [EVERYTHING],
      account: null,
      product: null,
      limitedAs: breakGlass,
      session: { ...session, holder: { breakGlass } },
    };
  if (account === null) throw new MusterError("internal", "a session is nobody's");
  const held = await heldByAccount(ctx.db.of(organization), account);
  const signedIn: Actor = { ...actor, kind: "session", id: account };
  if (!held.some(({ permissions }) => permissions.size > 0)) {
    await inTransaction(ctx, signedIn, (tx) => endSessions(tx, { account }), { lock: "none" });
    throw ended(response);
  }
  return {
    organization,
    actor: signedIn,
    held,
    account,
    product: null,
    limitedAs: account,
    session: { ...session, holder: { account } },
  };
}

function ended(response: Response): MusterError {
  clearSessionCookie(response);
  response.set("WWW-Authenticate", 'Bearer realm="muster"');
  return new MusterError("unauthenticated", "this session has ended; sign in");
}

/** Follows from the session's token, so only who has it can know it, and nothing need be kept. */
export function csrfTokenOf(token: string): string {
  return createHmac("sha256", token).update("muster csrf").digest("base64url");
}

function refuseWithoutCsrfToken(request: Request, expected: string): void {
  const given = request.headers["x-csrf-token"];
  if (
    typeof given !== "string" ||
    given.length !== expected.length ||
    !timingSafeEqual(Buffer.from(given, "latin1"), Buffer.from(expected, "latin1"))
  )
    throw new MusterError("not-allowed", "a change needs the header X-CSRF-Token with what GET /api/v1/session says", {
      at: "X-CSRF-Token",
    });
}

/**
 * Refuses what a page of another origin asks for. A browser always tells where a change comes from, by `Origin` or by
 * `Sec-Fetch-Site`.
 * @param how `required`: it has to be told. `if-told`: programs, which tell nothing, may sign in too.
 * @throws MusterError `not-allowed`
 */
export function refuseForeignOrigin(ctx: Context, request: Request, how: "required" | "if-told"): void {
  const { origin, "sec-fetch-site": site } = request.headers;
  const own =
    origin !== undefined
      ? origin === new URL(ctx.config.publicUrl).origin
      : site !== undefined
        ? site === "same-origin"
        : how === "if-told";
  if (!own)
    throw new MusterError("not-allowed", "a change with a session comes from Muster's own pages alone", {
      at: "Origin",
    });
}
