import type { SyncRunId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { recordChanges } from "../identity/record.ts";
import { getRun, nameOf, runColumns, runOf, type SyncRun } from "./runs.ts";

/**
 * Says that a waiting plan is not wanted. Before: a held or previewed run. After: it is `discarded` and cannot be
 * approved; nothing that is held has changed; the reason stands in the run and the audit. The directory's next run makes a
 * plan of its own, which may well say the same.
 * @throws MusterError `not-found`; `invalid` (no reason); `conflict` when the run waits for nothing.
 */
export async function discardRun(tx: Tx, run: SyncRunId, given: string): Promise<SyncRun> {
  const reason = given.trim();
  if (reason === "") throw new MusterError("invalid", "discarding a plan needs a reason", { at: "reason" });
  const by = nameOf(tx.actor);
  const [row] = await tx.query<SyncRun>({
    text: `update sync_runs set state = 'discarded', discarded_by = $3, discarded_reason = $4
      where organization = $1 and id = $2 and state in ('held', 'previewed') returning ${runColumns}`,
    values: [tx.organization, run, by, reason],
  });
  if (!row) {
    const found = await getRun(tx, run);
    if (!found) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
    throw new MusterError("conflict", `this run is ${found.state}; only a held or previewed one can be discarded`, {
      at: "run",
    });
  }
  await recordChanges(tx, [
    { action: "sync.discarded", subjectKind: "directory", subject: row.directory, detail: { run, by, reason } },
  ]);
  return runOf(row);
}
