import type { Database, Db } from "../db/connection.ts";
import { type JobId, newId, type OrganizationId } from "../db/id.ts";
import type { Actor, Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { recordChanges } from "./record.ts";

export const JOB_STATES = ["queued", "running", "done", "failed", "cancelled"] as const;
type JobState = (typeof JOB_STATES)[number];
/** What can be done to many people in one job. */
export const BULK_ACTIONS = [
  "suspend",
  "restore",
  "deactivate",
  "reactivate",
  "revoke-access",
  "remove",
  "resend-invite",
] as const;
export type BulkAction = (typeof BULK_ACTIONS)[number];

export const JOB_ACTIONS = [...BULK_ACTIONS, "import-invitations", "export"] as const;
export type JobAction = (typeof JOB_ACTIONS)[number];

/** Work that outlives the request that asked for it. */
export type Job = {
  id: JobId;
  action: JobAction;
  input: Record<string, unknown>;
  state: JobState;
  /** `total` is null while it is not known. Of an export `done` counts what is written. */
  counts: { total: number | null; done: number; unchanged: number; refused: number };
  /** Why it failed, or waits. */
  detail: string | null;
  createdBy: { kind: Actor["kind"]; id: string | null };
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  bytes: number | null;
  /** Until when an export's file is there. */
  fileUntil: Date | null;
};

/** A job that one process works at, until another takes it with a higher epoch. */
export type Turn = {
  id: JobId;
  epoch: number;
  waits: number;
  action: JobAction;
  input: Record<string, unknown>;
  maker: Actor;
};

/** Jobs of one organization that are not ended. */
const MOST_OPEN_JOBS = 10;
/** Days for which an ended job is kept to be looked at, and how many at most. */
const KEPT_DAYS = 30;
const MOST_KEPT = 500;
/** Seconds for which a job belongs to whoever works at it; every step begins them anew. */
const HOLD_SECONDS = 60;

const COLUMNS = `j.id, j.action, j.input, j.state,
  json_build_object('total', j.total, 'done', j.done, 'unchanged', j.unchanged, 'refused', j.refused) as counts,
  j.detail, json_build_object('kind', j.maker_kind, 'id', j.maker) as "createdBy", j.created_at as "createdAt",
  j.started_at as "startedAt", j.ended_at as "endedAt", j.bytes, j.file_until as "fileUntil"`;

/**
 * A new job and what wakes a worker for it. Before: any. After: both become visible with the change or never, with an audit
 * row; whoever makes the job has put nothing into it yet.
 * @throws MusterError `conflict` when ten jobs of the organization are open.
 */
export async function createJob(tx: Tx, action: JobAction, input: object): Promise<JobId> {
  // Several at the same moment are counted one after the other.
  await tx.query({ text: "select pg_advisory_xact_lock(hashtextextended($1, 4244))", values: [tx.organization] });
  const [open] = await tx.query<{ jobs: number }>({
    text: "select count(*) as jobs from jobs where organization = $1 and state in ('queued', 'running')",
    values: [tx.organization],
  });
  if ((open?.jobs ?? 0) >= MOST_OPEN_JOBS)
    throw new MusterError("conflict", `${MOST_OPEN_JOBS} jobs are open; wait for one of them, or cancel it`);
  const id = newId<JobId>();
  await tx.query({
    text: `insert into jobs (organization, id, action, input, maker_kind, maker, request_id)
      values ($1, $2, $3, $4, $5, $6, $7)`,
    values: [tx.organization, id, action, JSON.stringify(input), tx.actor.kind, tx.actor.id, tx.actor.requestId],
  });
  await tx.query({
    text: `select add_job('run-job', json_build_object('organization', $1::uuid, 'job', $2::uuid), 'job:' || $2::text)`,
    values: [tx.organization, id],
  });
  return id;
}

/**
 * Takes a job that nobody works at. Before: any. After: it is running and nobody else takes it for a minute.
 * Returns undefined when it is ended or somebody works at it.
 */
export async function takeJob(tx: Tx, id: JobId): Promise<Turn | undefined> {
  const [row] = await tx.query<Omit<Turn, "maker"> & { kind: Actor["kind"]; by: string | null; requestId: string }>({
    text: `update jobs set state = 'running', started_at = coalesce(started_at, statement_timestamp()), epoch = epoch + 1,
        held_until = statement_timestamp() + make_interval(secs => ${HOLD_SECONDS})
      where organization = $1 and id = $2 and state in ('queued', 'running')
        and (held_until is null or held_until <= statement_timestamp())
      returning id, epoch, waits, action, input, maker_kind as kind, maker as by, request_id as "requestId"`,
    values: [tx.organization, id],
  });
  if (!row) return undefined;
  const { kind, by, requestId, ...turn } = row;
  return { ...turn, maker: { organization: tx.organization, kind, id: by, requestId } };
}

/**
 * Begins a step of a job. Before: any. After: the job is locked and held for another minute. Returns false when it is not this
 * turn's any more: cancelled, or taken by another.
 */
export async function holdJob(tx: Tx, { id, epoch }: Pick<Turn, "id" | "epoch">): Promise<boolean> {
  const rows = await tx.query({
    text: `update jobs set held_until = statement_timestamp() + make_interval(secs => ${HOLD_SECONDS})
      where organization = $1 and id = $2 and state = 'running' and epoch = $3 returning id`,
    values: [tx.organization, id, epoch],
  });
  return rows.length > 0;
}

/**
 * Lets a job wait. Before: any. After: nobody takes it for so long, and it shows why; the turn is not counted among those that died.
 * Returns false when it is not this turn's any more.
 */
export async function putOffJob(
  tx: Tx,
  turn: Pick<Turn, "id" | "epoch">,
  seconds: number,
  why: string,
): Promise<boolean> {
  if (!(await holdJob(tx, turn))) return false;
  await tx.query({
    text: `update jobs set waits = waits + 1, detail = $4,
        held_until = statement_timestamp() + make_interval(secs => $3)
      where organization = $1 and id = $2`,
    values: [tx.organization, turn.id, seconds, why],
  });
  return true;
}

/** Ends a job. Before: `holdJob` said true in this transaction. After: it is done, or failed for the reason given. */
export async function endJob(tx: Tx, id: JobId, failure: string | null): Promise<void> {
  await tx.query({
    text: `update jobs set state = case when $3::text is null then 'done' else 'failed' end, detail = $3,
        held_until = null, ended_at = statement_timestamp()
      where organization = $1 and id = $2`,
    values: [tx.organization, id, failure],
  });
}

/**
 * Cancels a job. Before: any. After: no further step of it begins; what was done stays.
 * @throws MusterError `not-found`; `conflict` when it has ended.
 */
export async function cancelJob(tx: Tx, id: JobId): Promise<Job> {
  const rows = await tx.query({
    text: `update jobs set state = 'cancelled', held_until = null, ended_at = statement_timestamp()
      where organization = $1 and id = $2 and state in ('queued', 'running') returning id`,
    values: [tx.organization, id],
  });
  const job = await getJob(tx, id);
  if (rows.length === 0) throw new MusterError("conflict", `the job is ${job.state} already`, { at: "id" });
  await recordChanges(tx, [
    { action: "job.cancelled", subjectKind: "job", subject: id, detail: { action: job.action, counts: job.counts } },
  ]);
  return job;
}

/** The organization's jobs of these actions, the latest first, before one id. */
export async function listJobs(
  db: Db,
  query: { actions: readonly JobAction[]; before: JobId | null; limit: number },
): Promise<Job[]> {
  const values: unknown[] = [db.organization, query.actions];
  const behind = query.before === null ? "" : `and j.id < $${values.push(query.before)}`;
  return db.query<Job>({
    text: `select ${COLUMNS} from jobs j where j.organization = $1 and j.action = any ($2) ${behind}
      order by j.id desc limit ${Math.trunc(query.limit)}`,
    values,
    prepared: true,
  });
}

/** @throws MusterError `not-found`. */
export async function getJob(db: Db, id: JobId): Promise<Job> {
  const [job] = await db.query<Job>({
    text: `select ${COLUMNS} from jobs j where j.organization = $1 and j.id = $2`,
    values: [db.organization, id],
    prepared: true,
  });
  if (!job) throw unknownJob();
  return job;
}

export function unknownJob(): MusterError {
  return new MusterError("not-found", "there is no such job", { at: "id" });
}

/** Wakes a worker for every job that nobody works at: its worker died, or found no free place. */
export async function wakeJobs(db: Database): Promise<void> {
  await db.lookUp<{ organization: OrganizationId }>({
    name: "wake-jobs",
    text: `select add_job('run-job', json_build_object('organization', j.organization, 'job', j.job), 'job:' || j.job)
      from idle_jobs(100) j`,
  });
}

/** Forgets files whose day is over, and jobs that ended a month ago or are not among the latest 500. For a job. */
export async function pruneJobs(tx: Tx): Promise<number> {
  await tx.query({
    text: `delete from job_chunks c using jobs j
      where c.organization = $1 and j.organization = $1 and j.id = c.job
        and (j.file_until <= statement_timestamp() or j.state in ('failed', 'cancelled'))`,
    values: [tx.organization],
  });
  const rows = await tx.query({
    text: `delete from jobs where organization = $1 and ended_at is not null
      and (file_until is null or file_until <= statement_timestamp())
      and (ended_at < statement_timestamp() - make_interval(days => $2) or id not in (
        select id from jobs where organization = $1 order by id desc limit $3)) returning 1`,
    values: [tx.organization, KEPT_DAYS, MOST_KEPT],
  });
  return rows.length;
}
