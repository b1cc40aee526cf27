import { type Request, Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import type { Db } from "../db/connection.ts";
import type { DirectoryId } from "../db/id.ts";
import { isMusterError, MusterError } from "../errors.ts";
import { resolveDirectory } from "../identity/directories.ts";
import { type LogPosition, listRequests, parseStatusRange } from "../identity/request-log.ts";
import { administrationOnly, readsOf } from "./authenticate.ts";
import { cursorAfter, keyOfCursor, paging, parseInput, queryOf } from "./input.ts";
import { onlyMethods } from "./methods.ts";

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

/** `/directories/{id or name}/scim-requests`: what a directory's provider sent, masked, newest first. */
export function scimRequestsRouter(ctx: Context): Router {
  const router = Router({ mergeParams: true });
  router.use(administrationOnly);
  router
    .route("/")
    .get(async (request: Request<{ directory: string }>, response) => {
      const { limit, cursor, ...filter } = parseInput(listQuery, queryOf(request), "query");
      const after = positionOf(cursor);
      const db = readsOf(ctx, response);
      const directory = await directoryOf(db, request.params.directory);
      const rows = await listRequests(db, directory, {
        ...filter,
        after,
        limit: limit + 1,
      });
      const data = rows.slice(0, limit);
      const last = data.at(-1);
      response.json({ data, page: { next: rows.length > limit && last ? cursorOf(last) : null } });
    })
    .all(onlyMethods("GET"));
  return router;
}

/** One answer for every directory that the organization does not have, whoever else may have it. */
async function directoryOf(db: Db, nameOrId: string): Promise<DirectoryId> {
  try {
    return (await resolveDirectory(db, nameOrId)).id;
  } catch (error) {
    throw isMusterError(error) && error.code === "not-found"
      ? new MusterError("not-found", "there is no such directory")
      : error;
  }
}

function positionOf(cursor: string | undefined): LogPosition | undefined {
  const [, at = "", id = ""] = keyOfCursor(cursor, POSITION, "cursor") ?? [];
  return at === "" ? undefined : { at: new Date(Number(at)), id };
}

function cursorOf({ at, id }: LogPosition): string {
  return cursorAfter(`${at.getTime()}-${id}`);
}
