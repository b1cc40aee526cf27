import { type ChildProcess, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { loadConfig } from "../../src/config.ts";
import { type DirectoryId, newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { makeLogger } from "../../src/logger.ts";
import { openContext } from "../../src/start/open-context.ts";
import type { SyncResult } from "../../src/sync/run.ts";
import { generateLdif } from "../harness/ldif-generator.ts";
import { findSlapd, type RunningSlapd, startSlapd } from "../harness/slapd.ts";

const root = resolve(import.meta.dirname, "../..");
const FLAGS = ["--disable-proto=delete", "--import", "./src/check-node.mjs"];
const PAGE = 500;
const PASSWORD = "reader-secret";

export type Source = { server: RunningSlapd; users: number; groups: number; memberships: number };
/** An empty Muster with one directory that is read from a source. */
export type Target = { folder: string; organization: OrganizationId; directory: DirectoryId };

/** What a bare read said of itself. */
export type BareRead = { seconds: number; cpu: number; entries: number };
/** What a sync said of itself; `peak` in bytes. */
export type SyncOnce = SyncResult & { seconds: number; cpu: number; peak: number };

/** A slapd on loopback: a tenth as many groups as people, 35 memberships in each on average, half of the people in one. */
export async function startSource(users: number): Promise<Source> {
  const installation = await findSlapd();
  if ("missing" in installation) throw new Error(installation.missing);
  const groups = Math.floor(users / 10);
  const { ldif, memberships } = generateLdif({ users, groups, members: 30, large: Math.floor(users / 2), seed: 7 });
  return {
    server: await startSlapd(installation, { ldif: [ldif], globals: ["sizelimit unlimited"] }),
    users,
    groups,
    memberships,
  };
}

const readerOf = ({ server }: Source) => ({
  url: server.url,
  bindDn: `cn=muster,ou=services,${server.suffix}`,
  base: server.suffix,
  pageSize: PAGE,
});

/** Every page of the source by ldapts alone, in a process of its own. */
export async function readBare(source: Source): Promise<BareRead> {
  const order = { ...readerOf(source), password: PASSWORD };
  return said<BareRead>(start("sync-bare.ts", order, []));
}

/** A database of its own with one organization and one directory, which applies its first run. */
export async function makeTarget(folder: string, source: Source): Promise<Target> {
  const config = loadConfig(environmentOf(folder));
  const { ctx, close } = await openContext(config, makeLogger({ ...config.log, level: "warn" }));
  try {
    const organization = newId<OrganizationId>();
    const actor: Actor = { organization, kind: "system", id: null, requestId: null };
    const key = loadSecretKey(ctx.config);
    const directory = await inTransaction(
      ctx,
      actor,
      async (tx) => {
        await createOrganization(tx, { key: "bench" });
        const settings = readerOf(source);
        return addDirectory(tx, { name: "corp", kind: "ldap", settings, firstRun: "apply" }, { key, text: PASSWORD });
      },
      { lock: "exclusive" },
    );
    return { folder, organization, directory: directory.id };
  } finally {
    await close();
  }
}

/** One sync in a Muster process of its own. @throws Error when it did not end `done`. */
export async function syncOnce(target: Target, profile?: string): Promise<SyncOnce> {
  const result = await said<SyncOnce>(startSync(target, profile));
  if (result.state !== "done") throw new Error(`a sync ended ${result.state}`);
  return result;
}

/** The process of one sync, which tells each page and each batch over its channel. */
export function startSync(target: Target, profile?: string): ChildProcess {
  const { folder, ...ids } = target;
  const flags = profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", profile];
  return start("sync-once.ts", { environment: environmentOf(folder), ...ids }, flags);
}

function environmentOf(folder: string): Record<string, string> {
  return { MUSTER_DATA_DIR: join(folder, "data") };
}

function start(program: string, order: object, flags: readonly string[]): ChildProcess {
  const words = [...FLAGS, ...flags, join("test/bench", program), JSON.stringify(order)];
  return spawn(process.execPath, words, {
    cwd: root,
    env: { PATH: process.env.PATH },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
}

/** The one line of JSON that a program ends with. */
export async function said<Answer>(child: ChildProcess): Promise<Answer> {
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const code = await new Promise((done) => child.once("close", done));
  if (code !== 0) throw new Error(`a program ended with ${code}: ${err.trim().slice(-2_000)}`);
  return JSON.parse(out) as Answer;
}
