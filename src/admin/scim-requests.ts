import { z } from "zod";
import { type LogPosition, listRequests, parseStatusRange } from "../identity/request-log.ts";
import { directoryFor, oneDirectory } from "./directory-of.ts";
import { idOut, instant, listOf } from "./fields.ts";
import { cursorAfter, keyOfCursor, paging } from "./input.ts";
import { route } from "./route.ts";

const listQuery = z.strictObject({
  ...paging,
  status: z
    .string()
    .transform(parseStatusRange)
    .refine((range) => range !== undefined, "it must be a status, as in 404 or 4xx")
    .optional(),
  warnings: z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .optional(),
  since: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text))
    .optional(),
});

const POSITION = /^(\d{1,15})-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

const loggedRequest = z
  .object({
    at: instant,
    id: idOut,
    requestId: z.string().nullable(),
    token: idOut.nullable(),
    method: z.string(),
    path: z.string(),
    query: z.string().nullable(),
    status: z.int(),
    duration: z.number(),
    userAgent: z.string().nullable(),
    bytes: z.number().nullable(),
    warnings: z.array(z.object({ name: z.string(), at: z.array(z.string()).readonly(), times: z.number() })).readonly(),
    changes: z
      .array(
        z.object({
          kind: z.string().optional(),
          id: z.string().optional(),
          did: z.string().optional(),
          attributes: z.array(z.string()).readonly().optional(),
          added: z.number().optional(),
          removed: z.number().optional(),
          more: z.number().optional(),
        }),
      )
      .readonly(),
    request: z.unknown(),
    cut: z.boolean(),
    detail: z.string().nullable(),
    skipped: z.number(),
  })
  .meta({ id: "LoggedRequest" });

/** `/directories/{id or name}/scim-requests`: what a directory's provider sent, masked, newest first. */
export const scimRequestRoutes = [
  route({
    id: "directories.scimRequests",
    method: "GET",
    path: "/directories/{directory}/scim-requests",
    summary: "List what a directory's identity provider sent, masked, newest first",
    guard: { permission: "directories:read" },
    params: oneDirectory,
    query: listQuery,
    answer: listOf(loggedRequest),
    read: async (db, { params, query: { limit, cursor, ...filter } }) => {
      const after = positionOf(cursor);
      const { id: directory } = await directoryFor(db, params.directory);
      const rows = await listRequests(db, directory, { ...filter, after, limit: limit + 1 });
      const data = rows.slice(0, limit);
      const last = data.at(-1);
      return { data, page: { next: rows.length > limit && last ? cursorOf(last) : null } };
    },
  }),
];

function positionOf(cursor: string | undefined): LogPosition | undefined {
  const [, at = "", id = ""] = keyOfCursor(cursor, POSITION, "cursor") ?? [];
  return at === "" ? undefined : { at: new Date(Number(at)), id };
}

function cursorOf({ at, id }: LogPosition): string {
  return cursorAfter(`${at.getTime()}-${id}`);
}
