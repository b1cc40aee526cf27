import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverUser } from "../../src/db/embedded/system-user.ts";
import { runTool } from "./directory-server.ts";
import { freePort } from "./muster.ts";
import { statements } from "./server.ts";

const VERSIONS = "/usr/lib/postgresql";

export type OtherPostgresql = { major: number; url: string; stop(): Promise<void> };

/**
 * A throwaway server of the PostgreSQL that Debian packages, on a free loopback port.
 * @throws Error when none is installed, saying which package to install.
 */
export async function startDebianPostgresql(): Promise<OtherPostgresql> {
  const found = existsSync(VERSIONS) ? readdirSync(VERSIONS).map(Number) : [];
  const major = Math.max(...found.filter((version) => existsSync(join(VERSIONS, String(version), "bin", "initdb"))));
  if (!Number.isInteger(major))
    throw new Error("there is no PostgreSQL here: apt-get install postgresql (Debian, Ubuntu)");
  const folder = mkdtempSync(join(tmpdir(), "muster-postgresql-"));
  const user = serverUser(folder, folder);
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const port = await freePort();
  // PostgreSQL refuses to run as root.
  const run = (program: string, ...args: string[]): Promise<void> => {
    const command = [join(VERSIONS, String(major), "bin", program), ...args];
    return user
      ? runTool("/usr/bin/setpriv", [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups", ...command])
      : runTool(command[0] ?? "", command.slice(1));
  };
  await run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8");
  const settings = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories= -c fsync=off`;
  await run("pg_ctl", "-D", data, "-w", "-l", join(folder, "log"), "-o", settings, "start");
  const url = `postgres://postgres@127.0.0.1:${port}/muster`;
  await statements(url.replace(/muster$/, "postgres"), ["create database muster"]);
  return {
    major,
    url,
    stop: async () => {
      await run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
