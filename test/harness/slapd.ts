/**
 * A throwaway slapd (OpenLDAP) on a free loopback port, filled from LDIF, for tests and the demo. Needs no root, starts
 * no service, and leaves nothing behind once stopped.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { access, chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import { libraryFolders, unpackedSlapd } from "./slapd-package.ts";

const run = promisify(execFile);

/** Where slapd's parts are on this machine, or in the unpacked package. */
export type SlapdInstallation = {
  source: "machine" | "unpacked";
  slapd: string;
  modules: string;
  schemas: string;
  environment: NodeJS.ProcessEnv;
};

export type SlapdOptions = {
  /** LDIF texts, loaded in order. */
  ldif: readonly string[];
  /** Default `dc=example,dc=com`. */
  suffix?: string;
  /** Certificate, key and CA as PEM; then StartTLS works on `url` and TLS on `ldapsUrl`. */
  tls?: { certificate: string; key: string; ca: string };
  /** Lines of slapd.conf before `database` (`sizelimit 500`, attribute types, …). */
  globals?: readonly string[];
  /** Lines of slapd.conf inside the database: `limits …`, `access to …`. Without any `access` everybody bound may read everything. */
  database?: readonly string[];
};

export type RunningSlapd = {
  url: string;
  /** Only with `tls`. */
  ldapsUrl: string | null;
  port: number;
  suffix: string;
  rootDn: string;
  rootPassword: string;
  pid: number;
  /** Kills the server at once, as a power cut would; its data stays until `stop`. */
  kill(): Promise<void>;
  /** Starts the killed server again, on the same port with the same data. */
  restart(): Promise<void>;
  /** Stops the server and removes everything it wrote. Harmless when repeated. */
  stop(): Promise<void>;
};

const HINT = "install it with: apt-get install slapd (Debian, Ubuntu)";
const SETPRIV = "/usr/bin/setpriv";
/** Debian's place first, then Fedora's and Homebrew's. */
const PLACES = [
  { slapd: "/usr/sbin/slapd", modules: "/usr/lib/ldap", schemas: "/etc/ldap/schema" },
  { slapd: "/usr/sbin/slapd", modules: "/usr/lib64/openldap", schemas: "/etc/openldap/schema" },
  { slapd: "/opt/homebrew/opt/openldap/libexec/slapd", modules: "", schemas: "/opt/homebrew/etc/openldap/schema" },
];

let found: Promise<SlapdInstallation | { missing: string }> | undefined;

/**
 * The machine's slapd where it works from a folder of our own, else Debian's package unpacked into `.cache/`.
 * `missing` is one line for a person: why there is none and how to get it. Asked once per process.
 */
export function findSlapd(): Promise<SlapdInstallation | { missing: string }> {
  found ??= search();
  return found;
}

async function search(): Promise<SlapdInstallation | { missing: string }> {
  for (const place of PLACES) {
    const installation: SlapdInstallation = { source: "machine", ...place, environment: {} };
    if (await isUsable(installation)) return installation;
  }
  try {
    const root = await unpackedSlapd();
    return {
      source: "unpacked",
      slapd: join(root, "usr/sbin/slapd"),
      modules: join(root, "usr/lib/ldap"),
      schemas: join(root, "etc/ldap/schema"),
      environment: { LD_LIBRARY_PATH: (await libraryFolders(root)).join(":") },
    };
  } catch (error) {
    return { missing: `no slapd (${error instanceof Error ? error.message : String(error)}); ${HINT}` };
  }
}

/** A packaged slapd may be confined (AppArmor) to the folders of its service, so it must prove that it reads ours. */
async function isUsable(installation: SlapdInstallation): Promise<boolean> {
  try {
    await access(installation.slapd);
    await access(installation.schemas);
  } catch {
    return false;
  }
  const folder = await mkdtemp(join(tmpdir(), "muster-slapd-"));
  try {
    await mkdir(join(folder, "db"));
    await writeFile(join(folder, "slapd.conf"), configuration(installation, folder, { ldif: [] }, "x"));
    await tool(installation, "slaptest", ["-u", "-f", join(folder, "slapd.conf")]);
    return true;
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Starts a server of its own and waits until it answers.
 * @throws Error with slapd's own words when the configuration or the LDIF is refused, or when it is not up in 20 s.
 */
export async function startSlapd(installation: SlapdInstallation, options: SlapdOptions): Promise<RunningSlapd> {
  const folder = await mkdtemp(join(tmpdir(), "muster-slapd-"));
  const rootPassword = `root-${Math.random().toString(36).slice(2)}`;
  const conf = join(folder, "slapd.conf");
  let server: ChildProcess | undefined;

  const kill = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise((resolve) => server?.once("exit", resolve));
    server.kill("SIGKILL");
    await gone;
  };
  const stop = async (): Promise<void> => {
    await kill();
    process.removeListener("exit", killNow);
    await rm(folder, { recursive: true, force: true });
  };
  const killNow = (): void => {
    server?.kill("SIGKILL");
  };

  try {
    await mkdir(join(folder, "db"));
    if (options.tls !== undefined) {
      await writeFile(join(folder, "ca.pem"), options.tls.ca);
      await writeFile(join(folder, "server.pem"), options.tls.certificate);
      await writeFile(join(folder, "server.key"), options.tls.key);
      await chmod(join(folder, "server.key"), 0o600);
    }
    await writeFile(conf, configuration(installation, folder, options, rootPassword));
    if (options.ldif.length > 0) {
      const ldif = join(folder, "content.ldif");
      await writeFile(ldif, options.ldif.join("\n\n"));
      await tool(installation, "slapadd", ["-q", "-f", conf, "-l", ldif]);
    }
    process.once("exit", killNow);
    const port = await freePort();
    const tlsPort = options.tls === undefined ? null : await freePort();
    const listen = [`ldap://127.0.0.1:${port}`, ...(tlsPort === null ? [] : [`ldaps://127.0.0.1:${tlsPort}`])].join(
      " ",
    );
    const start = async (): Promise<ChildProcess> => {
      server = launch(installation, conf, listen);
      await isListening(server, port);
      return server;
    };
    const started = await start();
    return {
      url: `ldap://127.0.0.1:${port}`,
      ldapsUrl: tlsPort === null ? null : `ldaps://127.0.0.1:${tlsPort}`,
      port,
      suffix: options.suffix ?? "dc=example,dc=com",
      rootDn: `cn=admin,${options.suffix ?? "dc=example,dc=com"}`,
      rootPassword,
      pid: started.pid ?? 0,
      kill,
      restart: async () => {
        await start();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configuration(
  installation: SlapdInstallation,
  folder: string,
  options: SlapdOptions,
  rootPassword: string,
): string {
  const suffix = options.suffix ?? "dc=example,dc=com";
  const database = options.database ?? [];
  const schemas = ["core", "cosine", "inetorgperson", "nis", "msuser"];
  return [
    ...schemas.map((name) => `include ${installation.schemas}/${name}.schema`),
    `modulepath ${installation.modules}`,
    "moduleload back_mdb",
    "moduleload ppolicy",
    "moduleload syncprov",
    `pidfile ${folder}/slapd.pid`,
    ...(options.tls === undefined
      ? []
      : [
          `TLSCACertificateFile ${folder}/ca.pem`,
          `TLSCertificateFile ${folder}/server.pem`,
          `TLSCertificateKeyFile ${folder}/server.key`,
        ]),
    ...(options.globals ?? []),
    "database mdb",
    `suffix "${suffix}"`,
    `rootdn "cn=admin,${suffix}"`,
    `rootpw ${rootPassword}`,
    `directory ${folder}/db`,
    "maxsize 4294967296",
    "dbnosync",
    "index objectClass,entryUUID,uid,cn,mail,member eq",
    ...database.filter((line) => !line.startsWith("access ")),
    "access to attrs=userPassword by anonymous auth by * none",
    ...database.filter((line) => line.startsWith("access ")),
    "access to * by users read by * none",
    "",
  ].join("\n");
}

/** slapadd and slaptest are slapd under another name; Debian's package has them only as links that may be absolute. */
async function tool(installation: SlapdInstallation, name: string, args: readonly string[]): Promise<void> {
  try {
    await run(installation.slapd, [`-T${name.replace("slap", "")}`, ...args], {
      env: { ...process.env, ...installation.environment },
    });
  } catch (error) {
    const words = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new Error(`${name}: ${words.split("\n").slice(-3).join(" ")}`);
  }
}

function launch(installation: SlapdInstallation, conf: string, listen: string): ChildProcess {
  // Debug level 0 keeps it in the foreground, so that it is our child.
  const command = [installation.slapd, "-f", conf, "-h", listen, "-d", "0"];
  // Where there is util-linux, a process that is killed takes its slapd along.
  const [program = "", ...args] = existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "KILL", ...command] : command;
  return spawn(program, args, { env: { ...process.env, ...installation.environment }, stdio: "ignore" });
}

async function isListening(server: ChildProcess, port: number): Promise<void> {
  const until = Date.now() + 20_000;
  while (Date.now() < until) {
    if (server.exitCode !== null || server.signalCode !== null) throw new Error("slapd ended while starting");
    if (await accepts(port)) return;
    await sleep(20);
  }
  throw new Error(`slapd did not answer on port ${port} within 20 s`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
