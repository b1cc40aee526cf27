import type { Command } from "commander";
import { type AccountId, parseId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { getAccount } from "../identity/account-overview.ts";
import { type Merge, mergeAccounts } from "../identity/accounts/merge.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { unmergeAccount } from "../identity/accounts/unmerge.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { type Answer, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryable, writeOrTell } from "./dry-run.ts";

/** `muster user merge` and `unmerge`. */
export function registerUserMerge(user: Command, line: CommandLine): void {
  dryable(user.command("merge <from> <to>"))
    .description("make one account of two of one person: the first goes into the second")
    .action(
      line.inOrganization((session, options: DryOption, from: string, to: string) =>
        writeOrTell(
          session,
          options,
          async (tx) =>
            mergeAccounts(tx, [EVERYTHING], { from: await resolvePerson(tx, from), to: await resolvePerson(tx, to) }),
          told,
          "exclusive",
        ),
      ),
    );
  dryable(user.command("unmerge <id>"))
    .description("take a merge back within 30 days, by the id of the account that went")
    .action(
      line.inOrganization((session, options: DryOption, text: string) => {
        const id = parseId<AccountId>(text);
        if (id === undefined) throw new MusterError("not-found", "no account with this id was merged", { at: text });
        return writeOrTell(
          session,
          options,
          async (tx) => {
            const from = await unmergeAccount(tx, [EVERYTHING], id);
            return { id, userName: (await getAccount(tx, id)).userName, from };
          },
          (done) => ({ json: done, text: `${done.userName} is an account of its own again` }),
          "exclusive",
        );
      }),
    );
}

function told(merge: Merge): Answer {
  const lines = [
    table(
      ["field", "goes", "stays", "result"],
      merge.fields.map(({ field, from, to, result }) => [field, from, to, result]),
    ),
    table(
      ["what", "name", "becomes", ""],
      merge.facts.map(({ kind, name, outcome, why }) => [kind, name, outcome, why ?? ""]),
      "nothing hangs on the account that goes",
    ),
    `Can be undone until ${merge.undoUntil.toISOString()}: muster user unmerge ${merge.from}`,
  ];
  return { json: merge, text: lines.join("\n") };
}
