import { type Command, Option } from "commander";
import { parseId, type WebhookDeliveryId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { eventId, parseEventId } from "../identity/events.ts";
import {
  DELIVERY_STATES,
  type DeliveryState,
  listDeliveries,
  replayDelivery,
  replayFrom,
  testWebhook,
  type WebhookDelivery,
} from "../identity/webhook-deliveries.ts";
import { disableWebhook, enableWebhook, getWebhook } from "../identity/webhooks.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { answerOrTell, type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import { count } from "./input.ts";
import { resolveWebhook, shown } from "./webhook-view.ts";

const MOST_LISTED = 1_000;

/** What is sent to a webhook: `deliveries`, `test`, `replay`, `disable`, `enable`. */
export function registerWebhookDeliveries(webhook: Command, line: CommandLine): void {
  webhook
    .command("deliveries <webhook>")
    .description("what was sent and what waits, the newest first")
    .addOption(new Option("--state <state>", "only these").choices([...DELIVERY_STATES]))
    .option("--limit <n>", `at most this many (default: 100, at most ${MOST_LISTED})`, count, 100)
    .action(
      line.inOrganization(async ({ db }, options: { state?: DeliveryState; limit: number }, text: string) => {
        const { id } = await resolveWebhook(db, text);
        const limit = Math.min(options.limit, MOST_LISTED);
        const all = (await listDeliveries(db, id, { state: options.state ?? null, before: null, limit })).map(view);
        return {
          json: all,
          text: table(
            ["kind", "state", "attempts", "answer", "next attempt", "event", "id"],
            all.map((one) => [
              one.kind,
              one.state,
              one.attempts,
              one.replyStatus ?? one.reply,
              one.nextAttemptAt,
              one.event,
              one.id,
            ]),
          ),
        };
      }),
    );
  webhook
    .command("test <webhook>")
    .description("send it an event of the kind webhook.test; it leaves while a worker runs")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, text: string) => {
        const work = async (tx: Tx) => view(await testWebhook(tx, (await resolveWebhook(tx, text)).id));
        return writeOrTell(session, options, work, (sent) => ({ json: sent, text: facts(sent) }), "none");
      }),
    );
  webhook
    .command("replay <webhook>")
    .description("send it once more what happened after an event, or one delivery")
    .addOption(new Option("--delivery <id>", "only this delivery, or try it again now"))
    .addOption(new Option("--after <event>", "what happened after this event").conflicts(["delivery", "beginning"]))
    .addOption(new Option("--beginning", "everything that is still known").conflicts(["delivery", "after"]))
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & From, text: string) => {
        const work = async (tx: Tx) => {
          const { id } = await resolveWebhook(tx, text);
          if (options.delivery !== undefined) {
            const sent = view(await replayDelivery(tx, id, deliveryId(options.delivery)));
            return { json: sent, text: facts(sent) };
          }
          await replayFrom(tx, id, positionOf(options));
          return shown(await getWebhook(tx, id));
        };
        return answerOrTell(session, options, work, "none");
      }),
    );
  webhook
    .command("disable <webhook>")
    .description("send it nothing until it is enabled; events go on to be kept for it")
    .requiredOption("--reason <text>", "is shown with it and stands in the audit")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & { reason: string }, text: string) => {
        const work = async (tx: Tx) => disableWebhook(tx, (await resolveWebhook(tx, text)).id, options.reason);
        return writeOrTell(session, options, work, shown, "none");
      }),
    );
  webhook
    .command("enable <webhook>")
    .description("send to it again")
    .addOption(new Option("--missed <what>", "what it missed").choices(["send", "skip"]).default("send"))
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & { missed: "send" | "skip" }, text: string) => {
        const work = async (tx: Tx) => enableWebhook(tx, (await resolveWebhook(tx, text)).id, options.missed);
        return writeOrTell(session, options, work, shown, "none");
      }),
    );
}

type From = { delivery?: string; after?: string; beginning?: true };

function positionOf({ after, beginning }: From) {
  if (beginning) return null;
  const position = after === undefined ? undefined : parseEventId(after);
  if (position === undefined)
    throw new MusterError("usage", "give --delivery, --after with an event's id, or --beginning", { at: "--after" });
  return position;
}

function deliveryId(text: string): WebhookDeliveryId {
  const id = parseId<WebhookDeliveryId>(text);
  if (id === undefined) throw new MusterError("not-found", "there is no such delivery", { at: "--delivery" });
  return id;
}

function view({ number: _, ...delivery }: WebhookDelivery) {
  return { ...delivery, event: delivery.event && eventId(delivery.event) };
}
