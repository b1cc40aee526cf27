import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { MusterError } from "../../errors.ts";
import { findBinaries } from "./binaries.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { findServer, startServer, stopServer } from "./server.ts";
import { socketDirectory } from "./socket-directory.ts";
import { serverUser } from "./system-user.ts";
import { isStopping, markUser } from "./users.ts";

/** A running embedded server that this process uses. `leave` stops it when nobody else does. */
export type Embedded = { appUrl: string; ownerUrl: string; superuserUrl: string; leave(): Promise<void> };

export type EmbeddedOptions = {
  /** Told what an administrator should know of how the server runs. */
  log?: (message: string) => void;
  /** Server settings beside Muster's own. */
  settings?: Readonly<Record<string, string>>;
};

/** Held shared by every user of a server as long as it uses it; whoever gets it exclusively is the last. */
const IN_USE = 7_230_115_120;

const START_TIMEOUT = 60_000;

/**
 * Joins the PostgreSQL that runs in `<dataDirectory>/postgres`, or starts it, making it first when there is none.
 * Any number of processes may do so at once. Until `leave`, a server that dies is started again.
 * @throws MusterError `configuration`, when this user, platform or data directory cannot have one.
 */
export async function startEmbedded(dataDirectory: string, options: EmbeddedOptions = {}): Promise<Embedded> {
  const log = options.log ?? (() => {});
  makeDataDirectory(dataDirectory);
  const user = serverUser(dataDirectory, join(dataDirectory, "postgres"));
  const cluster = openCluster(dataDirectory, findBinaries(user, log), user);
  const mark = markUser(dataDirectory);
  let holder: pg.Client;
  const left = new AbortController();

  const hold = async (): Promise<void> => {
    holder = await enter(dataDirectory, cluster, options.settings ?? {}, log, left.signal);
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

/** Returns a connection that holds the server in use; who has one cannot lose the server to a leaver. */
async function enter(
  dataDirectory: string,
  cluster: Cluster,
  settings: Readonly<Record<string, string>>,
  log: (message: string) => void,
  left: AbortSignal,
): Promise<pg.Client> {
  const deadline = Date.now() + START_TIMEOUT;
  let reason: Error | undefined;
  for (let wait = 20; Date.now() < deadline && !left.aborted; wait = Math.min(wait * 2, 500)) {
    if (isStopping(dataDirectory)) {
      await sleep(100);
      continue;
    }
    if (!findServer(cluster)) {
      if (cluster.user) log(`PostgreSQL does not run as root; it runs as the existing user ${cluster.user.name}`);
      const ended = await startServer(cluster, join(dataDirectory, "postgres.log"), settings);
      if (ended && !findServer(cluster) && !isPassing(ended)) throw ended;
      reason = ended;
    }
    try {
      return await connectShared(superuserUrl(cluster));
    } catch (error) {
      if ((error as { code?: unknown }).code === "28P01")
        throw new MusterError("configuration", `${cluster.directory} does not take the passwords kept in it`, {
          at: "MUSTER_DATA_DIR",
          cause: error,
        });
      reason = error as Error;
      await sleep(wait);
    }
  }
  throw new MusterError(
    "unavailable",
    `the embedded PostgreSQL does not answer: ${reason?.message ?? "no reason given"}`,
    { cause: reason },
  );
}

/** Another starter was faster, or processes of a killed server still hold its memory for a moment. */
function isPassing(error: MusterError): boolean {
  return /lock file|shared memory|could not bind/.test(error.message);
}

async function connectShared(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    application_name: "muster user",
  });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select pg_advisory_lock_shared($1)", [IN_USE]);
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  return client;
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

function superuserUrl(cluster: Cluster): string {
  return urlOf(cluster, "postgres", cluster.passwords.superuser, "postgres");
}

function urlOf(cluster: Cluster, user: string, password: string, database: string): string {
  const url = new URL(`postgres://${user}:${password}@localhost/${database}`);
  if (process.platform === "win32") {
    url.hostname = "127.0.0.1";
    url.port = String(findServer(cluster)?.port ?? 5432);
  } else {
    url.port = "5432";
    url.searchParams.set("host", socketDirectory(cluster));
  }
  return url.toString();
}
