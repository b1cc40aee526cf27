import type { Command } from "commander";
import { isMusterError, MusterError } from "../errors.ts";
import { resolveDirectory } from "../identity/directories.ts";
import { resultOf, runSync, type SyncResult } from "../sync/run.ts";
import { runUnderWay } from "../sync/runs.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { followRun, progressLine, showingProgress } from "./progress-line.ts";
import { syncAnswer } from "./sync-answer.ts";

type Options = GlobalOptions & { dryRun?: true; approve?: true; delta?: true; follow?: true };

/** `muster directory sync`. */
export function registerDirectorySync(directory: Command, line: CommandLine): void {
  directory
    .command("sync <name>")
    .description("read a directory now and wait until it is applied, held or previewed")
    .option("--dry-run", "show the plan, apply nothing")
    .option(
      "--approve",
      "apply the previewed plan that waits; where none waits, run without the preview of a first run",
    )
    .option("--delta", "read only what changed since the last run, where the directory can tell; takes nobody away")
    .option("--follow", "while another run is under way, wait for that one and tell what it came to")
    .action(
      line.inOrganization(async ({ ctx, db, actor }, options: Options, name: string) => {
        if (options.dryRun && options.approve)
          throw new MusterError("usage", "--dry-run and --approve say the opposite of each other", { at: "--dry-run" });
        if (options.delta && options.approve)
          throw new MusterError("usage", "--approve applies a plan that was made; it reads no changes", {
            at: "--delta",
          });
        const { id } = await resolveDirectory(db, name);
        const progress = progressLine(options);
        const mode = options.dryRun ? "dry-run" : options.approve ? "approve" : "run";
        const lane = options.delta ? "delta" : "full";
        let result: SyncResult;
        try {
          result = await showingProgress(db, id, progress, () =>
            runSync(ctx, id, { mode, lane, trigger: "command", actor }),
          );
        } catch (error) {
          const other =
            options.follow && isMusterError(error) && error.code === "conflict" ? await runUnderWay(db, id) : undefined;
          if (!other) throw error;
          result = resultOf(await followRun(db, other.id, progress, ctx.config.sync.silence));
        }
        return syncAnswer(db, result);
      }),
    );
}
