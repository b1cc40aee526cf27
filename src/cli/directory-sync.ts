import type { Command } from "commander";
import { MusterError } from "../errors.ts";
import { resolveDirectory } from "../identity/directories.ts";
import { runSync } from "../sync/run.ts";
import type { CommandLine } from "./command-line.ts";
import { syncAnswer } from "./sync-answer.ts";

/** `muster directory sync`. */
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
}
