import { afterAll, expect, test } from "vitest";
import { Database } from "../../src/db/connection.ts";
import { listConflicts } from "../../src/sync/conflicts.ts";
import { listRuns } from "../../src/sync/history.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { statements } from "../harness/server.ts";
import { makeWorld, silent } from "./world.ts";

const context = await testContext({ logger: silent });
const short = new Database({ ...context.database.settings, statementTimeout: 3_000 });
afterAll(() => short.close());
const ctx = { ...context, db: short };

/** To write a person of this name takes longer than a statement may. */
await statements(context.database.superuserUrl, [
  `create function muster.be_slow() returns trigger language plpgsql as $$ begin
    if new.display_name = 'Slow' then perform pg_sleep(30); end if; return new; end $$`,
  "create trigger be_slow before insert or update on muster.directory_users for each row execute function muster.be_slow()",
]);

async function prepared() {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory();
  for (let number = 0; number < 9; number++) source.user(`p${number}`);
  expect(await world.sync(directory, source)).toMatchObject({ state: "done", counts: { added: 9 } });
  const runs = () => listRuns(short.of(world.actor.organization), { directory });
  return { world, directory, source, runs };
}

test("a person whom the database cannot write in its time is left out and named; the others are written", async () => {
  const { world, directory, source } = await prepared();
  source.user("p3", { displayName: "Slow" }).user("p4", { displayName: "Four" }).user("new");
  const taken = await world.sync(directory, source);
  expect(taken).toMatchObject({ state: "partial", counts: { added: 1, updated: 1, conflicts: 1 } });
  const { conflicts } = await listConflicts(short.of(world.actor.organization), taken.runId);
  expect(conflicts).toMatchObject([{ kind: "refused", detail: expect.stringMatching(/^p3: .* takes longer/) }]);
  source.user("p3", { displayName: "Three" });
  expect(await world.sync(directory, source)).toMatchObject({ state: "done", counts: { updated: 1 } });
}, 120_000);

test("a run that makes no way when it is resumed fails, says why, and is not in the way of the next one", async () => {
  const { world, directory, source, runs } = await prepared();
  // Two names that are swapped are written together, or not at all.
  source.user("p1", { userName: "p2", displayName: "Slow" }).user("p2", { userName: "p1" });
  await expect(world.sync(directory, source)).rejects.toMatchObject({ code: "unavailable" });
  expect((await runs())[0]).toMatchObject({ state: "running", phase: "apply", error: null });
  await expect(world.sync(directory, source)).rejects.toMatchObject({ code: "unavailable" });
  expect(await runs()).toMatchObject([{ state: "failed", error: expect.stringMatching(/resumed/) }, { state: "done" }]);
  source.user("p1", { displayName: "One" });
  expect(await world.sync(directory, source)).toMatchObject({ state: "done", counts: { updated: 2 } });
  expect(Object.keys(await world.users(directory))).toHaveLength(9);
}, 120_000);
