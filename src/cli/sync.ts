import { type Command, Option } from "commander";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { resolveDirectory } from "../identity/directories.ts";
import { approveRun } from "../sync/approve.ts";
import { discardRun } from "../sync/discard.ts";
import { listRuns, PLAN_KINDS } from "../sync/history.ts";
import { RUN_STATES, type SyncState } from "../sync/runs.ts";
import { undoRun } from "../sync/undo.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { answerOrTell, type DryOption, dryRunOption } from "./dry-run.ts";
import { count, past } from "./input.ts";
import { followRun, progressLine, showingProgress } from "./progress-line.ts";
import { directoryNames, directoryOf, runId, runView, seconds } from "./run-view.ts";
import { syncAnswer } from "./sync-answer.ts";
import { type ShowOptions, showAnswer } from "./sync-show.ts";

/** `muster sync …`: runs that were, those that are under way, and those that wait. */
export function registerSync(program: Command, line: CommandLine): void {
  const sync = program.command("sync").description("runs of pulled directories");
  registerHistory(sync, line);
  registerDecisions(sync, line);
}

function registerHistory(sync: Command, line: CommandLine): void {
  sync
    .command("runs")
    .description("the latest runs first")
    .option("--directory <name>", "of this directory only")
    .addOption(new Option("--state <state>", "in this state only").choices(RUN_STATES))
    .option("--since <time>", "begun since then: a time, or a duration as in 24h", past)
    .option("--before <run>", "continue a list after this run")
    .option("--limit <n>", "at most this many (default: 50)", count)
    .action(
      line.inOrganization(
        async (
          { db },
          options: { directory?: string; state?: SyncState; since?: Date; before?: string; limit?: number },
        ) => {
          const { directory, state, since, before, limit = 50 } = options;
          const names = await directoryNames(db);
          const found = await listRuns(db, {
            limit,
            ...(directory !== undefined && { directory: (await resolveDirectory(db, directory)).id }),
            ...(state !== undefined && { state }),
            ...(since !== undefined && { since }),
            ...(before !== undefined && { before: runId(before) }),
          });
          const runs = found.map((run) => runView(run, names));
          return {
            json: runs,
            text: table(
              ["run", "directory", "lane", "state", "by", "started", "seconds", "read", "added", "updated"].concat([
                "deactivated",
                "removed",
                "conflicts",
                "error",
              ]),
              runs.map((run) => [
                ...[run.runId, run.directory, run.lane, run.state, run.askedBy, run.startedAt, seconds(run.timings)],
                ...[run.counts.read, run.counts.added, run.counts.updated, run.counts.deactivated, run.counts.removed],
                ...[run.counts.conflicts, run.error?.slice(0, 60)],
              ]),
            ),
          };
        },
      ),
    );
  sync
    .command("show <run>")
    .description("one run with its plan, or with what it left out")
    .option("--plan", "its plan: what it would do, or did (default)")
    .option("--conflicts", "what it left out or wants looked at: both sides, and what to do")
    .addOption(new Option("--kind <kind>", "of the plan only rows of this kind").choices(PLAN_KINDS))
    .option("--after <n>", "continue a long list after this line", count)
    .option("--limit <n>", "at most this many lines (default: 200)", count)
    .option("--follow", "while it is under way, wait for its end")
    .action(
      line.inOrganization(async ({ ctx, db }, options: ShowOptions & GlobalOptions, text: string) => {
        if (options.conflicts && (options.plan || options.kind))
          throw new MusterError("usage", "either the plan or the conflicts can be shown", { at: "--conflicts" });
        const id = runId(text);
        if (options.follow) await followRun(db, id, progressLine(options), ctx.config.sync.silence);
        return showAnswer(db, id, options);
      }),
    );
}

function registerDecisions(sync: Command, line: CommandLine): void {
  sync
    .command("approve <run>")
    .description("apply a held or previewed plan exactly as it was shown")
    .requiredOption("--reason <text>", "stands in the audit")
    .action(
      line.inOrganization(async ({ ctx, db, actor }, options: GlobalOptions & { reason: string }, text: string) => {
        const id = runId(text);
        const directory = await directoryOf(db, id);
        const approve = () => approveRun(ctx, id, { actor, reason: options.reason });
        return syncAnswer(db, await showingProgress(db, directory, progressLine(options), approve));
      }),
    );
  sync
    .command("discard <run>")
    .description("say that a held or previewed plan is not wanted; it can no longer be approved")
    .requiredOption("--reason <text>", "stands in the audit")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & { reason: string }, text: string) => {
        const work = async (tx: Tx) => {
          const view = runView(await discardRun(tx, runId(text), options.reason), await directoryNames(tx));
          const { runId: id, directory, state, discardedReason } = view;
          return { json: view, text: facts({ run: id, directory, state, reason: discardedReason }) };
        };
        return answerOrTell(session, options, work, "none");
      }),
    );
  sync
    .command("undo <run>")
    .description("apply what a run did backwards")
    .action(
      line.inOrganization(async ({ ctx, db, actor }, options: GlobalOptions, text: string) => {
        const id = runId(text);
        const directory = await directoryOf(db, id);
        const undo = () => undoRun(ctx, id, { actor, trigger: "command" });
        return syncAnswer(db, await showingProgress(db, directory, progressLine(options), undo));
      }),
    );
}
