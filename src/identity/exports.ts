import type { Db } from "../db/connection.ts";
import type { JobId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { type ExportFilter, parsePeople } from "./export-pages.ts";
import { createJob, endJob, getJob, holdJob, type Job, type Turn } from "./jobs.ts";
import { recordChanges } from "./record.ts";
import { heldByActor } from "./rights/held-by-actor.ts";
import { type Held, holds, type Permission } from "./rights/permissions.ts";

export const EXPORT_KINDS = ["users", "access", "audit", "guests", "grants"] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];
export const EXPORT_FORMATS = ["csv", "jsonl"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What an export holds. */
export type ExportInput = { kind: ExportKind; format: ExportFormat; filter: ExportFilter };

/** What an export shows, whoever makes or fetches it must be allowed to read. */
const PERMISSION_FOR: Readonly<Record<ExportKind, Permission>> = {
  users: "users:read",
  access: "access:read",
  audit: "audit:read",
  guests: "guests:read",
  grants: "grants:read",
};

/** Hours for which a file is kept. */
const FILE_HOURS = 24;
/** Exports of one organization whose files are kept, or that are being made. */
const MOST_FILES = 10;
/** Bytes of one file. */
const LARGEST_FILE = 256 * 1024 * 1024;

/** @throws MusterError `not-allowed`, naming the permission that is missing for the whole organization. */
export function requireExportRights(held: readonly Held[], kind: ExportKind): void {
  for (const permission of ["exports:write", PERMISSION_FOR[kind]] as const)
    if (!holds(held, permission, { kind: "organization" }))
      throw new MusterError("not-allowed", `this needs the permission ${permission}`);
}

/**
 * A job that makes a file. Before: whoever asks may read what it shows. After: the job stands, with an audit row that says what
 * leaves Muster.
 * @throws MusterError `invalid-filter`; `conflict` when too many files are kept, or too many jobs open.
 */
export async function createExport(tx: Tx, input: ExportInput): Promise<Job> {
  if (input.filter.people !== null) parsePeople(input.filter.people);
  const id = await createJob(tx, "export", input);
  const [kept] = await tx.query<{ files: number }>({
    text: `select count(*) as files from jobs where organization = $1 and action = 'export'
      and (state in ('queued', 'running') or file_until > statement_timestamp())`,
    values: [tx.organization],
  });
  if ((kept?.files ?? 0) > MOST_FILES)
    throw new MusterError(
      "conflict",
      `${MOST_FILES} exports are kept already; remove one, or wait until its day is over`,
    );
  await recordChanges(tx, [{ action: "export.created", subjectKind: "job", subject: id, detail: input }]);
  return getJob(tx, id);
}

/**
 * Begins to make a file anew: what an earlier turn has left is gone. Returns false when it is not this turn's any more.
 */
export async function beginFile(tx: Tx, turn: Turn): Promise<boolean> {
  if (!(await holdJob(tx, turn))) return false;
  await tx.query({
    text: "delete from job_chunks where organization = $1 and job = $2",
    values: [tx.organization, turn.id],
  });
  await tx.query({
    text: "update jobs set bytes = 0, done = 0 where organization = $1 and id = $2",
    values: [tx.organization, turn.id],
  });
  return true;
}

/**
 * Adds a piece to a job's file. Before: pieces up to `number` stand. After: this one too; with `last` the job is done and the file
 * is there for a day. Returns false when the job is not this turn's any more.
 * @throws MusterError `not-allowed` when whoever asked for it may not read this any more, `too-large` beyond 256 MiB.
 */
export async function addToFile(
  tx: Tx,
  turn: Turn,
  piece: { number: number; content: Buffer; rows: number; last: boolean },
): Promise<boolean> {
  if (!(await holdJob(tx, turn))) return false;
  requireExportRights(await heldByActor(tx, turn.maker), (turn.input as ExportInput).kind);
  if (piece.content.length > 0)
    await tx.query({
      text: "insert into job_chunks (organization, job, number, content) values ($1, $2, $3, $4)",
      values: [tx.organization, turn.id, piece.number, piece.content],
    });
  const [row] = await tx.query<{ bytes: number }>({
    text: `update jobs set bytes = bytes + $3, done = done + $4, total = case when $5 then done + $4 end,
        file_until = case when $5 then statement_timestamp() + make_interval(hours => ${FILE_HOURS}) end
      where organization = $1 and id = $2 returning bytes`,
    values: [tx.organization, turn.id, piece.content.length, piece.rows, piece.last],
  });
  if ((row?.bytes ?? 0) > LARGEST_FILE)
    throw new MusterError("too-large", `the file would be larger than ${LARGEST_FILE / 1024 / 1024} MiB; narrow it`);
  if (piece.last) await endJob(tx, turn.id, null);
  return true;
}

/** An export. @throws MusterError `not-found`, also for a job that is none. */
export async function getExport(db: Db, id: JobId): Promise<Job> {
  const job = await getJob(db, id);
  if (job.action !== "export") throw new MusterError("not-found", "there is no such job", { at: "id" });
  return job;
}

/** A finished export's file, piece by piece. @throws MusterError `not-found` when it is not made yet, or its day is over. */
export async function openFile(db: Db, id: JobId): Promise<{ job: Job; pieces: AsyncIterable<Buffer> }> {
  const job = await getExport(db, id);
  const [row] = await db.query<{ pieces: number }>({
    text: `select (select count(*) from job_chunks c where c.organization = $1 and c.job = $2) as pieces
      from jobs where organization = $1 and id = $2 and state = 'done' and file_until > statement_timestamp()`,
    values: [db.organization, id],
  });
  if (!row) throw new MusterError("not-found", "the export has no file: it is not made yet, or its day is over");
  return { job, pieces: piecesOf(db, id, row.pieces) };
}

async function* piecesOf(db: Db, id: JobId, pieces: number): AsyncIterable<Buffer> {
  for (let number = 0; number < pieces; number++) {
    const [row] = await db.query<{ content: Buffer }>({
      text: "select content from job_chunks where organization = $1 and job = $2 and number = $3",
      values: [db.organization, id, number],
    });
    if (!row) throw new MusterError("unavailable", "the file was removed while it was read");
    yield row.content;
  }
}

/** Removes an export's file before its day is over. @throws MusterError `not-found`; `conflict` while it is being made. */
export async function removeFile(tx: Tx, id: JobId): Promise<void> {
  const { state } = await getExport(tx, id);
  if (state === "queued" || state === "running")
    throw new MusterError("conflict", "the export is being made; cancel its job first", { at: "id" });
  await tx.query({
    text: "delete from job_chunks where organization = $1 and job = $2",
    values: [tx.organization, id],
  });
  await tx.query({
    text: "update jobs set file_until = null where organization = $1 and id = $2",
    values: [tx.organization, id],
  });
  await recordChanges(tx, [{ action: "export.removed", subjectKind: "job", subject: id }]);
}
