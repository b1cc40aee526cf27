import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { MusterError } from "../../errors.ts";
import { dataArgument, failure, type Home, programPath, spawnOptions } from "./program.ts";
import { socketDirectory } from "./socket-directory.ts";

/** A server that runs on the cluster, as postmaster.pid tells it. `ready` once it takes connections. */
export type Running = { pid: number; port: number; ready: boolean };

const LOG_LIMIT = 16 * 1024 * 1024;

/** The live server of a cluster; undefined when there is none, whatever a crash left in postmaster.pid. */
export function findServer(home: Home): Running | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(home.directory, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isServerOf(home, pid)) return undefined;
  return { pid, port: Number(lines[3] ?? "0"), ready: lines[7]?.trim() === "ready" };
}

/** A number can have been given to another process since: a postmaster's working directory is its cluster. */
function isServerOf(home: Home, pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  if (!existsSync("/proc/self/cwd")) return true;
  const theirs = statSync(`/proc/${pid}/cwd`, { throwIfNoEntry: false });
  const ours = statSync(home.directory, { throwIfNoEntry: false });
  return theirs !== undefined && theirs.ino === ours?.ino && theirs.dev === ours.dev;
}

/**
 * Starts the server in a session of its own, so that no signal to Muster's terminal or process group reaches it, and
 * returns when it takes connections or has ended. @returns undefined when it runs, else why it ended.
 */
export async function startServer(
  home: Home,
  logFile: string,
  settings: Readonly<Record<string, string>>,
): Promise<MusterError | undefined> {
  removeForeignPid(home);
  const log = openLog(logFile);
  const from = fstatSync(log).size;
  const all = {
    ...(await listenSettings(home)),
    logging_collector: "off",
    log_checkpoints: "off",
    // A first import fills empty tables: until they are analyzed, every connection plans as if they were still small.
    autovacuum_naptime: "5s",
    // It writes as much as is held for years after: what it has just written should not be written out and read again, and
    // no checkpoint fall into the middle of it.
    shared_buffers: "256MB",
    max_wal_size: "2GB",
    ...settings,
  };
  const child = spawn(
    programPath(home, "postgres"),
    ["-D", dataArgument(home), ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    { ...spawnOptions(home), detached: true, stdio: ["ignore", log, log], windowsHide: true },
  );
  closeSync(log);
  child.unref();
  let ended: { error?: Error } | undefined;
  child.once("error", (error) => {
    ended = { error };
  });
  child.once("exit", () => {
    ended ??= {};
  });
  for (;;) {
    if (ended) return failure("postgres", readFrom(logFile, from), ended.error);
    const running = findServer(home);
    if (running?.ready && running.pid === child.pid) return undefined;
    await sleep(20);
  }
}

/** Ends the server in order (running transactions are rolled back, everything is written) and waits until it is gone. */
export async function stopServer(home: Home): Promise<void> {
  const running = findServer(home);
  if (!running) return;
  signal(running.pid, "SIGINT");
  for (let waited = 0; findServer(home)?.pid === running.pid; waited += 20) {
    // Its immediate shutdown loses nothing that was committed; the next start recovers.
    if (waited === 60_000) signal(running.pid, "SIGQUIT");
    await sleep(20);
  }
}

function signal(pid: number, name: "SIGINT" | "SIGQUIT"): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

/** PostgreSQL takes a live process with the pid of its dead predecessor for that one, and would refuse to start. */
function removeForeignPid(home: Home): void {
  if (findServer(home) === undefined && existsSync("/proc/self/cwd")) {
    const path = join(home.directory, "postmaster.pid");
    const pid = existsSync(path) ? Number.parseInt(readFileSync(path, "utf8"), 10) : 0;
    if (pid > 0 && existsSync(`/proc/${pid}`)) rmSync(path, { force: true });
  }
}

async function listenSettings(home: Home): Promise<Record<string, string>> {
  if (process.platform === "win32") return { listen_addresses: "127.0.0.1", port: String(await freePort()) };
  const directory = socketDirectory(home);
  return {
    listen_addresses: "",
    port: "5432",
    unix_socket_directories: directory === home.directory ? "." : directory,
    unix_socket_permissions: "0700",
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function openLog(path: string): number {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT) renameSync(path, `${path}.1`);
  return openSync(path, "a", 0o600);
}

function readFrom(path: string, position: number): string {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(64 * 1024);
    return buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, position));
  } finally {
    closeSync(file);
  }
}
