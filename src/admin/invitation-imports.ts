import { z } from "zod";
import { simulate } from "../db/transaction.ts";
import { importRow, MOST_ROWS, readCsv, readRows } from "../identity/invitation-imports/form.ts";
import { createInvitationImport, previewImport } from "../identity/invitation-imports/import.ts";
import { idOut } from "./fields.ts";
import { jobAnswer } from "./jobs.ts";
import { route } from "./route.ts";

const body = z
  .strictObject({
    rows: z.array(importRow).min(1).max(MOST_ROWS).optional(),
    /** A file with a header line. As text/csv it is the whole body. */
    csv: z.string().min(1).max(8_000_000).optional(),
    notify: z.boolean().optional(),
  })
  .refine(({ rows, csv }) => (rows === undefined) !== (csv === undefined), "give rows or csv");

type Body = z.output<typeof body>;
const rowsOf = ({ rows, csv }: Body) => (csv === undefined ? readRows(rows ?? []) : readCsv(csv));

/** `/invitations/import`: people of a file, invited row by row. */
export const invitationImportRoutes = [
  route({
    id: "invitations.import",
    method: "POST",
    path: "/invitations/import",
    summary: "Invite the people of a file, as a job with an outcome for each row; the file may be sent as text/csv",
    guard: { permission: "invitations:write" },
    body,
    csv: true,
    status: 202,
    answer: jobAnswer,
    location: ({ id }) => `/jobs/${id}`,
    lock: "none",
    write: (tx, { body: wanted }) => createInvitationImport(tx, rowsOf(wanted), wanted.notify),
  }),
  route({
    id: "invitations.previewImport",
    method: "POST",
    path: "/invitations/import/preview",
    summary: "Show what each row of a file would come to; nothing is done and no mail goes out",
    guard: { permission: "invitations:write" },
    body,
    csv: true,
    answer: z.object({
      total: z.int(),
      rows: z.array(
        z
          .object({
            row: z.int(),
            email: z.string(),
            user: idOut.nullable(),
            state: z.enum(["done", "unchanged", "refused"]),
            code: z.string().nullable(),
            message: z.string().nullable(),
          })
          .meta({ id: "PreviewedRow" }),
      ),
    }),
    act: async ({ ctx, caller, body: wanted }) => {
      const rows = rowsOf(wanted);
      const outcomes = await simulate(ctx, caller.actor, (tx) =>
        previewImport(tx, ctx.config.invitations, caller.held, rows),
      );
      return { total: rows.length, rows: outcomes };
    },
  }),
];
