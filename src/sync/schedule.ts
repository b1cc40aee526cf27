import { z } from "zod";
import type { Context } from "../context.ts";
import type { DirectoryId, OrganizationId } from "../db/id.ts";
import { isOutOfReach, refusalOf } from "../db/storage-error.ts";
import { type Actor, inTransaction, type Tx } from "../db/transaction.ts";
import { isMusterError } from "../errors.ts";
import { deltaMark } from "./delta.ts";
import { withDirectoryLock } from "./lock.ts";
import { runSync } from "./run.ts";
import { runUnderWay } from "./runs.ts";
import { settleDeadRuns } from "./settle.ts";
import { isHeld } from "./waiting.ts";

/** The job that syncs one directory; its payload is what `enqueueDueSyncs` writes. */
export const SYNC_TASK = "sync";

/** `resume`: no read, only what a process left that died. */
const lanes = z.enum(["full", "delta", "resume"]);
type Lane = z.output<typeof lanes>;

const payloadSchema = z.object({ organization: z.uuid(), directory: z.uuid(), lane: lanes.default("full") });

/** How many directories have their turn at one look; the next look takes the rest. */
const AT_ONCE = 100;

type Due = { organization: OrganizationId; id: DirectoryId; lane: Lane };

/**
 * Adds a job for every directory whose time has come and sets its next time, in one transaction each, so that any
 * number of schedulers add one job. A full run that is due wins over a delta. Meant to be called about once a minute: a
 * directory of which that fails is logged and left to the next look, and neither it nor any number of its like keeps
 * another from its turn.
 * @returns how many were added.
 * @throws MusterError `unavailable` when the database is out of reach, which is nothing about a directory.
 */
export async function enqueueDueSyncs(ctx: Context): Promise<number> {
  const tried = new Set<DirectoryId>();
  let [added, turns] = [0, 0];
  while (turns < AT_ONCE) {
    // Those that have had no turn, or only wait to be settled, are told first again: they are asked for beside the others.
    const most = tried.size - turns + AT_ONCE - turns;
    const found = await dueSyncs(ctx, most);
    const due = found.filter(({ id }) => !tried.has(id));
    for (const one of due) {
      tried.add(one.id);
      if (!(await enqueueOrLog(ctx, one))) continue;
      added += 1;
      if (one.lane !== "resume") turns += 1;
    }
    if (found.length < most || due.length === 0) break;
  }
  return added;
}

function dueSyncs(ctx: Context, most: number): Promise<Due[]> {
  return ctx.db.lookUp<Due>({
    text: "select organization, id, lane from list_due_syncs($1, make_interval(secs => $2))",
    values: [most, ctx.config.sync.silence],
  });
}

async function enqueueOrLog(ctx: Context, { organization, id, lane }: Due): Promise<boolean> {
  try {
    return await enqueue(ctx, organization, id, lane);
  } catch (error) {
    if (isOutOfReach(error)) throw error;
    ctx.logger.error("a directory that is due could not be scheduled; it is tried again within a minute", {
      organization,
      directory: id,
      error: String(isMusterError(error) ? (error.cause ?? error) : error),
    });
    return false;
  }
}

async function enqueue(
  ctx: Context,
  organization: OrganizationId,
  directory: DirectoryId,
  lane: Lane,
): Promise<boolean> {
  const actor = { organization, kind: "system", id: null, requestId: null } as const;
  return inTransaction(
    ctx,
    actor,
    async (tx) => {
      if (lane !== "resume" && !(await takeTurn(tx, directory, lane))) return false;
      await tx.query({
        text: "select add_job($1, $2, $3)",
        values: [SYNC_TASK, { organization, directory, lane }, `${SYNC_TASK}:${lane}:${directory}`],
      });
      return true;
    },
    { lock: "none" },
  );
}

/**
 * Sets the next time. Its interval stays what it is whatever the directory's server says: what failed is tried again no sooner
 * and no later. A directory whose row somebody holds, as a plan does while it is made, has its turn at the next look: the others
 * are not to wait for it.
 */
async function takeTurn(tx: Tx, directory: DirectoryId, lane: "full" | "delta"): Promise<boolean> {
  const next = "next_delta_at = statement_timestamp() + delta_every";
  const [sets, due] =
    lane === "full"
      ? [
          `next_run_at = statement_timestamp() + sync_every, ${next}`,
          "sync_every is not null and (next_run_at is null or next_run_at <= statement_timestamp())",
        ]
      : [next, "delta_every is not null and (next_delta_at is null or next_delta_at <= statement_timestamp())"];
  const rows = await tx.query({
    text: `update directories set ${sets} where organization = $1 and id = (select id from directories
        where organization = $1 and id = $2 and ${due} for no key update skip locked)
      returning id`,
    values: [tx.organization, directory],
  });
  return rows.length > 0;
}

/**
 * The job itself: one scheduled run. A run that ends held or failed is over, its next time is set; only trouble with
 * Muster's own database makes the job fail and be tried again.
 */
export async function syncTask(ctx: Context, payload: unknown, signal?: AbortSignal): Promise<void> {
  const { organization, directory, lane } = payloadSchema.parse(payload) as {
    organization: OrganizationId;
    directory: DirectoryId;
    lane: Lane;
  };
  const actor: Actor = { organization, kind: "job", id: null, requestId: null };
  const stop = signal === undefined ? {} : { signal };
  try {
    if (lane === "resume") {
      await withDirectoryLock(ctx, actor, directory, (lock) => settleDeadRuns(ctx, lock, actor, stop));
      return;
    }
    if (lane === "delta" && !(await isWorthADelta(ctx, organization, directory))) return;
    const result = await runSync(ctx, directory, { mode: "run", lane, trigger: "schedule", actor, ...stop });
    ctx.logger.info("scheduled sync", { directory, run: result.runId, counts: result.counts, status: result.state });
    if (lane === "full" && result.state === "failed" && signal?.aborted) await beDueAgain(ctx, actor, directory);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal !== undefined) {
      // The run has failed and said why; the next one comes in its time.
      ctx.logger.error("scheduled sync failed", { directory, detail: refusal });
      return;
    }
    if (!isMusterError(error) || (error.code !== "conflict" && error.code !== "not-found")) throw error;
    ctx.logger.info("scheduled sync left out", { directory, detail: error.message });
    if (lane === "full" && error.code === "conflict") await beDueAgain(ctx, actor, directory);
  }
}

/** Without a mark it would be a full run, which comes in its own time; while a plan is held, a person is to look first. */
async function isWorthADelta(ctx: Context, organization: OrganizationId, directory: DirectoryId): Promise<boolean> {
  const db = ctx.db.of(organization);
  return (await deltaMark(db, directory)) !== undefined && !(await isHeld(db, directory));
}

/**
 * A full run whose place something else took comes as soon as the place is free, not an interval later, and one that was stopped
 * because its worker stopped as soon as there is another; of a switched directory never.
 */
async function beDueAgain(ctx: Context, actor: Actor, directory: DirectoryId): Promise<void> {
  const other = await runUnderWay(ctx.db.of(actor.organization), directory);
  if (other?.lane === "full" && other.mode === "run") return;
  await inTransaction(
    ctx,
    actor,
    (tx) =>
      tx.query({
        text: `update directories set next_run_at = statement_timestamp()
          where organization = $1 and id = $2 and sync_every is not null and switched_at is null`,
        values: [tx.organization, directory],
      }),
    { lock: "none" },
  );
}
