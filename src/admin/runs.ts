import { z } from "zod";
import type { Db } from "../db/connection.ts";
import type { SyncRunId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { listDirectories } from "../identity/directories.ts";
import { askForApproval, askForSync, askForUndo } from "../sync/ask.ts";
import { listRuns, RUN_FIELDS, showRun } from "../sync/history.ts";
import { getRun, type SyncRun } from "../sync/runs.ts";
import { directoryFor, oneDirectory } from "./directory-of.ts";
import { afterOf, idIn, idOut, instant, keyIn, listOf, listQuery, pageOf, text } from "./fields.ts";
import { filterOver } from "./filter.ts";
import { cursorAfter, keyOfCursor, paging } from "./input.ts";
import { route } from "./route.ts";

const mode = z.enum(["run", "dry-run", "approve", "undo"]);
const counts = z.object({
  read: z.int(),
  added: z.int(),
  updated: z.int(),
  deactivated: z.int(),
  removed: z.int(),
  unchanged: z.int(),
  conflicts: z.int(),
});

/** Times of `timings` are milliseconds; `verdict` is the guard's, with the figures that it judged by. */
const runAnswer = z
  .object({
    id: idOut,
    directory: z.object({ id: idOut, name: z.string() }),
    mode,
    trigger: z.enum(["command", "api", "schedule"]),
    state: z.enum(["running", "previewed", "held", "done", "partial", "failed", "abandoned", "undone"]),
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
    timings: z.record(z.string(), z.number()),
    startedAt: instant,
    appliedAt: instant.nullable(),
    finishedAt: instant.nullable(),
  })
  .meta({ id: "Run" });

const planRow = z
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

const asked = z.object({ runId: idOut }).meta({ id: "AskedRun" });
const one = z.strictObject({ id: idIn<SyncRunId>() });

/** `/runs`: what was read of pulled directories, and what came of it. A worker does what is asked for here. */
export const runRoutes = [
  route({
    id: "runs.list",
    method: "GET",
    path: "/runs",
    summary: "List runs, the latest first; of one directory",
    guard: { permission: "runs:read" },
    query: z.strictObject({ ...paging, directory: keyIn.optional(), filter: filterOver(RUN_FIELDS, "runs") }),
    answer: listOf(runAnswer),
    read: async (db, { query }) => {
      const before = afterOf<SyncRunId>(query);
      const directory = query.directory === undefined ? undefined : (await directoryFor(db, query.directory)).id;
      const found = await listRuns(db, {
        limit: query.limit + 1,
        ...(before !== null && { before }),
        ...(directory !== undefined && { directory }),
        ...(query.filter !== undefined && { filter: query.filter }),
      });
      const { data, page } = pageOf(found, query.limit, (run) => run.id);
      return { data: await shown(db, data), page };
    },
  }),
  route({
    id: "runs.get",
    method: "GET",
    path: "/runs/{id}",
    summary: "Show a run",
    guard: { permission: "runs:read" },
    params: one,
    answer: runAnswer,
    read: async (db, { params }) => {
      const run = await getRun(db, params.id);
      const [view] = run ? await shown(db, [run]) : [];
      if (!view) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
      return view;
    },
  }),
  route({
    id: "runs.plan",
    method: "GET",
    path: "/runs/{id}/plan",
    summary: "List what a run would do, or did",
    guard: { permission: "runs:read" },
    params: one,
    query: listQuery,
    answer: listOf(planRow),
    read: async (db, { params, query: { cursor, limit } }) => {
      const [, after = "0"] = keyOfCursor(cursor, /^(\d{1,15})$/, "cursor") ?? [];
      const { rows, next } = await showRun(db, params.id, { after: Number(after), limit });
      return { data: rows, page: { next: next === null ? null : cursorAfter(String(next)) } };
    },
  }),
  route({
    id: "directories.sync",
    method: "POST",
    path: "/directories/{directory}/sync",
    summary: "Ask for a run of a pulled directory; mode dry-run only plans",
    guard: { permission: "runs:write" },
    params: oneDirectory,
    body: z.strictObject({ mode: z.enum(["run", "dry-run"]).default("run") }),
    answer: asked,
    status: 202,
    location: (run) => `/runs/${run.runId}`,
    lock: "none",
    write: async (tx, { params, body }) => ({
      runId: await askForSync(tx, (await directoryFor(tx, params.directory)).id, body.mode),
    }),
  }),
  route({
    id: "runs.approve",
    method: "POST",
    path: "/runs/{id}/approve",
    summary: "Ask for a held or previewed plan to be applied exactly as it was shown",
    guard: { permission: "runs:write" },
    dangerous: true,
    params: one,
    body: z.strictObject({ reason: text(500) }),
    answer: asked,
    status: 202,
    location: (run) => `/runs/${run.runId}`,
    current: "runs.get",
    lock: "none",
    write: async (tx, { params, body }) => {
      await askForApproval(tx, params.id, body.reason);
      return { runId: params.id };
    },
  }),
  route({
    id: "runs.undo",
    method: "POST",
    path: "/runs/{id}/undo",
    summary: "Ask for what a run did to be done backwards, by a run of its own",
    guard: { permission: "runs:write" },
    params: one,
    answer: asked,
    status: 202,
    location: (run) => `/runs/${run.runId}`,
    current: "runs.get",
    lock: "none",
    write: async (tx, { params }) => ({ runId: await askForUndo(tx, params.id) }),
  }),
];

async function shown(db: Db, runs: readonly SyncRun[]) {
  const names = new Map((await listDirectories(db)).map(({ id, name }) => [id, name]));
  return runs.map(({ directory, phase: _, proof: __, ...run }) => ({
    ...run,
    directory: { id: directory, name: names.get(directory) ?? "" },
  }));
}
