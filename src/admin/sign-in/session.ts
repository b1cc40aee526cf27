import { z } from "zod";
import type { SessionId } from "../../db/id.ts";
import { inTransaction, simulate } from "../../db/transaction.ts";
import { getAccount } from "../../identity/account-overview.ts";
import { reauthenticateBreakGlass, signInBreakGlass } from "../../identity/break-glass.ts";
import { secondFactorOf } from "../../identity/second-factor.ts";
import { endSession, endSessions, listSessions, renewAuthentication } from "../../identity/sessions.ts";
import { reauthenticate, signIn } from "../../identity/sign-in/sign-in.ts";
import { sessionOf } from "../caller.ts";
import { idIn, idOut, instant, listOf, text, wholeList } from "../fields.ts";
import { route } from "../route.ts";
import {
  letIn,
  organizationField,
  organizationOf,
  proofFields,
  sessionBegun,
  surroundings,
  whenceOf,
} from "./signing-in.ts";

const method = z.enum(["password", "single-sign-on", "break-glass"]).meta({ id: "SessionMethod" });

const shown = z
  .object({
    id: idOut,
    method,
    /** Null: a break-glass administrator. */
    user: z.object({ id: idOut, userName: z.string(), email: z.string().nullable() }).nullable(),
    fresh: z.boolean().meta({ description: "Whether dangerous acts are open to it without proving anew who calls." }),
    secondFactor: z.boolean(),
    recoveryCodes: z.int(),
    csrfToken: z.string(),
  })
  .meta({ id: "Session" });

const listed = z
  .object({
    id: idOut,
    method,
    createdAt: instant,
    lastUsedAt: instant,
    expiresAt: instant,
    address: z.string().nullable(),
    current: z.boolean(),
  })
  .meta({ id: "ListedSession" });

const whoever = { organization: organizationField, ...proofFields };

/** `/session`: signing in and out at the console. `/sessions`: where else the caller is signed in. */
export const sessionRoutes = [
  route({
    id: "session.begin",
    method: "POST",
    path: "/session",
    summary: "Sign in with a password, and a code where there is a second factor; answers with a cookie",
    guard: "anyone",
    body: z.strictObject({ userName: text(512), ...whoever }),
    status: 201,
    answer: sessionBegun,
    open: async (call) => {
      const { ctx, body, request, response } = call;
      const session = await letIn(call, async () =>
        signIn(
          surroundings(ctx),
          await organizationOf(ctx, body.organization),
          body.userName,
          body,
          whenceOf(request, response),
        ),
      );
      return { id: session.id, expiresAt: session.expiresAt, csrfToken: session.csrfToken };
    },
  }),
  route({
    id: "session.breakGlass",
    method: "POST",
    path: "/session/break-glass",
    summary: "Sign in as a break-glass administrator, with both factors; every organization administrator is told",
    guard: "anyone",
    body: z.strictObject({
      name: text(63),
      organization: organizationField,
      password: proofFields.password,
      code: proofFields.code.unwrap(),
    }),
    status: 201,
    answer: sessionBegun,
    open: async (call) => {
      const { ctx, body, request, response } = call;
      const session = await letIn(call, async () => {
        const organization = await organizationOf(ctx, body.organization);
        return signInBreakGlass(surroundings(ctx), organization, body.name, body, whenceOf(request, response));
      });
      ctx.logger.warn("a break-glass administrator signed in", {
        organization: session.organization,
        detail: session.breakGlass,
        address: request.ip,
        requestId: response.getHeader("x-request-id"),
      });
      return { id: session.id, expiresAt: session.expiresAt, csrfToken: session.csrfToken };
    },
  }),
  route({
    id: "session.get",
    method: "GET",
    path: "/session",
    summary: "Show the session that calls, with its CSRF token",
    guard: "known",
    answer: shown,
    read: async (db, { caller }) => {
      const { id, holder, method, csrfToken, fresh } = sessionOf(caller);
      const about = { id, method, csrfToken, fresh };
      if (!("account" in holder)) return { ...about, user: null, secondFactor: true, recoveryCodes: 0 };
      const { id: user, userName, email } = await getAccount(db, holder.account);
      const { enrolled, recoveryCodes } = await secondFactorOf(db, holder.account);
      return { ...about, user: { id: user, userName, email }, secondFactor: enrolled, recoveryCodes };
    },
  }),
  route({
    id: "session.end",
    method: "DELETE",
    path: "/session",
    summary: "Sign out",
    guard: "known",
    lock: "none",
    write: async (tx, { caller }) => {
      const { holder, id } = sessionOf(caller);
      await endSession(tx, holder, id);
    },
  }),
  route({
    id: "session.reauthenticate",
    method: "POST",
    path: "/session/reauthenticate",
    summary: "Prove anew who you are, before something dangerous",
    guard: "known",
    body: z.strictObject(proofFields),
    act: async ({ ctx, caller, body, dryRun }) => {
      const { holder, id, network, address } = sessionOf(caller);
      // What would change does not depend on the proof, and a trial must not tell whether it is right.
      if (dryRun) {
        await simulate(ctx, caller.actor, (tx) => renewAuthentication(tx, id), { lock: "none" });
        return;
      }
      const whence = { network, address, requestId: caller.actor.requestId };
      const around = surroundings(ctx);
      if ("account" in holder)
        await reauthenticate(around, caller.actor, { account: holder.account, session: id }, body, whence);
      else
        await reauthenticateBreakGlass(
          around,
          caller.actor,
          { breakGlass: holder.breakGlass, session: id },
          body,
          whence,
        );
    },
  }),
  route({
    id: "sessions.list",
    method: "GET",
    path: "/sessions",
    summary: "List the caller's own live sessions",
    guard: "known",
    answer: listOf(listed),
    read: async (db, { caller }) => {
      const { holder, id } = sessionOf(caller);
      return wholeList((await listSessions(db, holder)).map((each) => ({ ...each, current: each.id === id })));
    },
  }),
  route({
    id: "sessions.end",
    method: "DELETE",
    path: "/sessions/{id}",
    summary: "End one of the caller's own sessions",
    guard: "known",
    params: z.strictObject({ id: idIn<SessionId>() }),
    lock: "none",
    write: (tx, { caller, params }) => endSession(tx, sessionOf(caller).holder, params.id),
  }),
  route({
    id: "sessions.endAll",
    method: "DELETE",
    path: "/sessions",
    summary: "End all of the caller's own sessions, this one too",
    guard: "known",
    act: async ({ ctx, caller, dryRun }) => {
      const { holder } = sessionOf(caller);
      await (dryRun ? simulate : inTransaction)(ctx, caller.actor, (tx) => endSessions(tx, holder), { lock: "none" });
    },
  }),
];
