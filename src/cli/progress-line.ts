import { setTimeout as sleep } from "node:timers/promises";
import type { Db } from "../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { isAlive, progressWords } from "../sync/progress.ts";
import { getRun, runUnderWay, type SyncRun } from "../sync/runs.ts";
import { printable } from "./answer.ts";

/** Milliseconds between two looks: as often as a run says how far it is. */
const LOOK = 1_000;

/** A line of standard error that each text takes the place of; of nothing where nobody looks at a terminal. */
export type ProgressLine = { show(text: string): void; clear(): void };

export function progressLine(options: { json?: true | undefined }): ProgressLine {
  const { stderr } = process;
  if (options.json || !stderr.isTTY) return { show: () => {}, clear: () => {} };
  const write = (text: string): void => void stderr.write(`\r\u001b[K${text}`);
  return { show: (text) => write(printable(text).slice(0, (stderr.columns || 80) - 1)), clear: () => write("") };
}

/** Shows how far the directory's run is for as long as `work` lasts. */
export async function showingProgress<T>(
  db: Db,
  directory: DirectoryId,
  line: ProgressLine,
  work: () => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const looking = (async () => {
    while (!stop.signal.aborted) {
      await sleep(LOOK, undefined, { signal: stop.signal }).catch(() => {});
      const run = stop.signal.aborted ? undefined : await runUnderWay(db, directory).catch(() => undefined);
      if (run?.progress && !stop.signal.aborted) line.show(progressWords(run.progress));
    }
  })();
  try {
    return await work();
  } finally {
    stop.abort();
    await looking;
    line.clear();
  }
}

/**
 * Waits for a run to be over, showing how far it is. Returns it.
 * @param silence seconds without a sign of life after which nobody is waited for any more.
 * @throws MusterError `not-found`; `unavailable` when its process is gone: the next run of the directory settles it.
 */
export async function followRun(db: Db, id: SyncRunId, line: ProgressLine, silence: number): Promise<SyncRun> {
  let unheard = 0;
  try {
    for (;;) {
      const run = await getRun(db, id);
      if (!run) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
      if (run.state !== "running") return run;
      if (run.progress) line.show(progressWords(run.progress));
      unheard = isAlive(run.progress) ? 0 : unheard + 1;
      if ((unheard * LOOK) / 1000 > silence)
        throw new MusterError("unavailable", "nothing is heard of this run any more; the next one settles it", {
          at: id,
        });
      await sleep(LOOK);
    }
  } finally {
    line.clear();
  }
}
