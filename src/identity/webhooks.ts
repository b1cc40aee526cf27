import { randomBytes } from "node:crypto";
import type { Db } from "../db/connection.ts";
import { newId, type ProductId, type WebhookId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import type { EventKind } from "./event-kinds.ts";
import { recordChanges } from "./record.ts";
import { openSecret, type SecretKey, type SecretPlace, sealSecret } from "./secrets.ts";
import { parseWebhookUrl } from "./webhook-url.ts";

/** What an administrator decides of a webhook. */
export type WebhookSettings = {
  name: string;
  url: string;
  /** Which events; empty: all. */
  kinds: readonly EventKind[];
  /** Only what concerns access to this product; null: everything. */
  product: ProductId | null;
};

export type Webhook = WebhookSettings & {
  id: WebhookId;
  state: "active" | "disabled";
  disabledReason: string | null;
  disabledAt: Date | null;
  /** It did not answer at all for a while and is left alone until then. */
  pausedUntil: Date | null;
  /** Until when the secret before the present one signs too. */
  previousSecretUntil: Date | null;
  /** Deliveries that wait to be sent. */
  open: number;
  createdBy: { kind: string; id: string | null };
  createdAt: Date;
};

/** A webhook's secret at the moment it is made: the only time that it is shown. */
export type NewSecret = { webhook: Webhook; secret: string };

/** What the rules need of the installation. */
export type WebhookRules = { key: SecretKey; allowPrivate: boolean };

/** Webhooks of one organization. */
const MOST_WEBHOOKS = 20;
/** Hours for which a rotated secret may go on signing. */
export const LONGEST_OVERLAP = 168;

const COLUMNS = `w.id, w.name, w.url, w.kinds, w.product, w.state, w.disabled_reason as "disabledReason",
  w.disabled_at as "disabledAt",
  case when w.paused_until > statement_timestamp() then w.paused_until end as "pausedUntil",
  case when w.previous_until > statement_timestamp() then w.previous_until end as "previousSecretUntil",
  (select count(*) from webhook_deliveries d where d.organization = w.organization and d.webhook = w.id
    and d.state in ('waiting', 'pending')) as open,
  json_build_object('kind', w.created_by_kind, 'id', w.created_by) as "createdBy", w.created_at as "createdAt"`;

/**
 * A new webhook. Before: any. After: every event that is committed from now on and is of its kinds will be delivered to its
 * URL, signed with the secret, which is kept sealed; an audit row stands.
 * @throws MusterError `invalid-value` (the URL), `not-found` (the product), `conflict` when there are twenty.
 */
export async function createWebhook(tx: Tx, settings: WebhookSettings, rules: WebhookRules): Promise<NewSecret> {
  const id = newId<WebhookId>();
  const url = parseWebhookUrl(settings.url, rules.allowPrivate);
  await requireProduct(tx, settings.product);
  // Several at the same moment are counted one after the other.
  await tx.query({ text: "select pg_advisory_xact_lock(hashtextextended($1, 4243))", values: [tx.organization] });
  const [count] = await tx.query<{ webhooks: number }>({
    text: "select count(*) as webhooks from webhooks where organization = $1",
    values: [tx.organization],
  });
  if ((count?.webhooks ?? 0) >= MOST_WEBHOOKS)
    throw new MusterError("conflict", `an organization has at most ${MOST_WEBHOOKS} webhooks; remove one first`);
  const secret = newSecret();
  await tx.query({
    text: `insert into webhooks (organization, id, name, url, kinds, product, secret, after_transaction, after_event,
        since, created_by_kind, created_by)
      values ($1, $2, $3, $4, $5, $6, $7, transactions_settled(), 0, snapshot_now(), $8, $9)`,
    values: [
      tx.organization,
      id,
      settings.name,
      url,
      settings.kinds,
      settings.product,
      sealSecret(rules.key, secretPlace(tx, id), secret),
      tx.actor.kind,
      tx.actor.id,
    ],
  });
  await record(tx, "webhook.created", id, { ...settings, url: withoutQuery(url) });
  return { webhook: await getWebhook(tx, id), secret };
}

/**
 * Gives a webhook other settings; those left out stay. Before: any. After: they hold for every event that is not yet a
 * delivery, the URL also for those that wait.
 * @throws MusterError `not-found`, `invalid-value` (the URL).
 */
export async function updateWebhook(
  tx: Tx,
  id: WebhookId,
  change: Partial<WebhookSettings>,
  rules: Pick<WebhookRules, "allowPrivate">,
): Promise<Webhook> {
  await lockWebhook(tx, id);
  const before = await getWebhook(tx, id);
  const { name, kinds, product } = { ...before, ...change };
  const url = change.url === undefined ? before.url : parseWebhookUrl(change.url, rules.allowPrivate);
  await requireProduct(tx, product);
  await tx.query({
    text: `update webhooks set name = $3, url = $4, kinds = $5, product = $6, updated_at = statement_timestamp()
      where organization = $1 and id = $2`,
    values: [tx.organization, id, name, url, kinds, product],
  });
  await record(tx, "webhook.updated", id, { name, url: withoutQuery(url), kinds, product });
  return getWebhook(tx, id);
}

/** Before: any. After: the webhook, what waits for it and its list of deliveries are gone. @throws MusterError `not-found`. */
export async function removeWebhook(tx: Tx, id: WebhookId): Promise<void> {
  await lockWebhook(tx, id);
  const { name, url } = await getWebhook(tx, id);
  await tx.query({
    text: "delete from webhooks where organization = $1 and id = $2",
    values: [tx.organization, id],
  });
  await record(tx, "webhook.removed", id, { name, url: withoutQuery(url) });
}

/**
 * Gives a webhook a new secret. Before: any. After: deliveries are signed with the new one, and for so many hours with the
 * one before it too; one still older signs no more.
 * @throws MusterError `not-found`.
 */
export async function rotateWebhookSecret(
  tx: Tx,
  id: WebhookId,
  overlapHours: number,
  rules: Pick<WebhookRules, "key">,
): Promise<NewSecret> {
  await lockWebhook(tx, id);
  const secret = newSecret();
  const [row] = await tx.query<{ before: Buffer }>({
    text: "select secret as before from webhooks where organization = $1 and id = $2",
    values: [tx.organization, id],
  });
  const before = openSecret(rules.key, secretPlace(tx, id), (row as { before: Buffer }).before);
  await tx.query({
    text: `update webhooks set secret = $3, previous_secret = case when $5 > 0 then $4::bytea end,
        previous_until = case when $5 > 0 then statement_timestamp() + make_interval(hours => $5) end,
        updated_at = statement_timestamp()
      where organization = $1 and id = $2`,
    values: [
      tx.organization,
      id,
      sealSecret(rules.key, secretPlace(tx, id), secret),
      sealSecret(rules.key, secretPlace(tx, id, "previous_secret"), before),
      overlapHours,
    ],
  });
  await record(tx, "webhook.secret-rotated", id, { overlapHours });
  return { webhook: await getWebhook(tx, id), secret };
}

/** Before: any. After: nothing is sent until it is enabled; events go on to be kept for it. @throws MusterError `not-found`. */
export async function disableWebhook(tx: Tx, id: WebhookId, reason: string): Promise<Webhook> {
  await lockWebhook(tx, id);
  const rows = await tx.query({
    text: `update webhooks set state = 'disabled', disabled_reason = $3, disabled_at = statement_timestamp(),
        updated_at = statement_timestamp()
      where organization = $1 and id = $2 and state = 'active' returning id`,
    values: [tx.organization, id, reason],
  });
  if (rows.length > 0)
    await recordChanges(tx, [
      { action: "webhook.disabled", subjectKind: "webhook", subject: id, detail: { reason }, event: true },
    ]);
  return getWebhook(tx, id);
}

/**
 * Sends again to a disabled webhook. Before: any. After: it gets what happened meanwhile, in order; with `skip` what waits
 * is dropped and it gets what happens from now on.
 * @throws MusterError `not-found`.
 */
export async function enableWebhook(tx: Tx, id: WebhookId, missed: "send" | "skip"): Promise<Webhook> {
  await lockWebhook(tx, id);
  const rows = await tx.query({
    text: `update webhooks set state = 'active', disabled_reason = null, disabled_at = null, failures = 0,
        silences = 0, paused_until = null,
        after_transaction = case when $3 then transactions_settled() else after_transaction end,
        after_event = case when $3 then 0 else after_event end,
        since = case when $3 then snapshot_now() else since end, updated_at = statement_timestamp()
      where organization = $1 and id = $2 and state = 'disabled' returning id`,
    values: [tx.organization, id, missed === "skip"],
  });
  if (rows.length === 0) return getWebhook(tx, id);
  if (missed === "skip")
    await tx.query({
      text: `delete from webhook_deliveries where organization = $1 and webhook = $2 and state in ('waiting', 'pending')`,
      values: [tx.organization, id],
    });
  await record(tx, "webhook.enabled", id, { missed });
  return getWebhook(tx, id);
}

/** The organization's webhooks, the oldest first. */
export async function listWebhooks(db: Db): Promise<Webhook[]> {
  return db.query<Webhook>({
    text: `select ${COLUMNS} from webhooks w where w.organization = $1 order by w.id`,
    values: [db.organization],
    prepared: true,
  });
}

/** @throws MusterError `not-found`. */
export async function getWebhook(db: Db, id: WebhookId): Promise<Webhook> {
  const [webhook] = await db.query<Webhook>({
    text: `select ${COLUMNS} from webhooks w where w.organization = $1 and w.id = $2`,
    values: [db.organization, id],
    prepared: true,
  });
  if (!webhook) throw unknown();
  return webhook;
}

/** Whoever changes a webhook, makes deliveries for it or ends one has this lock first. @throws MusterError `not-found`. */
export async function lockWebhook(tx: Tx, id: WebhookId): Promise<void> {
  const rows = await tx.query({
    text: "select id from webhooks where organization = $1 and id = $2 for no key update",
    values: [tx.organization, id],
  });
  if (rows.length === 0) throw unknown();
}

/** Where a webhook's secret stands; nowhere else does it open. */
export function secretPlace(
  { organization }: Db,
  id: WebhookId,
  column: "secret" | "previous_secret" = "secret",
): SecretPlace {
  return { organization, table: "webhooks", column, row: id };
}

async function requireProduct(tx: Tx, product: ProductId | null): Promise<void> {
  if (product === null) return;
  const rows = await tx.query({
    text: "select id from products where organization = $1 and id = $2",
    values: [tx.organization, product],
  });
  if (rows.length === 0) throw new MusterError("not-found", "there is no such product", { at: "product" });
}

async function record(tx: Tx, action: string, subject: WebhookId, detail: object): Promise<void> {
  await recordChanges(tx, [{ action, subjectKind: "webhook", subject, detail }]);
}

/** Standard Webhooks: 24 to 64 random bytes in base64. */
function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** What stands behind the question mark may be a key of the receiver's. */
function withoutQuery(url: string): string {
  return url.split("?")[0] ?? "";
}

function unknown(): MusterError {
  return new MusterError("not-found", "there is no such webhook", { at: "id" });
}
