import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { DirectoryId } from "../../src/db/id.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { type FakeOptions, startFakeLdap } from "../harness/fake-ldap.ts";
import { testContext } from "../harness/postgres.ts";
import { type Talking, talk, until } from "../harness/process.ts";
import { scaled } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { heldOf } from "./held.ts";
import { BASE, ldapCompany } from "./two-companies.ts";
import { makeWorld, silent, type World } from "./world.ts";

const DIRECTORIES = 10;
/** So many times all of them fall due. In the first only one replica is there, in the last only the other one. */
const ROUNDS = Math.max(3, scaled(5));
const CHILD = join(import.meta.dirname, "replica-child.ts");

const ctx = await testContext({ logger: silent });
const options: FakeOptions = { ...ldapCompany(0) };
const fake = await startFakeLdap(options);
const replicas: Talking[] = [];
afterAll(async () => {
  for (const replica of replicas) replica.child.stdin?.end();
  await Promise.all(replicas.map((replica) => replica.ended));
  await fake.stop();
});

type Place = { world: World; directory: DirectoryId };

async function place(): Promise<Place> {
  const world = await makeWorld(ctx);
  const settings = { url: fake.url, bindDn: "cn=reader", base: BASE, pageSize: 2 };
  const secret = { key: loadSecretKey(ctx.config), text: "secret" };
  const input = { name: "corp", kind: "ldap", settings, firstRun: "apply", syncEvery: 3600 } as const;
  const { id } = await world.write((tx) => addDirectory(tx, input, secret), "exclusive");
  return { world, directory: id };
}

async function startReplica(): Promise<Talking> {
  const { settings, ownerUrl } = ctx.database;
  const order = JSON.stringify({ settings, ownerUrl, dataDirectory: ctx.config.dataDirectory });
  const replica = talk(process.execPath, [CHILD, order]);
  replicas.push(replica);
  await replica.line(/^ready$/);
  return replica;
}

async function stop(replica: Talking | undefined): Promise<void> {
  replica?.child.stdin?.end();
  expect(await replica?.ended).toBe(0);
}

/** Asked as the superuser: all organizations at once. */
async function all<Row extends object>(text: string): Promise<Row[]> {
  return statements<Row & Record<string, unknown>>(ctx.database.superuserUrl, ["set search_path to muster", text]);
}

test(`${ROUNDS * DIRECTORIES} due runs on two replicas: each is applied once`, async () => {
  const places = await Promise.all(Array.from({ length: DIRECTORIES }, place));
  const pair = [await startReplica()];
  for (let round = 0; round < ROUNDS; round++) {
    if (round === 1) pair.push(await startReplica());
    if (round === ROUNDS - 1) await stop(pair[0]);
    const turn = round % 2 === 0 ? 0 : 1;
    Object.assign(options, ldapCompany(turn));
    await statements(ctx.database.superuserUrl, [
      "update muster.sync_runs set applied_at = applied_at - interval '2 days', started_at = started_at - interval '2 days'",
      "update muster.directories set next_run_at = statement_timestamp() where kind = 'ldap'",
    ]);
    const wanted = (round + 1) * DIRECTORIES;
    const count = async (): Promise<number> =>
      Number((await all<{ count: string }>("select count(*) from sync_runs where state <> 'running'"))[0]?.count);
    await until(`${wanted} runs are over`, 120, async () => (await count()) >= wanted);
    for (const { world, directory } of places) {
      const { people, members } = ldapCompany(turn).goal;
      expect(await heldOf(world, directory)).toEqual({ people, members });
    }
  }
  await stop(pair[1]);

  // None lost and none twice: one run for each time that it was due, each the next holder of its directory, each with
  // something to write.
  const runs = await all<{
    id: string;
    directory: string;
    state: string;
    trigger: string;
    epoch: number;
    rows: number;
  }>(
    `select id, directory, state, trigger, epoch::int, rows_written::int as rows from sync_runs order by directory, epoch`,
  );
  expect(runs).toHaveLength(ROUNDS * DIRECTORIES);
  for (const { directory } of places) {
    const own = runs.filter((run) => run.directory === directory);
    expect(own.map(({ state, trigger }) => `${state} by ${trigger}`)).toEqual(own.map(() => "done by schedule"));
    expect(own.map((run) => run.epoch)).toEqual(own.map((_, at) => at + 1));
    expect(Math.min(...own.map((run) => run.rows))).toBeGreaterThan(0);
  }
  expect(
    await all("select 1 from sync_plan group by organization, run, kind, subject, member having count(*) > 1"),
  ).toEqual([]);
  // What a run wrote stands in the audit under its name, once for each row.
  expect(
    await all(`select actor, action, subject from audit where action in ('directory-user.created', 'directory-user.updated',
      'directory-user.removed', 'directory-user.restored') group by organization, actor, action, subject having count(*) > 1`),
  ).toEqual([]);

  const by = pair.map((replica) => [...replica.out().matchAll(/"run":"([^"]+)"/g)].map((match) => match[1]));
  console.info(`replicas ran ${by.map((ids) => ids.length).join(" and ")}`);
  expect([...by.flat()].sort()).toEqual(runs.map((run) => run.id).sort());
  expect(Math.min(...by.map((ids) => ids.length))).toBeGreaterThanOrEqual(DIRECTORIES);
  expect(await all("select 1 from graphile_worker.jobs where task_identifier = 'sync'")).toEqual([]);
}, 3_600_000);
