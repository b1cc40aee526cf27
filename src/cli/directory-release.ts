import type { Command } from "commander";
import { resolveDirectory } from "../identity/directories.ts";
import { releaseDirectory } from "../identity/removal-budget.ts";
import type { CommandLine } from "./command-line.ts";
import { duration } from "./input.ts";

/** `muster directory release`: what an answer of 503 tells a provider's administrator to ask for (design §7). */
export function registerDirectoryRelease(directory: Command, line: CommandLine): void {
  directory
    .command("release <name>")
    .description("let removals of this directory pass the removal budget for a while")
    .requiredOption("--for <duration>", "as in 1h, a day at most", duration)
    .requiredOption("--reason <text>", "stands in the audit")
    .action(
      line.inOrganization(async (session, options: { for: number; reason: string }, name: string) => {
        const found = await resolveDirectory(session.db, name);
        const until = await session.write((tx) => releaseDirectory(tx, found.id, options.for, options.reason), "none");
        return {
          json: { id: found.id, name: found.name, releasedUntil: until },
          text: `${found.name} is released until ${until.toISOString()}`,
        };
      }),
    );
}
