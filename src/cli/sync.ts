import type { Command } from "commander";
import { parseId, type SyncRunId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { listDirectories, resolveDirectory } from "../identity/directories.ts";
import { approveRun } from "../sync/approve.ts";
import { listRuns, showRun } from "../sync/history.ts";
import type { SyncRun } from "../sync/runs.ts";
import { undoRun } from "../sync/undo.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { count } from "./input.ts";
import type { Session } from "./session.ts";
import { syncAnswer } from "./sync-answer.ts";

/** `muster sync …`: runs that were, and those that wait. */
export function registerSync(program: Command, line: CommandLine): void {
  const sync = program.command("sync").description("runs of pulled directories");
  sync
    .command("runs")
    .description("the latest runs first")
    .option("--directory <name>", "of this directory only")
    .option("--limit <n>", "at most this many (default: 50)", count)
    .action(
      line.inOrganization(async ({ db }, options: { directory?: string; limit?: number }) => {
        const directory =
          options.directory === undefined ? undefined : (await resolveDirectory(db, options.directory)).id;
        const limit = options.limit ?? 50;
        const names = await directoryNames(db);
        const runs = (await listRuns(db, { limit, ...(directory === undefined ? {} : { directory }) })).map((run) =>
          runView(run, names),
        );
        return {
          json: runs,
          text: table(
            ["run", "directory", "state", "started", "read", "added", "updated", "deactivated", "removed"],
            runs.map(({ runId, directory, state, startedAt, counts }) => [
              runId,
              directory,
              state,
              startedAt,
              counts.read,
              counts.added,
              counts.updated,
              counts.deactivated,
              counts.removed,
            ]),
          ),
        };
      }),
    );
  sync
    .command("show <run>")
    .description("one run with its plan")
    .option("--after <n>", "continue a long plan after this line", count)
    .action(
      line.inOrganization(async ({ db }, options: { after?: number }, text: string) => {
        const { run, rows, next } = await showRun(
          db,
          runId(text),
          options.after === undefined ? {} : { after: options.after },
        );
        const view = runView(run, await directoryNames(db));
        const { counts, verdict, ...rest } = view;
        return {
          json: { ...view, plan: rows, next },
          text: [
            facts({ ...rest, ...counts, guard: verdict?.reasons.map((reason) => reason.detail).join("; ") || null }),
            "",
            table(
              ["line", "change", "what", "member", "applied", "conflict"],
              rows.map((row) => [row.seq, row.kind, row.name ?? row.subject, row.member, row.appliedAt, row.conflict]),
            ),
            ...(next === null ? [] : [`… more with: --after ${next}`]),
          ].join("\n"),
        };
      }),
    );
  sync
    .command("approve <run>")
    .description("apply a held or previewed plan exactly as it was shown")
    .requiredOption("--reason <text>", "stands in the audit")
    .action(
      line.inOrganization(async ({ ctx, db, actor }, options: { reason: string }, text: string) =>
        syncAnswer(db, await approveRun(ctx, runId(text), { actor, reason: options.reason })),
      ),
    );
  sync
    .command("undo <run>")
    .description("apply what a run did backwards")
    .action(
      line.inOrganization(async ({ ctx, db, actor }, _options: object, text: string) =>
        syncAnswer(db, await undoRun(ctx, runId(text), { actor, trigger: "command" })),
      ),
    );
}

function runId(text: string): SyncRunId {
  const id = parseId<SyncRunId>(text);
  if (id === undefined) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
  return id;
}

async function directoryNames(db: Session["db"]): Promise<Map<string, string>> {
  return new Map((await listDirectories(db)).map((directory) => [directory.id, directory.name]));
}

function runView(run: SyncRun, names: ReadonlyMap<string, string>) {
  const { id, directory, mode, trigger, state, complete, counts, rowsWritten, verdict, error, startedAt, finishedAt } =
    run;
  const { undoes, approvedBy, approvedReason } = run;
  return {
    runId: id,
    directory: names.get(directory) ?? directory,
    mode,
    trigger,
    state,
    complete,
    counts,
    rowsWritten,
    verdict,
    error,
    undoes,
    approvedBy,
    approvedReason,
    startedAt,
    finishedAt,
  };
}
