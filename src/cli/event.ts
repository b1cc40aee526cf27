import type { Command } from "commander";
import { MusterError } from "../errors.ts";
import { eventId, listEvents, parseEventId } from "../identity/events.ts";
import { table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { count } from "./input.ts";

const MOST_LISTED = 1_000;

/** `muster event …`: the feed that products and webhooks read. */
export function registerEvent(program: Command, line: CommandLine): void {
  program
    .command("event")
    .description("what changed, as products and webhooks are told of it")
    .command("list")
    .description("events in the order of their commits, from the oldest that is known")
    .option("--after <event>", "those after this event, by its id")
    .option("--limit <n>", `at most this many (default: 100, at most ${MOST_LISTED})`, count, 100)
    .action(
      line.inOrganization(async ({ db }, options: { after?: string; limit: number }) => {
        const after = options.after === undefined ? null : parseEventId(options.after);
        if (after === undefined) throw new MusterError("invalid", "this is no event's id", { at: "--after" });
        const rows = await listEvents(db, { after, within: null, limit: Math.min(options.limit, MOST_LISTED) });
        const all = rows.map(({ transaction, id, ...event }) => ({ id: eventId({ transaction, id }), ...event }));
        return {
          json: all,
          text: table(
            ["at", "kind", "of", "subject", "id"],
            all.map((one) => [one.at, one.kind, one.subjectKind, one.subject, one.id]),
          ),
        };
      }),
    );
}
