import type { Db } from "../db/connection.ts";
import { binding, inScopes, type Within } from "./within.ts";

/** A place in the feed: after the event with this transaction and number. */
export type EventPosition = { transaction: string; id: number };

// Nineteen digits are more transactions than any server will see, and always fit into xid8.
const POSITION = /^(\d{1,19})-(\d{1,15})$/;

/** An event's id on every face: its place in the feed, opaque to whoever reads it. */
export function eventId({ transaction, id }: EventPosition): string {
  return Buffer.from(`${transaction}-${id}`, "utf8").toString("base64url");
}

/** The place that an event's id names; undefined when it is none. */
export function parseEventId(text: string): EventPosition | undefined {
  const [, transaction, id] = POSITION.exec(Buffer.from(text, "base64url").toString("utf8")) ?? [];
  const position = transaction === undefined ? undefined : { transaction, id: Number(id) };
  return position && eventId(position) === text ? position : undefined;
}

export type EventRow = EventPosition & {
  at: Date;
  kind: string;
  subjectKind: string;
  subject: string;
  data: Record<string, unknown>;
};

/**
 * What changed after `after`, in the order of commits: no event ever appears before one that was read already.
 * Number alone is no commit order, so rows are ordered by transaction first and reading stops below the oldest
 * transaction that still runs (design §3.3).
 * @param within only what concerns products in these scopes.
 */
export async function listEvents(
  db: Db,
  query: { after: EventPosition | null; within: Within; limit: number },
): Promise<EventRow[]> {
  const values: unknown[] = [db.organization, query.after?.transaction ?? "0", query.after?.id ?? 0];
  const narrowed =
    query.within === null
      ? "true"
      : `exists (select from products p where p.organization = $1 and p.id::text = o.data ->> 'product'
          and ${inScopes(query.within, "product", "p", binding(values))})`;
  return db.query<EventRow>({
    // Qualified, because a bare name in "order by" is the answer's column first, and that one is text. The place is compared
    // as it is: a coalesce() in the comparison would not count as leakproof, and the policy would have all events read before it.
    text: `select o.transaction::text, o.id, o.at, o.kind, o.subject_kind as "subjectKind", o.subject, o.data from outbox o
      where o.organization = $1 and (o.transaction, o.id) > ($2::xid8, $3::bigint)
        and o.transaction < transactions_settled()
        and ${narrowed}
      order by o.transaction, o.id limit ${Math.trunc(query.limit)}`,
    values,
    prepared: true,
  });
}
