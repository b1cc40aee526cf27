import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverUser } from "../../src/db/embedded/system-user.ts";
import { debianPrograms, startDebianCluster } from "./debian-postgresql.ts";
import { statements } from "./server.ts";

const PASSWORDS = { superuser: "of-postgres", owner: "of-owner", app: "of-app" };

export type OlderData = { major: number; copy(): string; remove(): void };

/**
 * A data directory as a Muster left it that brought an older PostgreSQL, namely Debian's, with that one's programs in it.
 * `fill` is given the environment in which Muster's commands write into it, and the superuser's URL. Each `copy` is one to use.
 */
export async function olderData(
  fill: (environment: Record<string, string>, superuserUrl: string) => Promise<void>,
): Promise<OlderData> {
  const folder = mkdtempSync(join(tmpdir(), "muster-older-"));
  const user = serverUser(folder, folder);
  const { major, bin } = debianPrograms();
  const data = join(folder, "data");
  const cluster = join(data, "postgres");
  mkdirSync(cluster, { recursive: true });
  if (user) for (const path of [folder, data, cluster]) chownSync(path, user.uid, user.gid);
  const server = await startDebianCluster(cluster, user, join(folder, "log"));
  const url = (login: string, password = ""): string =>
    `postgres://${login}:${password}@127.0.0.1:${server.port}/muster`;
  await statements(url("postgres"), [
    `alter role postgres password '${PASSWORDS.superuser}'`,
    `create role muster_owner login password '${PASSWORDS.owner}'`,
    `create role muster_app login password '${PASSWORDS.app}'`,
    "alter database muster owner to muster_owner",
  ]);
  const environment = {
    MUSTER_DATA_DIR: data,
    DATABASE_URL: url("muster_app", PASSWORDS.app),
    DATABASE_OWNER_URL: url("muster_owner", PASSWORDS.owner),
  };
  await fill(environment, url("postgres"));
  await server.stop("fast");
  writeFileSync(join(cluster, "pg_hba.conf"), "local all all scram-sha-256\n");
  writeFileSync(join(cluster, "muster-passwords.json"), JSON.stringify(PASSWORDS), { mode: 0o600 });
  if (user) chownSync(join(cluster, "muster-passwords.json"), user.uid, user.gid);
  const programs = join(data, `postgres-programs-${major}.0-${process.platform}-${process.arch}`);
  mkdirSync(join(programs, "bin"), { recursive: true });
  symlinkSync(join(bin, "postgres"), join(programs, "bin", "postgres"));
  let copies = 0;
  return {
    major,
    copy: () => {
      const copy = join(folder, `copy-${copies++}`);
      cpSync(data, copy, { recursive: true, verbatimSymlinks: true });
      chmodSync(join(copy, "postgres"), 0o700);
      return copy;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
