import type { Command } from "commander";
import { type AccountId, parseId } from "../db/id.ts";
import { simulate, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { getAccount } from "../identity/account-overview.ts";
import { type Merge, mergeAccounts } from "../identity/accounts/merge.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { unmergeAccount } from "../identity/accounts/unmerge.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { type Answer, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";

/** `muster user merge` and `unmerge`. */
export function registerUserMerge(user: Command, line: CommandLine): void {
  user
    .command("merge <from> <to>")
    .description("make one account of two of one person: the first goes into the second")
    .option("--dry-run", "tell what would be moved, kept and lost, and do nothing")
    .action(
      line.inOrganization(async ({ ctx, db, actor, write }, options: { dryRun?: true }, from: string, to: string) => {
        const pair = { from: await resolvePerson(db, from), to: await resolvePerson(db, to) };
        const work = (tx: Tx) => mergeAccounts(tx, [EVERYTHING], pair);
        const lock = "exclusive";
        return told(
          await (options.dryRun ? simulate(ctx, actor, work, { lock }) : write(work, lock)),
          options.dryRun === true,
        );
      }),
    );
  user
    .command("unmerge <id>")
    .description("take a merge back within 30 days, by the id of the account that went")
    .option("--dry-run", "tell whether it can be done, and do nothing")
    .action(
      line.inOrganization(async ({ ctx, actor, write }, options: { dryRun?: true }, text: string) => {
        const id = parseId<AccountId>(text);
        if (id === undefined) throw new MusterError("not-found", "no account with this id was merged", { at: text });
        const work = async (tx: Tx) => {
          const from = await unmergeAccount(tx, [EVERYTHING], id);
          return { id, userName: (await getAccount(tx, id)).userName, from };
        };
        const lock = "exclusive";
        const done = await (options.dryRun ? simulate(ctx, actor, work, { lock }) : write(work, lock));
        return {
          json: { dryRun: options.dryRun === true, ...done },
          text: `${done.userName} is an account of its own${options.dryRun ? " again then. Nothing was done." : " again"}`,
        };
      }),
    );
}

function told(merge: Merge, dryRun: boolean): Answer {
  const standing = ({ role, allowed }: { role: string | null; allowed: boolean }) =>
    `${role ?? "none"}${allowed ? "" : ", no access"}`;
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
    ...merge.access.map(
      ({ site, product, before, after }) => `${site}/${product}: ${standing(before)} -> ${standing(after)}`,
    ),
    ...merge.seats.map(
      ({ before, after }) =>
        `${after.key}: ${before.seats.used} -> ${after.seats.used} seats, ${before.guests.used} -> ${after.guests.used} guests`,
    ),
    dryRun
      ? "Nothing was done."
      : `Can be undone until ${merge.undoUntil.toISOString()}: muster user unmerge ${merge.from}`,
  ];
  return { json: { dryRun, ...merge }, text: lines.join("\n") };
}
