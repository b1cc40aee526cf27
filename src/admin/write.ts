import { createHmac } from "node:crypto";
import type { Request } from "express";
import { inTransaction, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { dryRun } from "../identity/dry-run.ts";
import { type IdempotentRequest, rememberAnswer, rememberedAnswer } from "../identity/idempotency.ts";
import { loadSecretKey, type SecretKey } from "../identity/secrets.ts";
import { etagOf, names } from "./etag.ts";
import { type Call, type Route, statusOf } from "./route.ts";

export type Answer = { status: number; body: unknown; headers?: Record<string, string> };

type Written = Extract<Route, { write: unknown }>;
type AnyCall = Call<unknown, unknown, unknown>;

/** Printable characters; longer ones are nobody's key. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * A change in one transaction. With `isDry` everything is done and undone again, and the answer says what was done: so it
 * can neither differ from the change nor leave anything. A repeated `Idempotency-Key` answers what the first one did.
 */
export async function change(
  request: Request,
  route: Written,
  routes: readonly Route[],
  call: AnyCall,
  isDry: boolean,
): Promise<Answer> {
  const { ctx, caller } = call;
  const ifMatch = request.headers["if-match"];
  // To compare and then change, nobody else may change in between.
  const lock = ifMatch === undefined ? (route.lock ?? "shared") : "exclusive";
  const write = async (tx: Tx): Promise<Answer> => {
    if (ifMatch !== undefined) await refuseStale(tx, route, routes, call, ifMatch);
    return { status: statusOf(route), body: await route.write(tx, call) };
  };
  if (isDry) {
    const { done, changes, impact } = await dryRun(ctx, caller.actor, write, { lock });
    const { status, body } = done;
    return {
      status: 200,
      body: { dryRun: true, status, ...(body !== undefined && { result: body }), changes, impact },
    };
  }
  const key = idempotencyKey(request);
  if (key === undefined) return inTransaction(ctx, caller.actor, write, { lock });
  const secret = loadSecretKey(ctx.config);
  const repeated: IdempotentRequest = {
    key,
    caller: `${caller.actor.kind}:${caller.actor.id ?? ""}`,
    fingerprint: fingerprintOf(request, call, secret),
  };
  const once = async (tx: Tx): Promise<Answer> => {
    const remembered = await rememberedAnswer(tx, repeated, secret);
    if (remembered) return { ...(remembered as Answer), headers: { "Idempotency-Replayed": "true" } };
    const answer = await write(tx);
    await rememberAnswer(tx, repeated, answer, secret);
    return answer;
  };
  return inTransaction(ctx, caller.actor, once, { lock });
}

/** @throws MusterError `invalid` */
function idempotencyKey(request: Request): string | undefined {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || !KEY.test(key))
    throw new MusterError("invalid", "a key has 1 to 255 printable characters and no blanks", {
      at: "Idempotency-Key",
    });
  return key;
}

/** What a request asks for, in a form that only the same request has; keyed, because a body may hold a password. */
function fingerprintOf(request: Request, { body }: AnyCall, secret: SecretKey): Buffer {
  const asked = JSON.stringify([
    request.method,
    request.originalUrl,
    request.headers["if-match"] ?? null,
    body ?? null,
  ]);
  return createHmac("sha256", secret).update(`idempotent request ${asked}`).digest();
}

/** RFC 9110 §13.1.1. @throws MusterError `precondition-failed` */
async function refuseStale(tx: Tx, route: Written, routes: readonly Route[], call: AnyCall, ifMatch: string) {
  const current = routes.find(({ id }) => id === route.current);
  if (!current || !("read" in current))
    throw new MusterError("precondition-failed", "nothing here has an ETag that If-Match could name", {
      at: "If-Match",
    });
  const query = current.query ? call.query : {};
  const etag = etagOf(JSON.stringify(await current.read(tx, { ...call, query, body: undefined })));
  if (!names(ifMatch, etag))
    throw new MusterError("precondition-failed", `it was changed since; its ETag is ${etag} now`, { at: "If-Match" });
}
