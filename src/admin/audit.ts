import { z } from "zod";
import { AUDIT_FIELDS, getAuditRow, pageOfAudit } from "../identity/audit.ts";
import { AUDIT_FAULTS, verifyAudit } from "../identity/audit-verification.ts";
import { loadSecretKey } from "../identity/secrets.ts";
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

/** A thousand rows each: what one request may take to read. */
const MOST_SEALS = 20;

const verification = z
  .object({
    seals: z.int(),
    rows: z.int(),
    erased: z.int(),
    head: z.object({ position: z.int(), seal: z.string() }).nullable(),
    unsealed: z.object({ rows: z.int(), first: z.int().nullable(), since: instant.nullable() }),
    fault: z.object({ kind: z.enum(AUDIT_FAULTS), seal: z.int(), row: z.int().nullable() }).nullable(),
    next: z.int().nullable(),
  })
  .meta({ id: "AuditVerification" });

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
    id: "audit.verify",
    method: "GET",
    path: "/audit/verification",
    summary: "Hold the audit against its seals, the next of them behind the one given, up to the first that is wrong",
    guard: { permission: "audit:read" },
    query: z.strictObject({
      after: z
        .string()
        .regex(NUMBER, "it must be the position of a seal")
        .default("0")
        .transform(Number)
        .meta({
          description: "The position of a seal: `next` of the answer before.",
          wire: {
            description: "The position of a seal: `next` of the answer before.",
            type: "integer",
            minimum: 0,
            default: 0,
          },
        }),
    }),
    answer: verification,
    read: (db, { ctx, query: { after } }) => verifyAudit(db, loadSecretKey(ctx.config), { after, most: MOST_SEALS }),
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
