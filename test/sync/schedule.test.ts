import { expect, test } from "vitest";
import { listRuns } from "../../src/sync/history.ts";
import { enqueueDueSyncs, SYNC_TASK, syncTask } from "../../src/sync/schedule.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { makeWorld, silent } from "./world.ts";

const ctx = await testContext({ logger: silent });

/** graphile-worker's own table refuses the application, so a test asks as the superuser. */
async function jobs(): Promise<unknown[]> {
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
