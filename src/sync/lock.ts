import pg from "pg";
import type { Context } from "../context.ts";
import type { Db } from "../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../db/id.ts";
import { translateStorageError } from "../db/storage-error.ts";
import type { Actor, Tx } from "../db/transaction.ts";
import { inTransaction } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { claimDirectory, type Hold, releaseDirectory, writeHeartbeat } from "./hold.ts";
import { type Progress, progressWords } from "./progress.ts";
import { runUnderWay, type SyncRun } from "./runs.ts";

/** The right to change one directory by sync, until released or lost. */
export type DirectoryLock = {
  directory: DirectoryId;
  /** Counts the holders of the directory; every batch checks that it is still the latest. */
  epoch: number;
  /** Aborted when the connection that holds the lock dies, or when its holder was given up. */
  lost: AbortSignal;
  /** Says how far a run is; written with the next sign of life, on the lock's own connection and in nobody's way. */
  tell(run: SyncRunId, progress: Partial<Progress>): void;
};

/** Milliseconds between two signs of life. */
const BEAT = 1_000;

/**
 * Runs `work` while nobody else syncs this directory, over any number of processes. The lock is a session's, on a
 * connection of its own, so it goes with the process that dies. A holder that says nothing for longer than the setting
 * `sync.silence` (a process that is stopped, a machine that the network lost) is given up: the lock passes on, and the
 * epoch stops whatever that one would still write (design §5.6).
 * @throws MusterError `conflict` when another run is under way, naming it; `not-found` when there is no such directory.
 */
export async function withDirectoryLock<T>(
  ctx: Pick<Context, "db" | "config">,
  actor: Actor,
  directory: DirectoryId,
  work: (lock: DirectoryLock) => Promise<T>,
): Promise<T> {
  const { silence } = ctx.config.sync;
  const lost = new AbortController();
  const client = new pg.Client(ctx.db.pool.options);
  client.on("error", () => lost.abort());
  client.on("end", () => lost.abort());
  try {
    const hold = await client
      .connect()
      .then(() => claimDirectory(client, actor.organization, directory, silence))
      // The network's errors are no database errors to `pg`, and mean the same here.
      .catch((error: unknown) => Promise.reject(translateStorageError(error)));
    if (!hold) throw await heldByAnother(ctx.db.of(actor.organization), directory);
    const beating = beat(client, hold, Math.min(BEAT, silence * 250), lost);
    try {
      return await work({
        directory,
        epoch: await nextEpoch(ctx, actor, directory),
        lost: lost.signal,
        tell: beating.tell,
      });
    } finally {
      await beating.stop();
    }
  } catch (error) {
    throw error instanceof pg.DatabaseError ? translateStorageError(error) : error;
  } finally {
    await client.end().catch(() => {});
  }
}

async function heldByAnother(db: Db, directory: DirectoryId): Promise<MusterError> {
  const run = await runUnderWay(db, directory);
  return run
    ? alreadyUnderWay(run)
    : new MusterError("conflict", "another run is at work on this directory at this moment; try again soon", {
        at: "directory",
      });
}

/** Says which run it is, how far, and how to follow it. */
export function alreadyUnderWay({ id, trigger, askedBy, progress }: SyncRun): MusterError {
  const how = [askedBy ?? trigger, ...(progress ? [progressWords(progress)] : [])].join("; ");
  return new MusterError(
    "conflict",
    `another run of this directory is under way: ${id} (${how}); follow it with: muster sync show ${id} --follow`,
    { at: "directory" },
  );
}

/** @throws MusterError `conflict` when the people of the directory were switched to another one. */
export async function refuseSwitched(db: Db, directory: DirectoryId): Promise<void> {
  const rows = await db.query({
    text: "select id from directories where organization = $1 and id = $2 and switched_at is not null",
    values: [db.organization, directory],
  });
  if (rows.length > 0) throw rests();
}

function rests(): MusterError {
  return new MusterError(
    "conflict",
    "the people of this directory were switched to another one; it is not read any more, and nothing of it applied or undone, until they are switched back",
    { at: "switched" },
  );
}

const NOTHING_YET: Progress = { phase: "read", read: 0, expected: null, planned: null, applied: 0 };

/** Writes a sign of life again and again; a holder that was given up learns it by that. */
function beat(client: pg.Client, hold: Hold, every: number, lost: AbortController) {
  let told: { run: SyncRunId; progress: Progress } | null = null;
  let writing: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    try {
      if (!(await writeHeartbeat(client, hold, told))) lost.abort();
    } catch (error) {
      // What PostgreSQL refused may go well the next time; a connection that is gone took the lock with it.
      if (!(error instanceof pg.DatabaseError)) lost.abort();
    }
  };
  const timer = setInterval(() => {
    writing ??= write().finally(() => {
      writing = undefined;
    });
  }, every);
  return {
    tell: (run: SyncRunId, progress: Partial<Progress>): void => {
      told = { run, progress: { ...(told?.run === run ? told.progress : NOTHING_YET), ...progress } };
    },
    stop: async (): Promise<void> => {
      clearInterval(timer);
      await writing;
      if (!lost.signal.aborted) await releaseDirectory(client, hold).catch(() => {});
    },
  };
}

async function nextEpoch(ctx: Pick<Context, "db">, actor: Actor, directory: DirectoryId): Promise<number> {
  return inTransaction(
    ctx,
    actor,
    async (tx) => {
      const [row] = await tx.query<{ epoch: number; switched: boolean }>({
        text: `update directories set epoch = epoch + 1 where organization = $1 and id = $2
          returning epoch, switched_at is not null as switched`,
        values: [tx.organization, directory],
      });
      if (!row) throw new MusterError("not-found", "there is no such directory", { at: "directory" });
      if (row.switched) throw rests();
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
