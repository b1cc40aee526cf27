import { z } from "zod";
import type { ProductId, WebhookId } from "../db/id.ts";
import { EVENT_KIND_NAMES, type EventKind } from "../identity/event-kinds.ts";
import { loadSecretKey } from "../identity/secrets.ts";
import { replayFrom, testWebhook } from "../identity/webhook-deliveries.ts";
import {
  createWebhook,
  disableWebhook,
  enableWebhook,
  getWebhook,
  LONGEST_OVERLAP,
  listWebhooks,
  removeWebhook,
  rotateWebhookSecret,
  updateWebhook,
} from "../identity/webhooks.ts";
import { require } from "./caller.ts";
import { positionOf } from "./events.ts";
import { idIn, idOut, instant, listOf, text, wholeList } from "./fields.ts";
import { route } from "./route.ts";
import { deliveryAnswer, deliveryOut } from "./webhook-deliveries.ts";

const kind = z.enum(EVENT_KIND_NAMES as [EventKind, ...EventKind[]]).meta({ id: "EventKind" });

const webhookAnswer = z
  .object({
    id: idOut,
    name: z.string(),
    url: z.string(),
    kinds: z.array(kind),
    product: idOut.nullable(),
    state: z.enum(["active", "disabled"]),
    disabledReason: z.string().nullable(),
    disabledAt: instant.nullable(),
    pausedUntil: instant.nullable(),
    previousSecretUntil: instant.nullable(),
    open: z.int(),
    createdBy: z.object({ kind: z.string(), id: z.string().nullable() }),
    createdAt: instant,
  })
  .meta({ id: "Webhook" });

/** Shown once. */
const withSecret = z.object({ webhook: webhookAnswer, secret: z.string() });

const settings = {
  name: text(100),
  url: text(2_000),
  kinds: z.array(kind).max(EVENT_KIND_NAMES.length),
  product: idIn<ProductId>().nullable(),
};
const one = z.strictObject({ id: idIn<WebhookId>() });
const write = { permission: "webhooks:write" } as const;

/** `/webhooks`: where events are sent to. */
export const webhookRoutes = [
  route({
    id: "webhooks.list",
    method: "GET",
    path: "/webhooks",
    summary: "List webhooks",
    guard: { permission: "webhooks:read" },
    answer: listOf(webhookAnswer),
    read: async (db) => wholeList((await listWebhooks(db)).map(webhookOut)),
  }),
  route({
    id: "webhooks.create",
    method: "POST",
    path: "/webhooks",
    summary: "Make a webhook; its secret is shown once",
    guard: write,
    body: z.strictObject({
      ...settings,
      kinds: settings.kinds.default([]),
      product: settings.product.default(null),
    }),
    status: 201,
    answer: withSecret,
    location: ({ webhook }) => `/webhooks/${webhook.id}`,
    lock: "none",
    write: async (tx, { ctx, caller, body }) => {
      // What a webhook is sent, its maker may read.
      require(caller, "events:read", { kind: "organization" });
      const { webhooks } = ctx.config;
      return created(
        await createWebhook(tx, body, { key: loadSecretKey(ctx.config), allowPrivate: webhooks.allowPrivate }),
      );
    },
  }),
  route({
    id: "webhooks.get",
    method: "GET",
    path: "/webhooks/{id}",
    summary: "Show a webhook",
    guard: { permission: "webhooks:read" },
    params: one,
    answer: webhookAnswer,
    read: async (db, { params }) => webhookOut(await getWebhook(db, params.id)),
  }),
  route({
    id: "webhooks.update",
    method: "PATCH",
    path: "/webhooks/{id}",
    summary: "Change a webhook's name, URL, kinds or product",
    guard: write,
    params: one,
    body: z.strictObject(settings).partial(),
    answer: webhookAnswer,
    current: "webhooks.get",
    lock: "none",
    write: async (tx, { ctx, caller, params, body }) => {
      require(caller, "events:read", { kind: "organization" });
      const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
      return webhookOut(await updateWebhook(tx, params.id, given, ctx.config.webhooks));
    },
  }),
  route({
    id: "webhooks.remove",
    method: "DELETE",
    path: "/webhooks/{id}",
    summary: "Remove a webhook with everything that waits for it",
    guard: write,
    params: one,
    current: "webhooks.get",
    lock: "none",
    write: (tx, { params }) => removeWebhook(tx, params.id),
  }),
  route({
    id: "webhooks.rotateSecret",
    method: "POST",
    path: "/webhooks/{id}/rotate-secret",
    summary: "Give a webhook a new secret, which is shown once; the one before it signs too for a while",
    guard: write,
    params: one,
    body: z.strictObject({ overlapHours: z.int().min(0).max(LONGEST_OVERLAP).default(24) }),
    answer: withSecret,
    current: "webhooks.get",
    lock: "none",
    write: async (tx, { ctx, params, body }) =>
      created(await rotateWebhookSecret(tx, params.id, body.overlapHours, { key: loadSecretKey(ctx.config) })),
  }),
  route({
    id: "webhooks.disable",
    method: "POST",
    path: "/webhooks/{id}/disable",
    summary: "Send a webhook nothing until it is enabled",
    guard: write,
    params: one,
    body: z.strictObject({ reason: text(500) }),
    answer: webhookAnswer,
    current: "webhooks.get",
    lock: "none",
    write: async (tx, { params, body }) => webhookOut(await disableWebhook(tx, params.id, body.reason)),
  }),
  route({
    id: "webhooks.enable",
    method: "POST",
    path: "/webhooks/{id}/enable",
    summary: "Send to a disabled webhook again, with what it missed or without",
    guard: write,
    params: one,
    body: z.strictObject({ missed: z.enum(["send", "skip"]).default("send") }),
    answer: webhookAnswer,
    current: "webhooks.get",
    lock: "none",
    write: async (tx, { params, body }) => webhookOut(await enableWebhook(tx, params.id, body.missed)),
  }),
  route({
    id: "webhooks.test",
    method: "POST",
    path: "/webhooks/{id}/test",
    summary: "Send a webhook an event of the kind webhook.test",
    guard: write,
    params: one,
    status: 202,
    answer: deliveryAnswer,
    lock: "none",
    write: async (tx, { params }) => deliveryOut(await testWebhook(tx, params.id)),
  }),
  route({
    id: "webhooks.replay",
    method: "POST",
    path: "/webhooks/{id}/replay",
    summary: "Send a webhook everything once more that happened after an event; null: from the beginning",
    guard: write,
    params: one,
    body: z.strictObject({ after: z.string().max(200).nullable() }),
    status: 202,
    answer: webhookAnswer,
    lock: "none",
    write: async (tx, { params, body }) => {
      await replayFrom(tx, params.id, positionOf(body.after, "/after"));
      return webhookOut(await getWebhook(tx, params.id));
    },
  }),
];

type Shown = Awaited<ReturnType<typeof getWebhook>>;

function webhookOut(webhook: Shown) {
  return { ...webhook, kinds: [...webhook.kinds] };
}

function created({ webhook, secret }: { webhook: Shown; secret: string }) {
  return { webhook: webhookOut(webhook), secret };
}
