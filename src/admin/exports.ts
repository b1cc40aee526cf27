import { z } from "zod";
import type { JobId } from "../db/id.ts";
import {
  createExport,
  EXPORT_FORMATS,
  EXPORT_KINDS,
  type ExportInput,
  getExport,
  openFile,
  removeFile,
  requireExportRights,
} from "../identity/exports.ts";
import { listJobs } from "../identity/jobs.ts";
import { afterOf, idIn, listOf, listQuery, pageOf, text } from "./fields.ts";
import { jobAnswer } from "./jobs.ts";
import { route } from "./route.ts";

const TYPES = { csv: "text/csv; charset=utf-8; header=present", jsonl: "application/jsonl; charset=utf-8" } as const;
const guard = { permission: "exports:write" } as const;
const one = z.strictObject({ id: idIn<JobId>() });
const moment = z.iso.datetime({ offset: true });

/** `/exports`: files of what Muster knows. Each needs the right to read what it shows beside the right to export. */
export const exportRoutes = [
  route({
    id: "exports.list",
    method: "GET",
    path: "/exports",
    summary: "List exports, the latest first",
    guard,
    query: listQuery,
    answer: listOf(jobAnswer),
    read: async (db, { query }) => {
      const before = afterOf<JobId>(query);
      const found = await listJobs(db, { actions: ["export"], before, limit: query.limit + 1 });
      return pageOf(found, query.limit, (job) => job.id);
    },
  }),
  route({
    id: "exports.create",
    method: "POST",
    path: "/exports",
    summary: "Make a file of people, access, guests, grants or the audit, as a job",
    guard,
    body: z
      .strictObject({
        kind: z.enum(EXPORT_KINDS),
        format: z.enum(EXPORT_FORMATS),
        filter: text(4_000).optional(),
        since: moment.optional(),
        until: moment.optional(),
      })
      .refine(({ kind, filter }) => filter === undefined || kind === "users" || kind === "access", {
        message: "only users and access are filtered",
        path: ["filter"],
      })
      .refine(({ kind, since }) => since === undefined || kind === "audit", {
        message: "only the audit has a beginning and an end",
        path: ["since"],
      })
      .refine(({ kind, until }) => until === undefined || kind === "audit", {
        message: "only the audit has a beginning and an end",
        path: ["until"],
      }),
    status: 202,
    answer: jobAnswer,
    location: (job) => `/exports/${job.id}`,
    lock: "none",
    write: async (tx, { caller, body: { kind, format, filter = null, since = null, until = null } }) => {
      requireExportRights(caller.held, kind);
      return createExport(tx, { kind, format, filter: { people: filter, since, until } });
    },
  }),
  route({
    id: "exports.get",
    method: "GET",
    path: "/exports/{id}",
    summary: "Show an export",
    guard,
    params: one,
    answer: jobAnswer,
    read: (db, { params }) => getExport(db, params.id),
  }),
  route({
    id: "exports.file",
    method: "GET",
    path: "/exports/{id}/file",
    summary: "Fetch an export's file, for a day",
    guard,
    params: one,
    produces: ["text/csv", "application/jsonl"],
    send: async (db, { caller, params }) => {
      const { job, pieces } = await openFile(db, params.id);
      const { kind, format } = job.input as ExportInput;
      requireExportRights(caller.held, kind);
      const day = job.createdAt.toISOString().slice(0, 10);
      return { type: TYPES[format], name: `${kind}-${day}.${format}`, bytes: job.bytes ?? 0, pieces };
    },
  }),
  route({
    id: "exports.remove",
    method: "DELETE",
    path: "/exports/{id}",
    summary: "Remove an export's file before its day is over",
    guard,
    params: one,
    current: "exports.get",
    lock: "none",
    write: (tx, { params }) => removeFile(tx, params.id),
  }),
];
