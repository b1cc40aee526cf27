import { Argument, type Command, Option } from "commander";
import { parseId, type RightId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { BUNDLES, type Bundle } from "../identity/rights/bundles.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { getRight, giveRight, listRights, type Right, takeRight } from "../identity/rights/rights.ts";
import { resolveScope } from "../identity/rights/scope.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import { type ListOptions, listed, whole } from "./list.ts";

type Listed = ListOptions & { person?: string; bundle?: Bundle };

/** `muster right …`: what administrators may, each for its own part of the organization (R11 to R18). */
export function registerRight(program: Command, line: CommandLine): void {
  const right = program.command("right").description("what administrators may do, and for what");
  whole(right.command("list").description("who has which right, for what"))
    .option("--person <person>", "only this person's")
    .addOption(new Option("--bundle <right>", "only this right").choices([...BUNDLES]))
    .action(
      line.inOrganization(async ({ db }, options: Listed) => {
        const { person, bundle } = options;
        const account = person === undefined ? undefined : await resolvePerson(db, person);
        const all = await listed<Right>(
          options,
          (page) => listRights(db, { account, bundle, within: null, ...page }),
          "whole",
        );
        const views = all.map(view);
        return {
          json: views,
          text: table(
            ["person", "right", "for", "in force", "id"],
            views.map((one) => [one.user.userName, one.bundle, one.scope, one.inForce ? "yes" : "no", one.id]),
          ),
        };
      }),
    );
  right
    .command("give <person>")
    .addArgument(new Argument("<right>", "what they may (docs/rights.md)").choices([...BUNDLES]))
    .description("give somebody a right")
    .option("--at <where>", "for site:KEY, product:KEY or group:DIRECTORY/NAME (default: the organization)")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & { at?: string }, person: string, bundle: Bundle) => {
        const work = async (tx: Tx) => {
          const account = await resolvePerson(tx, person);
          const scope = await resolveScope(tx, options.at ?? "organization");
          return view(await giveRight(tx, [EVERYTHING], { account, bundle, scope }));
        };
        return writeOrTell(session, options, work, told, "exclusive");
      }),
    );
  right
    .command("take <right>")
    .description("take a right away, by its id; the last organization administrator stays")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, text: string) => {
        const id = parseId<RightId>(text);
        if (id === undefined) throw new MusterError("not-found", "there is no such right", { at: text });
        const work = async (tx: Tx) => {
          const taken = view(await getRight(tx, id));
          await takeRight(tx, [EVERYTHING], id);
          return { ...taken, inForce: false };
        };
        return writeOrTell(session, options, work, told, "exclusive");
      }),
    );
}

function view({ id, account, bundle, scope, scopeName, inForce, parkedAt, createdAt }: Right) {
  return {
    id,
    user: { id: account.id, userName: account.userName },
    bundle,
    scope: scope.kind === "organization" ? "organization" : `${scope.kind}:${scopeName}`,
    inForce,
    parkedAt,
    createdAt,
  };
}

function told(right: ReturnType<typeof view>) {
  return { json: right, text: facts({ ...right, user: right.user.userName }) };
}
