import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../context.ts";
import { inTransaction } from "../db/transaction.ts";
import { organizationsToSeal, sealAudit } from "../identity/audit-seals.ts";
import type { SecretKey } from "../identity/secrets.ts";

/** Milliseconds between two looks at the audit. */
const INTERVAL = 5_000;

/**
 * Seals what was committed to the audit, again and again until `stop`, also while Muster rests after a restore: it tells nobody
 * anything. Every process that runs jobs does so; one at a time seals an organization's rows.
 */
export async function keepSealing(ctx: Context, key: SecretKey, stop: AbortSignal): Promise<void> {
  let failing = false;
  while (!stop.aborted) {
    let more = false;
    try {
      more = await sealOnce(ctx, key);
      failing = false;
    } catch (error) {
      if (!failing) ctx.logger.warn("the audit cannot be sealed at the moment", { error: (error as Error).message });
      failing = true;
    }
    if (!more) await sleep(INTERVAL, undefined, { signal: stop, ref: false }).catch(() => {});
  }
}

/**
 * One seal for every organization that has rows to seal. Returns whether there may be more at once. One that cannot be sealed keeps
 * no other from it.
 * @throws what was wrong with the first such.
 */
export async function sealOnce(ctx: Pick<Context, "db">, key: SecretKey): Promise<boolean> {
  let more = false;
  const wrong: unknown[] = [];
  for (const organization of await organizationsToSeal(ctx.db)) {
    const actor = { organization, kind: "job", id: null, requestId: null } as const;
    try {
      more = (await inTransaction(ctx, actor, (tx) => sealAudit(tx, key), { lock: "none" })) || more;
    } catch (error) {
      wrong.push(error);
    }
  }
  if (wrong.length > 0) throw wrong[0];
  return more;
}
