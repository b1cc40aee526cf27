import type { Database } from "../../db/connection.ts";
import type { SyncRunId } from "../../db/id.ts";
import { type Actor, inTransaction, type OrganizationLock, type Tx } from "../../db/transaction.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { type DirectoryLock, holdEpoch } from "../lock.ts";
import { keepDigests } from "../plan/digests.ts";
import {
  type GroupRow,
  kindsToDo,
  type LinkRow,
  nextRows,
  type Outcome,
  type PlanKind,
  type Slice,
  type UserRow,
} from "./rows.ts";
import { writeGroups, writeLinks, writeUsers } from "./write.ts";

/** Rows of the plan per transaction: each writes several rows, but for a membership. */
const BATCH = 500;
const BATCH_OF_MEMBERS = 2000;

type Step = {
  kinds: readonly PlanKind[];
  lock: OrganizationLock;
  write: (tx: Tx, job: ApplyJob, rows: readonly unknown[]) => Promise<Outcome>;
  /** Only the rows that free names for one another, all of them in one call. */
  together?: true;
  /** All rows in one transaction. */
  whole?: true;
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
  { kinds: ["group-add"], lock: "shared", write: groups("group-add") },
  { kinds: ["user-add"], lock: "shared", write: users("user-add") },
  { kinds: ["nesting-add"], lock: "exclusive", write: links("nesting-add") },
  { kinds: ["member-add"], lock: "shared", write: links("member-add") },
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
  const count = (rows: number): Promise<void> => {
    applied += rows;
    return keepCounted(rows);
  };
  const isToDo = await kindsToDo(ctx.db.of(job.actor.organization), job.run);
  for (const step of STEPS) if (isToDo(step.kinds, step.together === true)) await applyStep(ctx, job, step, count);
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
const GROWTH = 4;
const GROWING = ["accounts", "directory_users", "groups", "directory_groups", "remote_memberships", "access"];

/**
 * Has PostgreSQL count the tables that a large plan fills, each time they have grown fourfold. Without it the batches
 * of a first run are planned for empty tables: adding 500 people went from 0.1 to 1.6 s within 20,000.
 */
function statisticsKeeper(ctx: { db: Database }, job: ApplyJob): (rows: number) => Promise<void> {
  const db = ctx.db.of(job.actor.organization);
  let written = 0;
  let next = FIRST_COUNT;
  return async (rows) => {
    written += rows;
    if (written < next) return;
    next *= GROWTH;
    for (const table of GROWING) await db.query({ text: "select muster.analyze($1)", values: [table] });
  };
}

async function applyStep(
  ctx: { db: Database },
  job: ApplyJob,
  step: Step,
  keepCounted: (rows: number) => Promise<void>,
): Promise<void> {
  // After a batch failed for the sake of one row, that row is found by taking them one by one.
  let single = 0;
  let after = 0;
  for (;;) {
    if (job.signal.aborted)
      throw new MusterError("unavailable", "the run was stopped; the next one goes on where it ended", {
        retryAfter: 5,
      });
    const batch = step.kinds.includes("member-add") ? BATCH_OF_MEMBERS : BATCH;
    const limit = step.whole ? null : single > 0 ? 1 : batch;
    const slice: Slice = { kinds: step.kinds, together: step.together === true, after, limit };
    try {
      const { taken, last } = await applyBatch(ctx, job, step, slice);
      if (taken === 0) return;
      after = last;
      await keepCounted(taken);
      job.onBatch(taken);
    } catch (error) {
      if (!isMusterError(error) || !OF_A_ROW.has(error.code)) throw error;
      if (limit === batch) {
        single = batch;
        continue;
      }
      after = await leaveOut(ctx, job, slice, error.message);
    }
    if (single > 0) single -= 1;
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
      const rows = await nextRows<{ seq: number }>(tx, job.run, slice);
      if (rows.length > 0) await keep(tx, job.run, await step.write(tx, job, rows));
      return { taken: rows.length, last: rows.at(-1)?.seq ?? slice.after };
    },
    { lock: step.lock },
  );
}

async function leaveOut(ctx: { db: Database }, job: ApplyJob, slice: Slice, why: string): Promise<number> {
  return inTransaction(
    ctx,
    job.actor,
    async (tx) => {
      await holdEpoch(tx, job.lock);
      const rows = await nextRows<{ seq: number; name: string }>(tx, job.run, slice);
      const leftOut = rows.map((row) => ({ seq: row.seq, conflict: `${row.name}: ${why}`, kind: "refused" as const }));
      await keep(tx, job.run, { applied: [], leftOut, written: 0, lost: 0, gained: 0 });
      return rows.at(-1)?.seq ?? slice.after;
    },
    { lock: "none" },
  );
}

/** Marks what was applied, with the version it led to (undo is planned against that), and what was left out and why. */
async function keep(tx: Tx, run: SyncRunId, outcome: Outcome): Promise<void> {
  await tx.query({
    name: "mark-applied",
    text: `update sync_plan p set applied_at = statement_timestamp(),
        applied_version = case when p.member is null then coalesce(
          (select version from directory_users u where u.organization = $1 and u.id = p.subject),
          (select version from directory_groups g where g.organization = $1 and g.id = p.subject)) end
      where p.organization = $1 and p.run = $2 and p.seq = any($3)`,
    values: [tx.organization, run, outcome.applied],
  });
  if (outcome.leftOut.length > 0)
    await tx.query({
      text: `update sync_plan p set conflict = l.conflict, conflict_kind = l.kind,
          sides = case when l.other is not null then jsonb_build_array(
            jsonb_build_object('directory', r.directory, 'id', p.immutable_id, 'location', null, 'name', p.name),
            jsonb_build_object('directory', r.directory, 'location', null) || l.other) end
        from unnest($3::bigint[], $4::text[], $5::text[], $6::jsonb[]) as l (seq, conflict, kind, other), sync_runs r
        where p.organization = $1 and p.run = $2 and p.seq = l.seq and r.organization = $1 and r.id = $2`,
      values: [
        tx.organization,
        run,
        outcome.leftOut.map((row) => row.seq),
        outcome.leftOut.map((row) => row.conflict),
        outcome.leftOut.map((row) => row.kind),
        outcome.leftOut.map((row) => (row.other === undefined ? null : JSON.stringify(row.other))),
      ],
    });
  await tx.query({
    name: "count-applied",
    text: `update sync_runs set rows_written = rows_written + $3, lost = lost + $4, gained = gained + $5
      where organization = $1 and id = $2`,
    values: [tx.organization, run, outcome.written, outcome.lost, outcome.gained],
  });
}
