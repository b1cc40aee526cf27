import { createHash } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { ConnectorError } from "../connector.ts";
import { cancelled } from "./place.ts";

/** A file of the allowed folder, open; `path` is as the settings say it. */
export type OpenFile = {
  path: string;
  /** SHA-256 of the whole, in hex, as it was before anything was taken from it. */
  digest: string;
  /** @throws ConnectorError `incomplete` at the end, when these are not the bytes that the digest was made of. */
  chunks(): AsyncGenerator<Buffer, void, void>;
};

export type OpenFiles = {
  get(path: string): OpenFile;
  /** @throws ConnectorError `incomplete` when any file is not what it was when it was opened. */
  confirm(): Promise<void>;
  /** Harmless when repeated. */
  close(): Promise<void>;
};

type Held = { path: string; place: string; handle: FileHandle; before: BigIntStats };

const CHUNK = 64 * 1024;
/** Never through a link, and never waiting for somebody to write into a pipe. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens all files at once, so that they belong together, and reads each once for its digest. Aborting `signal` closes
 * them at any moment.
 * @throws ConnectorError `configuration` for what is no plain file below `folder`, `unreachable` when one is missing,
 * `credentials` when one may not be read, `limit`, `incomplete`, `cancelled`.
 */
export async function openFiles(
  folder: string,
  paths: readonly string[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<OpenFiles> {
  const held: Held[] = [];
  const close = async (): Promise<void> => {
    signal.removeEventListener("abort", closeNow);
    await Promise.all(held.map(({ handle }) => handle.close().catch(() => {})));
  };
  const closeNow = (): void => void close();
  signal.addEventListener("abort", closeNow);
  try {
    const root = await realpath(folder).catch((error: unknown) => {
      throw refusal("the folder for CSV files (filesDirectory)", error);
    });
    for (const path of paths) {
      if (signal.aborted) throw cancelled();
      held.push(await openPlain(root, path));
    }
    for (const { path, before } of held)
      if (before.size > BigInt(maxBytes))
        throw new ConnectorError("limit", `${path} has ${before.size} bytes, more than maxMegabytes allows`);
    const files = new Map<string, OpenFile>();
    for (const one of held) {
      const digest = await digestOf(one, signal);
      files.set(one.path, { path: one.path, digest, chunks: () => digested(one, digest, signal) });
    }
    return {
      get: (path) => {
        const file = files.get(path);
        if (file === undefined) throw new ConnectorError("configuration", `${path} was not opened`);
        return file;
      },
      confirm: async () => {
        for (const one of held) await confirm(one, signal);
      },
      close,
    };
  } catch (error) {
    await close();
    throw signal.aborted ? cancelled() : error;
  }
}

/** @throws ConnectorError when anything on the way is a link, or the end is anything but a file with one name. */
async function openPlain(root: string, path: string): Promise<Held> {
  const parts = path.split("/");
  for (let depth = 1; depth <= parts.length; depth++) {
    const step = await lstat(join(root, ...parts.slice(0, depth))).catch((error: unknown) => {
      throw refusal(path, error);
    });
    const isLast = depth === parts.length;
    if (step.isSymbolicLink()) throw notPlain(path, "leads through a symbolic link");
    if (isLast ? !step.isFile() : !step.isDirectory()) throw notPlain(path, "is not a plain file");
  }
  const place = join(root, ...parts);
  const handle = await open(place, FLAGS).catch((error: unknown) => {
    throw refusal(path, error);
  });
  try {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) throw notPlain(path, "is not a plain file");
    if (before.nlink !== 1n) throw notPlain(path, "has several names (hard links)");
    // What was looked at may have been exchanged before it was opened: what was opened says where it is.
    const opened = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => realpath(place));
    if (opened !== place) throw notPlain(path, "was exchanged while it was opened");
    return { path, place, handle, before };
  } catch (error) {
    await handle.close().catch(() => {});
    throw error instanceof ConnectorError ? error : refusal(path, error);
  }
}

async function* chunksOf({ path, handle, before }: Held, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
  let position = 0;
  for (;;) {
    if (signal.aborted) throw cancelled();
    const { bytesRead, buffer } = await handle
      .read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, position)
      .catch((error: unknown) => {
        throw signal.aborted ? cancelled() : refusal(path, error);
      });
    if (signal.aborted) throw cancelled();
    position += bytesRead;
    if (BigInt(position) > before.size || (bytesRead === 0 && BigInt(position) < before.size)) throw changed(path);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

async function digestOf(held: Held, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunksOf(held, signal)) hash.update(chunk);
  return hash.digest("hex");
}

async function* digested(held: Held, digest: string, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
  const hash = createHash("sha256");
  for await (const chunk of chunksOf(held, signal)) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") !== digest) throw changed(held.path);
}

/** Times may be set back and sizes stay; together with the digest of both passes nothing goes unseen. */
async function confirm({ path, place, handle, before }: Held, signal: AbortSignal): Promise<void> {
  const both = await Promise.all([handle.stat({ bigint: true }), lstat(place, { bigint: true })]).catch(() => null);
  if (signal.aborted) throw cancelled();
  for (const after of both ?? [null])
    for (const fact of ["dev", "ino", "size", "mtimeNs", "ctimeNs"] as const)
      if (after?.[fact] !== before[fact]) throw changed(path);
}

function changed(path: string): ConnectorError {
  return new ConnectorError("incomplete", `${path} was changed while it was read; the next run reads it`);
}

function notPlain(path: string, why: string): ConnectorError {
  return new ConnectorError("configuration", `${path} ${why}; only files that stand in the folder itself are read`);
}

function refusal(what: string, cause: unknown): ConnectorError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  switch (code) {
    case "ENOENT":
      return new ConnectorError("unreachable", `${what} is not there`, { cause });
    case "EACCES":
    case "EPERM":
      return new ConnectorError("credentials", `${what} may not be read (${code})`, { cause });
    case "ELOOP":
    case "ENOTDIR":
      return notPlain(what, "is not a plain file");
    default:
      return new ConnectorError("unreachable", `${what} cannot be read (${code})`, { cause });
  }
}
