import type { Command } from "commander";
import { isConnectorKind } from "../../connectors/index.ts";
import type { Context } from "../context.ts";
import { type Directory, listDirectories, resolveDirectory } from "../identity/directories.ts";
import { listRemovalBudgets, type RemovalBudget } from "../identity/removal-budget.ts";
import { type WriteTarget, writeTarget } from "../identity/write-target.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";

/** `muster directory list` and `muster directory show`. */
export function registerDirectoryList(directory: Command, line: CommandLine): void {
  directory
    .command("list")
    .description("the directories in their order")
    .action(
      line.inOrganization(async ({ ctx, db }) => {
        const all = await listDirectories(db);
        const target = await writeTarget(db);
        const capable = new Map(target.directories.map((one) => [one.name, one.capabilities]));
        const budgets = new Map((await listRemovalBudgets(db)).map(({ directory: id, ...budget }) => [id, budget]));
        return {
          json: all.map((one) => {
            const { settings: _, ...view } = directoryView(ctx, one);
            return {
              ...view,
              capabilities: capable.get(one.name),
              newPeople: target.directory === one.name,
              ...(one.kind === "scim" && { removals: budgets.get(one.id) }),
            };
          }),
          text: `${table(
            ["position", "name", "kind", "permissions", "new people", "profile", "removals", "domain policy", "id"],
            all.map((one) => [
              one.position,
              one.name,
              one.switchedTo === null ? one.kind : `${one.kind}, switched to ${one.switchedTo}`,
              one.permissions,
              target.directory === one.name ? "here" : "",
              one.kind === "scim" ? one.profile : "",
              removals(budgets.get(one.id)),
              one.domainPolicy ? "on" : "off",
              one.id,
            ]),
          )}\n\n${whereWritten(target)}`,
        };
      }),
    );
  directory
    .command("show <name>")
    .description("one directory with its settings")
    .action(
      line.inOrganization(async ({ ctx, db }, _options: GlobalOptions, name: string) => {
        const view = directoryView(ctx, await resolveDirectory(db, name));
        return { json: view, text: directoryText(view) };
      }),
    );
}

export type DirectoryView = ReturnType<typeof directoryView>;

/** What is said of one directory: what its kind has, and of its secret only whether there is one. */
export function directoryView(ctx: Context, directory: Directory) {
  const { id, name, kind, position, permissions, domainPolicy, authoritativeDomains, switchedTo } = directory;
  const { profile, requireIfMatch, firstRun, syncEvery, deltaEvery, hasSecret, settings } = directory;
  return {
    ...{ id, name, kind, position, permissions, domainPolicy, authoritativeDomains },
    ...(switchedTo !== null && { switchedTo }),
    ...(kind === "scim" && { profile, requireIfMatch, baseUrl: scimBaseUrl(ctx, id) }),
    ...(isConnectorKind(kind) && { firstRun, syncEvery, deltaEvery, hasSecret, settings }),
  };
}

/** What the identity provider of a scim directory is given. */
export function scimBaseUrl({ config }: Context, id: Directory["id"]): string {
  return `${config.publicUrl}/scim/v2/${id}`;
}

/** A directory's view for a person: a line a setting. */
export function directoryText({ settings = {}, ...view }: DirectoryView): string {
  const lines = Object.entries(settings).map(([key, value]) => [
    `settings.${key}`,
    typeof value === "string" && value.includes("\n") ? "a text of several lines; -o json shows it" : value,
  ]);
  return facts({ ...view, ...Object.fromEntries(lines) });
}

/** In which directory new people come to stand, or why in none. */
export function whereWritten({ directory, refusal }: WriteTarget): string {
  return refusal
    ? `${refusal.message}. ${refusal.setting.command}: ${refusal.setting.consequence}`
    : `new people are written to ${directory}`;
}

/** How many people are without access through it within the hour, of how many that may be. */
function removals(budget: Omit<RemovalBudget, "directory"> | undefined): string {
  if (budget === undefined) return "";
  const { gone, budget: most, releasedUntil } = budget;
  return `${gone} of ${most}${releasedUntil === null ? "" : `, released until ${releasedUntil.toISOString()}`}`;
}
