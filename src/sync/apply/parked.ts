import type { Database } from "../../db/connection.ts";
import { inTransaction } from "../../db/transaction.ts";
import { bringBackParked } from "../../identity/accounts/confirm.ts";
import { accountsParkedBy } from "../../identity/accounts/parked.ts";
import { holdEpoch } from "../lock.ts";
import { getRun } from "../runs.ts";
import { type ApplyJob, refuseStopped } from "./batches.ts";

/** Accounts per transaction. */
const BATCH = 500;

/**
 * After an undoing has been applied: what the undone run had parked counts again, where it gave a person's profile to another
 * record and the one before has it back. For anything but an undoing it does nothing. Called again after a crash it does the rest.
 * @throws MusterError as `applyPlan`.
 */
export async function bringBackWhatWasParked(
  ctx: { db: Database },
  { run, lock, actor, signal }: Pick<ApplyJob, "run" | "lock" | "actor" | "signal">,
): Promise<void> {
  const db = ctx.db.of(actor.organization);
  const undone = (await getRun(db, run))?.undoes;
  const since = undone && (await getRun(db, undone))?.appliedAt;
  if (!undone || !since) return;
  const parking = { run: undone, since };
  const accounts = await accountsParkedBy(db, parking);
  for (let from = 0; from < accounts.length; from += BATCH) {
    refuseStopped(signal);
    await inTransaction(ctx, actor, async (tx) => {
      await holdEpoch(tx, lock);
      await bringBackParked(tx, accounts.slice(from, from + BATCH), parking);
    });
  }
}
