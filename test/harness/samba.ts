/**
 * A throwaway Samba Active Directory domain controller on a loopback address of its own, filled from LDIF, for
 * `npm run test:directories`. It needs root, for its ports are fixed; it speaks LDAP alone, is no service of the machine,
 * and leaves nothing behind once stopped.
 */
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority } from "./certificates.ts";
import { end, launch, listens, requirePrograms, runTool } from "./directory-server.ts";
import { expectLoopback } from "./loopback.ts";

export type RunningSamba = {
  url: string;
  ldapsUrl: string;
  /** The Global Catalog, unencrypted. */
  catalogUrl: string;
  /** The authority that signed the server's certificate, PEM. */
  ca: string;
  suffix: string;
  administrator: string;
  password: string;
  /** What it listens on. */
  places: readonly string[];
  stop(): Promise<void>;
};

const REALM = "ad.example.test";
const SUFFIX = "DC=ad,DC=example,DC=test";
const PASSWORD = "Passw0rd!23";
const PACKAGES = "samba-ad-dc samba samba-dsdb-modules samba-ad-provision python3-samba ldb-tools";
const PROGRAMS = ["/usr/sbin/samba", "/usr/bin/samba-tool", "/usr/bin/ldbadd"];
const ADDRESS = "127.0.0.9";

/**
 * @param ldif entries below `DC=ad,DC=example,DC=test`, put in before the server starts; `clearTextPassword` gives passwords.
 * @throws Error in one line when a package or root is missing; with the program's words when it fails.
 */
export async function startSamba(ldif: string): Promise<RunningSamba> {
  requirePrograms("Samba AD DC", PROGRAMS, PACKAGES);
  if (process.getuid?.() !== 0) throw new Error("Samba AD DC needs root: the ports of Active Directory are below 1024");
  const folder = await mkdtemp(join(tmpdir(), "muster-samba-"));
  const domain = join(folder, "domain");
  const conf = join(domain, "etc/smb.conf");
  let server: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    await end(server, "SIGKILL");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await runTool("samba-tool", [
      ...["domain", "provision", `--realm=${REALM}`, "--domain=ADEX", "--server-role=dc", "--dns-backend=NONE"],
      ...[`--adminpass=${PASSWORD}`, `--targetdir=${domain}`, "--use-rfc2307", "--option=vfs objects="],
      ...["--host-name=dc1", "--host-ip=127.0.0.1"],
    ]);
    await writeFile(join(folder, "content.ldif"), ldif);
    await runTool("ldbadd", ["-H", join(domain, "private/sam.ldb"), join(folder, "content.ldif")], {
      SMB_CONF_PATH: conf,
      LDB_MODULES_PATH: await modules(),
    });
    const authority = makeAuthority();
    const { certificate, key } = authority.issue([`dc1.${REALM}`, ADDRESS]);
    const tls = join(folder, "tls");
    await mkdir(tls, { mode: 0o700 });
    for (const [name, text] of [
      ["ca.pem", authority.ca],
      ["cert.pem", certificate],
      ["key.pem", key],
    ] as const) {
      await writeFile(join(tls, name), text);
      await chmod(join(tls, name), 0o600);
    }
    const options = [
      "server services=ldap",
      `interfaces=${ADDRESS}/8`,
      "bind interfaces only=yes",
      "ldap server require strong auth=no",
      `pid directory=${folder}`,
      `log file=${join(folder, "log")}`,
      `tls cafile=${join(tls, "ca.pem")}`,
      `tls certfile=${join(tls, "cert.pem")}`,
      `tls keyfile=${join(tls, "key.pem")}`,
    ];
    server = launch(["samba", "-s", conf, "-F", "-M", "single", ...options.map((option) => `--option=${option}`)]);
    const log = (): Promise<string> => readFile(join(folder, "log"), "utf8").catch(() => "");
    for (const port of [389, 636, 3268]) await listens(server, ADDRESS, port, log);
    return {
      url: `ldap://${ADDRESS}`,
      ldapsUrl: `ldaps://${ADDRESS}`,
      catalogUrl: `ldap://${ADDRESS}:3268`,
      ca: authority.ca,
      suffix: SUFFIX,
      administrator: `Administrator@${REALM}`,
      password: PASSWORD,
      places: await expectLoopback(server.pid ?? 0),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A password as `clearTextPassword` wants it in LDIF. */
export function passwordLine(password: string): string {
  return `clearTextPassword:: ${Buffer.from(password, "utf16le").toString("base64")}`;
}

/** Where Samba's modules of ldb are, which differs between kinds of processor. */
async function modules(): Promise<string> {
  for (const name of await readdir("/usr/lib")) {
    const place = join("/usr/lib", name, "samba/ldb");
    if (existsSync(place)) return place;
  }
  throw new Error("Samba's modules of ldb are missing: apt-get install samba-dsdb-modules");
}
