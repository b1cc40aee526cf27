import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { MusterError } from "../../errors.ts";
import type { Binaries } from "./binaries.ts";
import { BEING_MADE, CLUSTER } from "./places.ts";
import { failure, type Home, runProgram } from "./program.ts";
import type { SystemUser } from "./system-user.ts";

/** The files of one embedded server, whom and what it runs with, and the passwords of its logins. */
export type Cluster = Home & { passwords: Passwords };

type Passwords = { superuser: string; owner: string; app: string };

const PASSWORDS = "muster-passwords.json";

/**
 * Opens `<dataDirectory>/postgres`, making it first when it is not there. A cluster is made beside its place and
 * renamed into it when it is whole, logins and passwords included: no crash and no second starter leaves half a one.
 * @throws MusterError `configuration` when it belongs to another major version of PostgreSQL or to another user.
 */
export function openCluster(dataDirectory: string, binaries: Binaries, user: SystemUser | undefined): Cluster {
  const directory = join(dataDirectory, CLUSTER);
  if (majorOf(directory) === undefined) createCluster(dataDirectory, directory, binaries, user);
  const major = majorOf(directory);
  if (major !== binaries.major)
    throw new MusterError(
      "configuration",
      `${directory} was made by PostgreSQL ${major} and this Muster brings PostgreSQL ${binaries.major}; start the Muster that made it, or use another data directory`,
      { at: "MUSTER_DATA_DIR" },
    );
  return existingCluster(directory, binaries, user);
}

/** The major version of PostgreSQL that made a cluster; undefined when there is none. */
export function majorOf(directory: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(join(directory, "PG_VERSION"), "utf8"), 10);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unreadable(directory, "PG_VERSION", error);
  }
}

/**
 * A whole cluster, of the version of `binaries`.
 * @throws MusterError `configuration` when it belongs to another user.
 */
export function existingCluster(directory: string, binaries: Binaries, user: SystemUser | undefined): Cluster {
  if (user && statSync(directory).uid === 0) giveTo(user, directory);
  return { directory, binaries, user, passwords: readPasswords(directory) };
}

function readPasswords(directory: string): Passwords {
  try {
    return JSON.parse(readFileSync(join(directory, PASSWORDS), "utf8")) as Passwords;
  } catch (error) {
    throw unreadable(directory, PASSWORDS, error);
  }
}

function unreadable(directory: string, file: string, error: unknown): MusterError {
  const denied = (error as NodeJS.ErrnoException).code === "EACCES";
  return new MusterError(
    "configuration",
    denied
      ? `${directory} belongs to another user; start Muster as that user or as root`
      : `${join(directory, file)} cannot be read: restore it, or use another data directory`,
    { at: "MUSTER_DATA_DIR", cause: error },
  );
}

/** Makes an empty cluster at `target`, or finds that another process has made it. */
export function createCluster(
  dataDirectory: string,
  target: string,
  binaries: Binaries,
  user: SystemUser | undefined,
): void {
  const directory = mkdtempSync(join(dataDirectory, BEING_MADE));
  const passwords: Passwords = { superuser: password(), owner: password(), app: password() };
  try {
    if (user) chownSync(directory, user.uid, user.gid);
    const cluster: Cluster = { directory, binaries, user, passwords };
    // No server listens before the passwords are set and pg_hba.conf asks for them.
    runProgram(cluster, "initdb", [
      "--username=postgres",
      "--auth=trust",
      "--encoding=UTF8",
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
    ]);
    const said = runProgram(
      cluster,
      "postgres",
      ["--single", "postgres"],
      [
        `alter role postgres password '${passwords.superuser}'`,
        `create role muster_owner login password '${passwords.owner}'`,
        `create role muster_app login password '${passwords.app}'`,
        "create database muster owner muster_owner",
      ],
    );
    if (/\b(ERROR|FATAL|PANIC):/.test(said)) throw failure("postgres --single", said);
    write(cluster, "pg_hba.conf", "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n");
    write(cluster, PASSWORDS, `${JSON.stringify(passwords)}\n`);
    renameSync(directory, target);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    if (!existsSync(join(target, "PG_VERSION"))) throw error;
  }
}

function password(): string {
  return randomBytes(24).toString("base64url");
}

function write(cluster: Cluster, name: string, text: string): void {
  const path = join(cluster.directory, name);
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, 0o600);
  if (cluster.user) chownSync(path, cluster.user.uid, cluster.user.gid);
}

/**
 * After a restore by root with plain `cp`, the files belong to root. The directory itself comes last: whoever finds that it
 * is root's no more may start the server at once.
 */
function giveTo(user: SystemUser, directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) giveTo(user, path);
    else own(user, path);
  }
  own(user, directory);
}

function own(user: SystemUser, path: string): void {
  try {
    lchownSync(path, user.uid, user.gid);
  } catch (error) {
    // Another starter was faster, and its server removes files.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
