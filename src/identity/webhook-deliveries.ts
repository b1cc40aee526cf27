import type { Db } from "../db/connection.ts";
import { newId, type WebhookDeliveryId, type WebhookId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import type { EventPosition } from "./events.ts";
import { recordChanges } from "./record.ts";
import { lockWebhook } from "./webhooks.ts";

export const DELIVERY_STATES = ["waiting", "pending", "delivered", "failed"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One event on its way to one webhook. */
export type WebhookDelivery = {
  id: WebhookDeliveryId;
  /** Its place among the organization's deliveries. */
  number: number;
  /** The event's place in the feed; null: a test. */
  event: EventPosition | null;
  kind: string;
  subject: string;
  /** `waiting`: an earlier event of the same subject comes first. */
  state: DeliveryState;
  attempts: number;
  /** When the next attempt is due; null: none is. */
  nextAttemptAt: Date | null;
  attemptedAt: Date | null;
  /** The status that the receiver answered the last attempt with; null: there was no answer. */
  replyStatus: number | null;
  /** The beginning of its answer, or why there was none. */
  reply: string | null;
  createdAt: Date;
  endedAt: Date | null;
};

/** Days for which ended deliveries are kept to be looked at. */
const KEPT_DAYS = 14;

const COLUMNS = `d.id, d.number, case when d.event is not null then
    json_build_object('transaction', d.transaction::text, 'id', d.event) end as event,
  d.kind, d.subject, d.state, d.attempts, case when d.state = 'pending' then d.next_attempt_at end as "nextAttemptAt",
  d.attempted_at as "attemptedAt", d.reply_status as "replyStatus", d.reply, d.created_at as "createdAt",
  d.ended_at as "endedAt"`;

/** A webhook's deliveries, the latest first, from before one number on. */
export async function listDeliveries(
  db: Db,
  webhook: WebhookId,
  query: { state: DeliveryState | null; before: number | null; limit: number },
): Promise<WebhookDelivery[]> {
  const values: unknown[] = [db.organization, webhook];
  const behind = query.before === null ? "" : `and d.number < $${values.push(query.before)}::bigint`;
  const inState = query.state === null ? "" : `and d.state = $${values.push(query.state)}`;
  return db.query<WebhookDelivery>({
    text: `select ${COLUMNS} from webhook_deliveries d
      where d.organization = $1 and d.webhook = $2 ${behind} ${inState}
      order by d.number desc limit ${Math.trunc(query.limit)}`,
    values,
    // Few are in one state and very many in another: no plan serves both.
    ...(query.state === null && { prepared: true }),
  });
}

/**
 * Sends a webhook an event of the kind `webhook.test`, which is about nothing that happened.
 * Before: any. After: it is a delivery like every other.
 * @throws MusterError `not-found`; `conflict` when the webhook is disabled.
 */
export async function testWebhook(tx: Tx, webhook: WebhookId): Promise<WebhookDelivery> {
  await lockActive(tx, webhook);
  const id = newId<WebhookDeliveryId>();
  await tx.query({
    text: `insert into webhook_deliveries (organization, id, webhook, kind, subject, state)
      select $1, $2, $3, 'webhook.test', $3, case when exists (select from webhook_deliveries d
        where d.organization = $1 and d.webhook = $3 and d.subject = $3 and d.state in ('waiting', 'pending'))
        then 'waiting' else 'pending' end`,
    values: [tx.organization, id, webhook],
  });
  await recordChanges(tx, [
    { action: "webhook.tested", subjectKind: "webhook", subject: webhook, detail: { delivery: id } },
  ]);
  return getDelivery(tx, webhook, id);
}

/**
 * Sends a delivery once more, under the same webhook-id; one that is to be tried again later is tried now.
 * Before: any. After: it is pending, or waits for those of its subject that are open.
 * @throws MusterError `not-found`; `conflict` when the webhook is disabled, or the delivery waits already.
 */
export async function replayDelivery(tx: Tx, webhook: WebhookId, id: WebhookDeliveryId): Promise<WebhookDelivery> {
  await lockActive(tx, webhook);
  const { state } = await getDelivery(tx, webhook, id);
  if (state === "waiting")
    throw new MusterError("conflict", "an earlier event of the same subject is sent first", { at: "delivery" });
  await tx.query({
    text: `update webhook_deliveries r set next_attempt_at = statement_timestamp(), ended_at = null,
        failures = case when r.state = 'pending' then r.failures else 0 end,
        state = case when r.state <> 'pending' and exists (select from webhook_deliveries d
          where d.organization = $1 and d.webhook = $2 and d.subject = r.subject and d.state in ('waiting', 'pending'))
          then 'waiting' else 'pending' end
      where r.organization = $1 and r.id = $3`,
    values: [tx.organization, webhook, id],
  });
  await recordChanges(tx, [
    { action: "webhook.replayed", subjectKind: "webhook", subject: webhook, detail: { delivery: id } },
  ]);
  return getDelivery(tx, webhook, id);
}

/**
 * Sends a webhook everything once more that happened after an event, under the same webhook-ids.
 * Before: any. After: the webhook's place in the outbox is behind that event, and what was delivered after it is open again.
 * @throws MusterError `not-found`.
 */
export async function replayFrom(tx: Tx, webhook: WebhookId, after: EventPosition | null): Promise<void> {
  await lockWebhook(tx, webhook);
  const values = [tx.organization, webhook, after?.transaction ?? "0", after?.id ?? 0];
  await tx.query({
    text: `delete from webhook_deliveries where organization = $1 and webhook = $2 and state in ('delivered', 'failed')
      and (transaction, event) > ($3::xid8, $4::bigint)`,
    values,
  });
  // Never forward: what lies in between would be left out.
  await tx.query({
    text: `update webhooks set after_transaction = $3::xid8, after_event = $4, since = '1:1:'
      where organization = $1 and id = $2 and (after_transaction, after_event) > ($3::xid8, $4::bigint)`,
    values,
  });
  await recordChanges(tx, [
    { action: "webhook.replayed", subjectKind: "webhook", subject: webhook, detail: { after } },
  ]);
}

/** Deliveries that are forgotten at once: a longer transaction would hold up whoever reads events. */
export const PRUNED_AT_ONCE = 10_000;

/** Forgets deliveries that ended two weeks ago, so many at once. For a job. Returns how many there were. */
export async function pruneDeliveries(tx: Tx): Promise<number> {
  const rows = await tx.query({
    text: `delete from webhook_deliveries where organization = $1 and id in (
        select id from webhook_deliveries
        where organization = $1 and ended_at < statement_timestamp() - make_interval(days => $2)
        order by ended_at limit ${PRUNED_AT_ONCE})
      returning 1`,
    values: [tx.organization, KEPT_DAYS],
  });
  return rows.length;
}

async function getDelivery(db: Db, webhook: WebhookId, id: WebhookDeliveryId): Promise<WebhookDelivery> {
  const [delivery] = await db.query<WebhookDelivery>({
    text: `select ${COLUMNS} from webhook_deliveries d where d.organization = $1 and d.webhook = $2 and d.id = $3`,
    values: [db.organization, webhook, id],
  });
  if (!delivery) throw new MusterError("not-found", "there is no such delivery", { at: "delivery" });
  return delivery;
}

async function lockActive(tx: Tx, webhook: WebhookId): Promise<void> {
  await lockWebhook(tx, webhook);
  const [row] = await tx.query<{ active: boolean }>({
    text: "select state = 'active' as active from webhooks where organization = $1 and id = $2",
    values: [tx.organization, webhook],
  });
  if (!row?.active) throw new MusterError("conflict", "the webhook is disabled; enable it first", { at: "id" });
}
