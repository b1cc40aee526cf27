import { expect, test } from "vitest";
import type { SyncRunId } from "../../src/db/id.ts";
import { approveRun } from "../../src/sync/approve.ts";
import { listRuns, showRun } from "../../src/sync/history.ts";
import { pruneRuns } from "../../src/sync/prune.ts";
import { undoRun } from "../../src/sync/undo.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { makeWorld, silent, type World } from "./world.ts";

const KEPT = { silence: 60, memory: 2000, approvalHours: 24, keepDays: 90, keepRuns: 3 };
const ctx = await testContext({ logger: silent, config: { sync: KEPT } });

const prune = (world: World) => pruneRuns(ctx, world.actor);
const ids = async (world: World) => (await listRuns(ctx.db.of(world.actor.organization))).map(({ id }) => id);
const linesOf = async (world: World, run: SyncRunId) =>
  (await showRun(ctx.db.of(world.actor.organization), run)).rows.length;

/** As if everything so far had happened that long ago. */
async function age(world: World, days: number): Promise<void> {
  await world.query({
    text: `update sync_runs set started_at = started_at - make_interval(secs => $2 * 86400.0),
        applied_at = applied_at - make_interval(secs => $2 * 86400.0), finished_at = finished_at - make_interval(secs => $2 * 86400.0),
        approvable_until = approvable_until - make_interval(secs => $2 * 86400.0) where organization = $1`,
    values: [world.actor.organization, days],
  });
}

function company(): ScriptedDirectory {
  const source = new ScriptedDirectory();
  for (let number = 1; number <= 12; number++) source.user(`u${number}`);
  return source;
}

test("what can be undone within 30 days is kept with its plan; then the plan goes, and the run by its age", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const first = await world.sync(directory, company());
  const second = await world.sync(directory, company().remove("u1"));
  await age(world, 29);
  expect(await prune(world)).toBe(0);
  expect([await linesOf(world, first.runId), await linesOf(world, second.runId)]).toEqual([12, 1]);
  expect(await undoRun(ctx, second.runId, { actor: world.actor, trigger: "command" })).toMatchObject({ state: "done" });

  await age(world, 2);
  expect(await prune(world)).toBe(0);
  expect([await linesOf(world, first.runId), await linesOf(world, second.runId)]).toEqual([0, 0]);
  await age(world, 70);
  expect(await prune(world)).toBe(2);
  // The last that was applied says that this is no new directory.
  expect(await ids(world)).toHaveLength(1);
  expect(await world.sync(directory, company().user("u13"))).toMatchObject({ state: "previewed" });
});

test("beyond so many runs those that wrote nothing go after two days; another directory's count by themselves", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const other = await world.directory("other");
  const written = await world.sync(directory, company());
  await world.sync(other, new ScriptedDirectory().user("x"));
  const idle: SyncRunId[] = [];
  for (let run = 0; run < 5; run++) idle.push((await world.sync(directory, company())).runId);
  await age(world, 1);
  expect(await prune(world)).toBe(0);
  await age(world, 2);
  expect(await prune(world)).toBe(2);
  const left = await ids(world);
  expect(left).toHaveLength(5);
  expect(left).toEqual(expect.arrayContaining([written.runId, ...idle.slice(2)]));
});

test("a plan that waits is kept, whatever its age and however many came after it", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.sync(directory, company());
  const waiting = await world.sync(directory, company().remove("u1"), { mode: "dry-run" });
  await age(world, 100);
  await world.query({
    text: "update sync_runs set approvable_until = statement_timestamp() + interval '1 hour' where id = $1",
    values: [waiting.runId],
  });
  await prune(world);
  expect(await linesOf(world, waiting.runId)).toBe(1);
  expect(await approveRun(ctx, waiting.runId, { actor: world.actor, reason: "still right" })).toMatchObject({
    state: "done",
    counts: { removed: 1 },
  });
});

test("a plan that nobody can approve any more goes after a day, its run stays", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.sync(directory, company());
  const expired = await world.sync(directory, company().remove("u1"), { mode: "dry-run" });
  await age(world, 0.9);
  await prune(world);
  expect(await linesOf(world, expired.runId)).toBe(1);
  await age(world, 0.2);
  await prune(world);
  expect(await linesOf(world, expired.runId)).toBe(0);
  expect(await ids(world)).toContain(expired.runId);
});

test("what dead runs left in staging goes, what a run reads at this moment does not", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = company();
  const stage = (run: string) =>
    world.query({
      text: `insert into sync_staged_users (organization, run, immutable_id, user_name, user_name_key, active, next,
          location, content_hash) values ($1, $2, 'left', 'left', 'left', true, '{}', '', '')`,
      values: [world.actor.organization, run],
    });
  await stage("01900000-0000-7000-8000-000000000000");
  const count = async () =>
    (await world.query<{ run: string }>({ text: "select run from sync_staged_users where user_name = 'left'" })).length;
  let meanwhile = 0;
  await world.sync(directory, source, {
    connector: source.connector(undefined, async (page) => {
      if (page !== 1) return;
      const [running] = await world.query<{ id: string }>({ text: "select id from sync_runs where state = 'running'" });
      await stage(running?.id ?? "");
      await prune(world);
      meanwhile = await count();
    }),
  });
  expect(meanwhile).toBe(1);
  await prune(world);
  expect(await count()).toBe(0);
});
