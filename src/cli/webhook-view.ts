import type { Db } from "../db/connection.ts";
import { parseId, type WebhookId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { getWebhook, listWebhooks, type Webhook } from "../identity/webhooks.ts";
import { type Answer, facts } from "./answer.ts";

/** By its id, or its name where one webhook alone has it. @throws MusterError `not-found`, `conflict` with candidates. */
export async function resolveWebhook(db: Db, text: string): Promise<Webhook> {
  const id = parseId<WebhookId>(text);
  if (id !== undefined) return getWebhook(db, id);
  const [found, ...others] = (await listWebhooks(db)).filter(({ name }) => name === text);
  if (!found) throw new MusterError("not-found", "there is no such webhook", { at: text });
  if (others.length > 0)
    throw new MusterError("conflict", "several webhooks have this name; name it by its id", {
      at: text,
      candidates: [found, ...others].map((one) => one.id),
    });
  return found;
}

/** One webhook for a person to read. */
export function shown(webhook: Webhook): Answer {
  const { kinds, createdBy, ...rest } = webhook;
  return { json: webhook, text: facts({ ...rest, kinds: kinds.join(" ") || "all", by: createdBy.id }) };
}
