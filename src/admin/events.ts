import { z } from "zod";
import { EVENT_KINDS } from "../identity/event-kinds.ts";
import { type EventPosition, eventId, listEvents, parseEventId } from "../identity/events.ts";
import { reach } from "../identity/rights/permissions.ts";
import { idOut, instant, listOf, wholeList } from "./fields.ts";
import { paging } from "./input.ts";
import { InvalidInput } from "./problem.ts";
import { route } from "./route.ts";

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
      const within = reach(caller.held, "events:read");
      const rows = await listEvents(db, { after: positionOf(after, "after"), within, limit });
      const data = rows.map((row) => ({
        id: eventId(row),
        at: row.at,
        kind: row.kind,
        subject: { kind: row.subjectKind, id: row.subject },
        data: row.data,
      }));
      return { data, page: { next: data.at(-1)?.id ?? after ?? null } };
    },
  }),
  route({
    id: "events.kinds",
    method: "GET",
    path: "/events/kinds",
    summary: "List every kind of event, with what it means",
    guard: "known",
    answer: listOf(z.object({ kind: z.string(), meaning: z.string() })),
    read: async () => wholeList(Object.entries(EVENT_KINDS).map(([kind, meaning]) => ({ kind, meaning }))),
  }),
];

/** The place that an event's id names; null: before all of them. @throws InvalidInput. */
export function positionOf(id: string | null | undefined, place: string): EventPosition | null {
  if (id === null || id === undefined) return null;
  const position = parseEventId(id);
  if (!position) throw new InvalidInput([{ pointer: place, code: "invalid", message: "this is no id of an event" }]);
  return position;
}
