import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { MusterError } from "../../errors.ts";
import type { Cluster } from "./cluster.ts";
import { findServer, startServer } from "./server.ts";
import { socketDirectory } from "./socket-directory.ts";
import { isStopping } from "./users.ts";

/** Held shared by every user of a server as long as it uses it; whoever gets it exclusively is the last. */
export const IN_USE = 7_230_115_120;

const START_TIMEOUT = 60_000;

/**
 * A connection to the cluster's server, which is started when it does not run. What `connect` holds on it (`holdInUse`)
 * keeps a leaver from stopping it.
 * @throws MusterError `configuration` when it does not start, `unavailable` when it does not answer in time.
 */
export async function enter(
  dataDirectory: string,
  cluster: Cluster,
  settings: Readonly<Record<string, string>>,
  log: (message: string) => void,
  left: AbortSignal | undefined,
  connect: (url: string) => Promise<pg.Client>,
): Promise<pg.Client> {
  const deadline = Date.now() + START_TIMEOUT;
  let reason: Error | undefined;
  for (let wait = 20; Date.now() < deadline && !left?.aborted; wait = Math.min(wait * 2, 500)) {
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
      return await connect(superuserUrl(cluster));
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

/** A connection that holds the server in use: who has one cannot lose it to a leaver. */
export async function holdInUse(url: string): Promise<pg.Client> {
  const client = await connectSuperuser(url);
  try {
    await client.query("select pg_advisory_lock_shared($1)", [IN_USE]);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

export async function connectSuperuser(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    application_name: "muster user",
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

export function superuserUrl(cluster: Cluster): string {
  return urlOf(cluster, "postgres", cluster.passwords.superuser, "postgres");
}

export function urlOf(cluster: Cluster, user: string, password: string, database: string): string {
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
