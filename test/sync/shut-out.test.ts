import { expect, test } from "vitest";
import { orderDirectories } from "../../src/identity/directory-order.ts";
import { approveRun } from "../../src/sync/approve.ts";
import { getRun } from "../../src/sync/runs.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { activeAccounts, makeWorld, silent, type World } from "./world.ts";

const ctx = await testContext({ logger: silent });

const names = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `p${from + index}`);

/** People p0 to p59 in the directory `below`; `above`, which stands before it, holds nobody yet. */
async function prepared() {
  const world = await makeWorld(ctx);
  const above = await world.directory("above");
  const below = await world.directory("below");
  const partners = new ScriptedDirectory();
  for (const id of names(0, 60)) partners.user(id);
  await world.sync(below, partners);
  return { world, above, below, partners };
}

async function shutOut(world: World, result: Awaited<ReturnType<World["sync"]>>) {
  const run = await getRun(ctx.db.of(world.actor.organization), result.runId);
  return {
    state: result.state,
    shutOut: run?.verdict?.figures?.shutOut,
    rules: run?.verdict?.reasons.map((r) => r.rule),
  };
}

test("a new directory above that marks other people's names inactive is held beyond ten of them", async () => {
  const { world, above } = await prepared();
  const source = new ScriptedDirectory().user("a").user("b");
  for (const id of names(0, 10)) source.user(`c-${id}`, { userName: id.toUpperCase(), active: false });
  const let10 = await world.sync(above, source);
  expect(await shutOut(world, let10)).toEqual({ state: "done", shutOut: 10, rules: [] });
  expect(await activeAccounts(world)).toBe(60 - 10 + 2);

  // Within the same day the eleventh is one too many.
  const eleventh = await world.sync(above, source.user("c-p10", { userName: "p10", active: false }));
  expect(await shutOut(world, eleventh)).toEqual({ state: "held", shutOut: 1, rules: ["people"] });
  expect(await activeAccounts(world)).toBe(52);
  expect(await approveRun(ctx, eleventh.runId, { actor: world.actor, reason: "they left" })).toMatchObject({
    state: "done",
  });
  expect(await activeAccounts(world)).toBe(51);
});

test("nobody is shut out by a record below, by an active one above, or by one that is held already", async () => {
  const { world, above, below, partners } = await prepared();
  const source = new ScriptedDirectory();
  for (const id of names(0, 30)) source.user(`c-${id}`, { userName: id });
  expect(await shutOut(world, await world.sync(above, source))).toMatchObject({ state: "done", shutOut: 0 });
  // Their records below are not theirs any more.
  for (const id of names(0, 20)) partners.user(id, { displayName: "Other" });
  expect(await shutOut(world, await world.sync(below, partners))).toMatchObject({ state: "done", shutOut: 0 });
  await world.write((tx) => orderDirectories(tx, ["below", "above", "internal"]), "exclusive");
  for (const id of names(0, 30)) source.user(`c-${id}`, { active: false });
  expect(await shutOut(world, await world.sync(above, source))).toMatchObject({ shutOut: 0 });
});

test("people who are renamed onto names that another directory has are counted; a swap within one directory is none", async () => {
  const { world, above, below, partners } = await prepared();
  const source = new ScriptedDirectory();
  for (const id of names(0, 11)) source.user(`c-${id}`, { userName: `taken-${id}` });
  await world.sync(above, source);
  expect(await activeAccounts(world)).toBe(71);
  for (const id of names(0, 11)) partners.user(id, { userName: `taken-${id}` });
  partners.user("p20", { userName: "p21" }).user("p21", { userName: "p20" }).user("p22", { userName: "free" });
  const renamed = await world.sync(below, partners);
  expect(await shutOut(world, renamed)).toEqual({ state: "held", shutOut: 11, rules: ["people"] });
  expect(await activeAccounts(world)).toBe(71);
  await approveRun(ctx, renamed.runId, { actor: world.actor, reason: "as wanted" });
  expect(await activeAccounts(world)).toBe(60);
});
