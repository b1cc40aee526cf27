import type { Database, Db } from "../db/connection.ts";
import { MusterError } from "../errors.ts";

const QUESTION = { name: "paused-at", text: "select paused_at() as at" };

/** Since when this installation rests after a restore: no mail, no sync, no event, no job until `muster resume`. */
export async function pausedSince(db: Database): Promise<Date | null> {
  const [row] = await db.lookUp<{ at: Date | null }>(QUESTION);
  return row?.at ?? null;
}

/** @throws MusterError `held` while this installation rests after a restore. */
export async function refuseWhilePaused(db: Db): Promise<void> {
  const [row] = await db.query<{ at: Date | null }>(QUESTION);
  if (row?.at)
    throw new MusterError(
      "held",
      `this Muster was restored from a backup at ${row.at.toISOString()} and rests, so that nobody is removed or mailed by what has passed; look at it, then: muster resume`,
      { at: "restore" },
    );
}
