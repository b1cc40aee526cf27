import type { CompletenessProof } from "../../connectors/connector.ts";
import type { Db } from "../db/connection.ts";
import { type DirectoryId, newId, type SyncRunId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { recordChanges } from "../identity/record.ts";
import type { Verdict } from "./guard.ts";
import type { DirectoryLock } from "./lock.ts";
import { storable } from "./map.ts";
import type { SyncCounts, SyncDetails } from "./plan/counts.ts";
import type { Plan } from "./plan/plan.ts";

export type SyncMode = "run" | "dry-run" | "approve" | "undo";
export type SyncTrigger = "command" | "api" | "schedule";
export type SyncState = "running" | "previewed" | "held" | "done" | "partial" | "failed" | "abandoned" | "undone";

/** One run as it is stored and shown. Times are milliseconds per phase. */
export type SyncRun = {
  id: SyncRunId;
  directory: DirectoryId;
  mode: SyncMode;
  trigger: SyncTrigger;
  state: SyncState;
  phase: "read" | "plan" | "apply" | "over";
  /** The read ended with its proof; without it nothing was planned. */
  complete: boolean;
  proof: CompletenessProof | null;
  counts: SyncCounts;
  details: SyncDetails | null;
  rowsWritten: number;
  verdict: Verdict | null;
  error: string | null;
  undoes: SyncRunId | null;
  approvedBy: string | null;
  approvedReason: string | null;
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

export const runColumns = `id, directory, mode, trigger, state, phase, complete, proof, counts,
  nullif(details, '{}') as details, rows_written as "rowsWritten", verdict, error, undoes,
  approved_by as "approvedBy", approved_reason as "approvedReason", timings, started_at as "startedAt",
  applied_at as "appliedAt", finished_at as "finishedAt"`;

/** A run begins. Before: the lock is held and no run of the directory is `running`. */
export async function openRun(
  tx: Tx,
  lock: DirectoryLock,
  how: { mode: SyncMode; trigger: SyncTrigger; undoes?: SyncRunId; run?: SyncRunId },
): Promise<SyncRunId> {
  const id = how.run ?? newId<SyncRunId>();
  await tx.query({
    text: `insert into sync_runs (organization, id, directory, mode, trigger, state, phase, epoch, counts, undoes)
      values ($1, $2, $3, $4, $5, 'running', $6, $7, $8, $9)`,
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
        (organization, id, directory, mode, trigger, state, phase, epoch, counts, error, finished_at)
      select d.organization, $3, d.id, $4, 'api', 'failed', 'over', d.epoch, $5, $6, statement_timestamp()
      from directories d where d.organization = $1 and d.id = $2`,
    values: [tx.organization, directory, run.id, run.mode, NOTHING_COUNTED, run.error],
  });
}

/** The read is over and its proof is kept; from here on staging is looked at. */
export async function markRead(db: Db, run: SyncRunId, proof: CompletenessProof, milliseconds: number): Promise<void> {
  await db.query({
    text: `update sync_runs set complete = true, proof = $3, phase = 'plan',
        timings = timings || jsonb_build_object('read', $4::int) where organization = $1 and id = $2`,
    values: [db.organization, run, storableJson(proof), milliseconds],
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

/** The plan begins to be applied: from now on a crash is finished by the next run instead of being given up. */
export async function markApplying(
  tx: Tx,
  lock: DirectoryLock,
  run: SyncRunId,
  approval?: { by: string; reason: string },
): Promise<void> {
  await tx.query({
    text: `update sync_runs set state = 'running', phase = 'apply', epoch = $3,
        applied_at = coalesce(applied_at, statement_timestamp()), finished_at = null,
        approved_by = coalesce($4, approved_by), approved_reason = coalesce($5, approved_reason),
        approved_at = case when $4::text is null then approved_at else statement_timestamp() end
      where organization = $1 and id = $2`,
    values: [tx.organization, run, lock.epoch, approval?.by ?? null, approval?.reason ?? null],
  });
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

/** The run is over. What was applied stays counted as it was; a run that wrote nothing leaves no audit row. */
export async function finishRun(
  tx: Tx,
  run: SyncRunId,
  state: Exclude<SyncState, "running" | "undone">,
  more: { error?: string; applyMilliseconds?: number } = {},
): Promise<SyncRun> {
  const [row] = await tx.query<SyncRun>({
    text: `update sync_runs set state = $3, phase = 'over', finished_at = statement_timestamp(), error = $4,
        timings = timings || case when $5::int is null then '{}' else jsonb_build_object('apply', $5::int) end
      where organization = $1 and id = $2 returning ${runColumns}`,
    values: [tx.organization, run, state, more.error ?? null, more.applyMilliseconds ?? null],
  });
  const finished = row as SyncRun;
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
  });
  return row;
}
