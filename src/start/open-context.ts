import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config.ts";
import type { Context } from "../context.ts";
import { type ConnectionSettings, Database } from "../db/connection.ts";
import { startEmbedded } from "../db/embedded/start.ts";
import { migrate } from "../db/migrate.ts";
import { isMusterError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { unreachableDatabase } from "./unreachable-database.ts";

/** An open database and what code needs of its surroundings. */
export type Opened = {
  ctx: Context;
  /** A login that is `muster_owner` or may become it: for jobs. */
  ownerUrl: string;
  /** Ends the connections and leaves the embedded PostgreSQL, which stops when nobody else uses it. */
  close(): Promise<void>;
};

const CLOSE_TIMEOUT = 10_000;

type Access = { app: ConnectionSettings; ownerUrl: string; leave(): Promise<void> };

/**
 * Opens the configured PostgreSQL, or starts or joins the embedded one, and brings it to this version.
 * Afterwards the application's role is proven to be bound by row-level security.
 * @throws MusterError `configuration` or `unavailable`, in one line that names what is wrong and where.
 */
export async function openContext(config: Config, logger: Logger): Promise<Opened> {
  // Said once it has worked: what ends a start is the one line that a person should read.
  const notes: string[] = [];
  let note = (message: string): void => void notes.push(message);
  const access = await reach(config, (message) => note(message));
  const db = new Database({ ...access.app, poolSize: config.database.poolSize });
  const close = async (): Promise<void> => {
    // A statement that never ends must not keep the embedded PostgreSQL running.
    await Promise.race([db.close(), sleep(CLOSE_TIMEOUT, undefined, { ref: false })]);
    await access.leave();
  };
  try {
    await migrate({ url: access.ownerUrl });
    await db.verifyRole();
  } catch (error) {
    await close().catch(() => {});
    throw isMusterError(error) && error.code === "unavailable" ? unreachableDatabase(access.ownerUrl, error) : error;
  }
  note = (message) => void logger.info(message);
  for (const message of notes) note(message);
  return { ctx: { config, db, logger }, ownerUrl: access.ownerUrl, close };
}

/**
 * Reaches the configured PostgreSQL, or starts or joins the embedded one, and leaves whatever is in it as it is: for a
 * restore, which brings its own tables. `leave` stops an embedded one that nobody else uses.
 * @throws MusterError `configuration` when there cannot be one.
 */
export async function openDatabase(
  config: Config,
  logger: Logger,
): Promise<{ ownerUrl: string; leave(): Promise<void> }> {
  return reach(config, (message) => void logger.info(message));
}

async function reach(config: Config, note: (message: string) => void): Promise<Access> {
  return config.database.url ? external(config, config.database.url) : await embedded(config, note);
}

function external(config: Config, url: string): Access {
  const { ownerUrl } = config.database;
  return {
    app: { url, ...(ownerUrl === undefined && { role: "muster_app" as const }) },
    ownerUrl: ownerUrl ?? url,
    leave: async () => {},
  };
}

async function embedded(config: Config, log: (message: string) => void): Promise<Access> {
  const server = await startEmbedded(config.dataDirectory, { log });
  return { app: { url: server.appUrl }, ownerUrl: server.ownerUrl, leave: server.leave };
}
