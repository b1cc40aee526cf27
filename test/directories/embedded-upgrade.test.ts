import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect, test } from "vitest";
import { existingCluster } from "../../src/db/embedded/cluster.ts";
import { enter, holdInUse } from "../../src/db/embedded/enter.ts";
import { stopServer } from "../../src/db/embedded/server.ts";
import { serverUser } from "../../src/db/embedded/system-user.ts";
import { contents } from "../db/backup/contents.ts";
import { debianPrograms } from "../harness/debian-postgresql.ts";
import { runTool } from "../harness/directory-server.ts";
import { runMuster } from "../harness/muster.ts";
import { olderData } from "../harness/older-data.ts";
import { isRunning, postmasterOf, type Talking, talk, until } from "../harness/process.ts";
import { random } from "../harness/random.ts";
import { scaled, seed } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";

type Said = { ownerUrl: string; superuserUrl: string; lines: string[] };
type Failed = { error: { code: string; message: string } };

const program = fileURLToPath(new URL("../harness/embedded-user.ts", import.meta.url));
const users: Talking[] = [];

async function muster(environment: Record<string, string>, ...words: string[]): Promise<unknown> {
  const { code, out, err } = await runMuster([...words, "--json"], environment);
  expect({ words, code, err }).toEqual({ words, code: 0, err: "" });
  return JSON.parse(out);
}

let ofTemplate: unknown;
const older = await olderData(async (environment, superuserUrl) => {
  await muster(environment, "org", "create", "acme");
  await muster(environment, "product", "add", "wiki", "--guests");
  await muster(environment, "directory", "add", "okta", "--kind", "scim");
  await muster(environment, "admin", "add", "ann@acme.example");
  await statements(superuserUrl, [
    `insert into muster.sessions (organization, id, hash, account, record, method, idle_seconds, expires_at)
      select organization, gen_random_uuid(), '\\x01', id, gen_random_uuid(), 'password', 60, now() + interval '1 day'
      from muster.accounts limit 1`,
    `select muster.add_job('asked-sync', '{"asked": "by an administrator"}', 'asked', '2030-01-01')`,
  ]);
  ofTemplate = await held(superuserUrl);
});
afterAll(() => older.remove());

afterEach(async () => {
  for (const user of users.splice(0)) {
    user.child.kill("SIGKILL");
    await user.ended;
  }
});

function use(data: string): Talking {
  const user = talk(process.execPath, [program, data]);
  users.push(user);
  return user;
}

async function said(user: Talking): Promise<Said> {
  return JSON.parse(await user.line(/superuserUrl/)) as Said;
}

async function refused(user: Talking): Promise<Failed["error"]> {
  const { error } = JSON.parse(await user.line(/"error"/)) as Failed;
  expect(error.message).not.toContain("\n");
  expect(await user.ended).toBe(1);
  return error;
}

async function leave(user: Talking): Promise<void> {
  user.child.stdin?.end();
  expect(await user.ended).toBe(0);
}

const OLD = `postgres-${older.major}-before-upgrade`;
const version = (directory: string): number =>
  Number(existsSync(join(directory, "PG_VERSION")) ? readFileSync(join(directory, "PG_VERSION"), "utf8") : 0);

/** What the template holds, whichever PostgreSQL reads it. */
async function held(url: string): Promise<unknown> {
  return statements(url, [
    `select (select json_agg(o.* order by o.id) from muster.outbox o)::text as events,
      (select json_agg(a.* order by a.id) from muster.accounts a)::text as accounts,
      (select json_agg(s.* order by s.id) from muster.sessions s)::text as sessions,
      (select json_agg(json_build_array(task_identifier, key, run_at)) from graphile_worker.jobs)::text as jobs,
      (select paused_at is null from muster.installation) as goes_on`,
  ]);
}

/** Nothing but what belongs there, and no server. */
async function expectUpgraded(data: string): Promise<void> {
  await until("no server is left", 30, () => postmasterOf(data) === undefined);
  expect(version(join(data, "postgres"))).toBeGreaterThan(older.major);
  expect(version(join(data, OLD))).toBe(older.major);
  const left = readdirSync(data).filter((name) => !/^postgres-programs-|^secret\.key$|^mail$/.test(name));
  expect(left.toSorted()).toEqual(["postgres", OLD, "postgres-users", "postgres.log"].toSorted());
}

/** Starts Muster's part on it, and says what the log was told and what the data is. */
async function useOnce(data: string): Promise<{ lines: string[]; holds: unknown }> {
  const user = use(data);
  const { lines, superuserUrl } = await said(user);
  const holds = await held(inMuster(superuserUrl));
  await leave(user);
  return { lines, holds };
}

function inMuster(superuserUrl: string): string {
  const url = new URL(superuserUrl);
  url.pathname = "/muster";
  return url.toString();
}

test("an upgrade carries everything over, keeps the older directory and says so in one line", async () => {
  const data = older.copy();
  const { lines, holds } = await useOnce(data);
  expect(holds).toEqual(ofTemplate);
  expect(lines.filter((line) => line.includes(join(data, OLD)))).toEqual([expect.stringMatching(/may be removed/)]);
  await expectUpgraded(data);
  // The older one opens as it was, and takes the same way again.
  const again = older.copy();
  rmSync(join(again, "postgres"), { recursive: true });
  renameSync(join(data, OLD), join(again, "postgres"));
  expect((await useOnce(again)).holds).toEqual(ofTemplate);
  const file = (name: string): string => join(data, name);
  await muster({ MUSTER_DATA_DIR: data }, "backup", file("first"));
  await muster({ MUSTER_DATA_DIR: again }, "backup", file("second"));
  expect(await contents(file("second"))).toEqual(await contents(file("first")));
});

test("Muster goes on after an upgrade: it does not rest, and what happens now stands behind what was", async () => {
  const data = older.copy();
  const environment = { MUSTER_DATA_DIR: data };
  await muster(environment, "product", "add", "chat");
  expect(await muster(environment, "resume")).toEqual({ pausedSince: null });
  const user = use(data);
  const rows = await statements<{ product: string; latest: boolean }>(inMuster((await said(user)).superuserUrl), [
    `select detail->>'key' as product, transaction = max(transaction::text::bigint) over ()::text::xid8 as latest
      from muster.audit where action = 'product.created' order by id`,
  ]);
  await leave(user);
  expect(rows.map(({ latest }) => latest)).toEqual([false, true]);
});

test("many starters at once: one brings it over, the others wait and join", async () => {
  const data = older.copy();
  const all = Array.from({ length: 4 }, () => use(data));
  const urls = new Set((await Promise.all(all.map(said))).map(({ ownerUrl }) => ownerUrl));
  expect(urls.size).toBe(1);
  await Promise.all(all.map(leave));
  await expectUpgraded(data);
});

const STEPS: readonly [string, (data: string) => boolean][] = [
  ["the older server runs", (data) => postmasterOf(data) !== undefined],
  ["the backup is written", (data) => readdirSync(data).some((name) => name.startsWith("postgres.upgrade.backup"))],
  ["the backup is whole", (data) => existsSync(join(data, "postgres.upgrade.backup"))],
  ["a new cluster is made", (data) => readdirSync(data).some((name) => name.startsWith("postgres.new-"))],
  ["the new cluster is made", (data) => version(join(data, "postgres.upgrade")) > 0],
  ["its server runs", (data) => existsSync(join(data, "postgres.upgrade", "postmaster.pid"))],
  // It is whole for a moment alone: who looks too late sees the next step.
  ["the new cluster is whole", (data) => existsSync(join(data, "postgres.upgraded")) || existsSync(join(data, OLD))],
  ["the older one has left its place", (data) => existsSync(join(data, OLD))],
];

test.each(STEPS)("killed when %s, the next start brings it over, and nothing is lost or left", async (_, reached) => {
  const data = older.copy();
  const first = use(data);
  let killed = false;
  for (const end = Date.now() + 60_000; Date.now() < end && !killed; await new Promise(setImmediate))
    if (reached(data)) killed = first.child.kill("SIGKILL");
  expect(await first.ended).toBe("SIGKILL");
  const { holds } = await useOnce(data);
  expect(holds).toEqual(ofTemplate);
  await expectUpgraded(data);
});

test("killed at any moment and several times", async () => {
  const data = older.copy();
  const draw = random(seed);
  for (let turn = 0; turn < scaled(20); turn += 1) {
    const user = use(data);
    await new Promise((resolve) => setTimeout(resolve, draw() * 4_000));
    user.child.kill("SIGKILL");
    await user.ended;
  }
  expect((await useOnce(data)).holds).toEqual(ofTemplate);
});

test("a killed upgrade leaves no server behind, when nobody comes after it", async () => {
  const data = older.copy();
  const user = use(data);
  await until("both servers run", 60, () => existsSync(join(data, "postgres.upgrade", "postmaster.pid")));
  const pids = ["postgres", "postgres.upgrade"].map((name) =>
    Number.parseInt(readFileSync(join(data, name, "postmaster.pid"), "utf8"), 10),
  );
  user.child.kill("SIGKILL");
  await user.ended;
  await until("neither runs", 60, () => !pids.some(isRunning));
});

test("between the two renames the place is not taken for an empty one", async () => {
  const data = older.copy();
  await useOnce(data);
  renameSync(join(data, "postgres"), join(data, "postgres.upgraded"));
  const whole = join(data, "postgres.upgraded", "PG_VERSION");
  const made = readFileSync(whole, "utf8");
  writeFileSync(whole, "99\n");
  const another = use(data);
  expect(await refused(another)).toMatchObject({
    code: "configuration",
    message: expect.stringMatching(/cut short.*start the Muster/),
  });
  expect(existsSync(join(data, "postgres"))).toBe(false);
  writeFileSync(whole, made);
  const { holds, lines } = await useOnce(data);
  expect(holds).toEqual(ofTemplate);
  expect(lines.join("\n")).toContain(join(data, OLD));
});

test("what an upgrade left that was cut short is never taken for the data", async () => {
  const data = older.copy();
  const stale = older.copy();
  await useOnce(stale);
  const user = use(stale);
  await statements(inMuster((await said(user)).superuserUrl), ["delete from muster.outbox"]);
  await leave(user);
  // An older Muster went on since.
  cpSync(join(stale, "postgres"), join(data, "postgres.upgraded"), { recursive: true });
  expect((await useOnce(data)).holds).toEqual(ofTemplate);
});

test("without programs that can read it, it is refused with the way out, and nothing is touched", async () => {
  const data = older.copy();
  for (const name of readdirSync(data))
    if (name.startsWith("postgres-programs-")) rmSync(join(data, name), { recursive: true });
  const found = readdirSync(data).toSorted();
  const error = await refused(use(data));
  expect(error.code).toBe("configuration");
  expect(error.message).toMatch(/no programs of \d+ that run here.*muster backup FILE.*DATABASE_URL/);
  expect(version(join(data, "postgres"))).toBe(older.major);
  expect(
    readdirSync(data)
      .filter((name) => !name.startsWith("postgres-users"))
      .toSorted(),
  ).toEqual(found);
});

/** The older server as an older Muster runs it. */
async function startOlder(data: string): Promise<{ client: { end(): Promise<void> }; stop(): Promise<void> }> {
  const { major, bin } = debianPrograms();
  const user = serverUser(data, join(data, "postgres"));
  const cluster = existingCluster(join(data, "postgres"), { directory: join(bin, ".."), major }, user);
  mkdirSync(join(data, "postgres-users"), { recursive: true });
  const client = await enter(data, cluster, {}, () => {}, undefined, holdInUse);
  return { client, stop: () => stopServer(cluster) };
}

test("while an older Muster runs it is refused, and that one is not disturbed", async () => {
  const data = older.copy();
  const running = await startOlder(data);
  try {
    const pid = postmasterOf(data);
    const error = await refused(use(data));
    expect(error).toMatchObject({
      code: "conflict",
      message: expect.stringMatching(/an older Muster uses.*stop that one/),
    });
    expect(postmasterOf(data)).toBe(pid);
    expect(existsSync(join(data, OLD))).toBe(false);
  } finally {
    await running.client.end();
    await running.stop();
  }
  expect((await useOnce(data)).holds).toEqual(ofTemplate);
});

test("data that does not stand what is asked of it stays where it is", async () => {
  const data = older.copy();
  const running = await startOlder(data);
  const url = new URL("postgres://postgres:of-postgres@localhost:5432/muster");
  url.searchParams.set("host", join(data, "postgres"));
  await statements(url.toString(), ["set session_replication_role = replica", "delete from muster.accounts"]);
  await running.client.end();
  await running.stop();
  const error = await refused(use(data));
  expect(error.message).toContain(`${join(data, "postgres")} stays PostgreSQL ${older.major}'s`);
  await until("no server is left", 30, () => postmasterOf(data) === undefined);
  expect(version(join(data, "postgres"))).toBe(older.major);
  expect(readdirSync(data).filter((name) => name.startsWith("postgres.") && name !== "postgres.log")).toEqual([]);
});

test("the programs that are kept run what they made, after the installation is gone", async () => {
  const data = older.copy();
  await useOnce(data);
  const kept = readdirSync(data).filter((name) => name.startsWith("postgres-programs-"));
  expect(kept.length).toBe(2);
  const newest = join(data, kept.find((name) => !name.startsWith(`postgres-programs-${older.major}.`)) ?? "");
  const major = version(join(data, "postgres"));
  const cluster = existingCluster(
    join(data, "postgres"),
    { directory: newest, major },
    serverUser(data, join(data, "postgres")),
  );
  const client = await enter(data, cluster, {}, () => {}, undefined, holdInUse);
  const { rows } = await client.query("select current_setting('server_version_num')::int / 10000 as major");
  expect(rows).toEqual([{ major }]);
  await client.end();
  await stopServer(cluster);
});

// What only root can set up.
if (process.getuid?.() === 0)
  test("without room for a second copy it is refused before anything is written", async () => {
    const data = join(older.copy(), "..", "small");
    mkdirSync(data);
    await runTool("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=100m", "tmpfs", data]);
    try {
      cpSync(older.copy(), data, { recursive: true, verbatimSymlinks: true });
      chmodSync(data, 0o755);
      chmodSync(join(data, "postgres"), 0o700);
      const error = await refused(use(data));
      expect(error).toMatchObject({
        code: "unavailable",
        message: expect.stringMatching(/stays PostgreSQL \d+'s: .*\d+ MiB more have to be free/),
      });
      expect(readdirSync(data).filter((name) => name.startsWith("postgres.") && name !== "postgres.log")).toEqual([]);
      await until("no server is left", 30, () => postmasterOf(data) === undefined);
      await until("no guard is left", 30, () => !existsSync(join(data, "postgres-users", "stopping")));
    } finally {
      await runTool("/usr/bin/umount", ["-l", data]);
    }
  });
