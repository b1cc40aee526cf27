import type { Connector } from "../../connectors/connector.ts";
import type { Db } from "../db/connection.ts";
import type { SyncRunId } from "../db/id.ts";
import type { Directory } from "../identity/directories.ts";
import { stageChanges, takeMark } from "./delta.ts";
import type { SyncLane } from "./runs.ts";
import { type Staged, stage } from "./stage.ts";

/** What is read, by which run. */
export type ReadTask = { run: SyncRunId; directory: Pick<Directory, "id" | "deltaEvery">; lane: SyncLane };

/** What a reader tells while it reads. */
export type ReadHooks = {
  /** Entries read so far, after each page. */
  onPage(entriesSoFar: number): void;
  /** Everything is read from here on; what a delta had counted before is none of it. */
  onFull(): void;
  /** The directory did not say where it stands; it is read all the same. */
  onNoMark(detail: string): void;
};

/** What stands in staging now, how it came there, and from where the next delta goes on. */
export type WhatWasRead = { staged: Staged; lane: SyncLane; mark: string | null; fellBack: string | null };

/**
 * Reads a directory into staging by the lane that is asked for, or in full where that cannot be.
 * After: staging holds all of it, or this threw; nothing that Muster holds has been touched.
 * @throws ConnectorError when nothing, or a part, was read; MusterError `unavailable`.
 */
export async function readInto(
  db: Db,
  connector: Connector,
  { run, directory, lane }: ReadTask,
  signal: AbortSignal,
  { onPage, onFull, onNoMark }: ReadHooks,
): Promise<WhatWasRead> {
  const changes =
    lane === "delta" ? await stageChanges(db, run, directory.id, connector, signal, onPage) : { fellBack: null };
  if ("staged" in changes) return { ...changes, lane: "delta", fellBack: null };
  onFull();
  // Before the first page: what changes while the pages come is read again by the next delta.
  const mark = directory.deltaEvery === null ? null : await takeMark(connector, signal, onNoMark);
  return { staged: await stage(db, run, directory.id, connector, signal, onPage), lane: "full", mark, ...changes };
}
