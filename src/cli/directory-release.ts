import type { Command } from "commander";
import type { Tx } from "../db/transaction.ts";
import { resolveDirectory } from "../identity/directories.ts";
import { releaseDirectory } from "../identity/removal-budget.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import { duration } from "./input.ts";

/** `muster directory release`: what an answer of 503 tells a provider's administrator to ask for (design §7). */
export function registerDirectoryRelease(directory: Command, line: CommandLine): void {
  directory
    .command("release <name>")
    .description("let removals of this directory pass the removal budget for a while")
    .requiredOption("--for <duration>", "as in 1h, a day at most", duration)
    .requiredOption("--reason <text>", "stands in the audit")
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: DryOption & { for: number; reason: string }, text: string) => {
        const { id, name } = await resolveDirectory(session.db, text);
        const work = (tx: Tx) => releaseDirectory(tx, id, options.for, options.reason);
        const told = (until: Date) => ({
          json: { id, name, releasedUntil: until },
          text: `${name} is released until ${until.toISOString()}`,
        });
        return writeOrTell(session, options, work, told, "none");
      }),
    );
}
