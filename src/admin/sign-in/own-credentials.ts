import { z } from "zod";
import type { AccountId } from "../../db/id.ts";
import { inTransaction, simulate, type Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import {
  beginSecondFactor,
  confirmSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
} from "../../identity/second-factor.ts";
import { endSessions } from "../../identity/sessions.ts";
import { changePassword } from "../../identity/sign-in/sign-in.ts";
import { type Caller, sessionOf } from "../caller.ts";
import { text } from "../fields.ts";
import { type Call, route } from "../route.ts";
import { proofFields, surroundings } from "./signing-in.ts";

/** @throws MusterError `not-found` for a token, `conflict` for a break-glass administrator. */
function accountOf(caller: Caller): AccountId {
  const { holder } = sessionOf(caller);
  if ("account" in holder) return holder.account;
  throw new MusterError("conflict", "a break-glass administrator is changed by the command muster break-glass reset");
}

/**
 * A change whose answer is a secret: the door's own way of writing would keep it for whoever repeats the request with its
 * Idempotency-Key. A trial answers what was made and undone again.
 */
function secretly<T>(
  { ctx, caller, dryRun }: Pick<Call<unknown, unknown, unknown>, "ctx" | "caller"> & { dryRun: boolean },
  work: (tx: Tx, account: AccountId) => Promise<T>,
): Promise<T> {
  const account = accountOf(caller);
  return (dryRun ? simulate : inTransaction)(ctx, caller.actor, (tx) => work(tx, account), { lock: "none" });
}

const recoveryCodes = z.object({ recoveryCodes: z.array(z.string()) }).meta({ id: "RecoveryCodes" });

/** `/session/password`, `/session/second-factor`: what the caller signs in with. */
export const ownCredentialRoutes = [
  route({
    id: "session.changePassword",
    method: "POST",
    path: "/session/password",
    summary: "Change the caller's own password; every session of theirs ends, this one too",
    guard: "known",
    dangerous: true,
    body: z.strictObject({ currentPassword: proofFields.password, newPassword: text(1024) }),
    act: async ({ ctx, caller, body, dryRun }) => {
      const account = accountOf(caller);
      const { network, address } = sessionOf(caller);
      // What would change does not depend on the passwords, and a trial must not tell whether the present one is right.
      if (dryRun) {
        await simulate(ctx, caller.actor, (tx) => endSessions(tx, { account }), { lock: "none" });
        return;
      }
      const change = { current: body.currentPassword, next: body.newPassword };
      const whence = { network, address, requestId: caller.actor.requestId };
      await changePassword(surroundings(ctx), caller.actor, account, change, whence);
    },
  }),
  route({
    id: "session.beginSecondFactor",
    method: "POST",
    path: "/session/second-factor",
    summary: "Begin to enrol a second factor: its secret, shown once",
    guard: "known",
    dangerous: true,
    answer: z.object({ secret: z.string(), uri: z.string() }).meta({ id: "SecondFactorSecret" }),
    act: (call) => secretly(call, (tx, account) => beginSecondFactor(tx, surroundings(call.ctx).secret, account)),
  }),
  route({
    id: "session.confirmSecondFactor",
    method: "POST",
    path: "/session/second-factor/confirm",
    summary: "Confirm the second factor by a code of it; answers the recovery codes, shown once",
    guard: "known",
    dangerous: true,
    body: z.strictObject({ code: proofFields.code.unwrap() }),
    answer: recoveryCodes,
    act: (call) =>
      secretly(call, async (tx, account) => ({
        recoveryCodes: await confirmSecondFactor(tx, surroundings(call.ctx).secret, account, call.body.code),
      })),
  }),
  route({
    id: "session.removeSecondFactor",
    method: "DELETE",
    path: "/session/second-factor",
    summary: "Take the caller's own second factor away, and its recovery codes",
    guard: "known",
    dangerous: true,
    act: async (call) => {
      await secretly(call, async (tx, account) => {
        if (!(await removeSecondFactor(tx, account))) throw new MusterError("not-found", "there is no second factor");
      });
    },
  }),
  route({
    id: "session.renewRecoveryCodes",
    method: "POST",
    path: "/session/recovery-codes",
    summary: "Make new recovery codes in place of all earlier ones; shown once",
    guard: "known",
    dangerous: true,
    answer: recoveryCodes,
    act: (call) => secretly(call, async (tx, account) => ({ recoveryCodes: await renewRecoveryCodes(tx, account) })),
  }),
];
