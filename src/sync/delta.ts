import { type Connector, ConnectorError } from "../../connectors/connector.ts";
import type { Db } from "../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../db/id.ts";
import { storable } from "./map.ts";
import { pour, type Staged } from "./stage.ts";
import { clearStaging } from "./staging.ts";

/** Bytes of a mark that are kept (connectors/connector.ts). */
const LONGEST_MARK = 65_536;

/**
 * Where a delta goes on: the mark of the plan that was applied last. None after a run that failed or was undone, or that
 * left no mark: then only a full run knows what is held.
 */
export async function deltaMark(db: Db, directory: DirectoryId): Promise<string | undefined> {
  const [last] = await db.query<{ mark: string | null; usable: boolean }>({
    text: `select mark, mode <> 'undo' and state in ('done', 'partial') as usable from sync_runs
      where organization = $1 and directory = $2 and applied_at is not null order by applied_at desc, id desc limit 1`,
    values: [db.organization, directory],
  });
  return last?.usable && last.mark !== null ? last.mark : undefined;
}

/**
 * Where the directory stands before it is read in full, for the deltas after that; null where it has no delta lane. A
 * mark that cannot be had fails no run.
 */
export async function takeMark(
  connector: Connector,
  signal: AbortSignal,
  onNoMark: (detail: string) => void,
): Promise<string | null> {
  if (connector.changes === undefined) return null;
  try {
    return keepable(await connector.changes.mark(signal));
  } catch (error) {
    if (signal.aborted) throw new ConnectorError("cancelled", "the read was cancelled");
    onNoMark(error instanceof Error ? error.message : String(error));
    return null;
  }
}

type Changes = { staged: Staged; mark: string | null } | { fellBack: string };

/**
 * Reads what was added or changed since the mark into staging, or says why everything has to be read instead; then
 * staging is as empty as before.
 * @throws ConnectorError of the connector, other than `incomplete`.
 */
export async function stageChanges(
  db: Db,
  run: SyncRunId,
  directory: DirectoryId,
  connector: Connector,
  signal: AbortSignal,
  onPage: (entriesSoFar: number) => void,
): Promise<Changes> {
  if (connector.changes === undefined) return { fellBack: "the directory cannot tell what changed" };
  const mark = await deltaMark(db, directory);
  if (mark === undefined) return { fellBack: "no full run was applied that says from where to read changes" };
  try {
    const { end, staged, arrived } = await pour(db, run, connector.changes.since(mark, signal), signal, onPage);
    if (arrived.users !== staged.users || arrived.groups !== staged.groups)
      throw new ConnectorError("incomplete", "an entry changed again while the changes were read");
    return { staged: { proof: null, ...staged }, mark: keepable(end) };
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.code !== "incomplete") throw error;
    await clearStaging(db, [run]);
    return { fellBack: error.message };
  }
}

function keepable(mark: string): string | null {
  return Buffer.byteLength(mark) <= LONGEST_MARK && storable(mark) === mark ? mark : null;
}
