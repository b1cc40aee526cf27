import { z } from "zod";
import { AUDIT_FIELDS, getAuditRow, pageOfAudit } from "../identity/audit.ts";
import { idIn, idOut, instant, instantIn, listOf, pageOf, text } from "./fields.ts";
import { filterOver } from "./filter.ts";
import { keyOfCursor, paging } from "./input.ts";
import { route } from "./route.ts";

const auditAnswer = z
  .object({
    id: z.int(),
    at: instant,
    actor: z.object({ kind: z.string(), id: z.string().nullable() }),
    requestId: z.string().nullable(),
    action: z.string(),
    subject: z.object({ kind: z.string(), id: idOut.nullable() }),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "AuditRow" });

const NUMBER = /^(\d{1,15})$/;

/** `/audit`: who did what. */
export const auditRoutes = [
  route({
    id: "audit.list",
    method: "GET",
    path: "/audit",
    summary: "Read who did what; action takes a noun's actions as in group.*",
    guard: { permission: "audit:read" },
    query: z.strictObject({
      ...paging,
      order: z.enum(["newest-first", "oldest-first"]).default("newest-first"),
      actor: text(256).optional(),
      actorKind: text(64).optional(),
      action: text(128).optional(),
      subject: idIn<string>().optional(),
      since: instantIn.optional(),
      until: instantIn.optional(),
      filter: filterOver(AUDIT_FIELDS, "audit rows"),
    }),
    answer: listOf(auditAnswer),
    read: async (db, { query: { cursor, limit, ...filter } }) => {
      const [, after] = keyOfCursor(cursor, NUMBER, "cursor") ?? [];
      const found = await pageOfAudit(db, {
        ...filter,
        after: after === undefined ? null : Number(after),
        limit: limit + 1,
      });
      return pageOf(found, limit, (row) => String(row.id));
    },
  }),
  route({
    id: "audit.get",
    method: "GET",
    path: "/audit/{id}",
    summary: "Show one thing that somebody did",
    guard: { permission: "audit:read" },
    params: z.strictObject({
      id: z
        .string()
        .max(512)
        .transform((value) => (NUMBER.test(value) ? Number(value) : 0)),
    }),
    answer: auditAnswer,
    read: (db, { params }) => getAuditRow(db, params.id),
  }),
];
