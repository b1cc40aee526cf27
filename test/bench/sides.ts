import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { startEmbedded } from "../../src/db/embedded/start.ts";
import { freePort, MusterCommands } from "../demo/muster-process.ts";
import { Client } from "./client.ts";
import { createGroup, createUser, groupName, type Population } from "./traffic.ts";

/** One of the two servers that are compared, with its population. */
export type Side = { client: Client; population: Population };

/** What an interruption must end: running servers, and whatever would come next. */
export type Run = { servers: Set<ChildProcess>; signal: AbortSignal };

export type Sizes = { users: number; groups: number; connections: number; poolSize: number };

const root = resolve(import.meta.dirname, "../..");
const FLAGS = ["--disable-proto=delete", "--import", "./src/check-node.mjs"];

/** Starts a script as both servers are started, and waits until its /readyz answers. Returns the seconds that took. */
export async function startServer(
  words: readonly string[],
  environment: Record<string, string>,
  port: number,
  run: Run,
): Promise<{ child: ChildProcess; seconds: number }> {
  run.signal.throwIfAborted();
  const started = performance.now();
  const child = spawn(process.execPath, [...FLAGS, ...words], {
    cwd: root,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  run.servers.add(child);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-5_000);
  });
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${words.join(" ")} ended with ${child.exitCode}: ${said.trim()}`);
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return { child, seconds: (performance.now() - started) / 1000 };
    await new Promise((later) => setTimeout(later, 10));
  }
}

/** Ends a server in order, or has it ended already. */
export async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

export function musterEnvironment(folder: string, port: number): Record<string, string> {
  return { MUSTER_DATA_DIR: join(folder, "data"), MUSTER_LISTEN: `127.0.0.1:${port}` };
}

/** An organization with one product and one SCIM directory; each of its groups gives the role user. */
export async function makeMuster(
  folder: string,
  port: number,
  sizes: Sizes,
  run: Run,
): Promise<Side & { path: string }> {
  const muster = new MusterCommands(musterEnvironment(folder, port));
  const command = <Answer>(...words: string[]) => {
    run.signal.throwIfAborted();
    return muster.run<Answer>(...words);
  };
  await command("org", "create", "bench");
  await command("product", "add", "wiki");
  const { baseUrl, token } = await command<{ baseUrl: string; token: string }>(
    ...["directory", "add", "okta", "--kind", "scim"],
  );
  for (let place = 0; place < sizes.groups; place++) await command("grant", `okta/${groupName(place)}`, "wiki", "user");
  const client = new Client(baseUrl, token, sizes.connections);
  return { client, population: await populate(client, sizes), path: new URL(baseUrl).pathname };
}

/** The bare server's tables in the same database, and the server, under a path as long as Muster's. */
export async function makeBare(
  connection: { app: string; superuser: string },
  path: string,
  sizes: Sizes,
  run: Run,
): Promise<Side> {
  const token = `mst_scim_${"0".repeat(49)}`;
  await inDatabase(connection.superuser, async (client) => {
    await client.query(`
      create schema bare;
      create table bare.tokens (hash bytea primary key, directory uuid not null);
      create table bare.users (id uuid primary key, directory uuid not null, user_name_key text not null,
        resource jsonb not null, unique (directory, user_name_key));
      create table bare.members (group_id uuid, member uuid, primary key (group_id, member));
      grant usage on schema bare to muster_app;
      grant select, insert, update, delete on all tables in schema bare to muster_app`);
    const hash = createHash("sha256").update(token).digest();
    await client.query("insert into bare.tokens values ($1, gen_random_uuid())", [hash]);
  });
  const port = await freePort(18080);
  await startServer(
    [fileURLToPath(import.meta.resolve("./bare-server.ts"))],
    {
      BARE_DATABASE_URL: connection.app,
      BARE_PORT: String(port),
      BARE_PATH: path,
      BARE_POOL_SIZE: String(sizes.poolSize),
      NODE_ENV: "production",
    },
    port,
    run,
  );
  const client = new Client(`http://127.0.0.1:${port}${path}`, token, sizes.connections);
  const users = await populateUsers(client, sizes);
  const groups = Array.from({ length: sizes.groups }, () => crypto.randomUUID());
  return { client, population: { users, groups } };
}

async function populate(client: Client, sizes: Sizes): Promise<Population> {
  const users = await populateUsers(client, sizes);
  const calls = Array.from({ length: sizes.groups }, (_, place) => createGroup(place));
  return { users, groups: ids((await client.measure(calls, 201)).answers) };
}

async function populateUsers(client: Client, sizes: Sizes): Promise<string[]> {
  const calls = Array.from({ length: sizes.users }, (_, place) => createUser(place));
  return ids((await client.measure(calls, 201)).answers);
}

function ids(answers: readonly string[]): string[] {
  return answers.map((text) => (JSON.parse(text) as { id: string }).id);
}

/** Joins the PostgreSQL that Muster runs, as long as `work` takes. */
export async function withPostgres<T>(
  folder: string,
  work: (connection: { app: string; superuser: string }) => Promise<T>,
): Promise<T> {
  const embedded = await startEmbedded(join(folder, "data"));
  try {
    const superuser = new URL(embedded.superuserUrl);
    superuser.pathname = new URL(embedded.appUrl).pathname;
    return await work({ app: embedded.appUrl, superuser: superuser.toString() });
  } finally {
    await embedded.leave();
  }
}

/** What a comparison depends on in the database, read from it. */
export async function databaseFacts(superuser: string): Promise<Record<string, string>> {
  return inDatabase(superuser, async (client) => {
    const { rows } = await client.query<{ name: string; setting: string }>(
      `select name, setting from pg_settings where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes')`,
    );
    return Object.fromEntries(rows.map((row) => [row.name, row.setting]));
  });
}

export async function analyze(superuser: string): Promise<void> {
  await inDatabase(superuser, (client) => client.query("analyze"));
}

async function inDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
