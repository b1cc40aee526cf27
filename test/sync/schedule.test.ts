import { type AddressInfo, createServer } from "node:net";
import type pg from "pg";
import { expect, test } from "vitest";
import { newId, type SyncRunId } from "../../src/db/id.ts";
import { updateDirectory } from "../../src/identity/directories.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { listRuns } from "../../src/sync/history.ts";
import { withDirectoryLock } from "../../src/sync/lock.ts";
import { getRun } from "../../src/sync/runs.ts";
import { enqueueDueSyncs, SYNC_TASK, syncTask } from "../../src/sync/schedule.ts";
import { listeningLogger } from "../harness/log.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { statements } from "../harness/server.ts";
import { makeWorld, silent } from "./world.ts";

const ctx = await testContext({ logger: silent });

/** graphile-worker's own table refuses the application, so a test asks as the superuser. */
async function jobs(): Promise<{ payload: Record<string, string> }[]> {
  return statements(ctx.database.superuserUrl, [
    `select payload from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
      where t.identifier = '${SYNC_TASK}'`,
  ]);
}

test("a due directory gets one job, however many schedulers look, and its next time", async () => {
  const world = await makeWorld(ctx);
  const due = await world.directory("due");
  await world.directory("by-hand");
  await world.query({
    text: "update directories set sync_every = interval '1 hour', next_run_at = statement_timestamp() where id = $1",
    values: [due],
  });
  const added = await Promise.all([enqueueDueSyncs(ctx), enqueueDueSyncs(ctx), enqueueDueSyncs(ctx)]);
  expect(added.reduce((sum, count) => sum + count, 0)).toBe(1);
  expect(await jobs()).toEqual([{ payload: { organization: world.actor.organization, directory: due, lane: "full" } }]);
  const [row] = await world.query<{ minutes: number }>({
    text: "select round(extract(epoch from next_run_at - statement_timestamp()) / 60)::int as minutes from directories where id = $1",
    values: [due],
  });
  expect(row?.minutes).toBe(60);
  expect(await enqueueDueSyncs(ctx)).toBe(0);
});

test("a scheduled run that cannot read its directory is over, and the job with it", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await syncTask(ctx, { organization: world.actor.organization, directory });
  const runs = await listRuns(ctx.db.of(world.actor.organization), { directory });
  expect(runs).toMatchObject([{ state: "failed", trigger: "schedule", rowsWritten: 0 }]);
  expect(runs[0]?.error).toMatch(/configuration/);
});

test("a directory that is gone is no reason to try again", async () => {
  const world = await makeWorld(ctx);
  await syncTask(ctx, { organization: world.actor.organization, directory: world.actor.organization });
});

/** What `enqueueDueSyncs` would have done with this directory, seen by the job that it adds. */
async function lanesOf(directory: string): Promise<(string | undefined)[]> {
  await enqueueDueSyncs(ctx);
  return (await jobs()).flatMap(({ payload }) => (payload.directory === directory ? [payload.lane] : []));
}

function staff(): ScriptedDirectory {
  const source = new ScriptedDirectory();
  source.tellsChanges = true;
  for (let number = 0; number < 12; number++) source.user(`p${number}`);
  return source;
}

/** A directory with both intervals that was read in full once. */
async function withDeltas() {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.write((tx) => updateDirectory(tx, directory, { syncEvery: 3600, deltaEvery: 300 }), "exclusive");
  const source = staff();
  await world.sync(directory, source);
  const due = (full: boolean, delta: boolean) =>
    world.query({
      text: `update directories set next_run_at = statement_timestamp() + case when $2 then '0' else interval '1 hour' end,
        next_delta_at = statement_timestamp() + case when $3 then '0' else interval '1 hour' end where id = $1`,
      values: [directory, full, delta],
    });
  const task = (lane: string) => syncTask(ctx, { organization: world.actor.organization, directory, lane });
  const runs = () => listRuns(ctx.db.of(world.actor.organization), { directory });
  return { world, directory, source, due, task, runs };
}

test("of a full run and a delta that are both due the full run comes, and the delta's time begins anew", async () => {
  const { world, directory, due } = await withDeltas();
  await due(true, true);
  expect(await lanesOf(directory)).toEqual(["full"]);
  const [row] = await world.query<{ minutes: number }>({
    text: "select round(extract(epoch from next_delta_at - statement_timestamp()) / 60)::int as minutes from directories where id = $1",
    values: [directory],
  });
  expect(row?.minutes).toBe(5);
  await due(false, true);
  // The full run's job waits still; the delta does not take its place.
  expect((await lanesOf(directory)).sort()).toEqual(["delta", "full"]);
});

test("a delta that is due is left out where nothing says from where to read, and while a plan is held", async () => {
  const { world, directory, source, task, runs } = await withDeltas();
  await task("delta");
  expect(await runs()).toMatchObject([{ lane: "delta", state: "failed", trigger: "schedule" }, { lane: "full" }]);
  for (let number = 0; number < 11; number++) source.remove(`p${number}`);
  expect(await world.sync(directory, source)).toMatchObject({ state: "held" });
  await task("delta");
  expect(await runs()).toHaveLength(3);
  await world.query({
    text: "update sync_runs set mark = null, state = 'failed' where directory = $1",
    values: [directory],
  });
  await task("delta");
  expect(await runs()).toHaveLength(3);
});

test("a full run that finds a delta at work is due again at once; one that finds a full run is not", async () => {
  const { world, directory, source, due, task, runs } = await withDeltas();
  const minutes = async () =>
    (
      await world.query<{ minutes: number }>({
        text: "select ceil(extract(epoch from next_run_at - statement_timestamp()) / 60)::int as minutes from directories where id = $1",
        values: [directory],
      })
    )[0]?.minutes;
  for (const [lane, then] of [
    ["delta", 0],
    ["full", 60],
  ] as const) {
    await due(false, false);
    const connector = source.connector(undefined, async () => {
      await task("full");
    });
    await world.sync(directory, source.user("p1", { displayName: lane }), { lane, connector });
    expect(await minutes(), lane).toBe(then);
  }
  expect(await runs()).toHaveLength(3);
  await withDirectoryLock(ctx, world.actor, directory, () => task("full"));
  expect(await minutes()).toBe(0);
});

test("a full read that was stopped because its worker stops is due again at once", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const asked = Promise.withResolvers<void>();
  const silence = createServer((socket) => {
    asked.resolve();
    socket.on("error", () => {});
  });
  await new Promise<void>((listening) => silence.listen(0, "127.0.0.1", listening));
  try {
    const settings = {
      url: `ldap://127.0.0.1:${(silence.address() as AddressInfo).port}`,
      bindDn: "cn=reader",
      base: "dc=example",
    };
    const secret = { key: loadSecretKey(ctx.config), text: "secret" };
    await world.write((tx) => updateDirectory(tx, directory, { settings, syncEvery: 86_400 }, secret), "exclusive");
    await world.query({
      text: "update directories set next_run_at = statement_timestamp() where id = $1",
      values: [directory],
    });
    const isDue = async () =>
      (
        await world.query({
          text: "select 1 from directories where id = $1 and next_run_at <= statement_timestamp()",
          values: [directory],
        })
      ).length > 0;
    await enqueueDueSyncs(ctx);
    expect(await isDue()).toBe(false);
    const stop = new AbortController();
    const task = syncTask(ctx, { organization: world.actor.organization, directory }, stop.signal);
    await asked.promise;
    stop.abort();
    await task;
    expect(await listRuns(ctx.db.of(world.actor.organization), { directory })).toMatchObject([{ state: "failed" }]);
    expect(await isDue()).toBe(true);
  } finally {
    silence.close();
  }
});

test("what a process left that died is settled within a minute, also of a directory that is read by hand only", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("by-hand");
  const dead = newId<SyncRunId>();
  await world.query({
    text: `insert into sync_runs (organization, id, directory, mode, trigger, state, epoch)
      values ($1, $2, $3, 'run', 'command', 'running', 0)`,
    values: [world.actor.organization, dead, directory],
  });
  expect(await lanesOf(directory)).toEqual(["resume"]);
  await syncTask(ctx, { organization: world.actor.organization, directory, lane: "resume" });
  expect(await getRun(ctx.db.of(world.actor.organization), dead)).toMatchObject({ state: "abandoned" });
  expect(await listRuns(ctx.db.of(world.actor.organization), { directory })).toHaveLength(1);
  await statements(ctx.database.superuserUrl, ["delete from graphile_worker._private_jobs"]);
  expect(await lanesOf(directory)).toEqual([]);
});

test("a directory whose runs fail keeps its interval, and the others go on", async () => {
  const world = await makeWorld(ctx);
  const [broken, fine] = [await world.directory("broken"), await world.directory("fine")];
  for (const directory of [broken, fine])
    await world.write((tx) => updateDirectory(tx, directory, { syncEvery: 3600 }), "exclusive");
  await world.query({
    text: "update directories set next_run_at = statement_timestamp() where sync_every is not null",
  });
  await enqueueDueSyncs(ctx);
  await syncTask(ctx, { organization: world.actor.organization, directory: broken, lane: "full" });
  expect(await world.sync(fine, staff(), { trigger: "schedule" })).toMatchObject({ state: "done" });
  const rows = await world.query<{ minutes: number }>({
    text: `select round(extract(epoch from next_run_at - statement_timestamp()) / 60)::int as minutes from directories
      where id = any($1)`,
    values: [[broken, fine]],
  });
  expect(rows).toEqual([{ minutes: 60 }, { minutes: 60 }]);
});

/** Directories of one organization that are due, the longest first. */
async function dueInOrder(...names: string[]) {
  const world = await makeWorld(ctx);
  const directories: string[] = [];
  for (const name of names) directories.push(await world.directory(name));
  for (const [place, directory] of directories.entries())
    await world.query({
      text: `update directories set sync_every = interval '1 hour', next_run_at = statement_timestamp() - make_interval(mins => $2)
        where id = $1`,
      values: [directory, names.length - place],
    });
  return { world, directories };
}

async function scheduled(...directories: string[]): Promise<boolean[]> {
  const found = await jobs();
  return directories.map((directory) => found.some(({ payload }) => payload.directory === directory));
}

test("a directory that cannot be scheduled keeps no other from its turn, and is tried again at the next look", async () => {
  const { directories } = await dueInOrder("first", "broken", "last");
  const { logger, lines } = listeningLogger();
  await refusing(`new.id = '${directories[1]}'`, "MU999", async () => {
    expect(await enqueueDueSyncs({ ...ctx, logger })).toBe(2);
    expect(await scheduled(...directories)).toEqual([true, false, true]);
    expect(lines).toMatchObject([
      { level: "error", directory: directories[1], error: expect.stringMatching(/refused/) },
    ]);
  });
  expect(await enqueueDueSyncs(ctx)).toBe(1);
  expect(await scheduled(...directories)).toEqual([true, true, true]);
});

test("however many directories cannot be scheduled, or wait to be settled, the one behind them has its turn", async () => {
  const { world, directories } = await dueInOrder("last");
  const crowd = (prefix: string, more: string) =>
    world.query({
      text: `insert into directories (organization, id, name, kind, position, sync_every, next_run_at)
        select $1, gen_random_uuid(), $2 || number, 'ldap', (select max(position) from directories) + number, ${more}
        from generate_series(1, 60) number`,
      values: [world.actor.organization, prefix],
    });
  await crowd("broken", "interval '1 hour', statement_timestamp() - interval '1 day'");
  await crowd("dead", "null, null");
  await world.query({
    text: `insert into sync_runs (organization, id, directory, mode, trigger, state, epoch)
      select $1, gen_random_uuid(), id, 'run', 'command', 'running', 0 from directories where name like 'dead%'`,
    values: [world.actor.organization],
  });
  try {
    await refusing("new.name like 'broken%'", "MU999", async (asked) => {
      expect(await enqueueDueSyncs(ctx)).toBe(61);
      expect(await asked()).toBe(60);
      expect(await scheduled(...directories)).toEqual([true]);
    });
  } finally {
    await world.query({ text: "delete from directories where name like 'broken%' or name like 'dead%'" });
    await statements(ctx.database.superuserUrl, ["delete from graphile_worker._private_jobs"]);
  }
});

test("a directory whose row somebody holds keeps no other waiting", async () => {
  const { world, directories } = await dueInOrder("held", "last");
  await world.write(async (tx) => {
    await tx.query({ text: "select id from directories where id = $1 for share", values: [directories[0]] });
    expect(await enqueueDueSyncs(ctx)).toBe(1);
    expect(await scheduled(...directories)).toEqual([false, true]);
  });
  expect(await enqueueDueSyncs(ctx)).toBe(1);
  expect(await scheduled(...directories)).toEqual([true, true]);
});

test("when it is the database that is in trouble, the first directory tells, and no other is tried", async () => {
  await dueInOrder("one", "two", "three");
  await refusing("true", "57P03", async (asked) => {
    await expect(enqueueDueSyncs(ctx)).rejects.toMatchObject({ code: "unavailable" });
    expect(await asked()).toBe(1);
  });
});

/** While `work` runs, PostgreSQL refuses to give these directories their next time; `asked` tells how often it was asked to. */
async function refusing(
  which: string,
  code: string,
  work: (asked: () => Promise<number>) => Promise<void>,
): Promise<void> {
  const ask = <Row extends pg.QueryResultRow>(...texts: string[]) => statements<Row>(ctx.database.superuserUrl, texts);
  await ask(
    // A sequence keeps its count when a transaction is rolled back.
    "create sequence muster.refusals",
    `create function muster.refuse() returns trigger language plpgsql security definer as $$ begin
      perform nextval('muster.refusals'); raise exception 'refused' using errcode = '${code}'; end $$`,
    `create trigger refuse before update on muster.directories for each row when (${which}) execute function muster.refuse()`,
  );
  try {
    await work(async () => {
      const [row] = await ask<{ count: number }>(
        "select last_value::int as count from muster.refusals where is_called",
      );
      return row?.count ?? 0;
    });
  } finally {
    await ask(
      "drop trigger refuse on muster.directories",
      "drop function muster.refuse",
      "drop sequence muster.refusals",
    );
  }
}
