import { describe, expect, test } from "vitest";
import { newId, type SyncRunId } from "../../src/db/id.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { approveRun } from "../../src/sync/approve.ts";
import { listRuns, showRun } from "../../src/sync/history.ts";
import { undoRun } from "../../src/sync/undo.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { makeWorld, silent } from "./world.ts";

const ctx = await testContext({ logger: silent });

/** Twelve people in three groups, one group inside another. */
function company(): ScriptedDirectory {
  const source = new ScriptedDirectory();
  for (let number = 1; number <= 12; number++) source.user(`u${String(number).padStart(2, "0")}`);
  return source
    .group("staff", [...source.users.keys()])
    .group("writers", ["u01", "u02", "u03"])
    .group("editors", ["u04"], ["writers"]);
}

describe("the first run of a directory", () => {
  test("ends previewed with its plan, and writes nothing until it is approved", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp", "preview");
    const before = await world.fingerprint();
    const preview = await world.sync(directory, company());
    expect(preview).toMatchObject({
      state: "previewed",
      rowsWritten: 0,
      counts: { read: 12, added: 12, unchanged: 0 },
    });
    expect(await world.fingerprint()).toBe(before);
    const shown = await showRun(ctx.db.of(world.actor.organization), preview.runId, { limit: 5 });
    expect(shown.rows).toHaveLength(5);
    const rest = await showRun(ctx.db.of(world.actor.organization), preview.runId, {
      after: shown.next ?? 0,
      limit: 500,
    });
    expect(rest.next).toBeNull();
    expect(shown.rows.length + rest.rows.length).toBe(12 + 3 + 16 + 1);

    const approved = await world.sync(directory, company(), { mode: "approve" });
    expect(approved).toEqual({ ...approved, runId: preview.runId, state: "done", rowsWritten: 32 });
    expect(Object.keys(await world.users(directory))).toHaveLength(12);
    expect(await world.members(directory)).toHaveLength(17);
  });

  test("R160: applies its additions when the directory says so in advance", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp", "apply");
    expect(await world.sync(directory, company())).toMatchObject({ state: "done", rowsWritten: 32 });
  });

  test("runs at once when it is approved before anything waits", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp", "preview");
    expect(await world.sync(directory, company(), { mode: "approve" })).toMatchObject({
      state: "done",
      counts: { added: 12 },
    });
  });
});

test("an unchanged directory synced again writes no held row, no audit and no event", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.sync(directory, company());
  const before = await world.fingerprint();
  for (let again = 0; again < 2; again++)
    expect(await world.sync(directory, company())).toMatchObject({
      state: "done",
      rowsWritten: 0,
      counts: { read: 12, added: 0, updated: 0, deactivated: 0, removed: 0, unchanged: 12, conflicts: 0 },
    });
  expect(await world.fingerprint()).toBe(before);
  expect(await world.query({ text: "select 1 from sync_staged_users" })).toEqual([]);
});

test("a moved entry is no change: where it stands is no content", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.sync(directory, company());
  const moved = company().user("u01", { location: "uid=u01,ou=elsewhere,dc=example,dc=com" });
  expect(await world.sync(directory, moved)).toMatchObject({ rowsWritten: 0 });
});

test("a dry run shows what would happen and writes nothing; its plan can be approved", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.sync(directory, company());
  const before = await world.fingerprint();
  const changed = company()
    .user("u01", { displayName: "First" })
    .user("u02", { active: false })
    .remove("u12")
    .user("u13");
  const dry = await world.sync(directory, changed, { mode: "dry-run" });
  expect(dry).toMatchObject({
    state: "previewed",
    rowsWritten: 0,
    counts: { read: 12, added: 1, updated: 1, deactivated: 1, removed: 1, unchanged: 9 },
  });
  expect(await world.fingerprint()).toBe(before);
  expect(await approveRun(ctx, dry.runId, { actor: world.actor, reason: "looks right" })).toMatchObject({
    state: "done",
    counts: dry.counts,
  });
  const users = await world.users(directory);
  expect(users.u02?.active).toBe(false);
  expect(users.u12).toBeUndefined();
  expect(users.u13?.active).toBe(true);
});

describe("a read that goes wrong", () => {
  const pages = company().pages().length;
  for (const kind of ["cut", "crash", "short", "repeat"] as const)
    test(`by a ${kind} on any of its pages removes nothing and writes nothing`, async () => {
      const world = await makeWorld(ctx);
      const directory = await world.directory("corp");
      await world.sync(directory, company());
      const before = await world.fingerprint();
      const shrunken = (): ScriptedDirectory => company().remove("u11", "u12", "writers").user("u13");
      for (let page = 0; page <= pages; page++) {
        // A proof is short only while entries are still to come, and a page of members repeats nobody.
        const source = shrunken();
        const entryPages = source.pages().filter((part) => part.members === undefined).length;
        if (kind === "short" && page >= entryPages) continue;
        const result = await world.sync(directory, source, { fault: { page, kind } });
        expect(result, `page ${page}`).toMatchObject({ state: "failed", rowsWritten: 0, counts: { removed: 0 } });
        const { run } = await showRun(ctx.db.of(world.actor.organization), result.runId);
        expect(run).toMatchObject({ complete: false, phase: "over" });
        expect(run.error).not.toBeNull();
      }
      const audit = "audit";
      const held = (text: string): string =>
        text
          .split("\n")
          .filter((line) => !line.startsWith(audit) && !line.startsWith("outbox"))
          .join("\n");
      expect(held(await world.fingerprint())).toBe(held(before));
      expect(await world.query({ text: "select 1 from sync_staged_users" })).toEqual([]);
      expect(await world.sync(directory, shrunken())).toMatchObject({
        state: "done",
        counts: { removed: 2, added: 1 },
      });
    });

  test("is told to stop: nothing is removed either", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    await world.sync(directory, company());
    const stop = new AbortController();
    const source = company().remove("u12");
    const connector = source.connector(undefined, (page) => {
      if (page === 2) stop.abort();
    });
    expect(await world.sync(directory, source, { connector, signal: stop.signal })).toMatchObject({
      state: "failed",
      rowsWritten: 0,
    });
    expect(Object.keys(await world.users(directory))).toHaveLength(12);
  });

  test("loses its staging to a crash of the database: an emptied staging is no empty directory", async () => {
    const world = await makeWorld(ctx);
    const filled = new ScriptedDirectory();
    for (let number = 0; number < 6_005; number++) filled.user(`x${number}`);
    // Three thousand may wait to be written when the last page is asked for: the first ones stand in staging by then.
    filled.pageSize = 500;
    const big = await world.directory("big");
    await world.sync(big, filled);
    const emptied = filled.connector(undefined, async (page) => {
      if (page === filled.pages().length) await world.query({ text: "delete from sync_unchanged_users" });
    });
    const failed = await world.sync(big, filled, { connector: emptied });
    expect(failed).toMatchObject({ state: "failed", rowsWritten: 0 });
    expect((await showRun(ctx.db.of(world.actor.organization), failed.runId)).run.error).toContain(
      "no longer in staging",
    );
    expect(Object.keys(await world.users(big))).toHaveLength(6_005);
  });
});

describe("a held plan", () => {
  test("waits, is approved by id with a reason, and can be undone", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    await world.sync(directory, company());
    const before = await world.users(directory);
    const membersBefore = await world.members(directory);
    const shrunken = company()
      .remove("u01", "u02", "u03", "u04", "u05", "u06", "u07", "editors")
      .user("u08", { displayName: "Eight" });
    const held = await world.sync(directory, shrunken);
    expect(held).toMatchObject({ state: "held", rowsWritten: 0, counts: { removed: 7 } });
    const { run } = await showRun(ctx.db.of(world.actor.organization), held.runId);
    expect(run.verdict?.reasons.map((reason) => reason.rule)).toContain("small-directory");
    expect(await world.users(directory)).toEqual(before);

    await expect(approveRun(ctx, held.runId, { actor: world.actor, reason: " " })).rejects.toMatchObject({
      code: "invalid",
    });
    // Who approves without its id reads anew, and is held again; nor does a dry run open a way round.
    expect(await world.sync(directory, shrunken, { mode: "dry-run" })).toMatchObject({ state: "previewed" });
    expect(await world.sync(directory, shrunken, { mode: "approve" })).toMatchObject({ state: "held", rowsWritten: 0 });
    expect(await world.users(directory)).toEqual(before);
    expect(await approveRun(ctx, held.runId, { actor: world.actor, reason: "seven left" })).toMatchObject({
      runId: held.runId,
      state: "done",
    });
    expect(Object.keys(await world.users(directory))).toHaveLength(5);
    await expect(approveRun(ctx, held.runId, { actor: world.actor, reason: "again" })).rejects.toMatchObject({
      code: "conflict",
    });

    const undone = await undoRun(ctx, held.runId, { actor: world.actor, trigger: "command" });
    expect(undone.state).toBe("done");
    expect(await world.users(directory)).toEqual(before);
    expect(await world.members(directory)).toEqual(membersBefore);
    expect((await showRun(ctx.db.of(world.actor.organization), held.runId)).run.state).toBe("undone");
    await expect(undoRun(ctx, held.runId, { actor: world.actor, trigger: "command" })).rejects.toMatchObject({
      code: "conflict",
    });

    // The source still says the same, so the next run must not do it again by itself.
    expect(await world.sync(directory, company().user("u08", { displayName: "Eight" }))).toMatchObject({
      state: "previewed",
    });
  });

  test("counts what crept away within 24 hours, and forgets it afterwards", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    const source = new ScriptedDirectory();
    for (let number = 0; number < 60; number++) source.user(`p${number}`);
    await world.sync(directory, source);
    expect(await world.sync(directory, source.remove("p0", "p1", "p2", "p3", "p4", "p5"))).toMatchObject({
      state: "done",
    });
    expect(await world.sync(directory, source.remove("p6", "p7", "p8", "p9"))).toMatchObject({ state: "done" });
    expect(await world.sync(directory, source.remove("p10"))).toMatchObject({ state: "held" });
    await world.query({ text: "update sync_runs set applied_at = applied_at - interval '25 hours'" });
    expect(await world.sync(directory, source)).toMatchObject({ state: "done", counts: { removed: 1 } });
  });

  test("is not applied once another plan was", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    await world.sync(directory, company());
    const held = await world.sync(directory, company().remove("u01", "u02", "u03", "u04", "u05", "u06", "u07"));
    expect(await world.sync(directory, company().user("u13"))).toMatchObject({ state: "done" });
    await expect(approveRun(ctx, held.runId, { actor: world.actor, reason: "late" })).rejects.toMatchObject({
      code: "conflict",
    });
  });

  test("leaves out what has changed since, and says so", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    await world.sync(directory, company());
    const dry = await world.sync(
      directory,
      company().user("u01", { displayName: "New" }).user("u02", { displayName: "New" }),
      {
        mode: "dry-run",
      },
    );
    await world.query({ text: "update directory_users set version = version + 1 where user_name = 'u01'" });
    const result = await approveRun(ctx, dry.runId, { actor: world.actor, reason: "partly" });
    expect(result).toMatchObject({ state: "partial", rowsWritten: 1, counts: { updated: 1, conflicts: 1 } });
    const { rows } = await showRun(ctx.db.of(world.actor.organization), dry.runId);
    expect(rows.find((row) => row.name === "u01")?.conflict).toContain("version 1, now 2");
  });
});

test("one row that cannot be written is found and named, and everybody else of its batch is written", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.sync(directory, company());
  const source = company().user("n1").user("n2").user("n3").group("news", ["n1", "n2", "n3"]);
  const dry = await world.sync(directory, source, { mode: "dry-run" });
  // Somebody else takes the unchanging id meanwhile, which only the index notices.
  await world.write((tx) =>
    insertDirectoryUsers(tx, directory, [
      {
        id: newId(),
        immutableId: "n2",
        externalId: null,
        userName: "quite-another",
        active: true,
        email: null,
        displayName: null,
        resource: {},
        contentHash: null,
      },
    ]),
  );
  const result = await approveRun(ctx, dry.runId, { actor: world.actor, reason: "as shown" });
  expect(result).toMatchObject({ state: "partial", counts: { added: 2, conflicts: 2 } });
  const { rows } = await showRun(ctx.db.of(world.actor.organization), dry.runId);
  expect(rows.flatMap((row) => row.conflict ?? [])).toEqual([
    expect.stringMatching(/^n2: .*immutable id exists already/),
    expect.stringMatching(/^n2 in news: /),
  ]);
  expect(await world.members(directory)).toEqual(expect.arrayContaining(["news/n1", "news/n3"]));
});

test("undo leaves alone what a later run has changed, and an undone run can be undone back", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.sync(directory, company());
  const first = await world.sync(
    directory,
    company().user("u01", { email: "1@new.org" }).user("u02", { email: "2@new.org" }),
  );
  await world.sync(directory, company().user("u01", { email: "1@newer.org" }).user("u02", { email: "2@new.org" }));
  const undone = await undoRun(ctx, first.runId, { actor: world.actor, trigger: "command" });
  expect(undone).toMatchObject({ state: "partial", rowsWritten: 1, counts: { updated: 1, conflicts: 1 } });
  expect(await world.users(directory)).toMatchObject({
    u01: { email: "1@newer.org" },
    u02: { email: "u02@example.com" },
  });
  const db = ctx.db.of(world.actor.organization);
  expect((await showRun(db, first.runId)).run.state).toBe("undone");
  await undoRun(ctx, undone.runId, { actor: world.actor, trigger: "command" });
  expect((await showRun(db, first.runId)).run.state).toBe("done");
  expect(await world.users(directory)).toMatchObject({ u01: { email: "1@newer.org" }, u02: { email: "2@new.org" } });
});

test("a run that changed nothing cannot be undone, and so makes nobody look at the next one", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.sync(directory, company());
  const { runId } = await world.sync(directory, company());
  await expect(undoRun(ctx, runId, { actor: world.actor, trigger: "command" })).rejects.toMatchObject({
    code: "conflict",
  });
  expect(await world.sync(directory, company().user("u13"))).toMatchObject({ state: "done", counts: { added: 1 } });
});

test("another organization's runs are unknown, like runs that never were", async () => {
  const world = await makeWorld(ctx);
  const stranger = await makeWorld(ctx);
  const directory = await world.directory("corp", "preview");
  const { runId } = await world.sync(directory, company());
  const db = ctx.db.of(stranger.actor.organization);
  expect(await listRuns(db)).toEqual([]);
  await expect(showRun(db, runId)).rejects.toMatchObject({ code: "not-found" });
  await expect(approveRun(ctx, runId, { actor: stranger.actor, reason: "mine" })).rejects.toMatchObject({
    code: "not-found",
  });
  await expect(undoRun(ctx, runId, { actor: stranger.actor, trigger: "command" })).rejects.toMatchObject({
    code: "not-found",
  });
  await expect(stranger.sync(directory, company())).rejects.toMatchObject({ code: "not-found" });
});

test("a directory that pushes cannot be pulled from", async () => {
  const world = await makeWorld(ctx);
  const pushed = await world.write((tx) => addDirectory(tx, { name: "okta", kind: "scim" }), "exclusive");
  await expect(world.sync(pushed.id, company())).rejects.toMatchObject({ code: "invalid" });
});

describe("one run per directory", () => {
  test("a second one that starts meanwhile is refused", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    const source = company();
    let second: Promise<unknown> | undefined;
    const connector = source.connector(undefined, async (page) => {
      if (page !== 1) return;
      second = world.sync(directory, company());
      await expect(second).rejects.toMatchObject({ code: "conflict" });
    });
    expect(await world.sync(directory, source, { connector })).toMatchObject({ state: "done" });
    expect(second).toBeDefined();
    expect(await listRuns(ctx.db.of(world.actor.organization), { directory })).toHaveLength(1);
  });

  test("a run found running without its lock is abandoned", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    const dead = newId<SyncRunId>();
    await world.query({
      text: `insert into sync_runs (organization, id, directory, mode, trigger, state, epoch)
        values ($1, $2, $3, 'run', 'schedule', 'running', 0)`,
      values: [world.actor.organization, dead, directory],
    });
    expect(await world.sync(directory, company())).toMatchObject({ state: "done" });
    expect((await showRun(ctx.db.of(world.actor.organization), dead)).run.state).toBe("abandoned");
  });

  test("a run whose directory was taken over writes no further batch", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    let batches = 0;
    const run = world.sync(directory, company(), {
      onProgress: (phase) => {
        if (phase === "apply") batches += 1;
      },
      connector: company().connector(undefined, async (page) => {
        if (page === 1) await world.query({ text: "update directories set epoch = epoch + 1" });
      }),
    });
    await expect(run).rejects.toMatchObject({ code: "conflict" });
    expect(batches).toBe(0);
    expect(await world.users(directory)).toEqual({});
  });
});
