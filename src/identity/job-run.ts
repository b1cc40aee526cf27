import type { Context } from "../context.ts";
import type { JobId, OrganizationId } from "../db/id.ts";
import { type Actor, inTransaction, type Tx } from "../db/transaction.ts";
import { isMusterError, MusterError } from "../errors.ts";
import { nextPeople, recordRefusal, type Stepped, stepBulkJob, stepOf } from "./bulk-jobs.ts";
import { writeExport } from "./export-file.ts";
import { runImport } from "./invitation-imports/run.ts";
import { OVER_BUDGET } from "./invitations/budget.ts";
import { endJob, holdJob, putOffJob, type Turn, takeJob } from "./jobs.ts";

/** Turns after which a job is given up: each of them died, or found the database too slow for a single step. */
const MOST_TURNS = 50;

/**
 * Works at what an administrator asked for, to its end or until `stop`. A worker that dies leaves a job that another takes
 * when its hold ends, and goes on with: what was done is written down with the doing.
 */
export async function workAtJob(
  ctx: Context,
  { organization, id }: { organization: OrganizationId; id: JobId },
  stop: AbortSignal | undefined,
): Promise<void> {
  const actor: Actor = { organization, kind: "job", id: null, requestId: null };
  const turn = await inTransaction(ctx, actor, (tx) => takeJob(tx, id), { lock: "none" });
  if (!turn) return;
  let failure: string | null = null;
  try {
    if (turn.epoch - turn.waits > MOST_TURNS)
      throw new MusterError("conflict", `given up after ${MOST_TURNS} turns without an end`);
    const stepped = await work(ctx, turn, stop);
    if (stepped !== "over") return;
  } catch (error) {
    // A database that is away for a moment is no reason to give up: the hold ends, and the job is taken again.
    if (isMusterError(error) && error.code === "unavailable") throw error;
    failure = isMusterError(error) && error.code !== "internal" ? error.message : "something unexpected happened";
    ctx.logger.warn("a job failed", { organization, job: turn.action, error: (error as Error).message });
  }
  await inTransaction(
    ctx,
    actor,
    async (tx) => {
      if (await holdJob(tx, turn)) await endJob(tx, id, failure);
    },
    { lock: "none" },
  );
}

function work(ctx: Context, turn: Turn, stop: AbortSignal | undefined): Promise<Stepped> {
  switch (turn.action) {
    case "export":
      return writeExport(ctx, turn, stop);
    case "import-invitations":
      return runImport(ctx, turn, stop);
    default:
      return workThrough(ctx, turn, stop);
  }
}

async function workThrough(ctx: Context, turn: Turn, stop: AbortSignal | undefined): Promise<Stepped> {
  for (;;) {
    if (stop?.aborted) return "lost";
    const stepped = await step(ctx, turn, stop);
    if (stepped !== "more") return stepped;
  }
}

/** A whole set in one transaction; where that is refused, one by one, so that each of them is told why. */
async function step(ctx: Context, turn: Turn, stop: AbortSignal | undefined): Promise<Stepped> {
  const { most, lock } = stepOf(turn);
  if (most > 1) {
    try {
      return await inTransaction(ctx, turn.maker, (tx) => stepBulkJob(tx, turn, ctx.config.invitations), { lock });
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  const people = await nextPeople(ctx.db.of(turn.maker.organization), turn);
  if (people.length === 0) return "over";
  for (const account of people) {
    if (stop?.aborted) return "lost";
    try {
      const stepped = await inTransaction(
        ctx,
        turn.maker,
        (tx) => stepBulkJob(tx, turn, ctx.config.invitations, account),
        { lock },
      );
      if (stepped === "lost") return "lost";
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const { retryAfter } = error;
      if (error.at === OVER_BUDGET && retryAfter !== undefined) {
        const wait = (tx: Tx) => putOffJob(tx, turn, retryAfter, error.message);
        await inTransaction(ctx, turn.maker, wait, { lock: "none" });
        return "lost";
      }
      const told = await inTransaction(ctx, turn.maker, (tx) => recordRefusal(tx, turn, account, error), {
        lock: "none",
      });
      if (!told) return "lost";
    }
  }
  return "more";
}

/** What concerns these people, and not the job, the database or Muster itself. */
function isRefusal(error: unknown): error is MusterError {
  return isMusterError(error) && !["unavailable", "internal", "not-allowed"].includes(error.code);
}
