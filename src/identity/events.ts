import type { Db } from "../db/connection.ts";
import type { ProductId } from "../db/id.ts";

/** A place in the feed: after the event with this transaction and number. */
export type EventPosition = { transaction: string; id: number };

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
 * @param product only what concerns access to this product.
 */
export async function listEvents(
  db: Db,
  query: { after: EventPosition | null; product: ProductId | null; limit: number },
): Promise<EventRow[]> {
  return db.query<EventRow>({
    // Qualified, because a bare name in "order by" is the answer's column first, and that one is text.
    text: `select o.transaction::text, o.id, o.at, o.kind, o.subject_kind as "subjectKind", o.subject, o.data from outbox o
      where o.organization = $1 and (o.transaction, o.id) > ($2::xid8, $3::bigint)
        and o.transaction < pg_snapshot_xmin(pg_current_snapshot())
        and ($4::text is null or o.data ->> 'product' = $4)
      order by o.transaction, o.id limit $5`,
    values: [db.organization, query.after?.transaction ?? "0", query.after?.id ?? 0, query.product, query.limit],
  });
}
