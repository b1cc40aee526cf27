import { describe, expect, test } from "vitest";
import type { SyncRunId } from "../../src/db/id.ts";
import { updateDirectory } from "../../src/identity/directories.ts";
import { operatingFigures } from "../../src/identity/operating-figures.ts";
import { approveRun } from "../../src/sync/approve.ts";
import { discardRun } from "../../src/sync/discard.ts";
import { showRun } from "../../src/sync/history.ts";
import { withDirectoryLock } from "../../src/sync/lock.ts";
import { getRun } from "../../src/sync/runs.ts";
import { undoRun } from "../../src/sync/undo.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { makeWorld, silent, type World } from "./world.ts";

const ctx = await testContext({ logger: silent });

function company(): ScriptedDirectory {
  const source = new ScriptedDirectory();
  for (let number = 1; number <= 12; number++) source.user(`u${number}`);
  return source.group("staff", ["u1", "u2", "u3"]);
}

const runOf = (world: World, id: SyncRunId) => getRun(ctx.db.of(world.actor.organization), id);
const by = (world: World, reason = "looked at it") => ({ actor: world.actor, reason });
const undo = (world: World, id: SyncRunId) => undoRun(ctx, id, { actor: world.actor, trigger: "command" });

async function prepared() {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.sync(directory, company());
  return { world, directory };
}

describe("a waiting plan", () => {
  test("is applied exactly as it was shown, although the directory says something else by now", async () => {
    const { world, directory } = await prepared();
    const shown = company().user("u1", { displayName: "Shown" }).remove("u12");
    const dry = await world.sync(directory, shown, { mode: "dry-run" });
    const plan = await showRun(ctx.db.of(world.actor.organization), dry.runId);
    expect(plan.rows.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["user-update u1", "user-remove u12"]);
    expect(plan.rows[0]).toMatchObject({ before: { displayName: "u1" }, after: { displayName: "Shown" } });
    // What comes to be in the directory meanwhile is no part of it: it is not read again.
    shown.user("u13").user("u1", { displayName: "Later" });
    const reads = shown.reads;
    expect(await approveRun(ctx, dry.runId, by(world))).toMatchObject({ state: "done", rowsWritten: 2 });
    expect(shown.reads).toBe(reads);
    const users = await world.users(directory);
    expect([users.u12, users.u13]).toEqual([undefined, undefined]);
    expect(
      await world.query({ text: "select display_name as name from directory_users where user_name = 'u1'" }),
    ).toEqual([{ name: "Shown" }]);
  });

  test("is counted for whoever watches as long as it can be approved", async () => {
    const { world, directory } = await prepared();
    const waiting = async () => (await operatingFigures(ctx.db)).get("sync_runs_waiting") ?? 0;
    const before = await waiting();
    const preview = () => world.sync(directory, company().remove("u12"), { mode: "dry-run" });
    await preview();
    expect(await waiting()).toBe(before + 1);
    expect(await world.sync(directory, company().user("u13"))).toMatchObject({ state: "done" });
    expect(await waiting()).toBe(before);
    await preview();
    expect(await waiting()).toBe(before + 1);
    await world.query({ text: "update directories set switched_at = now() where id = $1", values: [directory] });
    expect(await waiting()).toBe(before);
  });

  test("can be approved for a day; then it says until when it could be, and the next run makes another", async () => {
    const { world, directory } = await prepared();
    const dry = await world.sync(directory, company().remove("u12"), { mode: "dry-run" });
    const until = (await runOf(world, dry.runId))?.approvableUntil;
    const [row] = await world.query<{ hours: number }>({
      text: "select extract(epoch from approvable_until - finished_at) / 3600 as hours from sync_runs where id = $1",
      values: [dry.runId],
    });
    expect(Number(row?.hours)).toBe(24);
    expect(until).toBeInstanceOf(Date);
    await world.query({ text: "update sync_runs set approvable_until = approvable_until - interval '24 hours'" });
    await expect(approveRun(ctx, dry.runId, by(world))).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringMatching(/could be approved until \d{4}-/),
    });
    // Nothing waits any more, so approving runs anew.
    const anew = await world.sync(directory, company().remove("u11"), { mode: "approve" });
    expect(anew.runId).not.toBe(dry.runId);
    expect((await world.users(directory)).u12?.active).toBe(true);
  });

  test("says that it can be approved no more once a later full run is applied, and can be discarded", async () => {
    const { world, directory } = await prepared();
    const dry = await world.sync(directory, company().remove("u12"), { mode: "dry-run" });
    await world.sync(directory, company().remove("u11"));
    expect(await runOf(world, dry.runId)).toMatchObject({ state: "previewed", approvableUntil: null });
    await expect(approveRun(ctx, dry.runId, by(world))).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("another plan has been applied"),
    });
    expect(await world.write((tx) => discardRun(tx, dry.runId, "old"))).toMatchObject({ state: "discarded" });
  });

  test("that the guard would hold by now, for those whom deltas took since, is not applied without its id", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    await world.write((tx) => updateDirectory(tx, directory, { syncEvery: 3600, deltaEvery: 60 }), "exclusive");
    const source = new ScriptedDirectory();
    source.tellsChanges = true;
    for (let number = 1; number <= 100; number++) source.user(`u${number}`);
    await world.sync(directory, source);
    for (let number = 1; number <= 10; number++) source.remove(`u${number}`);
    const dry = await world.sync(directory, source, { mode: "dry-run" });
    for (let number = 11; number <= 20; number++) source.user(`u${number}`, { active: false });
    const delta = await world.sync(directory, source, { lane: "delta" });
    expect(delta).toMatchObject({ state: "done", counts: { deactivated: 10 } });

    const anew = await world.sync(directory, source, { mode: "approve" });
    expect(anew).toMatchObject({ state: "held", counts: { removed: 10 } });
    expect(Object.keys(await world.users(directory))).toHaveLength(100);
    expect(await approveRun(ctx, dry.runId, by(world))).toMatchObject({ state: "done", counts: { removed: 10 } });
  });

  test("is discarded with a reason and cannot be approved then; whoever comes first of the two wins", async () => {
    const { world, directory } = await prepared();
    const dry = await world.sync(directory, company().remove("u12"), { mode: "dry-run" });
    const discard = (reason: string) => world.write((tx) => discardRun(tx, dry.runId, reason));
    await expect(discard(" ")).rejects.toMatchObject({ code: "invalid", at: "reason" });
    expect(await discard(" a typing error ")).toMatchObject({
      ...{ state: "discarded", discardedBy: "command test", discardedReason: "a typing error", approvableUntil: null },
    });
    await expect(discard("again")).rejects.toMatchObject({ code: "conflict" });
    await expect(approveRun(ctx, dry.runId, by(world))).rejects.toMatchObject({ code: "conflict" });
    expect(await world.query({ text: "select detail ->> 'reason' as reason from audit where action = 'sync.discarded'" }))
      // biome-ignore format: one row
      .toEqual([{ reason: "a typing error" }]);
    const stranger = await makeWorld(ctx);
    await expect(stranger.write((tx) => discardRun(tx, dry.runId, "mine"))).rejects.toMatchObject({
      code: "not-found",
    });

    const both = await world.sync(directory, company().remove("u12"), { mode: "dry-run" });
    const ends = await Promise.allSettled([
      approveRun(ctx, both.runId, by(world)),
      world.write((tx) => discardRun(tx, both.runId, "not now")),
    ]);
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const state = (await runOf(world, both.runId))?.state;
    expect((await world.users(directory)).u12 === undefined).toBe(state === "done");
  });

  test("cannot be approved while a run of its directory is under way", async () => {
    const { world, directory } = await prepared();
    const dry = await world.sync(directory, company().remove("u12"), { mode: "dry-run" });
    await withDirectoryLock(ctx, world.actor, directory, async () => {
      await expect(approveRun(ctx, dry.runId, by(world))).rejects.toMatchObject({ code: "conflict", at: "directory" });
    });
    expect(await approveRun(ctx, dry.runId, by(world))).toMatchObject({ state: "done" });
  });
});

describe("undoing", () => {
  test("a run that another one has gone over brings back what that one left, and names the rest", async () => {
    const { world, directory } = await prepared();
    const before = await world.users(directory);
    const source = company().user("u1", { displayName: "One" }).user("u2", { displayName: "Two" }).remove("u12");
    const first = await world.sync(directory, source.group("staff", ["u1", "u4"]));
    expect(first).toMatchObject({ state: "done" });
    const second = await world.sync(directory, source.user("u1", { displayName: "Other" }).user("u12"));
    expect(second).toMatchObject({ state: "done", counts: { added: 1, updated: 1 } });

    const undone = await undo(world, first.runId);
    expect(undone).toMatchObject({ state: "partial", counts: { updated: 1, conflicts: 2 } });
    const { rows } = await showRun(ctx.db.of(world.actor.organization), undone.runId);
    expect(rows.flatMap(({ conflict }) => conflict ?? []).sort()).toEqual([
      expect.stringMatching(/^u1 has changed since the plan was made/),
      expect.stringMatching(/^u12 was restored since the plan was made/),
    ]);
    // The second run's word about u1 and u12 stands, the first one's about the others is taken back.
    expect(await world.users(directory)).toEqual(before);
    expect(
      await world.query({
        text: `select user_name as who, display_name as name from directory_users
          where organization = $1 and user_name in ('u1', 'u2') order by 1`,
        values: [world.actor.organization],
      }),
    ).toEqual([
      { who: "u1", name: "Other" },
      { who: "u2", name: "u2" },
    ]);
    expect(await world.members(directory)).toEqual(["staff/u1", "staff/u2", "staff/u3"]);
    expect(await runOf(world, first.runId)).toMatchObject({ state: "undone" });
    await expect(undo(world, first.runId)).rejects.toMatchObject({ code: "conflict" });
  });

  test("both runs, the later one first, leads back to where both began", async () => {
    const { world, directory } = await prepared();
    const before = [await world.users(directory), await world.members(directory)];
    const source = company().user("u1", { userName: "renamed" }).remove("u12");
    const first = await world.sync(directory, source);
    const second = await world.sync(directory, source.user("u1", { userName: "again" }).user("u2", { active: false }));
    expect(await undo(world, second.runId)).toMatchObject({ state: "done" });
    expect(await undo(world, first.runId)).toMatchObject({ state: "done" });
    expect([await world.users(directory), await world.members(directory)]).toEqual(before);
  });

  test("ends after thirty days, when what was taken away is no longer kept", async () => {
    const { world, directory } = await prepared();
    const run = await world.sync(directory, company().remove("u12"));
    await world.query({ text: "update sync_runs set applied_at = applied_at - interval '30 days'" });
    await expect(undo(world, run.runId)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("30 days ago"),
    });
  });
});
