import { existsSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { isMusterError, MusterError } from "../../errors.ts";
import { restoreBackup } from "../backup/restore.ts";
import { takeBackup } from "../backup/take.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { carryJobs } from "./carry-jobs.ts";
import { type Cluster, createCluster, existingCluster, majorOf } from "./cluster.ts";
import { connectSuperuser, enter, IN_USE, urlOf } from "./enter.ts";
import { keptPrograms } from "./kept-programs.ts";
import { BEING_MADE, beforeUpgrade, CLUSTER, move, UNDER_WAY, UPGRADE_FILE, UPGRADED } from "./places.ts";
import { findServer, startServer, stopServer } from "./server.ts";
import { finishSwap } from "./swap.ts";
import type { SystemUser } from "./system-user.ts";

type Log = (message: string) => void;

/** Milliseconds in which an older Muster that is just ending may end. */
const PATIENCE = 10_000;

/** Bytes that an empty cluster and its log of changes take. */
const EMPTY = 128 * 1024 ** 2;

/** What fills an empty cluster fast: nobody reads its log of changes before it is whole. */
const FILLING = { wal_level: "minimal", max_wal_senders: "0" };

/**
 * Brings the cluster of an older PostgreSQL to the version of `binaries`, by a backup that goes into a new cluster beside
 * it; the older one is kept. Before: this process is marked as a user. After: the cluster is of this version, whoever did
 * it; or it is what it was. Killed at any moment, the next start does it again from its beginning, or its last step.
 * @throws MusterError `configuration` without the programs that can read the older one; `conflict` while an older Muster
 * uses it; `unavailable` without the space for it.
 */
export async function upgradeCluster(
  dataDirectory: string,
  binaries: Binaries,
  user: SystemUser | undefined,
  log: Log,
): Promise<void> {
  const directory = join(dataDirectory, CLUSTER);
  for (;;) {
    await finishSwap(dataDirectory, binaries.major, log);
    const major = majorOf(directory);
    if (major === undefined || major >= binaries.major) return;
    const old = openOld(dataDirectory, major, binaries.major, user, log);
    let alone: pg.Client | undefined;
    try {
      alone = await connectAlone(dataDirectory, old, log);
    } catch (error) {
      // It may have gone away because another process has upgraded it.
      if (majorOf(directory) === major) throw error;
    }
    if (!alone) continue;
    try {
      log(`bringing the data in ${directory} from PostgreSQL ${major} to ${binaries.major}`);
      await carryOver(dataDirectory, old, alone, binaries);
      await takeAway(dataDirectory, old);
    } catch (error) {
      throw unchanged(directory, major, error);
    } finally {
      await alone.end().catch(() => {});
    }
  }
}

function openOld(
  dataDirectory: string,
  major: number,
  wanted: number,
  user: SystemUser | undefined,
  log: Log,
): Cluster {
  const directory = join(dataDirectory, CLUSTER);
  try {
    const programs = keptPrograms(dataDirectory, major);
    if (programs) return existingCluster(directory, findBinaries(programs, user, log), user);
  } catch (error) {
    if (!isMusterError(error) || error.at === "MUSTER_DATA_DIR") throw error;
  }
  throw new MusterError(
    "configuration",
    `${directory} was made by PostgreSQL ${major}, this Muster brings PostgreSQL ${wanted}, and no programs of ${major} that run here are kept in ${dataDirectory}; start the Muster that made it, muster backup FILE there, and restore that into another data directory with this one; or let a PostgreSQL ${major} of your own run on it and name it in DATABASE_URL`,
    { at: "MUSTER_DATA_DIR" },
  );
}

/**
 * A connection whose holder alone uses the older server, which it starts; undefined when another process had it and has
 * brought it to its end, or ended.
 */
async function connectAlone(dataDirectory: string, old: Cluster, log: Log): Promise<pg.Client | undefined> {
  const client = await enter(dataDirectory, old, {}, log, undefined, connectSuperuser);
  let patientUntil = Date.now() + PATIENCE;
  try {
    for (;;) {
      const { rows } = await client.query<{ got: boolean; used: boolean }>(
        `select pg_try_advisory_lock($1) as got, exists (select from pg_locks l where l.locktype = 'advisory' and l.granted
            and l.mode = 'ShareLock' and (l.classid::bigint << 32 | l.objid::bigint) = $1) as used`,
        [IN_USE],
      );
      if (rows[0]?.got) break;
      // Another process that upgrades it is waited for, however long that takes.
      if (!rows[0]?.used) patientUntil = Date.now() + PATIENCE;
      if (Date.now() > patientUntil)
        throw new MusterError("conflict", `an older Muster uses ${old.directory}; stop that one first`, {
          at: "MUSTER_DATA_DIR",
        });
      await sleep(100);
    }
    if (majorOf(old.directory) === old.binaries.major && findServer(old)) return client;
  } catch (error) {
    await client.end().catch(() => {});
    if (isMusterError(error)) throw error;
    return undefined;
  }
  await client.end().catch(() => {});
  return undefined;
}

/** After: a whole cluster of this version, with all that the older one holds, is where `finishSwap` looks for it, and does not run. */
async function carryOver(dataDirectory: string, old: Cluster, alone: pg.Client, binaries: Binaries): Promise<void> {
  await removeRemains(dataDirectory, old);
  await requireSpace(dataDirectory, alone);
  const [directory, file] = [join(dataDirectory, UNDER_WAY), join(dataDirectory, UPGRADE_FILE)];
  const from = urlOf(old, "muster_owner", old.passwords.owner, "muster");
  try {
    await takeBackup({ url: from }, file, "", undefined, "upgrade");
    createCluster(dataDirectory, directory, binaries, old.user);
    const cluster = existingCluster(directory, binaries, old.user);
    const ended = await startServer(cluster, join(dataDirectory, "postgres.log"), FILLING);
    if (ended) throw ended;
    try {
      const to = urlOf(cluster, "muster_owner", cluster.passwords.owner, "muster");
      await restoreBackup({ url: to }, file, null, undefined, "upgrade");
      await carryJobs(from, to);
    } finally {
      await stopServer(cluster);
    }
    move(directory, join(dataDirectory, UPGRADED));
  } catch (error) {
    await removeRemains(dataDirectory, old);
    throw error;
  }
}

/** What a process left that was killed here, its server included. */
async function removeRemains(dataDirectory: string, old: Cluster): Promise<void> {
  await stopServer({ ...old, directory: join(dataDirectory, UNDER_WAY) });
  for (const name of readdirSync(dataDirectory))
    if (name === UNDER_WAY || name === UPGRADED || name.startsWith(UPGRADE_FILE) || name.startsWith(BEING_MADE))
      rmSync(join(dataDirectory, name), { recursive: true, force: true, maxRetries: 10 });
}

/** The backup and the new cluster take no more than the older cluster each. */
async function requireSpace(dataDirectory: string, alone: pg.Client): Promise<void> {
  const { rows } = await alone.query<{ bytes: string }>("select pg_database_size('muster')::text as bytes");
  const { bavail, bsize } = statfsSync(dataDirectory);
  const missing = 2 * Number(rows[0]?.bytes) + EMPTY - bavail * bsize;
  if (missing > 0)
    throw new MusterError(
      "unavailable",
      `an upgrade needs room for a second copy of the data: ${Math.ceil(missing / 1024 ** 2)} MiB more have to be free where ${dataDirectory} is`,
      { at: "MUSTER_DATA_DIR" },
    );
}

/**
 * Keeps the older cluster under another name, while its server still runs: nobody can start it in its old place, and whoever
 * waits for it sees that it is gone before the lock comes free.
 */
async function takeAway(dataDirectory: string, old: Cluster): Promise<void> {
  // It would not let go of files that it has open.
  if (process.platform === "win32") await stopServer(old);
  move(old.directory, freeName(join(dataDirectory, beforeUpgrade(old.binaries.major))));
}

function freeName(wanted: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!existsSync(name)) return name;
  }
}

function unchanged(directory: string, major: number, error: unknown): unknown {
  return isMusterError(error) && error.code !== "internal"
    ? new MusterError(error.code, `${directory} stays PostgreSQL ${major}'s: ${error.message}`, {
        ...(error.at !== undefined && { at: error.at }),
        cause: error,
      })
    : error;
}
