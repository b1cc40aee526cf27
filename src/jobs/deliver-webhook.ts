import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import type { Context } from "../context.ts";
import { type OrganizationId, parseId, type WebhookId } from "../db/id.ts";
import { type Actor, inTransaction } from "../db/transaction.ts";
import { isMusterError, MusterError } from "../errors.ts";
import { eventId } from "../identity/events.ts";
import type { SecretKey } from "../identity/secrets.ts";
import { type Attempted, claimDeliveries, type Outgoing, recordAttempt } from "../identity/webhook-attempts.ts";
import { postToWebhook, type Reply } from "./webhook-request.ts";

/** Milliseconds after which a job takes nothing more, so that mails and syncs get their turn. */
const TURN = 10_000;
/** Seconds beyond an attempt's own time until another may take the delivery: for writing down how it ended. */
const GRACE = 10;
/** Characters of an event's detail that are sent; a receiver of a longer one asks the feed. */
const LONGEST_DETAIL = 65_536;
/** Milliseconds between tries to record an outcome. */
const RECORDING_WAITS = [200, 1_000, 5_000, 15_000, null];

const payloadSchema = z.object({ organization: z.uuid(), webhook: z.uuid() });

/**
 * Sends what is due for one webhook, several at once, until nothing is or its turn is over. Each delivery is claimed, sent and
 * recorded in steps of their own, so that no network call happens inside a transaction. Whoever dies in between has left
 * deliveries that are claimed again when their hold ends, under the same webhook-id.
 */
export async function deliverWebhook(
  ctx: Context,
  key: SecretKey,
  payload: unknown,
  stop: AbortSignal | undefined,
): Promise<void> {
  const parsed = payloadSchema.safeParse(payload);
  const organization = parseId<OrganizationId>(parsed.data?.organization ?? "");
  const webhook = parseId<WebhookId>(parsed.data?.webhook ?? "");
  if (!organization || !webhook) throw new MusterError("internal", "a job to deliver names no webhook");
  const actor: Actor = { organization, kind: "job", id: null, requestId: null };
  const { concurrency: atOnce, timeout } = ctx.config.webhooks;
  const holdSeconds = timeout / 1_000 + GRACE;
  const end = performance.now() + TURN;
  const running = new Set<Promise<void>>();
  for (;;) {
    const over = stop?.aborted || performance.now() > end;
    const most = over ? 0 : atOnce - running.size;
    const claimed =
      most === 0
        ? []
        : await inTransaction(ctx, actor, (tx) => claimDeliveries(tx, webhook, { most, atOnce, holdSeconds, key }), {
            lock: "none",
          });
    for (const delivery of claimed) {
      const attempt = attemptOnce(ctx, actor, delivery).finally(() => running.delete(attempt));
      running.add(attempt);
    }
    if (running.size === 0) return;
    await Promise.race(running);
  }
}

/** Never throws: what could not be recorded is claimed again when its hold ends. */
async function attemptOnce(ctx: Context, actor: Actor, delivery: Outgoing): Promise<void> {
  const { retryDelays, timeout, allowPrivate, disableAfter } = ctx.config.webhooks;
  let reply: Reply | string;
  try {
    const { headers, body } = writeRequest(actor.organization, delivery, new Date());
    reply = await postToWebhook(delivery.url, headers, body, { timeout, allowPrivate });
  } catch (error) {
    reply = (error as Error).message;
  }
  const attempted = judge(reply, delivery.failures, retryDelays);
  try {
    await recordPatiently(ctx, actor, delivery, attempted, disableAfter);
  } catch (error) {
    ctx.logger.warn("a delivery could not be recorded; it is sent again", {
      organization: actor.organization,
      job: "deliver-webhook",
      error: (error as Error).message,
    });
    return;
  }
  if (attempted.outcome === "failed")
    ctx.logger.warn("a webhook's delivery was given up", {
      organization: actor.organization,
      job: "deliver-webhook",
      ...(attempted.status !== null && { status: attempted.status }),
    });
}

/** Standard Webhooks 1.0: id, time and every valid signature stand in the headers; the id is the event's in the feed. */
function writeRequest(
  organization: OrganizationId,
  { id, event, kind, at, subject, detail, secrets }: Outgoing,
  now: Date,
): { headers: Record<string, string>; body: string } {
  const messageId = event === null ? id : eventId(event);
  const tooLong = JSON.stringify(detail).length > LONGEST_DETAIL;
  const body = JSON.stringify({
    type: kind,
    timestamp: at.toISOString(),
    data: { id: messageId, organization, subject, detail: tooLong ? {} : detail, ...(tooLong && { cut: true }) },
  });
  return {
    headers: {
      "content-type": "application/json",
      "user-agent": "Muster-Webhooks",
      "webhook-id": messageId,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
      "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(messageId, now, body)).join(" "),
    },
    body,
  };
}

/** What an answer, or our own words where there was none, means for the delivery. */
function judge(reply: Reply | string, failures: number, delays: readonly number[]): Attempted {
  const told = typeof reply === "string" ? { status: null, reply } : { status: reply.status, reply: reply.text };
  if (told.status !== null && told.status >= 200 && told.status < 300) return { ...told, outcome: "delivered" };
  if (told.status === 410) return { ...told, outcome: "failed", gone: true };
  const delay = delays[failures];
  if (delay === undefined) return { ...told, outcome: "failed", gone: false };
  const rest = (typeof reply === "string" ? null : reply.retryAfter) ?? 0;
  // A fifth either way, so that what failed together does not come back together.
  return { ...told, outcome: "again", afterSeconds: Math.max(rest, delay * (0.8 + 0.4 * Math.random())) };
}

async function recordPatiently(
  ctx: Context,
  actor: Actor,
  delivery: Outgoing,
  attempted: Attempted,
  disableAfter: number,
): Promise<void> {
  for (const wait of RECORDING_WAITS) {
    try {
      await inTransaction(ctx, actor, (tx) => recordAttempt(tx, delivery, attempted, disableAfter), { lock: "none" });
      return;
    } catch (error) {
      if (wait === null || !isMusterError(error) || error.code !== "unavailable") throw error;
      await sleep(wait);
    }
  }
}
