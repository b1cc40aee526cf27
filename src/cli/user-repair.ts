import { type Command, Option } from "commander";
import { findDuplicates } from "../identity/accounts/duplicates.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { REPAIRS, type Repair, repairAddress } from "../identity/accounts/wrong-address.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryable, writeOrTell } from "./dry-run.ts";
import { count } from "./input.ts";

const MOST_LISTED = 1_000;

/** `muster user duplicates` and `wrong-address`. */
export function registerUserRepair(user: Command, line: CommandLine): void {
  user
    .command("duplicates")
    .description("pairs of people who are probably one; see user merge")
    .option("--limit <n>", `at most this many (default: 100, at most ${MOST_LISTED})`, count, 100)
    .action(
      line.inOrganization(async ({ db }, { limit }: { limit: number }) => {
        const found = await findDuplicates(db, { skip: 0, limit: Math.min(limit, MOST_LISTED) });
        return {
          json: found,
          text: table(
            ["reasons", "one", "the other"],
            found.map(({ reasons, accounts: [one, other] }) => [
              reasons.join(", "),
              `${one.userName} ${one.id}`,
              `${other.userName} ${other.id}`,
            ]),
            "nobody is there twice, as far as addresses and names tell",
          ),
        };
      }),
    );
  dryable(user.command("wrong-address <person> <email>"))
    .description(
      "mend a wrong address: correct the invitation, change the address, merge, or invite anew, whichever fits",
    )
    .addOption(new Option("--repair <way>", "this way, whatever fits").choices([...REPAIRS]))
    .option("--no-mail", "send no invitation")
    .action(
      line.inOrganization(
        (session, options: DryOption & { repair?: Repair; mail: boolean }, person: string, email: string) =>
          writeOrTell(
            session,
            options,
            async (tx) =>
              repairAddress(tx, session.ctx.config.invitations, [EVERYTHING], {
                account: await resolvePerson(tx, person),
                right: email,
                repair: options.repair,
                notify: options.mail,
              }),
            ({ facts: merged, ...repaired }) => ({
              json: { ...repaired, facts: merged },
              text: [
                facts(repaired),
                ...merged.map(
                  ({ kind, name, outcome, why }) => `${kind} ${name}: ${outcome}${why === null ? "" : ` (${why})`}`,
                ),
              ].join("\n"),
            }),
            "exclusive",
          ),
      ),
    );
}
