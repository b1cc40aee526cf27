import { z } from "zod";
import type { AccountId } from "../db/id.ts";
import { createBulkJob, PERMISSIONS_FOR } from "../identity/bulk-jobs.ts";
import { parsePeople } from "../identity/export-pages.ts";
import { BULK_ACTIONS } from "../identity/jobs.ts";
import { require } from "./caller.ts";
import { idIn, idOut, text } from "./fields.ts";
import { jobAnswer } from "./jobs.ts";
import { route } from "./route.ts";
import { status } from "./words.ts";

/** People that a request may name one by one. */
const MOST_IDS = 1_000;

/** `/users/bulk`: one thing done to many people. */
export const bulkJobRoutes = [
  route({
    id: "users.bulk",
    method: "POST",
    path: "/users/bulk",
    summary: "Do one thing to many people, as a job; with dryRun=true: to how many, and to whom",
    guard: { permission: "users:write" },
    body: z
      .strictObject({
        action: z.enum(BULK_ACTIONS),
        filter: text(4_000).optional(),
        ids: z.array(idIn<AccountId>()).min(1).max(MOST_IDS).optional(),
        reason: text(500).optional(),
      })
      .refine(({ filter, ids }) => (filter === undefined) !== (ids === undefined), "name people by filter or by ids"),
    status: 202,
    answer: z.object({
      job: jobAnswer,
      people: z.array(z.object({ id: idOut, userName: z.string(), status })),
    }),
    location: ({ job }) => `/jobs/${job.id}`,
    lock: "none",
    write: async (tx, { caller, body: { action, filter, ids, reason = null } }) => {
      for (const permission of PERMISSIONS_FOR[action]) require(caller, permission, { kind: "organization" });
      const people = ids === undefined ? { filter: parsePeople(filter ?? "") } : { ids };
      return createBulkJob(tx, { action, people, reason });
    },
  }),
];
