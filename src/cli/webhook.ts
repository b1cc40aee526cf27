import { type Command, Option } from "commander";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { EVENT_KIND_NAMES, type EventKind } from "../identity/event-kinds.ts";
import { resolveProduct } from "../identity/products.ts";
import {
  createWebhook,
  LONGEST_OVERLAP,
  listWebhooks,
  type NewSecret,
  removeWebhook,
  rotateWebhookSecret,
  updateWebhook,
} from "../identity/webhooks.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { answerOrTell, type DryOption, dryRunOption, shownOnce, writeOrTell } from "./dry-run.ts";
import { collected, count } from "./input.ts";
import { secretKey } from "./session.ts";
import { registerWebhookDeliveries } from "./webhook-deliveries.ts";
import { resolveWebhook, shown } from "./webhook-view.ts";

type Wanted = GlobalOptions &
  DryOption & { name?: string; url?: string; kind?: string[] | false; product?: string | false };

/** `muster webhook …`: where events are sent to. */
export function registerWebhook(program: Command, line: CommandLine): void {
  const webhook = program.command("webhook").description("where events are sent to");
  webhook
    .command("list")
    .description("all webhooks")
    .action(
      line.inOrganization(async ({ db }) => {
        const all = await listWebhooks(db);
        return {
          json: all,
          text: table(
            ["name", "url", "kinds", "state", "waiting", "id"],
            all.map((one) => [one.name, one.url, one.kinds.join(" ") || "all", one.state, one.open, one.id]),
          ),
        };
      }),
    );
  webhook
    .command("show <webhook>")
    .description("one webhook, by its name or id")
    .action(
      line.inOrganization(async ({ db }, _options: object, name: string) => shown(await resolveWebhook(db, name))),
    );
  narrowing(
    webhook.command("add <name> <url>").description("send events to a URL from now on; the secret is shown once"),
  )
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: Wanted, name: string, url: string) =>
        answerOrTell(
          session,
          options,
          async (tx) => {
            const settings = { name, url, kinds: [], product: null, ...(await narrowed(tx, options)) };
            const rules = { key: secretKey(session.ctx), allowPrivate: session.ctx.config.webhooks.allowPrivate };
            return withSecret(options, await createWebhook(tx, settings, rules));
          },
          "none",
        ),
      ),
    );
  narrowing(webhook.command("set <webhook>").description("change a webhook; what is left out stays"))
    .option("--name <name>", "what people call it")
    .option("--url <url>", "where events go")
    .option("--no-kind", "events of every kind")
    .option("--no-product", "of every product")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: Wanted, text: string) =>
        answerOrTell(
          session,
          options,
          async (tx) => {
            const { id } = await resolveWebhook(tx, text);
            const { name, url } = options;
            const named = { ...(name !== undefined && { name }), ...(url !== undefined && { url }) };
            const change = { ...named, ...(await narrowed(tx, options)) };
            return shown(await updateWebhook(tx, id, change, session.ctx.config.webhooks));
          },
          "none",
        ),
      ),
    );
  webhook
    .command("rotate <webhook>")
    .description("give it a new secret, which is shown once; the one before it signs too for a while")
    .addOption(
      new Option("--overlap <hours>", `hours for which both sign, at most ${LONGEST_OVERLAP}`)
        .argParser(count)
        .default(24),
    )
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & { overlap: number }, text: string) => {
        if (options.overlap > LONGEST_OVERLAP)
          throw new MusterError("usage", `at most ${LONGEST_OVERLAP} hours`, { at: "--overlap" });
        const work = async (tx: Tx) => {
          const { id } = await resolveWebhook(tx, text);
          const rotated = await rotateWebhookSecret(tx, id, options.overlap, { key: secretKey(session.ctx) });
          return withSecret(options, rotated);
        };
        return answerOrTell(session, options, work, "none");
      }),
    );
  webhook
    .command("remove <webhook>")
    .description("take it away with everything that waits for it")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, text: string) => {
        const work = async (tx: Tx) => {
          const { id, name } = await resolveWebhook(tx, text);
          await removeWebhook(tx, id);
          return { id, name, removed: true };
        };
        return writeOrTell(session, options, work, (view) => ({ json: view, text: facts(view) }), "none");
      }),
    );
  registerWebhookDeliveries(webhook, line);
}

function narrowing(command: Command): Command {
  return command
    .option("--kind <kind>", "only events of this kind; may be repeated", collected)
    .option("--product <key>", "only what concerns access to this product");
}

async function narrowed(tx: Tx, { kind, product, site }: Wanted) {
  const id = typeof product === "string" ? (await resolveProduct(tx, product, site)).id : null;
  return {
    ...(kind !== undefined && { kinds: kind === false ? [] : kind.map(eventKind) }),
    ...(product !== undefined && { product: id }),
  };
}

function eventKind(text: string): EventKind {
  const kind = EVENT_KIND_NAMES.find((one) => one === text);
  if (kind === undefined)
    throw new MusterError("usage", `there is no such kind of event; there are ${EVENT_KIND_NAMES.join(", ")}`, {
      at: "--kind",
    });
  return kind as EventKind;
}

function withSecret(options: DryOption, { webhook, secret }: NewSecret): Answer {
  const opened = { secret: shownOnce(options, secret) };
  const { text } = shown(webhook);
  return { json: { ...webhook, ...opened }, text: `${text}\n${facts(opened)}\nThe secret is shown this once.` };
}
