import { z } from "zod";
import { type EventPosition, listEvents } from "../identity/events.ts";
import { idOut, instant, listOf } from "./fields.ts";
import { cursorAfter, keyOfCursor, paging } from "./input.ts";
import { route } from "./route.ts";

// Nineteen digits are more transactions than any server will see, and always fit into xid8.
const POSITION = /^(\d{1,19})-(\d{1,15})$/;

/**
 * `/events?after=`: what changed, in the order of commits. `page.next` is where to go on, also when nothing new is
 * there yet, so a reader asks with it again and again; each event's id is such a place too.
 */
export const eventRoutes = [
  route({
    id: "events.list",
    method: "GET",
    path: "/events",
    summary: "Read what changed, in the order of commits",
    guard: { permission: "events:read", anywhere: true },
    query: z.strictObject({ limit: paging.limit, after: z.string().max(200).optional() }),
    answer: listOf(
      z
        .object({
          id: z.string(),
          at: instant,
          kind: z.string(),
          subject: z.object({ kind: z.string(), id: idOut }),
          data: z.record(z.string(), z.unknown()),
        })
        .meta({ id: "Event" }),
    ),
    read: async (db, { caller, query: { limit, after } }) => {
      const rows = await listEvents(db, { after: positionOf(after), product: caller.product, limit });
      const data = rows.map((row) => ({
        id: cursorOf(row),
        at: row.at,
        kind: row.kind,
        subject: { kind: row.subjectKind, id: row.subject },
        data: row.data,
      }));
      return { data, page: { next: data.at(-1)?.id ?? after ?? null } };
    },
  }),
];

function positionOf(after: string | undefined): EventPosition | null {
  const [, transaction = "", id = ""] = keyOfCursor(after, POSITION, "after") ?? [];
  return transaction === "" ? null : { transaction, id: Number(id) };
}

function cursorOf({ transaction, id }: EventPosition): string {
  return cursorAfter(`${transaction}-${id}`);
}
