import { z } from "zod";
import type { Db } from "../db/connection.ts";
import { listDirectories } from "../identity/directories.ts";
import { CONFLICT_KINDS, type RunConflict } from "../sync/conflicts.ts";
import { RUN_STATES, type SyncRun } from "../sync/runs.ts";
import { idOut, instant } from "./fields.ts";

const counts = z.object({
  read: z.int(),
  added: z.int(),
  updated: z.int(),
  deactivated: z.int(),
  removed: z.int(),
  unchanged: z.int(),
  conflicts: z.int(),
});

/** `read`: entries, of about `expected`; `applied`: rows of the plan, of `planned`; `silentFor`: seconds since the heartbeat, which comes about every second. */
const progress = z.object({
  phase: z.enum(["read", "plan", "apply"]),
  read: z.int(),
  expected: z.int().nullable(),
  planned: z.int().nullable(),
  applied: z.int(),
  perSecond: z.int(),
  heartbeatAt: instant,
  silentFor: z.int(),
});

export const runState = z.enum(RUN_STATES);

/** Times of `timings` are milliseconds; `verdict` is the guard's, with the figures that it judged by. */
export const runAnswer = z
  .object({
    id: idOut,
    directory: z.object({ id: idOut, name: z.string() }),
    mode: z.enum(["run", "dry-run", "approve", "undo"]),
    trigger: z.enum(["command", "api", "schedule"]),
    askedBy: z.string().nullable(),
    lane: z.enum(["full", "delta"]),
    fellBack: z.string().nullable(),
    state: runState,
    progress: progress.nullable(),
    complete: z.boolean(),
    counts,
    details: z.record(z.string(), z.unknown()).nullable(),
    rowsWritten: z.int(),
    verdict: z
      .object({
        held: z.boolean(),
        reasons: z.array(z.object({ rule: z.string(), detail: z.string() })).readonly(),
        figures: z.record(z.string(), z.unknown()).optional(),
      })
      .nullable(),
    error: z.string().nullable(),
    undoes: idOut.nullable(),
    approvedBy: z.string().nullable(),
    approvedReason: z.string().nullable(),
    approvableUntil: instant.nullable(),
    discardedBy: z.string().nullable(),
    discardedReason: z.string().nullable(),
    timings: z.record(z.string(), z.number()),
    startedAt: instant,
    appliedAt: instant.nullable(),
    finishedAt: instant.nullable(),
  })
  .meta({ id: "Run" });

export const planRow = z
  .object({
    seq: z.int(),
    kind: z.string(),
    subject: idOut.nullable(),
    member: idOut.nullable(),
    name: z.string().nullable(),
    before: z.record(z.string(), z.unknown()).nullable(),
    after: z.record(z.string(), z.unknown()).nullable(),
    appliedAt: instant.nullable(),
    conflict: z.string().nullable(),
  })
  .meta({ id: "PlanRow" });

/** `location` is where the side stands in its directory; a side without a directory is the organization's own. */
const side = z.object({
  directory: z.object({ id: idOut, name: z.string() }).nullable(),
  id: z.string().nullable(),
  location: z.string().nullable(),
  name: z.string().nullable(),
});

export const conflictAnswer = z
  .object({
    seq: z.int(),
    kind: z.enum(CONFLICT_KINDS),
    detail: z.string(),
    sides: z.array(side),
    advice: z.string(),
  })
  .meta({ id: "RunConflict" });

async function directoryNames(db: Db): Promise<(id: string) => { id: string; name: string }> {
  const names = new Map<string, string>((await listDirectories(db)).map(({ id, name }) => [id, name]));
  return (id) => ({ id, name: names.get(id) ?? "" });
}

export async function shownRuns(db: Db, runs: readonly SyncRun[]) {
  if (runs.length === 0) return [];
  const named = await directoryNames(db);
  return runs.map(({ directory, phase: _, proof: __, ...run }) => ({ ...run, directory: named(directory) }));
}

export async function shownConflicts(db: Db, conflicts: readonly RunConflict[]) {
  if (conflicts.length === 0) return [];
  const named = await directoryNames(db);
  return conflicts.map(({ sides, ...conflict }) => ({
    ...conflict,
    sides: sides.map(({ directory, ...rest }) => ({ directory: directory && named(directory), ...rest })),
  }));
}
