import { z } from "zod";
import { isConnectorKind } from "../../connectors/index.ts";
import type { Context } from "../context.ts";
import { type DirectoryId, newId, type OrganizationId, type SyncRunId } from "../db/id.ts";
import { type Actor, inTransaction, type Tx } from "../db/transaction.ts";
import { isMusterError, MusterError } from "../errors.ts";
import { getDirectory } from "../identity/directories.ts";
import { refuseWhilePaused } from "../identity/pause.ts";
import { recordChanges } from "../identity/record.ts";
import { approveRun, requireWaiting } from "./approve.ts";
import { alreadyUnderWay, refuseSwitched } from "./lock.ts";
import { isAlive } from "./progress.ts";
import { runSync } from "./run.ts";
import { getRun, recordUnstarted, runUnderWay, type SyncLane } from "./runs.ts";
import { requireUndoable, undoRun } from "./undo.ts";

/** The job that does what somebody asked for and does not wait for; its payload is what the functions here write. */
export const ASKED_SYNC_TASK = "asked-sync";

const payloadSchema = z.object({
  organization: z.uuid(),
  directory: z.uuid(),
  actor: z.object({ kind: z.string(), id: z.string().nullable(), requestId: z.string().nullable() }),
  run: z.uuid(),
  asked: z.discriminatedUnion("for", [
    z.object({
      for: z.literal("sync"),
      mode: z.enum(["run", "dry-run"]),
      lane: z.enum(["full", "delta"]).default("full"),
    }),
    z.object({ for: z.literal("approval"), reason: z.string() }),
    z.object({ for: z.literal("undo"), undoes: z.uuid() }),
  ]),
});
type Payload = z.output<typeof payloadSchema>;

/**
 * Asks for a run of a pulled directory; a worker begins it. Before: any. After: the job is there with the change or not
 * at all, with an audit row. Returns the id that the run will have.
 * @throws MusterError `not-found`; `invalid` for a directory that is not pulled from; `conflict` while a run of it is
 * under way, naming that one, and when its people were switched away.
 */
export async function askForSync(
  tx: Tx,
  directory: DirectoryId,
  { mode, lane }: { mode: "run" | "dry-run"; lane: SyncLane },
): Promise<SyncRunId> {
  const source = await getDirectory(tx, directory);
  if (!source) throw new MusterError("not-found", "there is no such directory", { at: "directory" });
  if (!isConnectorKind(source.kind))
    throw new MusterError(
      "invalid",
      `the directory ${source.name} is of kind ${source.kind}, which is not pulled from`,
      { at: "directory" },
    );
  const underWay = await runUnderWay(tx, directory);
  // One whose process is gone is settled by the run that is asked for.
  if (underWay && isAlive(underWay.progress)) throw alreadyUnderWay(underWay);
  const run = newId<SyncRunId>();
  await ask(tx, directory, run, { for: "sync", mode, lane });
  return run;
}

/**
 * Asks for a waiting plan to be applied as it was shown. Before: any. After: the job is there, with an audit row.
 * @throws MusterError `not-found`, `invalid` (no reason), `conflict` when the run waits for nothing any more or its directory was
 * switched away.
 */
export async function askForApproval(tx: Tx, run: SyncRunId, reason: string): Promise<void> {
  if (reason.trim() === "") throw new MusterError("invalid", "an approval needs a reason", { at: "reason" });
  const { directory } = await requireWaiting(tx, run);
  await ask(tx, directory, run, { for: "approval", reason });
}

/**
 * Asks for a run to be undone. Before: any. After: the job is there, with an audit row. Returns the id that the undoing
 * run will have.
 * @throws MusterError `not-found`, `conflict` when there is nothing to undo or the directory was switched away.
 */
export async function askForUndo(tx: Tx, undoes: SyncRunId): Promise<SyncRunId> {
  const { directory } = await requireUndoable(tx, undoes);
  const run = newId<SyncRunId>();
  await ask(tx, directory, run, { for: "undo", undoes });
  return run;
}

async function ask(tx: Tx, directory: DirectoryId, run: SyncRunId, asked: Payload["asked"]): Promise<void> {
  await refuseWhilePaused(tx);
  // The job would be refused, and of an approval nobody would ever hear.
  await refuseSwitched(tx, directory);
  const { organization, actor } = tx;
  const { kind, id, requestId } = actor;
  const payload: Payload = { organization, directory, run, actor: { kind, id, requestId }, asked };
  await tx.query({
    text: "select add_job($1, $2, $3)",
    values: [ASKED_SYNC_TASK, payload, `${ASKED_SYNC_TASK}:${run}`],
  });
  await recordChanges(tx, [
    { action: "sync.requested", subjectKind: "directory", subject: directory, detail: { run, ...asked } },
  ]);
}

/**
 * The job itself. While another run of the directory is under way an approval is tried again later; a run that was asked
 * for ends `failed` and says so. Only trouble with Muster's own database makes the job fail and be tried again.
 */
export async function askedSyncTask(ctx: Context, payload: unknown, signal?: AbortSignal): Promise<void> {
  const { organization, directory, run, asked, ...told } = payloadSchema.parse(payload) as Payload & {
    organization: OrganizationId;
    directory: DirectoryId;
    run: SyncRunId;
  };
  const actor = { organization, ...told.actor } as Actor;
  const common = { actor, ...(signal === undefined ? {} : { signal }) };
  try {
    if (asked.for === "approval") await approveRun(ctx, run, { ...common, reason: asked.reason });
    // A job that died after its run had begun comes again: the next run of the directory settles what it left.
    else if (await getRun(ctx.db.of(organization), run)) return;
    else if (asked.for === "sync")
      await runSync(ctx, directory, { ...common, run, mode: asked.mode, lane: asked.lane, trigger: "api" });
    else await undoRun(ctx, asked.undoes as SyncRunId, { ...common, run, trigger: "api" });
  } catch (error) {
    if (!isMusterError(error) || (error.code !== "conflict" && error.code !== "not-found")) throw error;
    ctx.logger.info("a sync that was asked for was left out", { directory, run, detail: error.message });
    if (asked.for === "approval") {
      if (error.at === "directory") throw error;
      return;
    }
    const mode = asked.for === "undo" ? "undo" : asked.mode;
    await inTransaction(ctx, actor, (tx) => recordUnstarted(tx, directory, { id: run, mode, error: error.message }), {
      lock: "none",
    });
  }
}
