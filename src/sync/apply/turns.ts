import type { SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import type { PlanKind } from "./rows.ts";

/** A batch among those that are written at the same time: behind which row of the plan it begins, and the one before it, which may be under way. */
export type Place = { run: SyncRunId; kind: PlanKind; after: number; before: number | null };

/** Ends a batch that was written ahead of one that came to nothing: it is rolled back, and written again when it is its turn. */
export const OUT_OF_TURN = new MusterError("internal", "a batch was written ahead of one that was not kept");

/** Until the transaction ends, whoever comes after waits. */
export async function takePlace(tx: Tx, place: Place): Promise<void> {
  await tx.query({
    name: "take-place",
    text: "select pg_advisory_xact_lock(hashtextextended($1, 4249))",
    values: [nameOf(place.run, place.after)],
  });
}

/**
 * Waits until the batch before has ended. It is the database that waits, so that it finds out when both wait for each other
 * by way of somebody else.
 * @throws OUT_OF_TURN when that one was not kept.
 */
export async function awaitTurn(tx: Tx, { run, kind, after, before }: Place): Promise<void> {
  if (before === null) return;
  await tx.query({
    name: "await-turn",
    text: "select pg_advisory_xact_lock_shared(hashtextextended($1, 4249))",
    values: [nameOf(run, before)],
  });
  const [row] = await tx.query<{ through: number }>({
    name: "applied-through",
    text: `select coalesce((applied_through ->> $3)::bigint, 0) as through from sync_runs
      where organization = $1 and id = $2`,
    values: [tx.organization, run, kind],
  });
  if (row?.through !== after) throw OUT_OF_TURN;
}

function nameOf(run: SyncRunId, after: number): string {
  return `${run} ${after}`;
}
