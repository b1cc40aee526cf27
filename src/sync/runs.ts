import type { CompletenessProof } from "../../connectors/connector.ts";
import type { Db } from "../db/connection.ts";
import { type DirectoryId, newId, type SyncRunId } from "../db/id.ts";
import type { Actor, Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { recordChanges } from "../identity/record.ts";
import type { GuardFigures, Verdict } from "./guard.ts";
import type { DirectoryLock } from "./lock.ts";
import { storable } from "./map.ts";
import type { SyncCounts, SyncDetails } from "./plan/counts.ts";
import type { Plan } from "./plan/plan.ts";
import { progressColumn, type ShownProgress } from "./progress.ts";

export type SyncMode = "run" | "dry-run" | "approve" | "undo";
export type SyncTrigger = "command" | "api" | "schedule";
/** What is read: everything, with proof, or what changed since a mark, which only adds and updates. */
export type SyncLane = "full" | "delta";
export const RUN_STATES = [
  "running",
  "previewed",
  "held",
  "done",
  "partial",
  "failed",
  "abandoned",
  "undone",
  "discarded",
] as const;
export type SyncState = (typeof RUN_STATES)[number];

/** One run as it is stored and shown. Times are milliseconds per phase. */
export type SyncRun = {
  id: SyncRunId;
  directory: DirectoryId;
  mode: SyncMode;
  trigger: SyncTrigger;
  /** Who asked for it, as audit rows name them. */
  askedBy: string | null;
  lane: SyncLane;
  /** Why a run that was to read changes only has read everything. */
  fellBack: string | null;
  state: SyncState;
  /** How far it is, while it runs. */
  progress: ShownProgress | null;
  phase: "read" | "plan" | "apply" | "over";
  /** The read ended with its proof; without it nothing was planned. */
  complete: boolean;
  proof: CompletenessProof | null;
  counts: SyncCounts;
  details: SyncDetails | null;
  rowsWritten: number;
  /** The guard's, with the figures that it judged by. */
  verdict: (Verdict & { figures?: GuardFigures }) | null;
  error: string | null;
  undoes: SyncRunId | null;
  approvedBy: string | null;
  approvedReason: string | null;
  /** Until when its waiting plan can be approved; null when nothing waits. */
  /** Null where no plan waits, and where a later run has made it old. */
  approvableUntil: Date | null;
  discardedBy: string | null;
  discardedReason: string | null;
  timings: Partial<Record<"read" | "plan" | "apply", number>>;
  startedAt: Date;
  appliedAt: Date | null;
  finishedAt: Date | null;
};

export const NOTHING_COUNTED: SyncCounts = {
  read: 0,
  added: 0,
  updated: 0,
  deactivated: 0,
  removed: 0,
  unchanged: 0,
  conflicts: 0,
};

/** Of a row of `sync_runs`: no full run was applied to the directory since its plan was made. */
export const IS_CURRENT = `not exists (select from sync_runs later where later.organization = sync_runs.organization
  and later.directory = sync_runs.directory and later.id <> sync_runs.id and later.lane = 'full'
  and later.applied_at > sync_runs.started_at)`;

export const runColumns = `id, directory, mode, trigger, asked_by as "askedBy", lane, fell_back as "fellBack", state,
  ${progressColumn} as progress, phase, complete, proof, counts,
  nullif(details, '{}') as details, rows_written as "rowsWritten", verdict, error, undoes,
  approved_by as "approvedBy", approved_reason as "approvedReason",
  case when state in ('held', 'previewed') and ${IS_CURRENT} then approvable_until end as "approvableUntil",
  discarded_by as "discardedBy", discarded_reason as "discardedReason", timings, started_at as "startedAt",
  applied_at as "appliedAt", finished_at as "finishedAt"`;

/** A row as it was read: an instant inside JSON is text. */
export function runOf(row: SyncRun): SyncRun {
  const { progress } = row;
  return progress === null ? row : { ...row, progress: { ...progress, heartbeatAt: new Date(progress.heartbeatAt) } };
}

export function nameOf(actor: Actor): string {
  return actor.id === null ? actor.kind : `${actor.kind} ${actor.id}`;
}

/** A run begins. Before: the lock is held and no run of the directory is `running`. */
export async function openRun(
  tx: Tx,
  lock: DirectoryLock,
  how: { mode: SyncMode; trigger: SyncTrigger; lane?: SyncLane; undoes?: SyncRunId; run?: SyncRunId },
): Promise<SyncRunId> {
  const id = how.run ?? newId<SyncRunId>();
  await tx.query({
    text: `insert into sync_runs (organization, id, directory, mode, trigger, state, phase, epoch, counts, undoes,
        lane, asked_by)
      values ($1, $2, $3, $4, $5, 'running', $6, $7, $8, $9, $10, $11)`,
    values: [
      tx.organization,
      id,
      lock.directory,
      how.mode,
      how.trigger,
      how.undoes === undefined ? "read" : "plan",
      lock.epoch,
      NOTHING_COUNTED,
      how.undoes ?? null,
      how.lane ?? "full",
      nameOf(tx.actor),
    ],
  });
  return id;
}

/** A run that was asked for and could not begin: it is over, and says why. Before: the directory's lock is another's. */
export async function recordUnstarted(
  tx: Tx,
  directory: DirectoryId,
  run: { id: SyncRunId; mode: SyncMode; error: string },
): Promise<void> {
  await tx.query({
    text: `insert into sync_runs
        (organization, id, directory, mode, trigger, state, phase, epoch, counts, error, asked_by, finished_at)
      select d.organization, $3, d.id, $4, 'api', 'failed', 'over', d.epoch, $5, $6, $7, statement_timestamp()
      from directories d where d.organization = $1 and d.id = $2`,
    values: [tx.organization, directory, run.id, run.mode, NOTHING_COUNTED, run.error, nameOf(tx.actor)],
  });
}

/** What was read of a directory: `proof` is null after a delta, `mark` where the next delta begins. */
export type Read = {
  lane: SyncLane;
  proof: CompletenessProof | null;
  mark: string | null;
  fellBack: string | null;
  milliseconds: number;
};

/** The read is over and its proof is kept; from here on staging is looked at. A run that was given up stays as it is. */
export async function markRead(db: Db, lock: DirectoryLock, run: SyncRunId, read: Read): Promise<void> {
  await db.query({
    text: `update sync_runs set complete = $3::jsonb is not null, proof = $3, phase = 'plan', lane = $4, mark = $5,
        fell_back = $6, timings = timings || jsonb_build_object('read', $7::int)
      where organization = $1 and id = $2 and state = 'running' and epoch = $8`,
    values: [
      db.organization,
      run,
      read.proof && storableJson(read.proof),
      read.lane,
      read.mark,
      read.fellBack && storable(read.fellBack),
      read.milliseconds,
      lock.epoch,
    ],
  });
}

/** Its oddities quote what the directory holds. */
function storableJson(proof: CompletenessProof): string {
  return JSON.stringify(proof, (_, value: unknown) => (typeof value === "string" ? storable(value) : value));
}

/** The plan stands; the same transaction has written its rows. */
export async function markPlanned(tx: Tx, run: SyncRunId, plan: Plan, milliseconds: number): Promise<void> {
  await tx.query({
    text: `update sync_runs set counts = $3, details = $4, verdict = $5,
        timings = timings || jsonb_build_object('plan', $6::int) where organization = $1 and id = $2`,
    values: [tx.organization, run, plan.counts, plan.details, { ...plan.verdict, figures: plan.figures }, milliseconds],
  });
}

/**
 * The plan begins to be applied: from now on a crash is finished by the next run instead of being given up.
 * @throws MusterError `conflict` when it was discarded meanwhile.
 */
export async function markApplying(
  tx: Tx,
  lock: DirectoryLock,
  run: SyncRunId,
  approval?: { by: string; reason: string },
): Promise<void> {
  const rows = await tx.query({
    text: `update sync_runs set state = 'running', phase = 'apply', epoch = $3,
        applied_at = coalesce(applied_at, statement_timestamp()), finished_at = null,
        approved_by = coalesce($4, approved_by), approved_reason = coalesce($5, approved_reason),
        approved_at = case when $4::text is null then approved_at else statement_timestamp() end
      where organization = $1 and id = $2 and state in ('running', 'held', 'previewed') returning id`,
    values: [tx.organization, run, lock.epoch, approval?.by ?? null, approval?.reason ?? null],
  });
  if (rows.length === 0) throw new MusterError("conflict", "this run was discarded or is over", { at: "run" });
  if (approval)
    await recordChanges(tx, [
      {
        action: "sync.approved",
        subjectKind: "directory",
        subject: lock.directory,
        detail: { run, by: approval.by, reason: approval.reason },
      },
    ]);
}

/**
 * The run is over. What was applied stays counted as it was; a run that wrote nothing leaves no audit row. A plan that
 * waits can be approved for `approvalHours` hours. A run that was given up meanwhile stays as it is.
 */
export async function finishRun(
  tx: Tx,
  lock: DirectoryLock,
  run: SyncRunId,
  state: Exclude<SyncState, "running" | "undone" | "discarded">,
  more: { error?: string; applyMilliseconds?: number; approvalHours?: number } = {},
): Promise<SyncRun> {
  const [row] = await tx.query<SyncRun>({
    text: `update sync_runs set state = $3, phase = 'over', finished_at = statement_timestamp(), error = $4,
        timings = timings || case when $5::int is null then '{}' else jsonb_build_object('apply', $5::int) end,
        approvable_until = statement_timestamp() + make_interval(hours => $6)
      where organization = $1 and id = $2 and state = 'running' and epoch = $7 returning ${runColumns}`,
    values: [
      tx.organization,
      run,
      state,
      more.error ?? null,
      more.applyMilliseconds ?? null,
      more.approvalHours ?? null,
      lock.epoch,
    ],
  });
  if (!row) {
    const over = await getRun(tx, run);
    if (over) return over;
    throw new MusterError("not-found", "there is no such sync run", { at: "run" });
  }
  const finished = runOf(row);
  if (finished.rowsWritten > 0 || state === "held" || state === "failed")
    await recordChanges(tx, [
      {
        action: `sync.${state}`,
        subjectKind: "directory",
        subject: finished.directory,
        detail: { run, counts: finished.counts, rowsWritten: finished.rowsWritten },
        event: true,
      },
    ]);
  return finished;
}

/** One run, or undefined. */
export async function getRun(db: Db, run: SyncRunId): Promise<SyncRun | undefined> {
  const [row] = await db.query<SyncRun>({
    text: `select ${runColumns} from sync_runs where organization = $1 and id = $2`,
    values: [db.organization, run],
    prepared: true,
  });
  return row && runOf(row);
}

/** The run of a directory that goes on now, or that a process left when it died; or undefined. */
export async function runUnderWay(db: Db, directory: DirectoryId): Promise<SyncRun | undefined> {
  const [row] = await db.query<SyncRun>({
    text: `select ${runColumns} from sync_runs where organization = $1 and directory = $2 and state = 'running'`,
    values: [db.organization, directory],
  });
  return row && runOf(row);
}
