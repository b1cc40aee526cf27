import { z } from "zod";
import type { SyncRunId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { askForApproval, askForSync, askForUndo } from "../sync/ask.ts";
import { listConflicts } from "../sync/conflicts.ts";
import { discardRun } from "../sync/discard.ts";
import { listRuns, PLAN_KINDS, pageOfPlan, RUN_FIELDS } from "../sync/history.ts";
import { getRun } from "../sync/runs.ts";
import { directoryFor, oneDirectory } from "./directory-of.ts";
import { afterOf, idIn, idOut, instantIn, keyIn, listOf, listQuery, pageOf, text } from "./fields.ts";
import { filterOver } from "./filter.ts";
import { cursorAfter, keyOfCursor, paging } from "./input.ts";
import { route } from "./route.ts";
import { conflictAnswer, planRow, runAnswer, runState, shownConflicts, shownRuns } from "./run-views.ts";

const asked = z.object({ runId: idOut }).meta({ id: "AskedRun" });
const one = z.strictObject({ id: idIn<SyncRunId>() });

/** The line of a plan after which a page begins. */
function lineOf(cursor: string | undefined): number {
  const [, after = "0"] = keyOfCursor(cursor, /^(\d{1,15})$/, "cursor") ?? [];
  return Number(after);
}

function pageAfter(next: number | null) {
  return { next: next === null ? null : cursorAfter(String(next)) };
}

/** `/runs`: what was read of pulled directories, and what came of it. A worker does what is asked for here. */
export const runRoutes = [
  route({
    id: "runs.list",
    method: "GET",
    path: "/runs",
    summary: "List runs, the latest first; of one directory, in one state, begun since an instant",
    guard: { permission: "runs:read" },
    query: z.strictObject({
      ...paging,
      directory: keyIn.optional(),
      state: runState.optional(),
      since: instantIn.optional(),
      filter: filterOver(RUN_FIELDS, "runs"),
    }),
    answer: listOf(runAnswer),
    read: async (db, { query }) => {
      const before = afterOf<SyncRunId>(query);
      const directory = query.directory === undefined ? undefined : (await directoryFor(db, query.directory)).id;
      const found = await listRuns(db, {
        limit: query.limit + 1,
        ...(before !== null && { before }),
        ...(directory !== undefined && { directory }),
        ...(query.state !== undefined && { state: query.state }),
        ...(query.since !== undefined && { since: query.since }),
        ...(query.filter !== undefined && { filter: query.filter }),
      });
      const { data, page } = pageOf(found, query.limit, (run) => run.id);
      return { data: await shownRuns(db, data), page };
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
      const [view] = run ? await shownRuns(db, [run]) : [];
      if (!view) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
      return view;
    },
  }),
  route({
    id: "runs.plan",
    method: "GET",
    path: "/runs/{id}/plan",
    summary: "List what a run would do, or did; of one kind of change",
    guard: { permission: "runs:read" },
    params: one,
    query: z.strictObject({ ...paging, kind: z.enum(PLAN_KINDS).optional() }),
    answer: listOf(planRow),
    read: async (db, { params, query: { cursor, limit, kind } }) => {
      const { rows, next } = await pageOfPlan(db, params.id, {
        after: lineOf(cursor),
        limit,
        ...(kind !== undefined && { kind }),
      });
      return { data: rows, page: pageAfter(next) };
    },
  }),
  route({
    id: "runs.conflicts",
    method: "GET",
    path: "/runs/{id}/conflicts",
    summary: "List what a run left out or wants looked at: both sides, and what to do",
    guard: { permission: "runs:read" },
    params: one,
    query: listQuery,
    answer: listOf(conflictAnswer),
    read: async (db, { params, query: { cursor, limit } }) => {
      const { conflicts, next } = await listConflicts(db, params.id, { after: lineOf(cursor), limit });
      return { data: await shownConflicts(db, conflicts), page: pageAfter(next) };
    },
  }),
  route({
    id: "directories.sync",
    method: "POST",
    path: "/directories/{directory}/sync",
    summary: "Ask for a run of a pulled directory; mode dry-run only plans, lane delta reads only what changed",
    guard: { permission: "runs:write" },
    params: oneDirectory,
    body: z.strictObject({
      mode: z.enum(["run", "dry-run"]).default("run"),
      lane: z.enum(["full", "delta"]).default("full"),
    }),
    answer: asked,
    status: 202,
    location: (run) => `/runs/${run.runId}`,
    lock: "none",
    write: async (tx, { params, body }) => ({
      runId: await askForSync(tx, (await directoryFor(tx, params.directory)).id, body),
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
    id: "runs.discard",
    method: "POST",
    path: "/runs/{id}/discard",
    summary: "Say that a held or previewed plan is not wanted; it can no longer be approved",
    guard: { permission: "runs:write" },
    params: one,
    body: z.strictObject({ reason: text(500) }),
    answer: runAnswer,
    current: "runs.get",
    lock: "none",
    write: async (tx, { params, body }) => {
      const [view] = await shownRuns(tx, [await discardRun(tx, params.id, body.reason)]);
      if (!view) throw new MusterError("internal", "a discarded run cannot be shown");
      return view;
    },
  }),
  route({
    id: "runs.undo",
    method: "POST",
    path: "/runs/{id}/undo",
    summary: "Ask for what a run did to be done backwards, by a run of its own",
    guard: { permission: "runs:write" },
    dangerous: true,
    params: one,
    answer: asked,
    status: 202,
    location: (run) => `/runs/${run.runId}`,
    current: "runs.get",
    lock: "none",
    write: async (tx, { params }) => ({ runId: await askForUndo(tx, params.id) }),
  }),
];
