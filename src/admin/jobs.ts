import { z } from "zod";
import type { AccountId, JobId } from "../db/id.ts";
import { listJobRows, ROW_STATES } from "../identity/bulk-jobs.ts";
import {
  cancelJob,
  getJob,
  JOB_ACTIONS,
  JOB_STATES,
  type Job,
  type JobAction,
  listJobs,
  unknownJob,
} from "../identity/jobs.ts";
import { holds, type Permission } from "../identity/rights/permissions.ts";
import type { Caller } from "./caller.ts";
import { afterOf, idIn, idOut, instant, listOf, listQuery, pageOf } from "./fields.ts";
import { paging } from "./input.ts";
import { route } from "./route.ts";

export const jobAnswer = z
  .object({
    id: idOut,
    action: z.enum(JOB_ACTIONS),
    input: z.record(z.string(), z.unknown()),
    state: z.enum(JOB_STATES),
    counts: z.object({ total: z.int().nullable(), done: z.int(), unchanged: z.int(), refused: z.int() }),
    detail: z.string().nullable(),
    createdBy: z.object({ kind: z.string(), id: z.string().nullable() }),
    createdAt: instant,
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    bytes: z.int().nullable(),
    fileUntil: instant.nullable(),
  })
  .meta({ id: "Job" });

const rowState = z.enum(ROW_STATES);
const one = z.strictObject({ id: idIn<JobId>() });

/** `/jobs`: work that outlives the request that asked for it. Who may not ask for a job of its kind does not see it. */
export const jobRoutes = [
  route({
    id: "jobs.list",
    method: "GET",
    path: "/jobs",
    summary: "List jobs, the latest first",
    guard: "known",
    query: listQuery,
    answer: listOf(jobAnswer),
    read: async (db, { caller, query }) => {
      const actions = JOB_ACTIONS.filter((action) => sees(caller, action));
      const found = await listJobs(db, { actions, before: afterOf<JobId>(query), limit: query.limit + 1 });
      return pageOf(found, query.limit, (job) => job.id);
    },
  }),
  route({
    id: "jobs.get",
    method: "GET",
    path: "/jobs/{id}",
    summary: "Show a job: how far it is, and how it ended",
    guard: "known",
    params: one,
    answer: jobAnswer,
    read: async (db, { caller, params }) => visible(caller, await getJob(db, params.id)),
  }),
  route({
    id: "jobs.results",
    method: "GET",
    path: "/jobs/{id}/results",
    summary: "List what became of each person of a job, or of each row of an import",
    guard: "known",
    params: one,
    query: z.strictObject({ ...paging, state: rowState.optional() }),
    answer: listOf(
      z
        .object({
          row: z.int().nullable(),
          email: z.string().nullable(),
          user: idOut.nullable(),
          userName: z.string().nullable(),
          state: rowState,
          code: z.string().nullable(),
          message: z.string().nullable(),
        })
        .meta({ id: "JobResult" }),
    ),
    read: async (db, { caller, params, query }) => {
      visible(caller, await getJob(db, params.id));
      const after = afterOf<AccountId>(query);
      const found = await listJobRows(db, params.id, { state: query.state ?? null, after, limit: query.limit + 1 });
      const { data, page } = pageOf(found, query.limit, (row) => row.subject);
      return { data: data.map(({ subject: _, ...row }) => row), page };
    },
  }),
  route({
    id: "jobs.cancel",
    method: "POST",
    path: "/jobs/{id}/cancel",
    summary: "Let no further step of a job begin; what is done stays",
    guard: "known",
    params: one,
    answer: jobAnswer,
    current: "jobs.get",
    lock: "none",
    write: async (tx, { caller, params }) => {
      visible(caller, await getJob(tx, params.id));
      return cancelJob(tx, params.id);
    },
  }),
];

const TO_SEE: Readonly<Partial<Record<JobAction, Permission>>> = {
  export: "exports:write",
  "import-invitations": "invitations:write",
};

function sees(caller: Caller, action: JobAction): boolean {
  return holds(caller.held, TO_SEE[action] ?? "users:write", { kind: "organization" });
}

/** @throws MusterError `not-found`, as for a job that is not there. */
function visible(caller: Caller, job: Job): Job {
  if (!sees(caller, job.action)) throw unknownJob();
  return job;
}
