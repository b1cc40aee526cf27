import { type Command, Option } from "commander";
import { simulate, type Tx } from "../db/transaction.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { leftBehindBy } from "../identity/off-boarding/left-behind.ts";
import { LEAVING, type Leaving, offBoard } from "../identity/off-boarding/off-board.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";

type Options = { to?: string; leaving?: Leaving; rights?: true; reason?: string; dryRun?: true };

/** `muster user off-board`: what a person leaves behind goes to somebody else, or ends. */
export function registerUserOffBoard(user: Command, line: CommandLine): void {
  user
    .command("off-board <person>")
    .description("hand over or end what hangs on a person, and suspend, deactivate or remove them, all in one")
    .option("--to <person>", "who takes over; without: everything ends, and guests have no sponsor")
    .option("--rights", "who takes over gets the person's rights too")
    .addOption(new Option("--leaving <how>", "what becomes of the person").choices([...LEAVING]))
    .option("--reason <text>", "stands in the audit")
    .option("--dry-run", "tell what would come of it, and do nothing")
    .action(
      line.inOrganization(async ({ ctx, actor, write }, options: Options, person: string) => {
        const work = async (tx: Tx) => {
          const account = await resolvePerson(tx, person);
          const leftBehind = await leftBehindBy(tx, account);
          const told = await offBoard(tx, [EVERYTHING], account, {
            to: options.to === undefined ? null : await resolvePerson(tx, options.to),
            leaving: options.leaving ?? null,
            rights: options.rights === true,
            reason: options.reason ?? null,
          });
          return { id: account, leftBehind, ...told };
        };
        const told = await (options.dryRun
          ? simulate(ctx, actor, work, { lock: "exclusive" })
          : write(work, "exclusive"));
        const kinds = Object.keys(told.ended) as (keyof typeof told.ended)[];
        return {
          json: { dryRun: options.dryRun === true, ...told },
          text: table(
            ["", "handed over", "ended"],
            kinds.map((kind) => [
              kind,
              kind === "tokens" ? "" : told.handedOver[kind].length,
              kind === "guests" && told.ended.guests.length > 0
                ? `${told.ended.guests.length} without a sponsor`
                : told.ended[kind].length,
            ]),
          ),
        };
      }),
    );
}
