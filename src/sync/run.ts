import { type Connector, ConnectorError } from "../../connectors/connector.ts";
import { isConnectorKind } from "../../connectors/index.ts";
import type { Context } from "../context.ts";
import type { Db } from "../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../db/id.ts";
import { type Actor, inTransaction } from "../db/transaction.ts";
import { isMusterError, MusterError } from "../errors.ts";
import { type Directory, getDirectory } from "../identity/directories.ts";
import { refuseWhilePaused } from "../identity/pause.ts";
import { type DirectoryLock, holdEpoch, withDirectoryLock } from "./lock.ts";
import { storable } from "./map.ts";
import type { SyncCounts } from "./plan/counts.ts";
import { type Plan, plan } from "./plan/plan.ts";
import { type ReadHooks, type ReadTask, readInto, type WhatWasRead } from "./read.ts";
import { readInThread } from "./reader.ts";
import {
  finishRun,
  markPlanned,
  markRead,
  nameOf,
  openRun,
  type SyncLane,
  type SyncRun,
  type SyncState,
  type SyncTrigger,
} from "./runs.ts";
import { actorOf, applyRun, giveUpRun, type RunHooks, settleDeadRuns } from "./settle.ts";
import { clearStaging } from "./staging.ts";
import { triedOf } from "./test.ts";
import { previewedRun } from "./waiting.ts";

/** What a run came to, as every face shows it. `counts` are people; `rowsWritten` are held rows of every kind. */
export type SyncResult = { runId: SyncRunId; state: SyncState; counts: SyncCounts; rowsWritten: number };

export type SyncOptions = RunHooks & {
  /**
   * `run` reads, plans, guards and applies; `dry-run` stops before applying; `approve` applies the previewed plan that waits,
   * and where none waits runs without the preview of a first run. What the guard holds stays held.
   */
  mode: "run" | "dry-run" | "approve";
  /** `delta` reads what changed since the last applied run, and everything where that cannot be told. Default: `full`. */
  lane?: SyncLane;
  trigger: SyncTrigger;
  /** Who asked; decides the organization. */
  actor: Actor;
  /** The id that the run gets, when it was told to somebody already. */
  run?: SyncRunId;
  /** Reads another source than the directory's own settings name, in this thread. */
  connector?: Connector;
};

/**
 * Syncs one pulled directory (design §5). Nothing that Muster holds changes before the whole directory was read with
 * proof, compared and judged; a read that fails leaves everything as it is. At most one run per directory at a time.
 * @returns how the run ended: `done`, `partial` (entries were left out), `held` or `previewed` (waits for approval),
 * `failed` (nothing was read to the end; the run's `error` says why).
 * @throws MusterError `not-found`, `invalid` (a directory that is not pulled), `conflict` (another run is under way),
 * `held` (Muster rests after a restore), `unavailable` (the database; a run that was being applied is resumed by the next one).
 */
export async function runSync(ctx: Context, directory: DirectoryId, options: SyncOptions): Promise<SyncResult> {
  const db = ctx.db.of(options.actor.organization);
  const source = await getDirectory(db, directory);
  if (!source) throw new MusterError("not-found", "there is no such directory", { at: "directory" });
  if (!isConnectorKind(source.kind))
    throw new MusterError(
      "invalid",
      `the directory ${source.name} is of kind ${source.kind}, which is not pulled from`,
      {
        at: "directory",
      },
    );
  if (options.mode !== "dry-run") await refuseWhilePaused(db);
  return withDirectoryLock(ctx, options.actor, directory, async (lock) => {
    await settleDeadRuns(ctx, lock, options.actor, options);
    const waiting = options.mode === "approve" ? await previewedRun(db, directory) : undefined;
    if (waiting !== undefined)
      return resultOf(
        await applyRun(ctx, lock, options.actor, waiting, options, {
          by: nameOf(options.actor),
          reason: "approved with directory sync --approve",
        }),
      );
    const run = readAndPlan(ctx, lock, source, options);
    return resultOf(await run.catch((error: unknown) => giveUpRun(ctx, lock, options.actor, error)));
  });
}

export function resultOf(run: SyncRun): SyncResult {
  return { runId: run.id, state: run.state, counts: run.counts, rowsWritten: run.rowsWritten };
}

async function readAndPlan(
  ctx: Context,
  lock: DirectoryLock,
  source: Directory,
  options: SyncOptions,
): Promise<SyncRun> {
  const db = ctx.db.of(options.actor.organization);
  const run = await inTransaction(ctx, options.actor, (tx) => openRun(tx, lock, options), { lock: "none" });
  const own = actorOf(options.actor, run);
  const fail = async (error: unknown): Promise<SyncRun> => {
    const text = wordsFor(error);
    // Whoever typed the command is told by its answer.
    if (options.trigger !== "command")
      ctx.logger.warn("a sync run failed", { directory: source.id, run, detail: text });
    return inTransaction(ctx, own, (tx) => finishRun(tx, lock, run, "failed", { error: text }), { lock: "none" });
  };
  try {
    let read: WhatWasRead;
    try {
      read = await readDirectory(ctx, db, run, source, lock, options);
    } catch (error) {
      if (isMusterError(error) && error.code === "unavailable") throw error;
      return await fail(error);
    }
    let planned: Plan;
    try {
      lock.tell(run, { phase: "plan" });
      planned = await makePlan(ctx, own, lock, run, read);
    } catch (error) {
      if (error instanceof ConnectorError) return await fail(error);
      throw error;
    }
    const end = await whatNext(db, source, planned, options.mode);
    if (end === "apply") return await applyRun(ctx, lock, options.actor, run, options);
    const { approvalHours } = ctx.config.sync;
    return await inTransaction(ctx, own, (tx) => finishRun(tx, lock, run, end, { approvalHours }), { lock: "none" });
  } finally {
    // What cannot be cleared now goes when the next run of the directory finds this one dead.
    await clearStaging(db, [run]).catch(() => {});
  }
}

async function readDirectory(
  ctx: Context,
  db: Db,
  run: SyncRunId,
  source: Directory,
  lock: DirectoryLock,
  options: SyncOptions,
): Promise<WhatWasRead> {
  const begin = performance.now();
  const expected = await entriesOfLastRead(db, source.id);
  const task: ReadTask = {
    run,
    directory: { id: source.id, deltaEvery: source.deltaEvery },
    lane: options.lane ?? "full",
  };
  const signal = options.signal ? AbortSignal.any([options.signal, lock.lost]) : lock.lost;
  const hooks: ReadHooks = {
    onPage: (entries) => {
      lock.tell(run, { read: entries });
      options.onProgress?.("read", entries);
    },
    onFull: () => lock.tell(run, { read: 0, expected }),
    onNoMark: (detail) =>
      ctx.logger.warn("a directory did not say where it stands; it is read in full until it does", {
        directory: source.id,
        detail,
      }),
  };
  lock.tell(run, { phase: "read" });
  const read = options.connector
    ? await readInto(db, options.connector, task, signal, hooks)
    : await readInThread(ctx, db.organization, await triedOf(ctx, db, source), task, signal, hooks);
  await markRead(db, lock, run, {
    ...read,
    proof: read.staged.proof,
    milliseconds: Math.round(performance.now() - begin),
  });
  return read;
}

async function entriesOfLastRead(db: Db, directory: DirectoryId): Promise<number | null> {
  const [last] = await db.query<{ entries: number }>({
    text: `select (proof ->> 'users')::int + (proof ->> 'groups')::int as entries from sync_runs
      where organization = $1 and directory = $2 and complete order by started_at desc limit 1`,
    values: [db.organization, directory],
  });
  return last?.entries ?? null;
}

/** Above this many staged rows the planner's guesses about them cost more than counting them. */
const WORTH_ANALYZING = 1000;

async function makePlan(
  ctx: Context,
  own: Actor,
  lock: DirectoryLock,
  run: SyncRunId,
  { staged, lane }: WhatWasRead,
): Promise<Plan> {
  const begin = performance.now();
  const db = ctx.db.of(own.organization);
  const { users, groups, members } = staged.rows;
  // Groups are staged by every run; only what else there is to compare makes their number matter.
  const tables = { sync_staged_users: users, sync_staged_members: members, sync_staged_groups: users > 0 ? groups : 0 };
  const large = Object.entries(tables).filter(([, rows]) => rows > WORTH_ANALYZING);
  await Promise.all(large.map(([table]) => db.query({ text: "select muster.analyze($1)", values: [table] })));
  const planned = await inTransaction(
    ctx,
    own,
    async (tx) => {
      await holdEpoch(tx, lock);
      const made = await plan(tx, run, lock.directory, staged, lane);
      await markPlanned(tx, run, made, Math.round(performance.now() - begin));
      return made;
    },
    { lock: "none" },
  );
  const { counts, details } = planned;
  if (counts.added + details.memberships.added > WORTH_ANALYZING)
    await db.query({ text: "select muster.analyze($1)", values: ["sync_plan"] });
  return planned;
}

/** A first run, and the first after an undo, is looked at by a person; so is a plan that the guard holds. */
async function whatNext(
  db: Db,
  source: Directory,
  planned: Plan,
  mode: SyncOptions["mode"],
): Promise<"apply" | "previewed" | "held"> {
  if (mode === "dry-run") return "previewed";
  const before = await lastApplied(db, source.id);
  const isApproved = mode === "approve" || (before === "none" && source.firstRun === "apply" && planned.onlyAdds);
  if (planned.verdict.held) return "held";
  return before === "applied" || isApproved ? "apply" : "previewed";
}

async function lastApplied(db: Db, directory: DirectoryId): Promise<"none" | "applied" | "undone"> {
  const [last] = await db.query<{ undo: boolean }>({
    text: `select mode = 'undo' as undo from sync_runs
      where organization = $1 and directory = $2 and applied_at is not null order by applied_at desc, id desc limit 1`,
    values: [db.organization, directory],
  });
  if (!last) return "none";
  return last.undo ? "undone" : "applied";
}

/** In words for the administrator; they come from the network, so they are made storable and short. */
function wordsFor(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const known = error instanceof ConnectorError || isMusterError(error);
  return storable(known ? `${error.code}: ${text}` : `the directory's reader failed: ${text}`).slice(0, LONGEST_ERROR);
}

const LONGEST_ERROR = 2000;
