import type { Command } from "commander";
import type { Tx } from "../db/transaction.ts";
import { getAccount } from "../identity/account-overview.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { restoreAccount, suspendAccount } from "../identity/accounts/suspend.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { answerOrTell, type DryOption, dryRunOption } from "./dry-run.ts";
import { answerOf } from "./user-answer.ts";
import { bulk } from "./user-bulk.ts";

type Options = GlobalOptions & DryOption & { reason?: string };

/** `muster user suspend` and `restore`, of one person or of many. */
export function registerUserSuspend(user: Command, line: CommandLine): void {
  user
    .command("suspend <people...>")
    .description(
      "take people's access away until restored; what they were given stays; - reads names from standard input",
    )
    .option("--reason <text>", "stands in the audit")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: Options, people: string[]) => {
        if (severalOf(people)) return bulk(session, options, "suspend", people);
        const work = async (tx: Tx) => {
          const account = await resolvePerson(tx, people[0] ?? "");
          await suspendAccount(tx, account, options.reason ?? null);
          return answerOf(await getAccount(tx, account));
        };
        return answerOrTell(session, options, work, "exclusive");
      }),
    );
  user
    .command("restore <people...>")
    .description("end suspensions; - reads names from standard input")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: Options, people: string[]) => {
        if (severalOf(people)) return bulk(session, options, "restore", people);
        return answerOrTell(session, options, async (tx) => {
          const account = await resolvePerson(tx, people[0] ?? "");
          await restoreAccount(tx, account);
          return answerOf(await getAccount(tx, account));
        });
      }),
    );
}

/** One name is one person, whose new standing is the answer; several, or standard input, are a job. */
function severalOf(people: readonly string[]): boolean {
  return people.length > 1 || people.includes("-");
}
