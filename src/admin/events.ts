import { Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import { type EventPosition, listEvents } from "../identity/events.ts";
import { callerOf, readsOf } from "./authenticate.ts";
import { cursorAfter, keyOfCursor, paging, parseInput, queryOf } from "./input.ts";
import { onlyMethods } from "./methods.ts";

const eventsQuery = z.strictObject({ limit: paging.limit, after: z.string().max(200).optional() });
// Nineteen digits are more transactions than any server will see, and always fit into xid8.
const POSITION = /^(\d{1,19})-(\d{1,15})$/;

/**
 * `/events?after=`: what changed, in the order of commits. `page.next` is where to go on, also when nothing new is
 * there yet, so a reader asks with it again and again; each event's id is such a place too.
 */
export function eventsRouter(ctx: Context): Router {
  const router = Router();
  router
    .route("/")
    .get(async (request, response) => {
      const { limit, after } = parseInput(eventsQuery, queryOf(request), "query");
      const rows = await listEvents(readsOf(ctx, response), {
        after: positionOf(after),
        product: callerOf(response).product,
        limit,
      });
      const data = rows.map((row) => ({
        id: cursorOf(row),
        at: row.at,
        kind: row.kind,
        subject: { kind: row.subjectKind, id: row.subject },
        data: row.data,
      }));
      response.json({ data, page: { next: data.at(-1)?.id ?? after ?? null } });
    })
    .all(onlyMethods("GET"));
  return router;
}

function positionOf(after: string | undefined): EventPosition | null {
  const [, transaction = "", id = ""] = keyOfCursor(after, POSITION, "after") ?? [];
  return transaction === "" ? null : { transaction, id: Number(id) };
}

function cursorOf({ transaction, id }: EventPosition): string {
  return cursorAfter(`${transaction}-${id}`);
}
