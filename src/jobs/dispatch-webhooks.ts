import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../context.ts";
import { isOutOfReach } from "../db/storage-error.ts";
import { type Actor, inTransaction } from "../db/transaction.ts";
import { wakeJobs } from "../identity/jobs.ts";
import { pausedSince } from "../identity/pause.ts";
import { dispatchEvents, organizationsBehind, wakeDeliveries } from "../identity/webhook-dispatch.ts";

/** Milliseconds between two looks at the outbox. */
const INTERVAL = 1_000;

/**
 * Turns events into deliveries and wakes whoever sends them, and jobs that nobody works at, again and again until `stop`. Every process that runs jobs
 * does so; they meet in the locks of the webhooks' rows. Nothing of a request ever waits for this, and no request tells
 * it anything (design §3.3): it looks.
 */
export async function keepDispatching(ctx: Context, stop: AbortSignal): Promise<void> {
  let failing = false;
  while (!stop.aborted) {
    let more = false;
    try {
      await wakeJobs(ctx.db);
      more = await dispatchOnce(ctx);
      failing = false;
    } catch (error) {
      if (!failing)
        ctx.logger.warn("events and jobs cannot be looked for at the moment", { error: (error as Error).message });
      failing = true;
    }
    if (!more) await sleep(INTERVAL, undefined, { signal: stop, ref: false }).catch(() => {});
  }
}

/**
 * One look at every organization, none after a restore. One whose events cannot be dispatched keeps no other from it.
 * Returns whether there may be more at once.
 * @throws what was wrong with the first that failed, after all others had their turn.
 */
export async function dispatchOnce(ctx: Context): Promise<boolean> {
  if ((await pausedSince(ctx.db)) !== null) return false;
  let more = false;
  const faults: unknown[] = [];
  for (const organization of await organizationsBehind(ctx.db)) {
    const actor: Actor = { organization, kind: "job", id: null, requestId: null };
    try {
      more = (await inTransaction(ctx, actor, dispatchEvents, { lock: "none" })) || more;
    } catch (error) {
      if (isOutOfReach(error)) throw error;
      faults.push(error);
    }
  }
  await wakeDeliveries(ctx.db, ctx.config.webhooks.concurrency);
  if (faults.length > 0) throw faults[0];
  return more;
}
