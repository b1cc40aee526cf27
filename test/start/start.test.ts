import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { embeddedOwnerUrl } from "../harness/embedded-url.ts";
import { freePort } from "../harness/free-port.ts";
import { type RunningMuster, runMuster, startMuster } from "../harness/muster.ts";
import { testDatabase } from "../harness/postgres.ts";
import { isRunning, postmasterOf, type Start, talk, until } from "../harness/process.ts";
import { statements } from "../harness/server.ts";

const running: RunningMuster[] = [];
const directories: string[] = [];

afterEach(async () => {
  for (const each of running.splice(0)) {
    each.child.kill("SIGKILL");
    await each.ended;
  }
  for (const directory of directories.splice(0)) {
    await until("PostgreSQL is gone", 30, () => postmasterOf(directory) === undefined);
    rmSync(directory, { recursive: true, force: true });
  }
});

function emptyDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "muster-start-"));
  directories.push(directory);
  return directory;
}

async function start(environment: NodeJS.ProcessEnv, how: Start & { command?: string } = {}): Promise<RunningMuster> {
  const muster = await startMuster(environment, how);
  running.push(muster);
  return muster;
}

/** The error of a start that failed: standard error is one line and nothing in it looks like a stack. */
async function failedStart(environment: NodeJS.ProcessEnv): Promise<{ code: unknown; line: string }> {
  const { code, out, err } = await runMuster(["start"], {
    MUSTER_LISTEN: `127.0.0.1:${await freePort()}`,
    ...environment,
  });
  expect(out).toBe("");
  expect(err).toMatch(/^muster: [^\n]+\n$/);
  expect(err).not.toMatch(/\bat .*:\d+:\d+|Error:|node:internal/);
  return { code, line: err };
}

test.each(["SIGTERM", "SIGINT"] as const)(
  "with nothing configured it becomes ready; %s stops it and its PostgreSQL in order",
  async (signal) => {
    const data = emptyDirectory();
    const muster = await start({ MUSTER_DATA_DIR: data });
    await muster.line(/^There is no organization yet/);
    const [ready, setUp, ...more] = muster.out().split("\n");
    expect(ready).toBe(
      `Muster is ready at ${muster.url} (SCIM ${muster.url}/scim/v2, administration ${muster.url}/api/v1)`,
    );
    expect(setUp?.replace(/mst_set_\w{49}$/, "TOKEN")).toBe(
      `There is no organization yet. Make the first one within a day: ${muster.url}/setup#TOKEN`,
    );
    expect(more).toEqual([""]);
    expect(muster.err()).not.toContain("mst_set_");
    const made = await fetch(`${muster.url}/api/v1/setup`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        token: setUp?.split("#")[1],
        organization: { key: "acme" },
        administrator: { email: "ada@example.com", password: "a lake between two hills" },
      }),
    });
    expect(made.status).toBe(201);
    for (const path of ["/livez", "/readyz"]) expect((await fetch(muster.url + path)).status).toBe(200);
    expect((await fetch(`${muster.url}/metrics`)).status).toBe(200);
    const pid = postmasterOf(data) ?? 0;
    expect(isRunning(pid)).toBe(true);
    muster.child.kill(signal);
    expect(await muster.ended).toBe(0);
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(join(data, "postgres", "postmaster.pid"))).toBe(false);
    expect(readFileSync(join(data, "postgres.log"), "utf8").trimEnd()).toMatch(/database system is shut down$/);
    expect(readdirSync(join(data, "postgres-users"))).toEqual([]);
    for (const line of muster.err().trimEnd().split("\n")) expect(JSON.parse(line)).not.toHaveProperty("error");
  },
);

test("a terminal's signal to the whole process group drains Muster before PostgreSQL", async () => {
  const data = emptyDirectory();
  const muster = await start({ MUSTER_DATA_DIR: data }, { detached: true });
  process.kill(-(muster.child.pid ?? 0), "SIGINT");
  expect(await muster.ended).toBe(0);
  expect(muster.err()).not.toMatch(/"level":"(warn|error)"/);
  expect(existsSync(join(data, "postgres", "postmaster.pid"))).toBe(false);
});

test("a command joins the PostgreSQL of a running Muster, works while HTTP is down, and stops only what it started", async () => {
  const data = emptyDirectory();
  const before = await runMuster(["--json", "org", "create", "acme"], { MUSTER_DATA_DIR: data });
  expect([before.code, before.err]).toEqual([0, ""]);
  expect(postmasterOf(data)).toBeUndefined();
  const muster = await start({ MUSTER_DATA_DIR: data });
  const pid = postmasterOf(data);
  expect((await runMuster(["--json", "org", "create", "globex"], { MUSTER_DATA_DIR: data })).code).toBe(0);
  expect((await runMuster(["--json", "org", "create", "acme"], { MUSTER_DATA_DIR: data })).code).toBe(5);
  expect(postmasterOf(data)).toBe(pid);
  expect((await fetch(`${muster.url}/readyz`)).status).toBe(200);
});

test("kill -9 of Muster's process group: its PostgreSQL does not stay, the next start recovers by itself", async () => {
  const data = emptyDirectory();
  expect((await runMuster(["--json", "org", "create", "acme"], { MUSTER_DATA_DIR: data })).code).toBe(0);
  const first = await start({ MUSTER_DATA_DIR: data }, { detached: true });
  const pid = postmasterOf(data) ?? 0;
  process.kill(-(first.child.pid ?? 0), "SIGKILL");
  await first.ended;
  await until("PostgreSQL is gone", 10, () => !isRunning(pid));

  const second = await start({ MUSTER_DATA_DIR: data }, { detached: true });
  process.kill(postmasterOf(data) ?? 0, "SIGKILL");
  process.kill(-(second.child.pid ?? 0), "SIGKILL");
  await second.ended;
  const third = await start({ MUSTER_DATA_DIR: data });
  expect((await fetch(`${third.url}/readyz`)).status).toBe(200);
  expect((await runMuster(["--json", "org", "create", "acme"], { MUSTER_DATA_DIR: data })).code).toBe(5);
});

test("while PostgreSQL is down readyz says so, and Muster recovers without being started again", async () => {
  const data = emptyDirectory();
  const muster = await start({ MUSTER_DATA_DIR: data });
  process.kill(postmasterOf(data) ?? 0, "SIGKILL");
  await until("ready again", 30, async () => (await fetch(`${muster.url}/readyz`)).status === 200);
  expect((await fetch(`${muster.url}/livez`)).status).toBe(200);
  muster.child.kill("SIGTERM");
  expect(await muster.ended).toBe(0);
});

test("with DATABASE_URL it uses that PostgreSQL and starts none", async () => {
  const database = await testDatabase();
  const data = emptyDirectory();
  const muster = await start({ MUSTER_DATA_DIR: data, ...database.environment });
  expect((await fetch(`${muster.url}/readyz`)).status).toBe(200);
  expect(existsSync(join(data, "postgres"))).toBe(false);
  muster.child.kill("SIGTERM");
  expect(await muster.ended).toBe(0);
  await database.drop();
});

test("a public URL that is neither loopback nor https gives one warning", async () => {
  const database = await testDatabase();
  const data = emptyDirectory();
  const count = async (publicUrl: string): Promise<number> => {
    const muster = await start({ MUSTER_DATA_DIR: data, ...database.environment, MUSTER_PUBLIC_URL: publicUrl });
    muster.child.kill("SIGTERM");
    expect(await muster.ended).toBe(0);
    return muster.err().split("is not https").length - 1;
  };
  expect(await count("http://muster.example.com")).toBe(1);
  expect(await count("https://muster.example.com")).toBe(0);
  expect(await count("http://localhost:8080")).toBe(0);
  await database.drop();
});

test("a taken port is refused before anything is made", async () => {
  const data = join(emptyDirectory(), "data");
  const blocker = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => blocker.once("listening", resolve));
  const address = blocker.address();
  const listen = `127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  const { code, line } = await failedStart({ MUSTER_DATA_DIR: data, MUSTER_LISTEN: listen });
  expect([code, line]).toEqual([78, expect.stringContaining(`${listen} is taken by another program`)]);
  expect(existsSync(data)).toBe(false);
  blocker.close();
});

test("a wrong key, a wrong value, a file that is missing: each named, exit code 78", async () => {
  const data = emptyDirectory();
  const file = join(data, "muster.yaml");
  writeFileSync(file, "listen: 127.0.0.1:1\ndatabse:\n  url: x\n");
  expect(await failedStart({ MUSTER_CONFIG: file })).toEqual({
    code: 78,
    line: expect.stringContaining("there is no setting databse"),
  });
  writeFileSync(file, "listen: [\n");
  expect(await failedStart({ MUSTER_CONFIG: file })).toMatchObject({
    code: 78,
    line: expect.stringContaining("muster.yaml"),
  });
  expect(await failedStart({ MUSTER_LISTEN: "8080" })).toMatchObject({
    code: 78,
    line: expect.stringContaining("MUSTER_LISTEN"),
  });
  expect(await failedStart({ MUSTER_CONFIG: join(data, "none.yaml") })).toMatchObject({
    code: 78,
    line: expect.stringContaining("none.yaml"),
  });
  const tls = {
    MUSTER_DATA_DIR: data,
    MUSTER_TLS_CERT_FILE: join(data, "no.crt"),
    MUSTER_TLS_KEY_FILE: join(data, "no.key"),
  };
  expect(await failedStart(tls)).toMatchObject({ code: 78, line: expect.stringContaining("no.crt") });
});

test("an unreachable database: its address, never its password", async () => {
  const port = await freePort();
  const { code, line } = await failedStart({ DATABASE_URL: `postgres://muster_app:s3cret@127.0.0.1:${port}/muster` });
  expect(code).toBe(1);
  expect(line).toContain(`127.0.0.1:${port}`);
  expect(line).not.toContain("s3cret");
  const database = await testDatabase();
  if (database.environment.DATABASE_OWNER_URL) {
    const wrong = new URL(database.url);
    wrong.password = "s3cret";
    const refused = await failedStart({ DATABASE_URL: wrong.toString(), DATABASE_OWNER_URL: wrong.toString() });
    expect(refused.code).toBe(78);
    expect(refused.line).toMatch(/refuses the login/);
    expect(refused.line).not.toContain("s3cret");
  }
  await database.drop();
});

test("a data directory made by a newer Muster or another PostgreSQL is refused", async () => {
  const data = emptyDirectory();
  const muster = await start({ MUSTER_DATA_DIR: data });
  await statements(embeddedOwnerUrl(data), [
    "insert into muster.migrations (name, batch, migration_time) values ('9999-tomorrow', 9, now())",
  ]);
  muster.child.kill("SIGTERM");
  expect(await muster.ended).toBe(0);
  expect(await failedStart({ MUSTER_DATA_DIR: data })).toEqual({
    code: 78,
    line: expect.stringContaining("made by a newer Muster"),
  });
  expect(postmasterOf(data)).toBeUndefined();
  writeFileSync(join(data, "postgres", "PG_VERSION"), "19\n");
  expect(await failedStart({ MUSTER_DATA_DIR: data })).toEqual({
    code: 78,
    line: expect.stringContaining("PostgreSQL 19"),
  });
});

test.each(["SIGTERM", "SIGKILL"] as const)("started by npm, it stops in order when npm gets %s", async (signal) => {
  const data = emptyDirectory();
  const listen = `127.0.0.1:${await freePort()}`;
  const npm = talk("npm", ["run", "-s", "muster", "--", "start"], {
    cwd: join(import.meta.dirname, "..", ".."),
    env: { ...process.env, MUSTER_DATA_DIR: data, MUSTER_LISTEN: listen, npm_lifecycle_event: "muster" },
  });
  running.push({ ...npm, url: `http://${listen}` });
  await npm.line(/^Muster is ready/);
  const pid = postmasterOf(data) ?? 0;
  npm.child.kill(signal);
  expect(await npm.ended).toBe(signal === "SIGTERM" ? 0 : signal);
  await until("PostgreSQL is gone", 20, () => !isRunning(pid));
  expect(existsSync(join(data, "postgres", "postmaster.pid"))).toBe(false);
  await expect(fetch(`http://${listen}/livez`)).rejects.toThrow();
});
