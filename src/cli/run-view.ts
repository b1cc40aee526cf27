import type { Db } from "../db/connection.ts";
import { type DirectoryId, parseId, type SyncRunId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { listDirectories } from "../identity/directories.ts";
import { getRun, type SyncRun } from "../sync/runs.ts";

/** @throws MusterError `not-found` for what is no id, as for an unknown one. */
export function runId(text: string): SyncRunId {
  const id = parseId<SyncRunId>(text);
  if (id === undefined) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
  return id;
}

/** @throws MusterError `not-found`. */
export async function directoryOf(db: Db, id: SyncRunId): Promise<DirectoryId> {
  const run = await getRun(db, id);
  if (!run) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
  return run.directory;
}

export async function directoryNames(db: Db): Promise<Map<string, string>> {
  return new Map((await listDirectories(db)).map((directory) => [directory.id, directory.name]));
}

/** A run as --json has it. */
export function runView({ id, directory, phase: _, proof: __, ...run }: SyncRun, names: ReadonlyMap<string, string>) {
  return { runId: id, directory: names.get(directory) ?? directory, ...run };
}

/** What its phases took together. */
export function seconds(timings: SyncRun["timings"]): string {
  const milliseconds = Object.values(timings).reduce((sum, one) => sum + one, 0);
  return (milliseconds / 1000).toFixed(1);
}
