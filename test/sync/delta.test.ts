import { describe, expect, test } from "vitest";
import type { DirectoryId } from "../../src/db/id.ts";
import { updateDirectory } from "../../src/identity/directories.ts";
import { approveRun } from "../../src/sync/approve.ts";
import { showRun } from "../../src/sync/history.ts";
import { getRun } from "../../src/sync/runs.ts";
import { undoRun } from "../../src/sync/undo.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { makeWorld, silent, type World } from "./world.ts";

const ctx = await testContext({ logger: silent });

/** Forty people in one group, and a first full run that has left its mark. */
async function prepared(): Promise<{ world: World; directory: DirectoryId; source: ScriptedDirectory }> {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.write((tx) => updateDirectory(tx, directory, { syncEvery: 3600, deltaEvery: 60 }), "exclusive");
  const source = new ScriptedDirectory();
  source.tellsChanges = true;
  for (let number = 10; number < 50; number++) source.user(`u${number}`);
  source.group("staff", ["u10", "u11", "u12"]).group("writers", ["u13"]);
  expect(await world.sync(directory, source)).toMatchObject({ state: "done" });
  return { world, directory, source };
}

const delta = (world: World, directory: DirectoryId, source: ScriptedDirectory, more = {}) =>
  world.sync(directory, source, { lane: "delta", ...more });

async function runOf(world: World, id: Awaited<ReturnType<World["sync"]>>["runId"]) {
  const run = await getRun(ctx.db.of(world.actor.organization), id);
  if (!run) throw new Error("no such run");
  return run;
}

async function linesOf(world: World, id: Awaited<ReturnType<World["sync"]>>["runId"]): Promise<string[]> {
  const { rows } = await showRun(ctx.db.of(world.actor.organization), id, { limit: 200 });
  return rows.map((row) => `${row.kind} ${row.name}`);
}

test("a delta adds and updates what changed since the last run, and reads nothing else", async () => {
  const { world, directory, source } = await prepared();
  const changed = await delta(world, directory, source.user("u10", { displayName: "Ten" }).user("new"));
  expect(changed).toMatchObject({ state: "done", counts: { read: 2, added: 1, updated: 1, removed: 0 } });
  expect(await runOf(world, changed.runId)).toMatchObject({ lane: "delta", complete: false, fellBack: null });
  expect([source.reads, source.deltas]).toEqual([1, 1]);
  expect(Object.keys(await world.users(directory))).toHaveLength(41);
  const before = await world.fingerprint();
  expect(await delta(world, directory, source)).toMatchObject({ state: "done", rowsWritten: 0, counts: { read: 0 } });
  expect(await world.fingerprint()).toBe(before);
});

test("who left is taken away by the next full run, never by a delta", async () => {
  const { world, directory, source } = await prepared();
  source.remove("u40", "writers").group("staff", ["u10", "u14"]).user("u15", { active: false });
  const changed = await delta(world, directory, source);
  expect(changed).toMatchObject({ state: "done", counts: { removed: 0, deactivated: 1 } });
  expect(await linesOf(world, changed.runId)).toEqual(["user-deactivate u15", "member-add u14 in staff"]);
  expect((await world.users(directory)).u15?.active).toBe(false);
  expect(await world.members(directory)).toEqual(["staff/u10", "staff/u11", "staff/u12", "staff/u14", "writers/u13"]);
  expect(await world.sync(directory, source)).toMatchObject({ state: "done", counts: { removed: 1 } });
  expect(await world.members(directory)).toEqual(["staff/u10", "staff/u14"]);
});

test("whoever was put into a group by a delta and left it again is out after the next full run", async () => {
  const { world, directory, source } = await prepared();
  await delta(world, directory, source.group("staff", ["u10", "u11", "u12", "u20"], ["writers"]));
  expect(await world.members(directory)).toEqual(expect.arrayContaining(["staff/*writers", "staff/u20"]));
  await world.sync(directory, source.group("staff", ["u10", "u11", "u12"]));
  expect(await world.members(directory)).toEqual(["staff/u10", "staff/u11", "staff/u12", "writers/u13"]);
});

test("people who are marked inactive are counted by the guard as by a full run, again each time until somebody looks", async () => {
  const { world, directory, source } = await prepared();
  for (let number = 10; number < 21; number++) source.user(`u${number}`, { active: false });
  const held = await delta(world, directory, source);
  expect(held).toMatchObject({ state: "held", rowsWritten: 0, counts: { deactivated: 11 } });
  expect((await runOf(world, held.runId)).verdict?.reasons.map(({ rule }) => rule)).toEqual(["people"]);
  // Its mark was not taken: the next one sees the same people.
  expect(await delta(world, directory, source.user("new"))).toMatchObject({ state: "held", counts: { added: 1 } });
  expect(await approveRun(ctx, held.runId, { actor: world.actor, reason: "they left" })).toMatchObject({
    state: "done",
    counts: { deactivated: 11 },
  });
});

test("one that comes back through a delta has none of its old memberships until a full run confirms them", async () => {
  const { world, directory, source } = await prepared();
  const staff = (...people: string[]) => source.group("staff", people);
  await world.sync(directory, source.remove("u10"));
  staff("u10", "u11", "u12");
  source.remove("staff");
  await world.sync(directory, source);
  source.user("u10");
  await delta(world, directory, source);
  expect((await world.users(directory)).u10?.active).toBe(true);
  expect(await world.members(directory)).toEqual(["writers/u13"]);
  // A group that comes back brings only whom the directory names.
  staff("u11", "u10");
  await delta(world, directory, source);
  expect(await world.members(directory)).toEqual(["staff/u10", "staff/u11", "writers/u13"]);
});

test("a user name that somebody still holds waits for the full run that proves it free", async () => {
  const { world, directory, source } = await prepared();
  source.remove("u40").user("newcomer", { userName: "U40" });
  const waiting = await delta(world, directory, source);
  expect(waiting).toMatchObject({ state: "partial", rowsWritten: 0, counts: { conflicts: 1 } });
  const { rows } = await showRun(ctx.db.of(world.actor.organization), waiting.runId);
  expect(rows[0]?.conflict).toMatch(/^uid=newcomer,.*wants the user name U40, which u40 \(id u40\) still holds/);
  const before = (await world.users(directory)).u40?.id;
  expect(await world.sync(directory, source)).toMatchObject({ state: "done", counts: { added: 1, removed: 1 } });
  expect((await world.users(directory)).U40?.id).not.toBe(before);
});

test("names are swapped by a delta too", async () => {
  const { world, directory, source } = await prepared();
  const before = await world.users(directory);
  source.user("u10", { userName: "u11" }).user("u11", { userName: "u10" });
  expect(await delta(world, directory, source)).toMatchObject({ state: "done", counts: { updated: 2, conflicts: 0 } });
  expect((await world.users(directory)).u10?.id).toBe(before.u11?.id);
});

test("what changes while a full run reads is read again by the next delta", async () => {
  const { world, directory, source } = await prepared();
  const connector = source.connector(undefined, (page) => {
    // After its page was given out.
    if (page === 1) source.user("u10", { displayName: "Changed" });
  });
  await world.sync(directory, source, { connector });
  expect(await delta(world, directory, source)).toMatchObject({ counts: { read: 1, updated: 1 } });
});

describe("everything is read instead", () => {
  const whole = (reason: RegExp) => ({ lane: "full", complete: true, fellBack: expect.stringMatching(reason) });

  test("when the directory cannot tell what changed, and when no run has left a mark", async () => {
    const { world, directory, source } = await prepared();
    source.tellsChanges = false;
    const blind = await delta(world, directory, source.remove("u49"));
    expect(blind).toMatchObject({ state: "done", counts: { removed: 1 } });
    expect(await runOf(world, blind.runId)).toMatchObject(whole(/cannot tell what changed/));
    source.tellsChanges = true;
    expect(await runOf(world, (await delta(world, directory, source)).runId)).toMatchObject(whole(/no full run/));
    expect(await runOf(world, (await delta(world, directory, source)).runId)).toMatchObject({ lane: "delta" });
  });

  test("when the mark is worth nothing any more; the full run leaves a new one", async () => {
    const { world, directory, source } = await prepared();
    const whole1 = await delta(world, directory, source.forgetMarks().remove("u49"));
    expect(whole1).toMatchObject({ state: "done", counts: { read: 39, removed: 1 } });
    expect(await runOf(world, whole1.runId)).toMatchObject(whole(/none of this server's/));
    expect(await runOf(world, (await delta(world, directory, source)).runId)).toMatchObject({ lane: "delta" });
  });

  test("when part of the changes is missing, at any page, or one is told twice", async () => {
    for (const kind of ["short", "repeat"] as const)
      for (const page of [0, 1, 2]) {
        const { world, directory, source } = await prepared();
        for (const id of ["u10", "u11", "u12", "u13"]) source.user(id, { displayName: "Changed" });
        const connector = { ...source.connector(), changes: source.connector({ page, kind }).changes };
        const run = await delta(world, directory, source, { connector });
        expect(await runOf(world, run.runId), `${kind} on page ${page}`).toMatchObject(whole(/missing|changed again/));
        expect(run).toMatchObject({ state: "done", counts: { read: 40, updated: 4, removed: 0 } });
      }
  });
});

test("a delta that cannot be read to its end writes nothing, and the next one reads the same", async () => {
  const { world, directory, source } = await prepared();
  source.user("u10", { displayName: "Ten" });
  for (const page of [0, 1]) {
    const failed = await delta(world, directory, source, { fault: { page, kind: "cut" } });
    expect(failed).toMatchObject({ state: "failed", rowsWritten: 0 });
  }
  expect(await world.query({ text: "select 1 from sync_staged_users" })).toEqual([]);
  expect(await delta(world, directory, source)).toMatchObject({ state: "done", counts: { updated: 1 } });
});

test("a plan that waits is not made old by a delta; what the delta changed is left out of it", async () => {
  const { world, directory, source } = await prepared();
  const held = await world.sync(directory, removing(source, 20).user("u10", { displayName: "Planned" }));
  expect(held.state).toBe("held");
  source.user("u10", { displayName: "By delta" });
  expect(await delta(world, directory, source)).toMatchObject({ state: "done", counts: { updated: 1 } });
  const approved = await approveRun(ctx, held.runId, { actor: world.actor, reason: "they left" });
  expect(approved).toMatchObject({ state: "partial", counts: { removed: 20, updated: 0, conflicts: 1 } });
});

test("after an undoing nothing is read by deltas until a full run was looked at", async () => {
  const { world, directory, source } = await prepared();
  const changed = await delta(world, directory, source.user("u10", { displayName: "Ten" }));
  expect(await undoRun(ctx, changed.runId, { actor: world.actor, trigger: "command" })).toMatchObject({
    state: "done",
  });
  const again = await delta(world, directory, source);
  expect(again).toMatchObject({ state: "previewed", rowsWritten: 0 });
  expect(await runOf(world, again.runId)).toMatchObject({ lane: "full", fellBack: expect.any(String) });
});

test("deltas come between full runs, never instead of them", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  for (const changes of [{ deltaEvery: 60 }, { syncEvery: 60, deltaEvery: 60 }])
    await expect(world.write((tx) => updateDirectory(tx, directory, changes), "exclusive")).rejects.toMatchObject({
      code: "invalid",
      at: "deltaEvery",
    });
  await world.write((tx) => updateDirectory(tx, directory, { syncEvery: 120, deltaEvery: 60 }), "exclusive");
  await expect(
    world.write((tx) => updateDirectory(tx, directory, { syncEvery: null }), "exclusive"),
  ).rejects.toMatchObject({ code: "invalid" });
});

function removing(source: ScriptedDirectory, count: number): ScriptedDirectory {
  return source.remove(...Array.from({ length: count }, (_, index) => `u${49 - index}`));
}
