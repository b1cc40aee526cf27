/**
 * A throwaway 389 Directory Server on a free loopback port, filled from LDIF, for `npm run test:directories`. Its whole
 * instance stands in a folder of ours, made from the package's template instead of `dscreate`, which wants systemd,
 * writes into /etc and listens everywhere at first. It needs no root and leaves nothing behind once stopped.
 */
import type { ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { basename, join } from "node:path";
import { end, launch, listens, requirePrograms, runTool } from "./directory-server.ts";
import { freePort } from "./free-port.ts";
import { expectLoopback } from "./loopback.ts";

export type RunningDs389 = {
  url: string;
  suffix: string;
  rootDn: string;
  rootPassword: string;
  /** What it listens on. */
  places: readonly string[];
  stop(): Promise<void>;
};

const SUFFIX = "dc=example,dc=com";
const ROOT_DN = "cn=Directory Manager";
const DATA = "/usr/share/dirsrv/data";
const PROGRAMS = ["/usr/sbin/ns-slapd", `${DATA}/template-dse.ldif`];
const FOLDERS = ["schema", "lock", "tmp", "ldif", "bak", "run", "log", "db", "home"];

/**
 * @param ldif entries at and below `dc=example,dc=com`.
 * @throws Error in one line when the package is missing; with the program's words when it fails.
 */
export async function startDs389(ldif: string): Promise<RunningDs389> {
  requirePrograms("389 Directory Server", PROGRAMS, "389-ds-base");
  const folder = await mkdtemp(join(tmpdir(), "muster-ds389-"));
  // It gives root away; then everything must be that user's.
  const user = process.getuid?.() === 0 ? "nobody" : userInfo().username;
  let server: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    await end(server, "SIGTERM");
    await rm(folder, { recursive: true, force: true });
    // Where it counts for SNMP; it stays after a kill.
    await rm(`/dev/shm/sem.${basename(folder)}.stats`, { force: true });
  };
  try {
    for (const name of FOLDERS) await mkdir(join(folder, name));
    const rootPassword = randomBytes(12).toString("hex");
    const port = await freePort();
    await writeFile(join(folder, "dse.ldif"), await instance(folder, user, port, rootPassword));
    // Orders of languages, none of which is asked for; the package's own file is for root's eyes.
    await writeFile(join(folder, "slapd-collations.conf"), "");
    await writeFile(join(folder, "schema/99user.ldif"), "dn: cn=schema\nobjectClass: top\n");
    await writeFile(join(folder, "content.ldif"), ldif);
    if (user === "nobody") await runTool("chown", ["-R", user, folder]);
    else await chmod(folder, 0o700);
    await runTool("ns-slapd", ["ldif2db", "-D", folder, "-n", "userRoot", "-i", join(folder, "content.ldif")]);
    server = launch(["ns-slapd", "-D", folder, "-d", "0", "-i", join(folder, "run/pid")]);
    await listens(server, "127.0.0.1", port, () => readFile(join(folder, "log/errors"), "utf8").catch(() => ""));
    const places = await expectLoopback(server.pid ?? 0);
    return { url: `ldap://127.0.0.1:${port}`, suffix: SUFFIX, rootDn: ROOT_DN, rootPassword, places, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The package's template of an instance with our places, and one database. */
async function instance(folder: string, user: string, port: number, password: string): Promise<string> {
  const values: Record<string, string> = {
    ...{ schema_dir: join(folder, "schema"), lock_dir: join(folder, "lock"), tmp_dir: join(folder, "tmp") },
    ...{ cert_dir: folder, ldif_dir: join(folder, "ldif"), bak_dir: join(folder, "bak") },
    ...{ run_dir: join(folder, "run"), inst_dir: folder, log_dir: join(folder, "log"), config_dir: folder },
    ...{ db_dir: join(folder, "db"), db_home_dir: join(folder, "home"), db_lib: "bdb", ds_bename: "userRoot" },
    ...{ fqdn: "localhost", ds_port: `${port}\nnsslapd-listenhost: 127.0.0.1`, ds_user: user, ds_suffix: SUFFIX },
    ...{
      rootdn: ROOT_DN,
      ds_passwd: hashed(password),
      ldapi_enabled: "off",
      ldapi_autobind: "off",
      ldapi: join(folder, "ldapi"),
    },
  };
  const templates = await Promise.all(
    ["template-dse.ldif", "template-suffix-db.ldif"].map((name) => readFile(join(DATA, name), "utf8")),
  );
  return templates
    .map((template) => template.replaceAll(/^#.*\n/gm, "").trim())
    .join("\n\n")
    .replaceAll(/%(\w+)%/g, (whole, name) => values[name] ?? whole)
    .replaceAll(/\n{3,}/g, "\n\n")
    .concat("\n");
}

/** In the configuration a password stands hashed only. */
function hashed(password: string): string {
  const salt = randomBytes(8);
  return `{SSHA512}${Buffer.concat([createHash("sha512").update(password).update(salt).digest(), salt]).toString("base64")}`;
}
