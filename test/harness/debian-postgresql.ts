import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SystemUser, serverUser } from "../../src/db/embedded/system-user.ts";
import { runTool } from "./directory-server.ts";
import { freePort } from "./free-port.ts";
import { statements } from "./server.ts";

const VERSIONS = "/usr/lib/postgresql";

export type OtherPostgresql = { major: number; url: string; stop(): Promise<void> };

/**
 * The PostgreSQL that Debian packages, and where its programs are.
 * @throws Error when none is installed, saying which package to install.
 */
export function debianPrograms(): { major: number; bin: string } {
  const found = existsSync(VERSIONS) ? readdirSync(VERSIONS).map(Number) : [];
  const major = Math.max(...found.filter((version) => existsSync(join(VERSIONS, String(version), "bin", "initdb"))));
  if (!Number.isInteger(major))
    throw new Error("there is no PostgreSQL here: apt-get install postgresql (Debian, Ubuntu)");
  return { major, bin: join(VERSIONS, String(major), "bin") };
}

/**
 * Makes a cluster of it in the folder `data`, whose parent the server's user can write, and starts its server on a free
 * loopback port, open to the login `postgres` without a password.
 */
export async function startDebianCluster(
  data: string,
  user: SystemUser | undefined,
  log: string,
): Promise<{ port: number; stop(mode: "fast" | "immediate"): Promise<void> }> {
  const { bin } = debianPrograms();
  const port = await freePort();
  // PostgreSQL refuses to run as root.
  const run = (program: string, ...args: string[]): Promise<void> => {
    const command = [join(bin, program), ...args];
    return user
      ? runTool("/usr/bin/setpriv", [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups", ...command])
      : runTool(command[0] ?? "", command.slice(1));
  };
  await run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8");
  const settings = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories= -c fsync=off`;
  await run("pg_ctl", "-D", data, "-w", "-l", log, "-o", settings, "start");
  await statements(`postgres://postgres@127.0.0.1:${port}/postgres`, ["create database muster"]);
  return { port, stop: (mode) => run("pg_ctl", "-D", data, "-w", "-m", mode, "stop") };
}

/** A throwaway server of it. */
export async function startDebianPostgresql(): Promise<OtherPostgresql> {
  const folder = mkdtempSync(join(tmpdir(), "muster-postgresql-"));
  const user = serverUser(folder, folder);
  if (user) chownSync(folder, user.uid, user.gid);
  const server = await startDebianCluster(join(folder, "data"), user, join(folder, "log"));
  return {
    major: debianPrograms().major,
    url: `postgres://postgres@127.0.0.1:${server.port}/muster`,
    stop: async () => {
      await server.stop("immediate");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
