import type { Db } from "../db/connection.ts";
import { MusterError } from "../errors.ts";
import { showRun } from "../sync/history.ts";
import type { SyncResult } from "../sync/run.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { ExitCode } from "./exit-code.ts";

const SHOWN = 30;

/** What a run came to: the answer, and for a run that did not simply end well the exit code and what to do next. */
export async function syncAnswer(db: Db, result: SyncResult): Promise<Answer> {
  const { runId, state, counts, rowsWritten } = result;
  const { run, rows, next } = await showRun(db, runId, { limit: SHOWN });
  const lines = rows.map((row) => [row.kind, row.name ?? row.subject, row.member, row.conflict]);
  const text = [
    facts({ run: runId, state, ...counts, rowsWritten }),
    ...(rows.length > 0 ? ["", table(["change", "what", "member", "conflict"], lines)] : []),
    ...(next === null ? [] : [`… more with: muster sync show ${runId}`]),
    ...(state === "previewed"
      ? ["", `Nothing was applied. To apply it: muster sync approve ${runId} --reason TEXT`]
      : []),
  ].join("\n");
  const json = { runId, state, counts, rowsWritten };
  switch (state) {
    case "held": {
      const why = run.verdict?.reasons.map((reason) => reason.detail).join("; ") ?? "the guard stopped it";
      const detail = `${why}; nothing was written; to apply it all the same: muster sync approve ${runId} --reason TEXT`;
      return { json, text, exitCode: 5, error: new MusterError("held", detail, { at: runId }) };
    }
    case "failed":
      return failure(json, text, 1, new MusterError("unavailable", run.error ?? "the run failed", { at: runId }));
    case "abandoned":
      return failure(
        json,
        text,
        1,
        new MusterError("unavailable", "the run was given up half way; run the sync again", { at: runId }),
      );
    case "partial":
      return { json, text, exitCode: 8 };
    case "done":
    case "previewed":
    case "running":
    case "undone":
    case "discarded":
      return { json, text };
  }
}

function failure(json: unknown, text: string, exitCode: ExitCode, error: MusterError): Answer {
  return { json, text, exitCode, error };
}
