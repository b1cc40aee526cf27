import type { Database } from "../../db/connection.ts";
import { inTransaction } from "../../db/transaction.ts";
import { holdEpoch } from "../lock.ts";
import { keepDigests } from "../plan/digests.ts";
import { addMemberships, addPeople } from "./added.ts";
import { type ApplyJob, applyStep, type Step } from "./batches.ts";
import { type GroupRow, kindsToDo, type LinkRow, type UserRow } from "./rows.ts";
import { writeGroups, writeLinks, writeUsers } from "./write.ts";

/** Rows of the plan per transaction, of those that the database adds by itself. */
const BATCH_OF_GROUPS = 2000;
const BATCH_OF_PEOPLE = 2000;
const BATCH_OF_MEMBERS = 5000;

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
 * and both sides of a membership before the membership. Steps of one line have nothing in common and are done at once.
 */
const STEPS: readonly (readonly Step[])[] = [
  [{ kinds: ["group-remove"], lock: "exclusive", write: groups("group-remove") }],
  [{ kinds: ["user-remove"], lock: "shared", write: users("user-remove") }],
  [
    {
      kinds: ["user-update", "user-deactivate"],
      lock: "shared",
      write: users("user-update"),
      together: true,
      whole: true,
    },
  ],
  [{ kinds: ["user-update", "user-deactivate"], lock: "shared", write: users("user-update") }],
  [{ kinds: ["group-update"], lock: "shared", write: groups("group-update") }],
  [{ kinds: ["group-restore"], lock: "exclusive", write: groups("group-restore"), whole: true }],
  [{ kinds: ["user-restore"], lock: "shared", write: users("user-restore") }],
  [{ kinds: ["member-remove"], lock: "shared", write: links("member-remove") }],
  [{ kinds: ["nesting-remove"], lock: "exclusive", write: links("nesting-remove") }],
  [
    { kinds: ["group-add"], lock: "shared", write: groups("group-add"), inOrder: { batch: BATCH_OF_GROUPS } },
    {
      kinds: ["user-add"],
      lock: "shared",
      write: users("user-add"),
      inOrder: { batch: BATCH_OF_PEOPLE, write: addPeople },
    },
  ],
  [{ kinds: ["nesting-add"], lock: "exclusive", write: links("nesting-add") }],
  [
    {
      kinds: ["member-add"],
      lock: "shared",
      write: links("member-add"),
      inOrder: { batch: BATCH_OF_MEMBERS, write: addMemberships },
    },
  ],
];

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
  const toDo = await kindsToDo(ctx.db.of(job.actor.organization), job.run);
  const apply = async (step: Step, signal: AbortSignal): Promise<void> => {
    const range = toDo(step.kinds, step.together === true);
    if (range === undefined) return;
    await applyStep(ctx, { ...job, signal }, step, range, (rows) => {
      applied += rows;
      return keepCounted(step, rows);
    });
  };
  for (const steps of STEPS) await sideBySide(job.signal, steps, apply);
  if (applied === 0) return;
  await inTransaction(
    ctx,
    job.actor,
    async (tx) => {
      await holdEpoch(tx, job.lock);
      // Of many groups, whose number the planner guesses from before they came, one by one took minutes.
      if (applied >= FIRST_COUNT) await tx.query({ text: "select set_config('enable_nestloop', 'off', true)" });
      await keepDigests(tx, job.run, job.lock.directory);
    },
    { lock: "none" },
  );
}

/** Where one fails, the others end with the batches that they are at, and only then anybody hears of it: of the first failure. */
async function sideBySide(
  signal: AbortSignal,
  steps: readonly Step[],
  apply: (step: Step, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  // Whoever is stopped by it fails too, which aborts nothing again.
  await Promise.allSettled(steps.map((step) => apply(step, either).catch((error: unknown) => failure.abort(error))));
  if (failure.signal.aborted) throw failure.signal.reason;
}

const FIRST_COUNT = 1000;
const GROWTH = 10;
/** What is estimated from so many rows holds for any number: PostgreSQL sees by itself how far a table has grown. */
const LAST_COUNT = 10_000;
/** Which tables a kind of row fills, and what the batches look there for. */
const GROWING: Record<string, Record<string, readonly string[]>> = {
  user: {
    accounts: ["organization", "id", "user_name_key", "email_key"],
    directory_users: ["organization", "id", "directory", "account", "immutable_id", "user_name_key", "deleted_at"],
  },
  group: {
    groups: ["organization", "id", "name_key"],
    directory_groups: ["organization", "id", "directory", "immutable_id", "deleted_at"],
  },
  member: {
    remote_memberships: ["organization", "group_id", "directory_user"],
    access: ["organization", "account", "product"],
  },
  nesting: { group_nestings: ["organization", "parent", "child"] },
};

/**
 * Has PostgreSQL count the tables that a large plan fills, twice while they are small. Without it the batches
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
    while (count.rows >= count.next)
      count.next = count.next < LAST_COUNT ? count.next * GROWTH : Number.POSITIVE_INFINITY;
    for (const counted of Object.entries(GROWING[noun] ?? {}))
      await db.query({ text: "select muster.analyze($1, $2)", values: counted });
  };
}
