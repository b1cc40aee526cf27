import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { MusterError } from "../../errors.ts";
import { type Binaries, findBinaries, installedPrograms } from "./binaries.ts";
import { type Cluster, majorOf, openCluster } from "./cluster.ts";
import { enter, holdInUse, IN_USE, superuserUrl, urlOf } from "./enter.ts";
import { keepPrograms } from "./kept-programs.ts";
import { CLUSTER, UPGRADED } from "./places.ts";
import { stopServer } from "./server.ts";
import { finishSwap } from "./swap.ts";
import { type SystemUser, serverUser } from "./system-user.ts";
import { markUser } from "./users.ts";

/** A running embedded server that this process uses. `leave` stops it when nobody else does. */
export type Embedded = { appUrl: string; ownerUrl: string; superuserUrl: string; leave(): Promise<void> };

export type EmbeddedOptions = {
  /** Told what an administrator should know of how the server runs. */
  log?: (message: string) => void;
  /** Server settings beside Muster's own. */
  settings?: Readonly<Record<string, string>>;
};

/**
 * Joins the PostgreSQL that runs in `<dataDirectory>/postgres`, or starts it, making it first when there is none, and
 * bringing it to this version first when an older PostgreSQL made it. Any number of processes may do so at once. Until `leave`, a server that dies is started again.
 * @throws MusterError `configuration`, when this user, platform or data directory cannot have one.
 */
export async function startEmbedded(dataDirectory: string, options: EmbeddedOptions = {}): Promise<Embedded> {
  const log = options.log ?? (() => {});
  makeDataDirectory(dataDirectory);
  const cluster = await open(dataDirectory, log);
  const mark = markUser(dataDirectory);
  let holder: pg.Client;
  const left = new AbortController();

  const hold = async (): Promise<void> => {
    holder = await enter(dataDirectory, cluster, options.settings ?? {}, log, left.signal, holdInUse);
    holder.once("end", () => {
      if (!left.signal.aborted) holding = holdAgain();
    });
  };
  const holdAgain = async (): Promise<void> => {
    log("the embedded PostgreSQL has gone away; starting it again");
    while (!left.signal.aborted) {
      try {
        return await hold();
      } catch (error) {
        if (left.signal.aborted) return;
        log(`the embedded PostgreSQL does not come back: ${(error as Error).message}`);
        await sleep(1_000);
      }
    }
  };

  let holding = hold();
  try {
    await holding;
  } catch (error) {
    mark.leave("decides");
    throw error;
  }
  return {
    appUrl: urlOf(cluster, "muster_app", cluster.passwords.app, "muster"),
    ownerUrl: urlOf(cluster, "muster_owner", cluster.passwords.owner, "muster"),
    superuserUrl: superuserUrl(cluster),
    leave: async () => {
      if (left.signal.aborted) return;
      left.abort();
      // A server that is just being started again must not be left behind.
      await holding;
      const last = await isLast(holder);
      if (last) await stopServer(cluster);
      await holder.end().catch(() => {});
      mark.leave(last === undefined ? "decides" : "goes");
    },
  };
}

async function open(dataDirectory: string, log: (message: string) => void): Promise<Cluster> {
  const directory = join(dataDirectory, CLUSTER);
  const user = serverUser(dataDirectory, existsSync(directory) ? directory : join(dataDirectory, UPGRADED));
  const programs = installedPrograms();
  const binaries = findBinaries(programs, user, log);
  await finishSwap(dataDirectory, binaries.major, log);
  if ((majorOf(directory) ?? binaries.major) < binaries.major) await upgrade(dataDirectory, binaries, user, log);
  const cluster = openCluster(dataDirectory, binaries, user);
  keepPrograms(dataDirectory, programs, log);
  return cluster;
}

/** Hardly ever needed, so it is not loaded before. */
async function upgrade(
  dataDirectory: string,
  binaries: Binaries,
  user: SystemUser | undefined,
  log: (message: string) => void,
): Promise<void> {
  const { upgradeCluster } = await import("./upgrade.ts");
  const mark = markUser(dataDirectory);
  let guard: "goes" | "decides" = "decides";
  try {
    await upgradeCluster(dataDirectory, binaries, user, log);
    guard = "goes";
  } finally {
    mark.leave(guard);
  }
}

function makeDataDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new MusterError("configuration", `the data directory ${path} cannot be made: ${(error as Error).message}`, {
      at: "MUSTER_DATA_DIR",
      cause: error,
    });
  }
}

/** Undefined when the server does not answer: it has died, or another one who was the last stops it just now. */
async function isLast(holder: pg.Client): Promise<boolean | undefined> {
  try {
    await holder.query("select pg_advisory_unlock_shared($1)", [IN_USE]);
    const { rows } = await holder.query<{ last: boolean }>("select pg_try_advisory_lock($1) as last", [IN_USE]);
    return rows[0]?.last === true;
  } catch {
    return undefined;
  }
}
