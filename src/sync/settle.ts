import type { Context } from "../context.ts";
import type { SyncRunId } from "../db/id.ts";
import { isOutOfReach, refusalOf } from "../db/storage-error.ts";
import { type Actor, inTransaction, type Tx } from "../db/transaction.ts";
import { isMusterError } from "../errors.ts";
import { refuseWhilePaused } from "../identity/pause.ts";
import { applyPlan } from "./apply/apply.ts";
import { isApplied } from "./apply/keep.ts";
import { bringBackWhatWasParked } from "./apply/parked.ts";
import { type DirectoryLock, holdEpoch } from "./lock.ts";
import type { SyncCounts } from "./plan/counts.ts";
import { plannedRows } from "./progress.ts";
import { finishRun, getRun, markApplying, NOTHING_COUNTED, type SyncRun } from "./runs.ts";
import { clearStaging } from "./staging.ts";

/** How a caller follows a run, and stops it. */
export type RunHooks = {
  signal?: AbortSignal;
  /** Told after each page how many entries were read so far, and after each committed batch how many rows of the plan it held. */
  onProgress?: (phase: "read" | "apply", count: number) => void;
};

/** The run itself is the actor of what it writes. */
export function actorOf(actor: Actor, run: SyncRunId): Actor {
  return { organization: actor.organization, kind: "sync", id: run, requestId: actor.requestId };
}

/**
 * Applies the stored plan of a run and ends the run `done` or `partial`. Of an undoing, what the undone run had parked counts again.
 * When the database is out of reach or the caller stops it, the run stays to be resumed by the next one; after any
 * other error, a row that the database refuses among them, it is `failed`, what was committed stays, and the next run plans anew.
 * So it is when it was resumed and the database, within reach, did not let it get any further.
 * @throws MusterError `held` while Muster rests after a restore: a plan of before may be everybody's end.
 */
export async function applyRun(
  ctx: Context,
  lock: DirectoryLock,
  actor: Actor,
  run: SyncRunId,
  hooks: RunHooks,
  approval?: { by: string; reason: string },
): Promise<SyncRun> {
  const db = ctx.db.of(actor.organization);
  await refuseWhilePaused(db);
  const own = actorOf(actor, run);
  const before = await getRun(db, run);
  let isStuck = before?.state === "running" && before.phase === "apply";
  const begin = performance.now();
  await inTransaction(
    ctx,
    own,
    async (tx) => {
      await holdEpoch(tx, lock);
      await markApplying(tx, lock, run, approval);
    },
    { lock: "none" },
  );
  const tellApplied = teller(lock, run, before);
  try {
    const job = {
      run,
      lock,
      actor: own,
      signal: hooks.signal ? AbortSignal.any([hooks.signal, lock.lost]) : lock.lost,
      onBatch: (rows: number) => {
        isStuck = false;
        tellApplied(rows);
        hooks.onProgress?.("apply", rows);
      },
    };
    await applyPlan(ctx, job);
    await bringBackWhatWasParked(ctx, job);
  } catch (error) {
    if (!mayBeResumed(error)) await fail(ctx, own, lock, run, wordsFor(error));
    // What made no way twice would stand in the way for ever.
    else if (isStuck && isGivenUp(error)) await fail(ctx, own, lock, run, STUCK);
    throw error;
  }
  return inTransaction(ctx, own, (tx) => finishApplied(tx, lock, run, performance.now() - begin), { lock: "none" });
}

/** What the database refuses it would refuse again: such a run would stand in the way of all that follow. */
function mayBeResumed(error: unknown): boolean {
  if (!isMusterError(error)) return false;
  return error.code === "conflict" || (error.code === "unavailable" && refusalOf(error) === undefined);
}

/** Whether the database, within reach, gave up what was asked of it: it took too long, or others were in its way. */
function isGivenUp(error: unknown): boolean {
  return isMusterError(error) && error.code === "unavailable" && !isOutOfReach(error);
}

const STUCK =
  "what is left of the plan could not be written when the run was resumed either: the database gave it up; the next run plans anew";

/** Says after each batch how much of the plan is applied, of a resumed one too. */
function teller(lock: DirectoryLock, run: SyncRunId, found: SyncRun | undefined): (rows: number) => void {
  let applied = found?.rowsWritten ?? 0;
  const { proof } = found ?? {};
  lock.tell(run, {
    phase: "apply",
    applied,
    planned: found ? plannedRows(found.counts, found.details) : null,
    ...(proof && { read: proof.users + proof.groups }),
  });
  return (rows) => {
    applied += rows;
    lock.tell(run, { applied });
  };
}

/**
 * What dead runs left behind: a run that was being applied is applied to its end (its plan was allowed), any other is
 * `abandoned`. Before: the caller holds the directory's lock, so whoever is still `running` cannot be.
 */
export async function settleDeadRuns(ctx: Context, lock: DirectoryLock, actor: Actor, hooks: RunHooks): Promise<void> {
  const db = ctx.db.of(actor.organization);
  const abandoned = await db.query<{ id: SyncRunId }>({
    text: `update sync_runs set state = 'abandoned', phase = 'over', finished_at = statement_timestamp(),
        error = 'the process that ran it ended, or said nothing for too long, before anything was applied'
      where organization = $1 and directory = $2 and state = 'running' and phase <> 'apply' returning id`,
    values: [db.organization, lock.directory],
  });
  if (abandoned.length > 0)
    await clearStaging(
      db,
      abandoned.map((row) => row.id),
    );
  const dead = await db.query<{ id: SyncRunId }>({
    text: "select id from sync_runs where organization = $1 and directory = $2 and state = 'running' and phase = 'apply'",
    values: [db.organization, lock.directory],
  });
  for (const { id } of dead) {
    ctx.logger.info("resuming a sync run that ended early", { directory: lock.directory, run: id });
    await applyRun(ctx, lock, actor, id, hooks);
  }
}

/**
 * This holder's run cannot go on, and nothing of it was applied: it is over at once, and not only when the next one finds
 * it. What cannot be written now is left to that one. Throws the error again.
 */
export async function giveUpRun(ctx: Context, lock: DirectoryLock, actor: Actor, error: unknown): Promise<never> {
  const db = ctx.db.of(actor.organization);
  const why = isMusterError(error) ? `${error.code}: ${error.message}` : "a fault of Muster's ended it";
  await db
    .query({
      text: `update sync_runs set state = 'abandoned', phase = 'over', finished_at = statement_timestamp(), error = $4
        where organization = $1 and directory = $2 and epoch = $3 and state = 'running' and phase <> 'apply'`,
      values: [db.organization, lock.directory, lock.epoch, `${why}; nothing was applied`],
    })
    .catch(() => {});
  throw error;
}

async function finishApplied(tx: Tx, lock: DirectoryLock, run: SyncRunId, milliseconds: number): Promise<SyncRun> {
  await holdEpoch(tx, lock);
  const before = await getRun(tx, run);
  const { counts, isPartial } = await countApplied(tx, run, before?.counts ?? NOTHING_COUNTED);
  await tx.query({
    text: "update sync_runs set counts = $3 where organization = $1 and id = $2",
    values: [tx.organization, run, counts],
  });
  if (before?.undoes)
    // Undoing an undoing puts the run before it in force again.
    await tx.query({
      text: `update sync_runs r set state = case when r.id = $2 then 'undone' else 'done' end
        where organization = $1 and (id = $2
          or (state = 'undone' and id = (select undoes from sync_runs where organization = $1 and id = $2)))`,
      values: [tx.organization, before.undoes],
    });
  return finishRun(tx, lock, run, isPartial ? "partial" : "done", { applyMilliseconds: Math.round(milliseconds) });
}

/** What the plan promised, corrected by what was left out when it was applied. */
async function countApplied(
  tx: Tx,
  run: SyncRunId,
  planned: SyncCounts,
): Promise<{ counts: SyncCounts; isPartial: boolean }> {
  const [row] = await tx.query<
    Pick<SyncCounts, "added" | "updated" | "deactivated" | "removed" | "conflicts"> & { leftOut: number }
  >({
    text: `select
        count(*) filter (where kind in ('user-add', 'user-restore') and ${isApplied("p", "r")}) as added,
        count(*) filter (where kind = 'user-update' and ${isApplied("p", "r")}) as updated,
        count(*) filter (where kind = 'user-deactivate' and ${isApplied("p", "r")}) as deactivated,
        count(*) filter (where kind = 'user-remove' and ${isApplied("p", "r")}) as removed,
        count(*) filter (where conflict is not null) as conflicts,
        count(*) filter (where conflict is not null and kind not in ('shared-address', 'shared-group-name')) as "leftOut"
      from sync_plan p join sync_runs r on r.organization = $1 and r.id = p.run
      where p.organization = $1 and p.run = $2`,
    values: [tx.organization, run],
  });
  if (!row) return { counts: planned, isPartial: false };
  const { leftOut, ...applied } = row;
  return { counts: { ...planned, ...applied }, isPartial: leftOut > 0 };
}

function wordsFor(error: unknown): string {
  return refusalOf(error) ?? (error instanceof Error ? error.message : String(error));
}

async function fail(ctx: Context, actor: Actor, lock: DirectoryLock, run: SyncRunId, why: string): Promise<void> {
  ctx.logger.error("a sync run could not be applied to its end", { directory: lock.directory, run, detail: why });
  await inTransaction(ctx, actor, (tx) => finishRun(tx, lock, run, "failed", { error: why }), { lock: "none" });
}
