import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { expect, test } from "vitest";
import type { DirectoryId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { isMusterError } from "../../src/errors.ts";
import { discardRun } from "../../src/sync/discard.ts";
import { listRuns } from "../../src/sync/history.ts";
import { claimDirectory, releaseDirectory, writeHeartbeat } from "../../src/sync/hold.ts";
import { withDirectoryLock } from "../../src/sync/lock.ts";
import { getRun, runUnderWay, type SyncRun } from "../../src/sync/runs.ts";
import { applyRun } from "../../src/sync/settle.ts";
import { testContext } from "../harness/postgres.ts";
import { isRunning, talk, until } from "../harness/process.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { statements } from "../harness/server.ts";
import { after, before, leavers } from "./crash-scenario.ts";
import { makeWorld, silent, type World } from "./world.ts";

const ctx = await testContext({ logger: silent });
/** Gives a holder up soon: only for one that is stopped, because one that lives may have to wait for its turn as long. */
const hasty = { ...ctx, config: { ...ctx.config, sync: { ...ctx.config.sync, silence: 2 } } };

/** Seconds for what waits for others, on a busy machine too. */
const PATIENCE = 100;

async function seen<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  let found: T | undefined;
  await until(what, PATIENCE, async () => {
    found = await look();
    return found !== undefined;
  });
  return found as T;
}

function people(count: number): ScriptedDirectory {
  const source = new ScriptedDirectory();
  for (let number = 0; number < count; number++) source.user(`p${number}`);
  return source;
}

const db = (world: World) => ctx.db.of(world.actor.organization);

test("while it runs, a run says what it is at and how far, outside of everybody's way", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.sync(directory, people(9));
  const source = people(30).group("staff", ["p1", "p2"]);
  const looks: (SyncRun | undefined)[] = [];
  const atRead = (run: SyncRun | undefined) => (run?.progress && run.progress.read >= 9 ? run : undefined);
  const atApply = (run: SyncRun | undefined) => (run?.progress?.phase === "apply" ? run : undefined);
  const free = Promise.withResolvers<void>();
  let held: Promise<unknown> = Promise.resolve();
  const running = world.sync(directory, source, {
    connector: source.connector(undefined, async (page) => {
      if (page === 4) looks.push(await seen("pages", async () => atRead(await runUnderWay(db(world), directory))));
      // No batch begins while somebody has the organization to himself.
      if (page === source.pages().length) {
        const has = Promise.withResolvers<void>();
        held = inTransaction(
          ctx,
          world.actor,
          async () => {
            has.resolve();
            await free.promise;
          },
          { lock: "exclusive" },
        );
        await has.promise;
      }
    }),
  });
  looks.push(await seen("the apply", async () => atApply(await runUnderWay(db(world), directory))));
  free.resolve();
  await held;
  const { runId } = await running;
  expect(looks).toMatchObject([
    { id: runId, progress: { phase: "read", read: expect.any(Number), expected: 9, planned: null, applied: 0 } },
    {
      id: runId,
      progress: { phase: "apply", read: 31, planned: 21 + 1 + 2, applied: 0, silentFor: expect.any(Number) },
    },
  ]);
  expect(looks[0]?.progress?.heartbeatAt).toBeInstanceOf(Date);
  expect(await getRun(db(world), runId)).toMatchObject({ state: "done", progress: null, askedBy: "command test" });
});

test("whoever comes second is told which run is under way; of many that come at once one runs", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = people(9);
  let told: string[] = [];
  await world.sync(directory, source, {
    connector: source.connector(undefined, async (page) => {
      if (page !== 1) return;
      const under = await runUnderWay(db(world), directory);
      const others = await Promise.allSettled([1, 2, 3].map(() => world.sync(directory, people(9))));
      told = others.map((one) => (one.status === "rejected" ? one.reason.message : "ran"));
      for (const message of told) expect(message).toContain(`muster sync show ${under?.id} --follow`);
    }),
  });
  expect(told).toHaveLength(3);
  expect(await listRuns(db(world), { directory })).toHaveLength(1);

  const gate = Promise.withResolvers<void>();
  const refused: unknown[] = [];
  const ends = Array.from({ length: 5 }, () =>
    world
      .sync(directory, people(9), { connector: people(9).connector(undefined, () => gate.promise) })
      .catch((error) => refused.push(error)),
  );
  await until("four refusals", PATIENCE, () => refused.length === 4);
  expect(refused).toMatchObject(Array.from({ length: 4 }, () => ({ code: "conflict", at: "directory" })));
  gate.resolve();
  await Promise.all(ends);
  expect(refused).toHaveLength(4);
  expect(await listRuns(db(world), { directory })).toHaveLength(2);
});

test("a holder that lives says so again and again, however long its work takes", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await withDirectoryLock(ctx, world.actor, directory, async (lock) => {
    const heartbeat = async () =>
      (
        await world.query<{ at: Date }>({
          text: "select heartbeat_at as at from directory_locks where directory = $1",
          values: [directory],
        })
      )[0]?.at.getTime() ?? 0;
    const first = await heartbeat();
    await until("a second sign", PATIENCE, async () => (await heartbeat()) > first);
    const second = await heartbeat();
    await until("a third sign", PATIENCE, async () => (await heartbeat()) > second);
    await expect(world.sync(directory, people(3))).rejects.toMatchObject({ code: "conflict", at: "directory" });
    expect(lock.lost.aborted).toBe(false);
  });
  expect(await world.sync(directory, people(3))).toMatchObject({ state: "done" });
});

test("a connection that dies with the lock stops its run", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = people(9);
  const cutting = (signal: AbortSignal) =>
    source.connector(undefined, async (page) => {
      if (page !== 1) return;
      const [lock] = await world.query<{ pid: number }>({
        text: `select pid from pg_locks where locktype = 'advisory' and objsubid = 2 and granted
          and database = (select oid from pg_database where datname = current_database())`,
      });
      await statements(ctx.database.superuserUrl, [`select pg_terminate_backend(${lock?.pid})`]);
      await until("the loss to be noticed", PATIENCE, () => signal.aborted);
    });
  const connector = { ...source.connector(), read: (signal: AbortSignal) => cutting(signal).read(signal) };
  const cut = await world.sync(directory, source, { connector });
  expect(cut).toMatchObject({ state: "failed", rowsWritten: 0 });
  expect(await world.sync(directory, source)).toMatchObject({ state: "done" });
});

test("a silent holder is given up once, learns it by its next sign of life, and takes nothing from the next one", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const clients = Array.from({ length: 3 }, () => new pg.Client(ctx.db.pool.options));
  const [first, second, third] = clients as [pg.Client, pg.Client, pg.Client];
  for (const client of clients) await client.connect();
  const claim = (client: pg.Client) =>
    claimDirectory(client, world.actor.organization, directory, ctx.config.sync.silence);
  try {
    const silent = await claim(first);
    expect(await claim(second)).toBeUndefined();
    await world.query({ text: "update directory_locks set heartbeat_at = heartbeat_at - interval '1 hour'" });
    const held = (await Promise.all([claim(second), claim(third)])).filter((hold) => hold !== undefined);
    expect(held).toMatchObject([{ takeover: (silent?.takeover ?? 0) + 1 }]);
    if (!silent || !held[0]) throw new Error("nobody holds it");
    expect(await writeHeartbeat(first, silent, null)).toBe(false);
    await releaseDirectory(first, silent);
    const alive =
      "select 1 from directory_locks where directory = $1 and heartbeat_at > clock_timestamp() - interval '1 minute'";
    expect(await world.query({ text: alive, values: [directory] })).toHaveLength(1);
    expect(await writeHeartbeat(second, held[0], null)).toBe(true);
    expect(await claim(first)).toBeUndefined();
  } finally {
    for (const client of clients) await client.end();
  }
});

test("a run that was given up stays so, whatever its process comes to", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  for (const fault of [{ page: 2, kind: "cut" as const }, undefined]) {
    const source = people(9);
    const connector = source.connector(fault, async (page) => {
      if (page !== 1) return;
      await world.query({
        text: "update sync_runs set state = 'abandoned', phase = 'over', error = 'given up' where state = 'running'",
      });
      await world.query({ text: "update directories set epoch = epoch + 1" });
    });
    const end = world.sync(directory, source, { connector });
    if (fault) expect(await end).toMatchObject({ state: "abandoned", rowsWritten: 0 });
    else await expect(end).rejects.toMatchObject({ code: "conflict" });
    expect(await listRuns(db(world), { directory, limit: 1 })).toMatchObject([
      { state: "abandoned", error: "given up", complete: false },
    ]);
  }
  expect(await world.users(directory)).toEqual({});
});

test("a plan that was discarded at the last moment is not applied", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const { runId } = await world.sync(directory, people(9), { mode: "dry-run" });
  await world.write((tx) => discardRun(tx, runId, "not wanted"));
  const apply = withDirectoryLock(ctx, world.actor, directory, (lock) =>
    applyRun(ctx, lock, world.actor, runId, {}, { by: "test", reason: "too late" }),
  );
  await expect(apply).rejects.toMatchObject({ code: "conflict" });
  expect(await getRun(db(world), runId)).toMatchObject({ state: "discarded", rowsWritten: 0, approvedBy: null });
});

/** A process that stops at a phase of its run; it holds the lock, and its connections live. */
async function frozen(at: "read" | "apply", world: World, directory: DirectoryId) {
  const script = fileURLToPath(new URL("./frozen-child.ts", import.meta.url));
  const order = JSON.stringify({ settings: ctx.database.settings, directory, actor: world.actor, at });
  const { child, out, err, ended } = talk(process.execPath, [script, order]);
  const pid = child.pid ?? 0;
  await until("the process to stop", PATIENCE, () => {
    if (!isRunning(pid)) throw new Error(`it ended: ${out()}${err()}`);
    return / T /.test(readFileSync(`/proc/${pid}/stat`, "utf8").replace(/\(.*\)/, ""));
  });
  return {
    goOn: async () => {
      child.kill("SIGCONT");
      await ended;
      return out().trim();
    },
  };
}

/** Again and again, as a scheduler would, until the frozen one is given up. */
async function syncOnceGivenUp(world: World, directory: DirectoryId) {
  return seen("the next run", async () => {
    try {
      return await world.sync(directory, after());
    } catch (error) {
      if (!isMusterError(error) || error.code !== "conflict") throw error;
      return undefined;
    }
  });
}

test("a process that is stopped while it reads is given up; when it goes on it writes nothing", async () => {
  const world = await makeWorld(hasty);
  const directory = await world.directory("corp");
  await world.sync(directory, before());
  await world.sync(directory, leavers());
  const child = await frozen("read", world, directory);
  const left = await runUnderWay(db(world), directory);
  expect(left).toMatchObject({ state: "running" });
  const next = await syncOnceGivenUp(world, directory);
  expect(next).toMatchObject({ state: "done" });
  expect(await getRun(db(world), left?.id ?? next.runId)).toMatchObject({
    state: "abandoned",
    error: expect.stringContaining("said nothing for too long"),
  });
  const held = await world.fingerprint();
  // It learns it by its next sign of life, by the epoch or by an answer that it slept through, whichever comes first.
  expect(await child.goOn()).toMatch(/^(abandoned 0|conflict|unavailable)$/);
  expect(await getRun(db(world), left?.id ?? next.runId)).toMatchObject({ state: "abandoned" });
  expect(await world.fingerprint()).toBe(held);
  expect(await world.query({ text: "select 1 from sync_staged_users" })).toEqual([]);
  expect(await world.sync(directory, after())).toMatchObject({ state: "done", rowsWritten: 0 });
});

test("a process that is stopped while it applies is given up; the next run ends what it began, and it writes no more", async () => {
  const world = await makeWorld(hasty);
  const directory = await world.directory("corp");
  await world.sync(directory, before());
  await world.sync(directory, leavers());
  const child = await frozen("apply", world, directory);
  const left = await runUnderWay(db(world), directory);
  const next = await syncOnceGivenUp(world, directory);
  expect(next).toMatchObject({ state: "done", rowsWritten: 0 });
  expect(await getRun(db(world), left?.id ?? next.runId)).toMatchObject({ state: "done" });
  const held = await world.fingerprint();
  expect(await child.goOn()).toBe("conflict");
  expect(await world.fingerprint()).toBe(held);
  expect(await getRun(db(world), left?.id ?? next.runId)).toMatchObject({ state: "done" });
});
