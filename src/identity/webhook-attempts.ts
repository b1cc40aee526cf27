import type { WebhookDeliveryId, WebhookId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import type { EventPosition } from "./events.ts";
import { openSecret, type SecretKey } from "./secrets.ts";
import { disableWebhook, secretPlace } from "./webhooks.ts";

/** Attempts without any answer, one after the other, after which a webhook is left alone, and for how many seconds. */
const SILENCES = 16;
const PAUSE_SECONDS = 60;

/** A delivery that is to be sent now, with everything that a request needs. */
export type Outgoing = {
  id: WebhookDeliveryId;
  webhook: WebhookId;
  url: string;
  /** The present secret first. */
  secrets: string[];
  /** The number of this attempt: an outcome counts only while no later one has begun. */
  attempt: number;
  /** Failures before this one. */
  failures: number;
  /** null: a test. */
  event: EventPosition | null;
  kind: string;
  at: Date;
  subject: { kind: string; id: string };
  detail: object;
};

type Row = Omit<Outgoing, "url" | "secrets" | "webhook" | "subject"> & { subjectKind: string; subject: string };
type Signing = { url: string; secret: Buffer; previous: Buffer | null };

/**
 * Takes deliveries of a webhook that are due, for one attempt each.
 * Before: any. After: nobody else sends these for `holdSeconds`; each attempt is counted; at most `atOnce` of the webhook are held
 * by anybody; no two of one subject. Returns none while the webhook is disabled, paused or gone.
 */
export async function claimDeliveries(
  tx: Tx,
  webhook: WebhookId,
  claim: { most: number; atOnce: number; holdSeconds: number; key: SecretKey },
): Promise<Outgoing[]> {
  const [signing] = await tx.query<Signing>({
    text: `select url, secret, case when previous_until > statement_timestamp() then previous_secret end as previous
      from webhooks where organization = $1 and id = $2 and state = 'active'
        and (paused_until is null or paused_until <= statement_timestamp())
      for no key update`,
    values: [tx.organization, webhook],
  });
  if (!signing) return [];
  const rows = await tx.query<Row>({
    text: `
      with due as (
        select d.id from webhook_deliveries d
        where d.organization = $1 and d.webhook = $2 and d.state = 'pending'
          and d.next_attempt_at <= statement_timestamp()
          and (d.held_until is null or d.held_until <= statement_timestamp())
        order by d.next_attempt_at, d.id
        limit greatest(0, least($3, $4 - (
          select count(*) from webhook_deliveries h
          where h.organization = $1 and h.webhook = $2 and h.state = 'pending'
            and h.held_until > statement_timestamp())))
      ), taken as (
        update webhook_deliveries d set attempts = attempts + 1, attempted_at = statement_timestamp(),
          held_until = statement_timestamp() + make_interval(secs => $5)
        from due where d.organization = $1 and d.id = due.id
        returning d.id, d.attempts, d.failures, d.transaction, d.event, d.kind, d.subject, d.created_at
      )
      select t.id, t.attempts as attempt, t.failures, t.kind, t.subject,
        case when t.event is not null then json_build_object('transaction', t.transaction::text, 'id', t.event) end as event,
        coalesce(o.at, t.created_at) as at, coalesce(o.subject_kind, 'webhook') as "subjectKind",
        coalesce(o.data, '{}') as detail
      from taken t left join outbox o on o.organization = $1 and o.transaction = t.transaction and o.id = t.event`,
    values: [tx.organization, webhook, claim.most, claim.atOnce, claim.holdSeconds],
  });
  const { url, secret, previous } = signing;
  const secrets = [openSecret(claim.key, secretPlace(tx, webhook), secret)];
  if (previous) secrets.push(openSecret(claim.key, secretPlace(tx, webhook, "previous_secret"), previous));
  return rows.map(({ subject, subjectKind, ...row }) => ({
    ...row,
    webhook,
    url,
    secrets,
    subject: { kind: subjectKind, id: subject },
  }));
}

/** How an attempt ended. `reply` is our own words or the beginning of the receiver's. */
export type Attempted = { status: number | null; reply: string } & (
  | { outcome: "delivered" }
  | { outcome: "again"; afterSeconds: number }
  | { outcome: "failed"; gone: boolean }
);

/**
 * Records how an attempt ended.
 * Before: the delivery was claimed. After: it is delivered or failed, and the next one of its subject is pending, or it is due
 * again later; a webhook that never answers is paused for a minute; after `disableAfter` that failed one after the other, or when the receiver is gone for good, the webhook is
 * disabled. Nothing happens when somebody else is at it by now, but that it was delivered is always recorded.
 */
export async function recordAttempt(
  tx: Tx,
  delivery: Pick<Outgoing, "id" | "webhook" | "attempt">,
  attempted: Attempted,
  disableAfter: number,
): Promise<void> {
  const [webhook] = await tx.query<{ failures: number; silences: number }>({
    text: "select failures, silences from webhooks where organization = $1 and id = $2 for no key update",
    values: [tx.organization, delivery.webhook],
  });
  if (!webhook) return;
  await countSilence(tx, delivery.webhook, webhook.silences, attempted.status === null);
  const { outcome } = attempted;
  const ended = outcome !== "again";
  const [row] = await tx.query<{ subject: string }>({
    text: `update webhook_deliveries set state = $4, held_until = null, reply_status = $5, reply = $6,
        failures = failures + case when $4 = 'delivered' then 0 else 1 end,
        next_attempt_at = statement_timestamp() + make_interval(secs => $7),
        ended_at = case when $4 <> 'pending' then statement_timestamp() end
      where organization = $1 and id = $2 and state = 'pending' and ($4 = 'delivered' or attempts = $3)
      returning subject`,
    values: [
      tx.organization,
      delivery.id,
      delivery.attempt,
      ended ? outcome : "pending",
      attempted.status,
      attempted.reply,
      outcome === "again" ? attempted.afterSeconds : 0,
    ],
  });
  if (!row || !ended) return;
  await tx.query({
    text: `update webhook_deliveries set state = 'pending', next_attempt_at = statement_timestamp()
      where organization = $1 and id = (
        select d.id from webhook_deliveries d
        where d.organization = $1 and d.webhook = $2 and d.subject = $3 and d.state = 'waiting'
        order by d.transaction, d.event, d.id limit 1)`,
    values: [tx.organization, delivery.webhook, row.subject],
  });
  const failures = outcome === "failed" ? webhook.failures + 1 : 0;
  if (failures !== webhook.failures)
    await tx.query({
      text: "update webhooks set failures = $3 where organization = $1 and id = $2",
      values: [tx.organization, delivery.webhook, failures],
    });
  if (outcome !== "failed") return;
  if (attempted.gone) await disableWebhook(tx, delivery.webhook, "the receiver answered 410 Gone");
  else if (failures >= disableAfter)
    await disableWebhook(tx, delivery.webhook, `${failures} deliveries failed one after the other`);
}

/** A receiver that is not there at all must not take the places of those that are. */
async function countSilence(tx: Tx, webhook: WebhookId, before: number, silent: boolean): Promise<void> {
  const silences = silent ? before + 1 : 0;
  if (silences === before) return;
  await tx.query({
    text: `update webhooks set silences = $3, paused_until = case when $3 >= ${SILENCES}
        then statement_timestamp() + make_interval(secs => ${PAUSE_SECONDS}) end
      where organization = $1 and id = $2`,
    values: [tx.organization, webhook, silences],
  });
}
