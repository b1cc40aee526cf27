import type { Request, Response } from "express";
import { z } from "zod";
import type { Context } from "../../context.ts";
import type { OrganizationId } from "../../db/id.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { networkOf } from "../../http/failed-attempts.ts";
import { listOrganizations } from "../../identity/organizations.ts";
import { loadSecretKey } from "../../identity/secrets.ts";
import type { NewSession } from "../../identity/sessions.ts";
import type { Whence } from "../../identity/sign-in/prove.ts";
import { idOut, instant, text } from "../fields.ts";
import { requestIdOf } from "../problem.ts";
import { attemptsOf } from "./attempts.ts";
import { csrfTokenOf, refuseForeignOrigin } from "./authenticate-session.ts";
import { setSessionCookie } from "./cookies.ts";

/** Of a request body: both factors, a recovery code standing in for the second. */
export const proofFields = {
  password: text(1024),
  code: z
    .string()
    .regex(/^\d{6}$/, "it has six digits")
    .optional(),
  recoveryCode: text(64).optional(),
};

/** Of a request body: which organization; may be left out while there is only one. */
export const organizationField = text(63).optional();

export const sessionBegun = z
  .object({
    id: idOut,
    expiresAt: instant,
    csrfToken: z.string().meta({ description: "What every change of this session brings in the header X-CSRF-Token." }),
  })
  .meta({ id: "SessionBegun" });

/** From where a request comes. */
export function whenceOf(request: Request, response: Response): Whence {
  return { network: networkOf(request.ip), address: request.ip ?? null, requestId: requestIdOf(response) };
}

/** What signing in needs of its surroundings. */
export function surroundings(ctx: Context) {
  return { db: ctx.db, secret: loadSecretKey(ctx.config), times: ctx.config.signIn };
}

/**
 * The organization of a key, or the only one; undefined when there is none such, which is not said to a stranger.
 * @throws MusterError `invalid` when there are several and none was named: which there are is not said either.
 */
export async function organizationOf(ctx: Context, key: string | undefined): Promise<OrganizationId | undefined> {
  const all = await listOrganizations(ctx.db);
  if (key !== undefined) return all.find((one) => one.key === key)?.id;
  if (all.length > 1) throw new MusterError("invalid", "name the organization by its key", { at: "/organization" });
  return all[0]?.id;
}

/**
 * Runs one attempt to sign in, and gives the browser its session. Counted for the address in this process too, so that a
 * burst costs no database. What is wrong is logged without what was typed.
 */
export async function letIn<S extends NewSession>(
  { ctx, request, response, crossSite }: { ctx: Context; request: Request; response: Response; crossSite?: true },
  signIn: () => Promise<S>,
): Promise<S & { csrfToken: string }> {
  if (!crossSite) refuseForeignOrigin(ctx, request, "if-told");
  const attempts = attemptsOf(ctx);
  attempts.begin(request.ip);
  try {
    const session = await signIn();
    attempts.succeeded(request.ip);
    setSessionCookie(response, session.token);
    return { ...session, csrfToken: csrfTokenOf(session.token) };
  } catch (error) {
    const code = isMusterError(error) ? error.code : "internal";
    // Who knows the password is no guesser, and neither is who was not looked at.
    if (code === "second-factor-required" || code === "unavailable") attempts.succeeded(request.ip);
    if (code === "unauthenticated" || code === "second-factor-required")
      response.set("WWW-Authenticate", 'Bearer realm="muster"');
    ctx.logger.info("a sign-in was refused", { code, address: request.ip, requestId: requestIdOf(response) });
    throw error;
  }
}
