import type { Database } from "../../db/connection.ts";
import type { SyncRunId } from "../../db/id.ts";
import { type Actor, inTransaction, type OrganizationLock, type Tx } from "../../db/transaction.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { type DirectoryLock, holdEpoch } from "../lock.ts";
import { keepDigests } from "../plan/digests.ts";
import { addMemberships, addPeople } from "./added.ts";
import { keep } from "./keep.ts";
import {
  type GroupRow,
  kindsToDo,
  type LinkRow,
  nextPart,
  nextRows,
  type Outcome,
  type Part,
  type PlanKind,
  type Slice,
  type UserRow,
} from "./rows.ts";
import { writeGroups, writeLinks, writeUsers } from "./write.ts";

/** Rows of the plan per transaction: each writes several rows, but for a membership. */
const BATCH = 500;
/** Of those that the database adds by itself. */
const BATCH_OF_PEOPLE = 2000;
const BATCH_OF_MEMBERS = 5000;

type Step = {
  kinds: readonly PlanKind[];
  lock: OrganizationLock;
  write: (tx: Tx, job: ApplyJob, rows: readonly unknown[]) => Promise<Outcome>;
  /** Only the rows that free names for one another, all of them in one call. */
  together?: true;
  /** All rows in one transaction. */
  whole?: true;
  /** Of one kind, applied in the order of the plan. */
  inOrder?: { batch: number; write?: (tx: Tx, job: ApplyJob, part: Part) => Promise<Outcome | undefined> };
};

const users =
  (kind: UserRow["kind"]): Step["write"] =>
  (tx, job, rows) =>
    writeUsers(tx, job.run, job.lock.directory, kind, rows as readonly UserRow[]);
const groups =
  (kind: GroupRow["kind"]): Step["write"] =>
  (tx, job, rows) =>
    writeGroups(tx, job.run, job.lock.directory, kind, rows as readonly GroupRow[]);
const links =
  (kind: LinkRow["kind"]): Step["write"] =>
  (tx, job, rows) =>
    writeLinks(tx, job.lock.directory, kind, rows as readonly LinkRow[]);

/**
 * The order of a plan: what frees a name comes before what takes it, what takes access away before what gives it,
 * and both sides of a membership before the membership.
 */
const STEPS: readonly Step[] = [
  { kinds: ["group-remove"], lock: "exclusive", write: groups("group-remove") },
  { kinds: ["user-remove"], lock: "shared", write: users("user-remove") },
  {
    kinds: ["user-update", "user-deactivate"],
    lock: "shared",
    write: users("user-update"),
    together: true,
    whole: true,
  },
  { kinds: ["user-update", "user-deactivate"], lock: "shared", write: users("user-update") },
  { kinds: ["group-update"], lock: "shared", write: groups("group-update") },
  { kinds: ["group-restore"], lock: "exclusive", write: groups("group-restore"), whole: true },
  { kinds: ["user-restore"], lock: "shared", write: users("user-restore") },
  { kinds: ["member-remove"], lock: "shared", write: links("member-remove") },
  { kinds: ["nesting-remove"], lock: "exclusive", write: links("nesting-remove") },
  { kinds: ["group-add"], lock: "shared", write: groups("group-add"), inOrder: { batch: BATCH } },
  {
    kinds: ["user-add"],
    lock: "shared",
    write: users("user-add"),
    inOrder: { batch: BATCH_OF_PEOPLE, write: addPeople },
  },
  { kinds: ["nesting-add"], lock: "exclusive", write: links("nesting-add") },
  {
    kinds: ["member-add"],
    lock: "shared",
    write: links("member-add"),
    inOrder: { batch: BATCH_OF_MEMBERS, write: addMemberships },
  },
];

export type ApplyJob = {
  run: SyncRunId;
  lock: DirectoryLock;
  actor: Actor;
  signal: AbortSignal;
  /** Told after each committed batch; what it throws stops the run there. */
  onBatch: (rows: number) => void;
};

/**
 * Writes exactly the plan, batch by batch, each in a transaction with its audit, its access and the marks of what was
 * applied. Called again after a crash it goes on where the last committed batch ended.
 * A row that changed since the plan was made, or that cannot be written, is left out and says why; the others go on.
 * @throws MusterError `conflict` when another run has taken the directory over, `unavailable` when the database is
 * out of reach or the run is told to stop: what was committed stays, the rest can be resumed.
 */
export async function applyPlan(ctx: { db: Database }, job: ApplyJob): Promise<void> {
  const keepCounted = statisticsKeeper(ctx, job);
  let applied = 0;
  const count = (step: Step, rows: number): Promise<void> => {
    applied += rows;
    return keepCounted(step, rows);
  };
  const begin = await kindsToDo(ctx.db.of(job.actor.organization), job.run);
  for (const step of STEPS) {
    const after = begin(step.kinds, step.together === true);
    if (after !== undefined) await applyStep(ctx, job, step, after, count);
  }
  if (applied === 0) return;
  await inTransaction(
    ctx,
    job.actor,
    async (tx) => {
      await holdEpoch(tx, job.lock);
      await keepDigests(tx, job.run, job.lock.directory);
    },
    { lock: "none" },
  );
}

const FIRST_COUNT = 1000;
const GROWTH = 10;
/** Which tables a kind of row fills. */
const GROWING: Record<string, readonly string[]> = {
  user: ["accounts", "directory_users"],
  group: ["groups", "directory_groups"],
  member: ["remote_memberships", "access"],
  nesting: ["group_nestings"],
};

/**
 * Has PostgreSQL count the tables that a large plan fills, each time they have grown tenfold. Without it the batches
 * of a first run are planned for empty tables: adding 500 people went from 0.1 to 1.6 s within 20,000.
 */
function statisticsKeeper(ctx: { db: Database }, job: ApplyJob): (step: Step, rows: number) => Promise<void> {
  const db = ctx.db.of(job.actor.organization);
  const written: Record<string, { rows: number; next: number }> = {};
  return async (step, rows) => {
    const noun = step.kinds[0]?.split("-")[0] ?? "";
    written[noun] ??= { rows: 0, next: FIRST_COUNT };
    const count = written[noun];
    count.rows += rows;
    if (count.rows < count.next) return;
    while (count.rows >= count.next) count.next *= GROWTH;
    for (const table of GROWING[noun] ?? []) await db.query({ text: "select muster.analyze($1)", values: [table] });
  };
}

async function applyStep(
  ctx: { db: Database },
  job: ApplyJob,
  step: Step,
  begin: number,
  count: (step: Step, rows: number) => Promise<void>,
): Promise<void> {
  // After a batch failed for the sake of one row, that row is found by taking fewer.
  const batch = step.inOrder?.batch ?? BATCH;
  let size = batch;
  let after = begin;
  for (;;) {
    if (job.signal.aborted)
      throw new MusterError("unavailable", "the run was stopped; the next one goes on where it ended", {
        retryAfter: 5,
      });
    const limit = step.whole ? null : size;
    const slice: Slice = { kinds: step.kinds, together: step.together === true, after, limit };
    try {
      const { taken, last } = await applyBatch(ctx, job, step, slice);
      if (taken === 0) return;
      after = last;
      await count(step, taken);
      job.onBatch(taken);
      size = Math.min(batch, size * 4);
    } catch (error) {
      if (!isMusterError(error) || !OF_A_ROW.has(error.code)) throw error;
      if (limit === null || limit === 1) after = await leaveOut(ctx, job, step, slice, error.message);
      else size = Math.ceil(size / 8);
    }
  }
}

/** Errors that are about the values of a row, not about the run. */
const OF_A_ROW: ReadonlySet<string> = new Set(["uniqueness", "invalid", "invalid-value"]);

async function applyBatch(
  ctx: { db: Database },
  job: ApplyJob,
  step: Step,
  slice: Slice,
): Promise<{ taken: number; last: number }> {
  return inTransaction(
    ctx,
    job.actor,
    async (tx) => {
      await holdEpoch(tx, job.lock);
      const part = step.inOrder?.write && slice.limit !== 1 ? await nextPart(tx, job.run, slice) : undefined;
      const outcome = part && (await step.inOrder?.write?.(tx, job, part));
      if (part && outcome) {
        await keep(tx, job.run, outcome, through(step, part.last));
        return { taken: part.count, last: part.last };
      }
      const rows = await nextRows<{ seq: number }>(tx, job.run, slice);
      const last = rows.at(-1)?.seq ?? slice.after;
      if (rows.length > 0) await keep(tx, job.run, await step.write(tx, job, rows), through(step, last));
      return { taken: rows.length, last };
    },
    { lock: step.lock },
  );
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
      const rows = await nextRows<{ seq: number; name: string }>(tx, job.run, slice);
      const leftOut = rows.map((row) => ({ seq: row.seq, conflict: `${row.name}: ${why}`, kind: "refused" as const }));
      const last = rows.at(-1)?.seq ?? slice.after;
      await keep(tx, job.run, { applied: [], leftOut, written: 0, lost: 0, gained: 0 }, through(step, last));
      return last;
    },
    { lock: "none" },
  );
}
