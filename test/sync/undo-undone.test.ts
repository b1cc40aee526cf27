import { expect, test } from "vitest";
import type { SyncRunId } from "../../src/db/id.ts";
import { runUnderWay } from "../../src/sync/runs.ts";
import { undoRun } from "../../src/sync/undo.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { statements } from "../harness/server.ts";
import { makeWorld, silent } from "./world.ts";

const ctx = await testContext({ logger: silent });

test("undoing an undoing brings back people and groups that had returned under another name", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory().group("staff", ["ada", "bob"]).group("team", ["ada"], ["staff"]);
  for (const id of ["ada", "bob", "cem", "dan", "eva"]) source.user(id);
  await world.force(directory, source);
  await world.force(directory, source.remove("ada", "team"));
  source.user("ada", { userName: "ada.lovelace" }).group("team", ["ada", "cem"], ["staff"], "the team");
  const back = await world.force(directory, source);
  expect(back).toMatchObject({ state: "done", counts: { added: 1 } });
  const held = async () => ({ users: await world.users(directory), members: await world.members(directory) });
  const after = await held();

  let last = back.runId;
  for (let times = 0; times < 2; times++) {
    const undone = await undoRun(ctx, last, { actor: world.actor, trigger: "command" });
    expect(undone).toMatchObject({ state: "done", counts: { removed: 1, conflicts: 0 } });
    expect(await world.members(directory)).toEqual(["staff/bob"]);
    const again = await undoRun(ctx, undone.runId, { actor: world.actor, trigger: "command" });
    expect(again).toMatchObject({ state: "done", counts: { added: 1, conflicts: 0 } });
    expect(await held()).toEqual(after);
    last = again.runId;
  }
});

test("undoing the later run and then the earlier one leads all the way back, also of whoever had come back otherwise", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory();
  for (const id of ["ada", "bob", "cem", "dan", "eva"]) source.user(id);
  source.group("staff", ["ada", "bob"]).group("ops").group("team", ["ada", "bob"], ["staff"]);
  await world.force(directory, source);
  const held = async () => ({ users: await world.users(directory), members: await world.members(directory) });
  const undo = async (run: SyncRunId) => {
    const undone = await undoRun(ctx, run, { actor: world.actor, trigger: "command" });
    expect(undone).toMatchObject({ state: "done", counts: { conflicts: 0 } });
    return undone.runId;
  };
  const atFirst = await held();
  const gone = await world.force(directory, source.remove("ada", "team"));
  const inBetween = await held();
  source.user("ada", { userName: "ada.lovelace" }).group("team", ["ada", "cem"], ["ops"], "the team");
  const back = await world.force(directory, source.group("ops", ["ada"]));
  const atLast = await held();
  expect(atLast.members).toEqual([
    "ops/ada.lovelace",
    "staff/bob",
    "the team/*ops",
    "the team/ada.lovelace",
    "the team/cem",
  ]);

  const later = await undo(back.runId);
  expect(await held()).toEqual(inBetween);
  const earlier = await undo(gone.runId);
  expect(await held()).toEqual(atFirst);
  await undo(earlier);
  expect(await held()).toEqual(inBetween);
  await undo(later);
  expect(await held()).toEqual(atLast);
});

test("asked for while Muster rests after a restore, an undoing begins nothing", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory();
  for (let number = 1; number <= 5; number++) source.user(`u${number}`);
  await world.sync(directory, source);
  const { runId } = await world.sync(directory, source.remove("u1"));
  const rest = (since: string) =>
    statements(ctx.database.superuserUrl, [`update muster.installation set paused_at = ${since}`]);
  await rest("now()");
  const undone = undoRun(ctx, runId, { actor: world.actor, trigger: "command" });
  await expect(undone).rejects.toMatchObject({ code: "held" });
  expect(await runUnderWay(ctx.db.of(world.actor.organization), directory)).toBeUndefined();
  await rest("null");
  expect(await undoRun(ctx, runId, { actor: world.actor, trigger: "command" })).toMatchObject({ state: "done" });
});
