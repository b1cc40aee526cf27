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
  let wasWrong = false;
  while (!stop.aborted) {
    const { more, wrong } = await sealOnce(ctx, key, stop).catch((error: unknown) => ({ more: false, wrong: error }));
    if (wrong !== undefined && !wasWrong)
      ctx.logger.warn("the audit cannot be sealed at the moment", { error: (wrong as Error).message });
    wasWrong = wrong !== undefined;
    if (!more) await sleep(INTERVAL, undefined, { signal: stop, ref: false }).catch(() => {});
  }
}

/**
 * One seal for every organization that has rows to seal. One that cannot be sealed keeps no other from it. Returns whether there may
 * be more at once, and what was wrong with the first that could not be sealed.
 */
export async function sealOnce(
  ctx: Pick<Context, "db">,
  key: SecretKey,
  stop?: AbortSignal,
): Promise<{ more: boolean; wrong?: unknown }> {
  let more = false;
  let wrong: unknown;
  for (const organization of await organizationsToSeal(ctx.db)) {
    if (stop?.aborted) break;
    const actor = { organization, kind: "job", id: null, requestId: null } as const;
    try {
      more = (await inTransaction(ctx, actor, (tx) => sealAudit(tx, key), { lock: "none" })) || more;
    } catch (error) {
      wrong ??= error;
    }
  }
  return { more, wrong };
}
