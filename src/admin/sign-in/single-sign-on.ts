import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Context } from "../../context.ts";
import { type Actor, inTransaction } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { openSingleSignOn } from "../../identity/single-sign-on.ts";
import { signInThroughProvider, takeFlow } from "../../identity/single-sign-on-bindings.ts";
import { route } from "../route.ts";
import { clearFlowCookie, cookieOf, FLOW_COOKIE, setFlowCookie } from "./cookies.ts";
import { letIn, organizationField, organizationOf, surroundings, whenceOf } from "./signing-in.ts";
import { FLOW_SECONDS, openFlow, sealFlow } from "./single-sign-on-flow.ts";
import { authorizationUrl, redeem } from "./single-sign-on-provider.ts";

const CALLBACK = "/single-sign-on/callback";

function callbackOf(ctx: Context): string {
  return `${ctx.config.publicUrl}/api/v1${CALLBACK}`;
}

/** Bounded, because a browser may bring anything here. */
const parameter = z.string().max(4096).optional();

/** `/single-sign-on/start` and `/callback`: a browser's way through the organization's provider. */
export const singleSignOnRoutes = [
  route({
    id: "singleSignOn.start",
    method: "GET",
    path: "/single-sign-on/start",
    summary: "Send the browser to the organization's provider to sign in",
    guard: "anyone",
    query: z.strictObject({
      organization: organizationField,
      /** Whether the person has to prove to the provider anew who they are. */
      fresh: z.enum(["true", "false"]).default("false"),
    }),
    status: 302,
    open: async ({ ctx, query, response }) => {
      const organization = await organizationOf(ctx, query.organization);
      const { secret } = surroundings(ctx);
      const setting = organization && (await openSingleSignOn(ctx.db.of(organization), secret));
      if (!organization || !setting) throw new MusterError("not-found", "there is no single sign-on here");
      const checks = {
        state: randomBytes(32).toString("base64url"),
        nonce: randomBytes(32).toString("base64url"),
        codeVerifier: randomBytes(32).toString("base64url"),
        fresh: query.fresh === "true",
      };
      const url = await authorizationUrl(setting, callbackOf(ctx), checks);
      setFlowCookie(response, sealFlow(secret, organization, checks), FLOW_SECONDS);
      response.status(302).location(url).end();
    },
  }),
  route({
    id: "singleSignOn.callback",
    method: "GET",
    path: CALLBACK,
    summary: "Where the provider sends the browser back; signs its person in and goes on to the console",
    guard: "anyone",
    // What RFC 6749 §4.1.2 and RFC 9207 name, and what providers add.
    query: z.object({
      code: parameter,
      state: parameter,
      iss: parameter,
      error: parameter,
      error_description: parameter,
      error_uri: parameter,
      session_state: parameter,
      scope: parameter,
    }),
    status: 302,
    open: async (call) => {
      const { ctx, request, response } = call;
      const cookie = cookieOf(request, FLOW_COOKIE);
      clearFlowCookie(response);
      // It comes from the provider's site, so its origin says nothing: state and cookie bind it to this browser.
      await letIn({ ...call, crossSite: true }, async () => {
        const { secret, db, times } = surroundings(ctx);
        const { organization, ...checks } = openFlow(secret, cookie);
        const setting = await openSingleSignOn(db.of(organization), secret);
        if (!setting) throw new MusterError("not-found", "there is no single sign-on here");
        const { requestId, address } = whenceOf(request, response);
        const actor: Actor = { organization, kind: "system", id: null, requestId };
        const first = await inTransaction(ctx, actor, (tx) => takeFlow(tx, checks.state), { lock: "none" });
        if (!first) throw new MusterError("unauthenticated", "this answer of the provider was taken already");
        // Outside of any transaction: the provider may take its time.
        const word = await redeem(setting, answerOf(ctx, request.originalUrl), checks);
        return inTransaction(ctx, actor, (tx) => signInThroughProvider(tx, setting, word, times, address), {
          lock: "none",
        });
      });
      response.status(302).location(`${ctx.config.publicUrl}/`).end();
    },
  }),
];

/** The address that the provider was told, with the parameters that came. */
function answerOf(ctx: Context, originalUrl: string): URL {
  const url = new URL(callbackOf(ctx));
  const start = originalUrl.indexOf("?");
  url.search = start < 0 ? "" : originalUrl.slice(start);
  return url;
}
