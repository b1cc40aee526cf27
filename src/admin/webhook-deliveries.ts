import { z } from "zod";
import type { WebhookDeliveryId, WebhookId } from "../db/id.ts";
import { eventId } from "../identity/events.ts";
import {
  DELIVERY_STATES,
  listDeliveries,
  replayDelivery,
  type WebhookDelivery,
} from "../identity/webhook-deliveries.ts";
import { getWebhook } from "../identity/webhooks.ts";
import { idIn, idOut, instant, listOf, pageOf } from "./fields.ts";
import { keyOfCursor, paging } from "./input.ts";
import { route } from "./route.ts";

const state = z.enum(DELIVERY_STATES);

export const deliveryAnswer = z
  .object({
    id: idOut,
    /** The webhook-id that the receiver sees. */
    messageId: z.string(),
    event: z.string().nullable(),
    kind: z.string(),
    subject: idOut,
    state,
    attempts: z.int(),
    nextAttemptAt: instant.nullable(),
    attemptedAt: instant.nullable(),
    replyStatus: z.int().nullable(),
    reply: z.string().nullable(),
    createdAt: instant,
    endedAt: instant.nullable(),
  })
  .meta({ id: "WebhookDelivery" });

export function deliveryOut({ number: _, ...delivery }: WebhookDelivery) {
  const event = delivery.event && eventId(delivery.event);
  return { ...delivery, event, messageId: event ?? delivery.id };
}

/** `/webhooks/{id}/deliveries`: what was sent to a webhook, and what waits. */
export const webhookDeliveryRoutes = [
  route({
    id: "webhooks.deliveries",
    method: "GET",
    path: "/webhooks/{id}/deliveries",
    summary: "List what was sent to a webhook and what waits, the latest first",
    guard: { permission: "webhooks:read" },
    params: z.strictObject({ id: idIn<WebhookId>() }),
    query: z.strictObject({ ...paging, state: state.optional() }),
    answer: listOf(deliveryAnswer),
    read: async (db, { params, query }) => {
      await getWebhook(db, params.id);
      const [, before] = keyOfCursor(query.cursor, /^(\d{1,15})$/, "cursor") ?? [];
      const found = await listDeliveries(db, params.id, {
        state: query.state ?? null,
        before: before === undefined ? null : Number(before),
        limit: query.limit + 1,
      });
      const { data, page } = pageOf(found, query.limit, ({ number }) => String(number));
      return { data: data.map(deliveryOut), page };
    },
  }),
  route({
    id: "webhooks.replayDelivery",
    method: "POST",
    path: "/webhooks/{id}/deliveries/{delivery}/replay",
    summary: "Send a delivery once more, or try it again now",
    guard: { permission: "webhooks:write" },
    params: z.strictObject({ id: idIn<WebhookId>(), delivery: idIn<WebhookDeliveryId>() }),
    status: 202,
    answer: deliveryAnswer,
    lock: "none",
    write: async (tx, { params }) => deliveryOut(await replayDelivery(tx, params.id, params.delivery)),
  }),
];
