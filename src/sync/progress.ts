import type { SyncCounts, SyncDetails } from "./plan/counts.ts";

/** How far a run is, while it runs. */
export type Progress = {
  phase: "read" | "plan" | "apply";
  /** Users and groups read so far, of about how many: as many as the last complete read found; null: never read. */
  read: number;
  expected: number | null;
  /** Rows of the plan, and how many of them are applied; null: not planned yet. */
  planned: number | null;
  applied: number;
};

/** As it is shown. `perSecond`: entries read, or rows applied, in this phase. `silentFor`: seconds since the last sign of life. */
export type ShownProgress = Progress & { perSecond: number; heartbeatAt: Date; silentFor: number };

/** Of a row of sync_runs: what the holder of the directory's lock said last about this run, or null. */
export const progressColumn = `(select jsonb_build_object('phase', l.phase, 'read', l.entries_read,
    'expected', l.entries_expected, 'planned', l.rows_planned, 'applied', l.rows_applied,
    'perSecond', round(case l.phase when 'read' then l.entries_read when 'apply' then l.rows_applied else 0 end
      / greatest(extract(epoch from l.heartbeat_at - l.phase_since), 1)),
    'heartbeatAt', l.heartbeat_at, 'silentFor', round(extract(epoch from clock_timestamp() - l.heartbeat_at)))
  from directory_locks l
  where l.organization = sync_runs.organization and l.directory = sync_runs.directory and l.run = sync_runs.id
    and l.heartbeat_at is not null and sync_runs.state = 'running')`;

/** Rows of a plan that would be applied, from what was counted of it. */
export function plannedRows(counts: SyncCounts, details: SyncDetails | null): number {
  const { added, updated, deactivated, removed } = counts;
  const people = added + updated + deactivated + removed;
  if (details === null) return people;
  const { groups, memberships, nestings } = details;
  return (
    people +
    (groups.added + groups.updated + groups.removed) +
    (memberships.added + memberships.removed) +
    (nestings.added + nestings.removed)
  );
}

/** Seconds without a sign of life, of one about every second, after which its run may well be dead. */
const LONG_SILENCE = 10;

/** Whether somebody is at work on the run, as far as can be told. */
export function isAlive(progress: ShownProgress | null): boolean {
  return progress !== null && progress.silentFor <= LONG_SILENCE;
}

/** In one line, for a message or a terminal. */
export function progressWords(progress: ShownProgress): string {
  const { phase, read, expected, planned, applied, perSecond, silentFor } = progress;
  const rate = isAlive(progress)
    ? perSecond > 0
      ? `, ${perSecond} a second`
      : ""
    : `, but nothing was heard of it for ${silentFor} seconds`;
  switch (phase) {
    case "read":
      return `read ${read}${expected === null ? "" : ` of about ${expected}`} entries${rate}`;
    case "plan":
      return `read ${read} entries and compares them${isAlive(progress) ? "" : rate}`;
    case "apply":
      return `applied ${applied} of ${planned ?? "?"} changes${rate}`;
  }
}
