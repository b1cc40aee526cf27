import type { Command } from "commander";
import { ConnectorError } from "../../connectors/connector.ts";
import { isConnectorKind, makeConnector } from "../../connectors/index.ts";
import { MusterError } from "../errors.ts";
import { readDirectorySecret, resolveDirectory } from "../identity/directories.ts";
import { runSync } from "../sync/run.ts";
import { facts } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { secretKey } from "./session.ts";
import { syncAnswer } from "./sync-answer.ts";

/** `muster directory sync` and `test`. */
export function registerDirectorySync(directory: Command, line: CommandLine): void {
  directory
    .command("sync <name>")
    .description("read a directory now and wait until it is applied, held or previewed")
    .option("--dry-run", "show the plan, apply nothing")
    .option("--approve", "apply the plan that waits; where none waits, run without the preview of a first run")
    .action(
      line.inOrganization(async (session, options: { dryRun?: true; approve?: true }, name: string) => {
        if (options.dryRun && options.approve)
          throw new MusterError("usage", "--dry-run and --approve say the opposite of each other", { at: "--dry-run" });
        const found = await resolveDirectory(session.db, name);
        const mode = options.dryRun ? "dry-run" : options.approve ? "approve" : "run";
        const result = await runSync(session.ctx, found.id, { mode, trigger: "command", actor: session.actor });
        return syncAnswer(session.db, result);
      }),
    );
  directory
    .command("test <name>")
    .description("read a directory without keeping anything, to prove that it can be read to its end")
    .action(
      line.inOrganization(async ({ ctx, db }, _options: object, name: string) => {
        const found = await resolveDirectory(db, name);
        if (!isConnectorKind(found.kind))
          throw new MusterError("invalid", `the directory ${name} is of kind ${found.kind}, which is not pulled from`, {
            at: "name",
          });
        try {
          const secret = found.hasSecret ? await readDirectorySecret(db, secretKey(ctx), found.id) : null;
          const reader = makeConnector(found.kind, found.settings, secret, {
            filesFolder: ctx.config.filesDirectory,
          }).read(AbortSignal.timeout(600_000));
          let step = await reader.next();
          while (!step.done) step = await reader.next();
          const { users, groups, memberships, pages, boundAs, oddityCount, oddities } = step.value;
          const view = { directory: name, complete: true, users, groups, memberships, pages, boundAs, oddityCount };
          return { json: { ...view, oddities }, text: facts(view) };
        } catch (error) {
          if (!(error instanceof ConnectorError)) throw error;
          throw new MusterError("unavailable", `${name} cannot be read: ${error.message}`, { at: name, cause: error });
        }
      }),
    );
}
