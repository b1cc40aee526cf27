import { existsSync } from "node:fs";
import { join } from "node:path";
import { Argument, type Command } from "commander";
import type { Db } from "../../db/connection.ts";
import { listBreakGlass } from "../../identity/break-glass.ts";
import { listDirectories } from "../../identity/directories.ts";
import { pageOfGroups } from "../../identity/group-pages.ts";
import { listOrganizations } from "../../identity/organizations.ts";
import { listProducts } from "../../identity/products.ts";
import { listSites } from "../../identity/sites.ts";
import { listWebhooks } from "../../identity/webhooks.ts";
import type { CommandLine, GlobalOptions } from "../command-line.ts";
import { commandConfig, openSession, withContext } from "../session.ts";
import { completionScript, SHELLS, type Shell } from "./scripts.ts";
import { completionTable, NAME_KINDS, type NameKind } from "./table.ts";

/** Names that a shell is offered at once. */
const MOST_NAMES = 1_000;

/** `muster completion`, and what its scripts ask. */
export function registerCompletion(program: Command, line: CommandLine): void {
  program
    .command("completion")
    .description("print a script that completes commands, options and names; docs/cli.md says where it goes")
    .addArgument(new Argument("<shell>", "for this shell").choices([...SHELLS]))
    .action(
      line.plain(async (_options: object, shell: Shell) => {
        const script = completionScript(shell, completionTable(program));
        return { json: { shell, script }, text: script };
      }),
    );
  program
    .command("completion-names", { hidden: true })
    .description("the names of one kind, one a line, as the scripts of completion ask for them")
    .addArgument(new Argument("<kind>").choices([...NAME_KINDS]))
    .action(
      line.plain(async (options: GlobalOptions, kind: NameKind) => {
        const names = isRunning(line.environment) ? await namesOf(line.environment, options, kind) : [];
        return { json: names, text: names.join("\n") };
      }),
    );
}

/** Nobody who presses a key wants to start a database by it. */
function isRunning(environment: NodeJS.ProcessEnv): boolean {
  const { database, dataDirectory } = commandConfig(environment);
  return database.url !== undefined || existsSync(join(dataDirectory, "postgres", "postmaster.pid"));
}

async function namesOf(environment: NodeJS.ProcessEnv, { org }: GlobalOptions, kind: NameKind): Promise<string[]> {
  return withContext(environment, async (ctx) =>
    kind === "organization"
      ? (await listOrganizations(ctx.db)).map(({ key }) => key).slice(0, MOST_NAMES)
      : namesIn((await openSession(ctx, environment, org)).db, kind),
  );
}

async function namesIn(db: Db, kind: Exclude<NameKind, "organization">): Promise<string[]> {
  switch (kind) {
    case "site":
      return (await listSites(db)).map(({ key }) => key);
    case "product":
      return [...new Set((await listProducts(db)).map(({ key }) => key))];
    case "directory":
      return (await listDirectories(db)).map(({ name }) => name);
    case "group": {
      const groups = await pageOfGroups(db, { after: null, limit: MOST_NAMES, within: null });
      return groups.map(({ directory, name }) => `${directory ?? "local"}/${name}`);
    }
    case "webhook":
      return (await listWebhooks(db)).map(({ name }) => name);
    case "break-glass":
      return (await listBreakGlass(db)).map(({ name }) => name);
  }
}
