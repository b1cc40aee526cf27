import pg from "pg";
import type { Database } from "../db/connection.ts";
import type { DirectoryId } from "../db/id.ts";
import { translateStorageError } from "../db/storage-error.ts";
import type { Actor, Tx } from "../db/transaction.ts";
import { inTransaction } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";

/** The right to change one directory by sync, until released or lost. */
export type DirectoryLock = {
  directory: DirectoryId;
  /** Counts the holders of the directory; every batch checks that it is still the latest. */
  epoch: number;
  /** Aborted when the connection that holds the lock dies. */
  lost: AbortSignal;
};

/**
 * Runs `work` while nobody else syncs this directory. The lock is a session's, on a connection of its own, so it goes
 * with the process that dies; the epoch stops a holder whose connection died unnoticed (design §5.6).
 * @throws MusterError `conflict` when the directory is locked by another run.
 */
export async function withDirectoryLock<T>(
  ctx: { db: Database },
  actor: Actor,
  directory: DirectoryId,
  work: (lock: DirectoryLock) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const client = new pg.Client(ctx.db.pool.options);
  client.on("error", () => lost.abort());
  client.on("end", () => lost.abort());
  try {
    await client.connect();
    const { rows } = await client.query<{ locked: boolean }>({
      text: "select pg_try_advisory_lock($1, $2) as locked",
      values: lockKey(directory),
    });
    if (rows[0]?.locked !== true)
      throw new MusterError(
        "conflict",
        "this directory is being synced by another run; wait for it or follow it with sync runs",
        {
          at: "directory",
        },
      );
    return await work({ directory, epoch: await nextEpoch(ctx, actor, directory), lost: lost.signal });
  } catch (error) {
    throw error instanceof pg.DatabaseError ? translateStorageError(error) : error;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Two halves of the id's random part: a key space apart from the one-number locks of organizations. */
function lockKey(directory: DirectoryId): [number, number] {
  const hex = directory.replaceAll("-", "").slice(16);
  return [Number.parseInt(hex.slice(0, 8), 16) | 0, Number.parseInt(hex.slice(8), 16) | 0];
}

async function nextEpoch(ctx: { db: Database }, actor: Actor, directory: DirectoryId): Promise<number> {
  return inTransaction(
    ctx,
    actor,
    async (tx) => {
      const [row] = await tx.query<{ epoch: number }>({
        text: "update directories set epoch = epoch + 1 where organization = $1 and id = $2 returning epoch",
        values: [tx.organization, directory],
      });
      if (!row) throw new MusterError("not-found", "there is no such directory", { at: "directory" });
      return row.epoch;
    },
    { lock: "none" },
  );
}

/**
 * Holds the epoch until the transaction ends.
 * @throws MusterError `conflict` when another run has taken the directory over: nothing of this transaction is kept.
 */
export async function holdEpoch(tx: Tx, lock: { directory: DirectoryId; epoch: number }): Promise<void> {
  const [row] = await tx.query<{ epoch: number }>({
    name: "hold-epoch",
    text: "select epoch from directories where organization = $1 and id = $2 for share",
    values: [tx.organization, lock.directory],
  });
  if (row?.epoch !== lock.epoch)
    throw new MusterError("conflict", "another run has taken this directory over", { at: "directory" });
}
