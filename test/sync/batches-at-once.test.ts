import { join } from "node:path";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { type DirectoryId, newId, type SyncRunId } from "../../src/db/id.ts";
import { isMusterError } from "../../src/errors.ts";
import type { SyncResult } from "../../src/sync/run.ts";
import { testContext } from "../harness/postgres.ts";
import { talk, until } from "../harness/process.ts";
import { statements } from "../harness/server.ts";
import { crowd, nameOf, PEOPLE } from "./many-people.ts";
import { makeWorld, silent, type World } from "./world.ts";

/** Three batches of people are written at the same time: what becomes of the others while the first one cannot go on. */
const ctx = await testContext({ logger: silent });
const { superuserUrl } = ctx.database;
const PATIENCE = 60;

/** Has the first batch wait for somebody who is about to take the name of one of its people. */
async function withFirstHeldUp(world: World, work: () => Promise<void>): Promise<void> {
  const other = new pg.Client({ connectionString: superuserUrl });
  await other.connect();
  try {
    await other.query("begin");
    await other.query(
      "insert into muster.accounts (organization, id, user_name, user_name_key) values ($1, $2, $3, $3)",
      [world.actor.organization, newId(), nameOf(5)],
    );
    await work();
    await other.query("rollback");
  } finally {
    await other.end();
  }
}

/** Backends of this database that wait: for whoever takes a name, or for the batch before. */
const waiting = (kind: "transactionid" | "advisory") =>
  statements<{ pid: number }>(superuserUrl, [
    `select l.pid from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where a.datname = current_database() and l.locktype = '${kind}' and not l.granted`,
  ]);

const allWait = () =>
  until("the first batch waits for a name and each other for the one before it", PATIENCE, async () => {
    const [first, others] = [await waiting("transactionid"), await waiting("advisory")];
    return first.length === 1 && others.length === 2;
  });

async function count(world: World, text: string): Promise<number> {
  const [row] = await world.query<{ count: number }>({
    text: `select count(*) as count from ${text}`,
    values: [world.actor.organization],
  });
  return row?.count ?? 0;
}

/** Everybody is there once, with one line of audit and one event, and so are all memberships. */
async function expectAll(world: World, directory: DirectoryId): Promise<void> {
  expect(Object.keys(await world.users(directory))).toHaveLength(PEOPLE);
  expect(await world.members(directory)).toHaveLength(PEOPLE + PEOPLE / 2 + 3);
  expect(await count(world, "audit where organization = $1 and action = 'directory-user.created'")).toBe(PEOPLE);
  expect(await count(world, "outbox where organization = $1 and kind = 'directory-user.created'")).toBe(PEOPLE);
  expect(await count(world, "accounts where organization = $1")).toBe(PEOPLE);
}

async function firstRun(world: World): Promise<{ id: SyncRunId; state: string; rowsWritten: number; added: number }> {
  const [run] = await world.query<{ id: SyncRunId; state: string; rowsWritten: number; added: number }>({
    text: `select id, state, rows_written as "rowsWritten", (counts ->> 'added')::int as added from sync_runs
      where organization = $1 order by started_at limit 1`,
    values: [world.actor.organization],
  });
  if (!run) throw new Error("there is no run");
  return run;
}

const HELD = PEOPLE + 3 + PEOPLE + PEOPLE / 2 + 3;

describe("of three batches that are written at the same time", () => {
  test("each is kept after the one before it, never earlier", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    let run: Promise<SyncResult> | undefined;
    await withFirstHeldUp(world, async () => {
      run = world.sync(directory, crowd());
      await allWait();
      expect(await world.users(directory)).toEqual({});
    });
    expect(await run).toMatchObject({ state: "done", counts: { added: PEOPLE }, rowsWritten: HELD });
    await expectAll(world, directory);
    expect(await world.sync(directory, crowd())).toMatchObject({ state: "done", rowsWritten: 0 });
  });

  test("the others come to nothing when the first one fails, and the next run ends all", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    let run: Promise<unknown> | undefined;
    await withFirstHeldUp(world, async () => {
      run = world.sync(directory, crowd()).catch((why: unknown) => why);
      await allWait();
      const [first] = await waiting("transactionid");
      await statements(superuserUrl, [`select pg_terminate_backend(${first?.pid})`]);
      const error = await run;
      expect(isMusterError(error) && error.code).toBe("unavailable");
      // Whoever is told that the run ended finds nothing of it that still goes on.
      expect(await waiting("advisory")).toEqual([]);
    });
    expect(await world.users(directory)).toEqual({});
    expect(await firstRun(world)).toMatchObject({ state: "running", rowsWritten: 3 });
    expect(await world.sync(directory, crowd())).toMatchObject({ state: "done", rowsWritten: 0 });
    await expectAll(world, directory);
    expect(await firstRun(world)).toMatchObject({ state: "done", rowsWritten: HELD, added: PEOPLE });
  });

  test("one is written again when its connection is lost while it waits", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    let run: Promise<SyncResult> | undefined;
    await withFirstHeldUp(world, async () => {
      run = world.sync(directory, crowd());
      await allWait();
      const [other] = await waiting("advisory");
      await statements(superuserUrl, [`select pg_terminate_backend(${other?.pid})`]);
    });
    expect(await run).toMatchObject({ state: "done", counts: { added: PEOPLE }, rowsWritten: HELD });
    await expectAll(world, directory);
  });

  test("none is left of a process that is killed, and the next run ends all", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    const order = { settings: ctx.database.settings, directory, actor: world.actor, batches: 0, isCrowd: true };
    await withFirstHeldUp(world, async () => {
      const child = talk(process.execPath, [join(import.meta.dirname, "crash-child.ts"), JSON.stringify(order)]);
      await allWait();
      child.child.kill("SIGKILL");
      expect(await child.ended).toBe("SIGKILL");
    });
    await until("the dead process's connections are gone", PATIENCE, async () => {
      const error = await world.sync(directory, crowd()).catch((why: unknown) => why);
      return !(isMusterError(error) && error.code === "conflict");
    });
    await expectAll(world, directory);
    expect(await firstRun(world)).toMatchObject({ state: "done", rowsWritten: HELD, added: PEOPLE });
  });

  test("the others are written again when the first is found to hold somebody who cannot be", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp", "preview");
    const { runId } = await world.sync(directory, crowd());
    await world.query({
      text: `update sync_plan set immutable_id = $4, next = jsonb_set(next, '{immutableId}', to_jsonb($4::text))
        where organization = $1 and run = $2 and kind = 'user-add' and name = $3`,
      values: [world.actor.organization, runId, nameOf(6), nameOf(5)],
    });
    let run: Promise<SyncResult> | undefined;
    await withFirstHeldUp(world, async () => {
      run = world.sync(directory, crowd(), { mode: "approve" });
      await allWait();
    });
    expect(await run).toMatchObject({ runId, state: "partial", counts: { added: PEOPLE - 1 } });
    expect(Object.keys(await world.users(directory))).toHaveLength(PEOPLE - 1);
    expect(await count(world, "audit where organization = $1 and action = 'directory-user.created'")).toBe(PEOPLE - 1);
  });
});
