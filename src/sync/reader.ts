import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { ConnectorError, type ConnectorErrorCode } from "../../connectors/connector.ts";
import type { Context } from "../context.ts";
import type { ConnectionSettings } from "../db/connection.ts";
import type { OrganizationId } from "../db/id.ts";
import { type ErrorCode, MusterError, unreachable } from "../errors.ts";
import type { ReadHooks, ReadTask, WhatWasRead } from "./read.ts";
import type { Tried } from "./test.ts";

/** Everything that the thread needs of its surroundings. */
export type ReaderTask = ReadTask & {
  connection: ConnectionSettings;
  organization: OrganizationId;
  source: Tried;
  filesFolder: string | null;
};

export type ToldError =
  | { of: "connector"; code: ConnectorErrorCode; detail: string; hint: string | null }
  | { of: "muster"; code: ErrorCode; detail: string; at: string | undefined; retryAfter: number | undefined }
  | { of: "fault"; detail: string };

export type ReaderMessage =
  | { of: "page"; entries: number }
  | { of: "full" }
  | { of: "no-mark"; detail: string }
  | { of: "read"; read: WhatWasRead }
  | { of: "error"; error: ToldError };

/** Two for the lanes into staging; the third, for who knows no organization, is never opened. */
const CONNECTIONS = 3;

/**
 * Megabytes of what was made just now, three times 8 instead of V8's three times 32: a read makes much and keeps little.
 * A limit on what lives, below 2 GB, has V8 look through it when it has almost doubled, instead of at four times as much.
 */
const YOUNG = 24;

/** Milliseconds after which a reader is ended that does not end by itself. */
const GRACE = 10_000;

/**
 * Reads a directory into staging in a thread of its own (read.ts): whatever it sends, and how much of it, keeps nobody
 * waiting who is served by this process, and takes no memory of theirs.
 * @throws as `readInto`; ConnectorError `limit` when the directory holds more than the thread's memory.
 */
export async function readInThread(
  ctx: Pick<Context, "db" | "config">,
  organization: OrganizationId,
  source: Tried,
  task: ReadTask,
  signal: AbortSignal,
  hooks: ReadHooks,
): Promise<WhatWasRead> {
  const { memory } = ctx.config.sync;
  const data: ReaderTask = {
    ...task,
    organization,
    source,
    connection: { ...ctx.db.settings, poolSize: CONNECTIONS },
    filesFolder: ctx.config.filesDirectory,
  };
  const { promise, resolve, reject } = Promise.withResolvers<WhatWasRead>();
  const thread = new Worker(new URL(`./reader-thread${extname(import.meta.filename)}`, import.meta.url), {
    workerData: data,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG, maxOldGenerationSizeMb: memory },
    name: "reader",
  });
  thread.on("message", (message: ReaderMessage) => {
    switch (message.of) {
      case "page":
        return hooks.onPage(message.entries);
      case "full":
        return hooks.onFull();
      case "no-mark":
        return hooks.onNoMark(message.detail);
      case "read":
        return resolve(message.read);
      case "error":
        return reject(errorOf(message.error));
      default:
        return unreachable(message);
    }
  });
  thread.on("error", (error: NodeJS.ErrnoException) => reject(brokenOff(error, memory)));
  thread.on("messageerror", reject);
  let grace: NodeJS.Timeout | undefined;
  let isGone = false;
  thread.on("exit", () => {
    isGone = true;
    clearTimeout(grace);
    reject(new ConnectorError("cancelled", "the read was cancelled"));
  });
  const end = (): void => {
    if (!isGone) grace ??= setTimeout(() => void thread.terminate(), GRACE);
  };
  const stop = (): void => {
    thread.postMessage("stop");
    end();
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
    // Its connections are still to be closed; nobody need wait for that.
    end();
  }
}

function errorOf(error: ToldError): Error {
  switch (error.of) {
    case "connector":
      return new ConnectorError(error.code, error.detail, { hint: error.hint });
    case "muster":
      return new MusterError(error.code, error.detail, {
        ...(error.at !== undefined && { at: error.at }),
        ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
      });
    case "fault":
      return new Error(error.detail);
    default:
      return unreachable(error);
  }
}

function brokenOff(error: NodeJS.ErrnoException, memory: number): Error {
  if (error.code !== "ERR_WORKER_OUT_OF_MEMORY") return error;
  return new ConnectorError(
    "limit",
    `reading the directory needs more than the ${memory} MB of memory that it may take`,
    { hint: "raise sync.memory, or narrow what is read" },
  );
}
