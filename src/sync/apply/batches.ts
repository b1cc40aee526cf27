import type { Database } from "../../db/connection.ts";
import type { SyncRunId } from "../../db/id.ts";
import { isTooLong } from "../../db/storage-error.ts";
import { type Actor, inTransaction, type OrganizationLock, type Tx } from "../../db/transaction.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { type DirectoryLock, holdEpoch } from "../lock.ts";
import { keep } from "./keep.ts";
import {
  type LinkRow,
  nextPart,
  nextRows,
  type Outcome,
  type Part,
  type PlanKind,
  placeOf,
  type Slice,
} from "./rows.ts";
import { awaitTurn, OUT_OF_TURN, takePlace } from "./turns.ts";

export type ApplyJob = {
  run: SyncRunId;
  lock: DirectoryLock;
  actor: Actor;
  signal: AbortSignal;
  /** Told after each committed batch; what it throws stops the run there. */
  onBatch: (rows: number) => void;
};

export type Step = {
  kinds: readonly PlanKind[];
  lock: OrganizationLock;
  write: (tx: Tx, job: ApplyJob, rows: readonly unknown[]) => Promise<Outcome>;
  /** Only the rows that free names for one another, all of them in one call. */
  together?: true;
  /** All rows in one transaction. */
  whole?: true;
  /**
   * Of one kind, applied in the order of the plan. What the database writes by itself is written some batches at a time
   * and kept one after the other; `turn` waits for the one before, and comes before whatever both might want to lock.
   */
  inOrder?: {
    batch: number;
    write?: (tx: Tx, job: ApplyJob, part: Part, turn: () => Promise<void>) => Promise<Outcome | undefined>;
  };
};

/** Rows of one step that are left out because each alone takes longer than a statement may. */
const MOST_SLOW = 3;
const TOO_LONG = "to write this alone takes longer than the database lets a statement take";

/** Rows of the plan per transaction: each writes several rows, but for a membership. */
const BATCH = 500;

/** Which rows of a plan a step has to do: those behind `after`, as far as `last`. */
export type Range = { after: number; last: number };

type Batch = {
  /** Which part of the plan it writes, as soon as it is known; undefined where nobody may go ahead of it. */
  begun: Promise<Part | undefined>;
  done: Promise<{ taken: number; last: number }>;
};

/**
 * So many batches at a time: while one is committed, which is waiting, there are two to write; more would only take
 * processors from others.
 */
const AT_ONCE = 3;

/** Writes the rows of one step, batch by batch; `count` is told of each that was committed. */
export async function applyStep(
  ctx: { db: Database },
  job: ApplyJob,
  step: Step,
  range: Range,
  count: (rows: number) => Promise<void>,
): Promise<void> {
  // After a batch failed for the sake of one row, that row is found by taking fewer.
  const batch = step.inOrder?.batch ?? BATCH;
  let size = batch;
  let slow = 0;
  let { after } = range;
  const underWay: Batch[] = [];
  for (;;) {
    const limit = step.whole ? null : size;
    const slice: Slice = { kinds: step.kinds, together: step.together === true, after, limit };
    if (underWay.length === 0) {
      refuseStopped(job.signal);
      underWay.push(begin(ctx, job, step, slice, null));
    }
    while (underWay.length < AT_ONCE) {
      const latest = underWay.at(-1);
      const part = await latest?.begun;
      if (part === undefined || part.splits || part.last >= range.last || job.signal.aborted) break;
      underWay.push(begin(ctx, job, step, { ...slice, after: part.last }, part.after));
    }
    try {
      const { taken, last } = await (underWay[0] as Batch).done;
      if (taken === 0) return;
      underWay.shift();
      after = last;
      await count(taken);
      job.onBatch(taken);
      size = Math.min(batch, size * 4);
    } catch (error) {
      // Nothing is written any more once this has ended.
      await Promise.allSettled(underWay.splice(0).map(({ done }) => done));
      if (error === OUT_OF_TURN) continue;
      const isSlow = isTooLong(error) && limit !== null;
      if (!isSlow && !isOfARow(error)) throw error;
      if (limit !== null && limit > 1) size = Math.ceil(size / 8);
      // Where it is the database that is slow, every row would be left out.
      else if (isSlow && ++slow > MOST_SLOW) throw error;
      else after = await leaveOut(ctx, job, step, slice, isSlow ? TOO_LONG : (error as MusterError).message);
    }
  }
}

/** @throws MusterError `unavailable` when the run was told to stop. */
export function refuseStopped(signal: AbortSignal): void {
  if (signal.aborted)
    throw new MusterError("unavailable", "the run was stopped; the next one goes on where it ended", { retryAfter: 5 });
}

/** Errors that are about the values of a row, not about the run. */
const OF_A_ROW: ReadonlySet<string> = new Set(["uniqueness", "invalid", "invalid-value"]);

const isOfARow = (error: unknown): error is MusterError => isMusterError(error) && OF_A_ROW.has(error.code);

/** Begins to write a batch. @param before where the one begins that is still under way before it. */
function begin(ctx: { db: Database }, job: ApplyJob, step: Step, slice: Slice, before: number | null): Batch {
  const begun = Promise.withResolvers<Part | undefined>();
  // New groups are written beside new people, whose batches would leave no gap either.
  const writesFirst = step.inOrder !== undefined && step.inOrder.write === undefined;
  let hasTurn = false;
  const done = inTransaction(
    ctx,
    job.actor,
    async (tx) => {
      hasTurn = false;
      const [kind] = step.kinds as [PlanKind];
      const place = { run: job.run, kind, after: slice.after, before };
      const turn = async (): Promise<void> => {
        if (hasTurn) return;
        await awaitTurn(tx, place);
        hasTurn = true;
        // Not before: batches that overlap would keep the directory's row locked without a gap, and whoever changes it waiting.
        await holdEpoch(tx, job.lock);
      };
      if (before === null && !writesFirst) await turn();
      const part = step.inOrder?.write && slice.limit !== 1 ? await nextPart(tx, job.run, slice) : undefined;
      if (part) await takePlace(tx, place);
      begun.resolve(part);
      const outcome = part && (await step.inOrder?.write?.(tx, job, part, turn));
      if (!writesFirst) await turn();
      if (part && outcome) {
        await keep(tx, job.run, outcome, through(step, part.last));
        return { taken: part.count, last: part.last };
      }
      const rows = await nextRows<{ seq: number }>(tx, job.run, part ? { ...slice, limit: part.rows } : slice);
      const last = rows.at(-1)?.seq ?? slice.after;
      const written = rows.length > 0 ? await step.write(tx, job, rows) : undefined;
      await turn();
      if (written) await keep(tx, job.run, written, through(step, last));
      return { taken: rows.length, last };
    },
    { lock: step.lock },
  )
    .catch((error: unknown) => {
      // Ahead of its turn it may lack a connection, or wait too long: then it is written when it is its turn.
      throw hasTurn || before === null || isOfARow(error) ? error : OUT_OF_TURN;
    })
    .finally(() => begun.resolve(undefined));
  // It may fail before anybody waits for it.
  done.catch(() => {});
  return { begun: begun.promise, done };
}

function through(step: Step, seq: number): { kind: PlanKind; seq: number } | undefined {
  const [kind] = step.kinds;
  return step.inOrder && kind ? { kind, seq } : undefined;
}

async function leaveOut(ctx: { db: Database }, job: ApplyJob, step: Step, slice: Slice, why: string): Promise<number> {
  return inTransaction(
    ctx,
    job.actor,
    async (tx) => {
      await holdEpoch(tx, job.lock);
      const rows = await nextRows<LinkRow>(tx, job.run, slice);
      const leftOut = rows.map((row) => ({
        ...placeOf(row),
        conflict: `${row.name}: ${why}`,
        kind: "refused" as const,
      }));
      const last = rows.at(-1)?.seq ?? slice.after;
      await keep(tx, job.run, { applied: [], leftOut, written: 0, lost: 0, gained: 0 }, through(step, last));
      return last;
    },
    { lock: "none" },
  );
}
