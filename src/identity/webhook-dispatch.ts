import type { Database } from "../db/connection.ts";
import type { OrganizationId, WebhookId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";

/** Events that one turn takes from the outbox for each webhook. */
const BATCH = 500;
/** Deliveries of one webhook that may be open; what comes after them waits in the outbox, which forgets nothing. */
export const MOST_OPEN = 10_000;

/** Organizations with a webhook that has not seen every committed event. */
export async function organizationsBehind(db: Database): Promise<OrganizationId[]> {
  const rows = await db.lookUp<{ organization: OrganizationId }>({
    name: "webhooks-behind",
    text: "select distinct organization from webhooks_behind(1000)",
  });
  return rows.map((row) => row.organization);
}

/**
 * Makes deliveries of what was committed since each webhook of the organization was last here (design §3.3): in the order of
 * `listEvents` and never of an event that may still be preceded by another. Before: any. After: each active webhook that nobody
 * else had locked has come up to 500 events further, and the events of its kinds are deliveries: the first of a subject
 * pending, those behind another of the same subject waiting. Returns whether there may be more at once.
 */
export async function dispatchEvents(tx: Tx): Promise<boolean> {
  // By itself, so that the next statement sees what whoever held these locks has written.
  const locked = await tx.query<{ id: WebhookId }>({
    text: `select id from webhooks where organization = $1 and state = 'active' order by id
      for no key update skip locked`,
    values: [tx.organization],
  });
  if (locked.length === 0) return false;
  const moved = await tx.query<{ read: number; room: number }>({
    text: `
      with place as (
        select w.id, w.kinds, w.product, w.since, w.after_transaction, w.after_event, $4 - (
            select count(*) from (select from webhook_deliveries d
              where d.organization = $1 and d.webhook = w.id and d.state in ('waiting', 'pending') limit $4) open
          ) as room
        from webhooks w where w.organization = $1 and w.id = any ($2)
      ), seen as materialized (
        select p.id as webhook, p.kinds, p.product, p.since, o.transaction, o.event, o.kind, o.subject, o.about
        from place p cross join lateral (
          select o.transaction, o.id as event, o.kind, o.subject, o.data ->> 'product' as about from outbox o
          where o.organization = $1 and (o.transaction, o.id) > (p.after_transaction, p.after_event)
            and o.transaction < transactions_settled()
          order by o.transaction, o.id limit greatest(0, least(p.room, $3))) o
      ), wanted as (
        select s.webhook, s.transaction, s.event, s.kind, s.subject,
          row_number() over (partition by s.webhook, s.subject order by s.transaction, s.event) as turn
        from seen s
        where not pg_visible_in_snapshot(s.transaction, s.since)
          and (s.kinds = '{}' or s.kind = any (s.kinds)) and (s.product is null or s.about = s.product::text)
          -- What is sent again from an earlier event on is partly there.
          and not exists (select from webhook_deliveries d
            where d.organization = $1 and d.webhook = s.webhook and d.event = s.event)
      ), made as (
        insert into webhook_deliveries (organization, id, webhook, transaction, event, kind, subject, state)
        select $1, new_id(), w.webhook, w.transaction, w.event, w.kind, w.subject,
          case when w.turn = 1 and not exists (
            select from webhook_deliveries d where d.organization = $1 and d.webhook = w.webhook
              and d.subject = w.subject and d.state in ('waiting', 'pending')) then 'pending' else 'waiting' end
        from wanted w order by w.transaction, w.event
      ), last as (
        select distinct on (webhook) webhook, transaction, event from seen order by webhook, transaction desc, event desc
      ), forward as (
        update webhooks w set after_transaction = l.transaction, after_event = l.event
        from last l where w.organization = $1 and w.id = l.webhook
      )
      select p.room, (select count(*) from seen s where s.webhook = p.id) as read from place p`,
    values: [tx.organization, locked.map((row) => row.id), BATCH, MOST_OPEN],
  });
  return moved.some(({ read, room }) => read === BATCH && room > BATCH);
}

/**
 * Gives a job to every webhook with something to send and fewer than `atOnce` requests under way. The rows are the record: a
 * job only wakes, and one too many finds nothing to do.
 */
export async function wakeDeliveries(db: Database, atOnce: number): Promise<void> {
  await db.lookUp({
    name: "wake-deliveries",
    text: `select add_job('deliver-webhook', json_build_object('organization', d.organization, 'webhook', d.webhook),
      'webhook:' || d.webhook) from webhooks_due($1, 1000) d`,
    values: [atOnce],
  });
}
