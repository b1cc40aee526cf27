import type { Command } from "commander";
import { simulate } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { resolveDirectory } from "../identity/directories.ts";
import { type DirectoryRemoved, removeDirectory } from "../identity/directory-remove.ts";
import { type Answer, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { consequencesText } from "./consequences.ts";

type Options = { dryRun?: true; yes?: true; confirm?: string };

/** `muster directory remove`. */
export function registerDirectoryRemove(directory: Command, line: CommandLine): void {
  directory
    .command("remove <name>")
    .description("take a directory away with everybody in it; it cannot be taken back")
    .option("--dry-run", "say what that would do to whom, change nothing")
    .option("--yes", "do it")
    .option("--confirm <name>", "do it: the directory's name once more")
    .action(
      line.inOrganization(async ({ ctx, db, actor, write }, options: Options, text: string) => {
        const { id, name } = await resolveDirectory(db, text);
        if (options.dryRun)
          return answerOf(
            await simulate(ctx, actor, (tx) => removeDirectory(tx, id, name), { lock: "exclusive" }),
            true,
          );
        if (!options.yes && options.confirm === undefined)
          throw new MusterError(
            "usage",
            `removing ${name} cannot be taken back; see what it does with --dry-run, then do it with --yes or --confirm ${name}`,
            { at: "--yes" },
          );
        return answerOf(await write((tx) => removeDirectory(tx, id, options.confirm ?? name), "exclusive"), false);
      }),
    );
}

function answerOf(removed: DirectoryRemoved, dryRun: boolean): Answer {
  const { name, users, groups, grants, consequences } = removed;
  const lost = grants.named.map(({ group, site, product, role }) => [`${name}/${group}`, `${site}/${product}`, role]);
  return {
    json: { ...removed, dryRun },
    text: [
      `${dryRun ? "would remove" : "removed"} ${name}: ${users} people, ${groups} groups, ${grants.total} grants`,
      ...(lost.length === 0 ? [] : [table(["group", "product", "role"], lost)]),
      consequencesText(consequences),
    ].join("\n"),
  };
}
