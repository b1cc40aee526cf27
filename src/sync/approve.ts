import type { Context } from "../context.ts";
import type { Db } from "../db/connection.ts";
import type { SyncRunId } from "../db/id.ts";
import { databaseNow } from "../db/now.ts";
import type { Actor } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { withDirectoryLock } from "./lock.ts";
import { resultOf, type SyncResult } from "./run.ts";
import { getRun, nameOf, type SyncRun } from "./runs.ts";
import { applyRun, type RunHooks, settleDeadRuns } from "./settle.ts";
import { isCurrent } from "./waiting.ts";

/**
 * A run whose plan can be approved.
 * @throws MusterError `not-found`; `conflict` when it waits for nothing, its time is over, or a later plan has been applied.
 */
export async function requireWaiting(db: Db, run: SyncRunId): Promise<SyncRun> {
  const found = await getRun(db, run);
  if (!found) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
  if (found.state !== "held" && found.state !== "previewed")
    throw new MusterError("conflict", `this run is ${found.state}; only a held or previewed one can be approved`, {
      at: "run",
    });
  if (found.approvableUntil !== null && found.approvableUntil <= (await databaseNow(db)))
    throw new MusterError(
      "conflict",
      `this plan could be approved until ${found.approvableUntil.toISOString()}; run the sync again for one of today`,
      { at: "run" },
    );
  if (!(await isCurrent(db, run)))
    throw new MusterError("conflict", "another plan has been applied to this directory since; run the sync again", {
      at: "run",
    });
  return found;
}

/**
 * Applies the stored plan of a run that ended `held` or `previewed`, exactly as it was shown. What has changed since
 * is left out as a conflict. The reason stands in the audit.
 * @throws MusterError `not-found`, `invalid` (no reason), `conflict` when the run waits for nothing, its time is over, a
 * later plan has been applied, or another run is under way.
 */
export async function approveRun(
  ctx: Context,
  run: SyncRunId,
  approval: RunHooks & { actor: Actor; reason: string },
): Promise<SyncResult> {
  const reason = approval.reason.trim();
  if (reason === "") throw new MusterError("invalid", "an approval needs a reason", { at: "reason" });
  const db = ctx.db.of(approval.actor.organization);
  const found = await getRun(db, run);
  if (!found) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
  return withDirectoryLock(ctx, approval.actor, found.directory, async (lock) => {
    await settleDeadRuns(ctx, lock, approval.actor, approval);
    await requireWaiting(db, run);
    return resultOf(await applyRun(ctx, lock, approval.actor, run, approval, { by: nameOf(approval.actor), reason }));
  });
}
