import { describe, expect, test } from "vitest";
import type { DirectoryId } from "../../src/db/id.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { showRun } from "../../src/sync/history.ts";
import { undoRun } from "../../src/sync/undo.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { makeWorld, silent, type World } from "./world.ts";

const ctx = await testContext({ logger: silent });

/** The account of a user name: which directory it is canonical in, and whether it is somebody there. */
async function account(
  world: World,
  key: string,
): Promise<{ id: string; directory: string | null; active: boolean | null } | undefined> {
  const [row] = await world.query<{ id: string; directory: string | null; active: boolean | null }>({
    text: `select a.id, d.name as directory, u.active from accounts a
      left join directory_users u on u.organization = $1 and u.id = a.canonical
      left join directories d on d.organization = $1 and d.id = u.directory
      where a.organization = $1 and a.user_name_key = $2`,
    values: [world.actor.organization, key],
  });
  return row;
}

async function conflicts(world: World, run: Awaited<ReturnType<World["sync"]>>): Promise<string[]> {
  const { rows } = await showRun(ctx.db.of(world.actor.organization), run.runId);
  return rows.flatMap((row) => (row.conflict === null ? [] : [row.conflict]));
}

/** jsmith in C, the first directory, and in P, the second. */
async function customersAndPartners(
  world: World,
): Promise<{ c: DirectoryId; p: DirectoryId; customers: ScriptedDirectory; partners: ScriptedDirectory }> {
  const c = await world.directory("c");
  const p = await world.directory("p");
  const customers = new ScriptedDirectory()
    .user("c1", { userName: "JSmith" })
    .user("c2")
    .user("c3")
    .group("g1", ["c1"]);
  const partners = new ScriptedDirectory().user("p1", { userName: "jsmith" }).user("p2").user("p3").group("g2", ["p1"]);
  await world.sync(c, customers);
  await world.sync(p, partners);
  return { c, p, customers, partners };
}

test("T15: a local membership is never touched by a sync", async () => {
  const world = await makeWorld(ctx);
  const { c, customers } = await customersAndPartners(world);
  const smith = await account(world, "jsmith");
  await world.write(async (tx) => {
    await tx.query({
      text: "insert into groups (organization, id, name, name_key) values ($1, gen_random_uuid(), 'L', 'l')",
      values: [tx.organization],
    });
    await tx.query({
      text: `insert into local_memberships (organization, group_id, account)
        select $1, id, $2 from groups where organization = $1 and directory is null`,
      values: [tx.organization, smith?.id],
    });
  });
  await world.sync(c, customers.user("c1", { userName: "JSmith", displayName: "John" }).group("g1", []));
  expect(await world.query({ text: "select parked_at from local_memberships" })).toEqual([{ parked_at: null }]);
});

test("T17: a record that its directory disabled stays canonical, and P is no fallback", async () => {
  const world = await makeWorld(ctx);
  const { c, customers } = await customersAndPartners(world);
  expect(await world.sync(c, customers.user("c1", { active: false }))).toMatchObject({
    state: "done",
    counts: { deactivated: 1, removed: 0 },
  });
  expect(await account(world, "jsmith")).toMatchObject({ directory: "c", active: false });
  expect(await world.sync(c, customers.user("c1", { active: true }))).toMatchObject({ counts: { updated: 1 } });
  expect(await account(world, "jsmith")).toMatchObject({ directory: "c", active: true });
});

test("T18: a directory that cannot be read keeps its last good state and its place; the other goes on", async () => {
  const world = await makeWorld(ctx);
  const { c, p, customers, partners } = await customersAndPartners(world);
  const before = await world.users(c);
  expect(await world.sync(c, customers.remove("c1"), { fault: { page: 1, kind: "cut" } })).toMatchObject({
    state: "failed",
  });
  expect(await world.sync(p, partners.user("p4"))).toMatchObject({ state: "done", counts: { added: 1 } });
  expect(await world.users(c)).toEqual(before);
  expect(await account(world, "jsmith")).toMatchObject({ directory: "c" });
});

test("T19: who vanishes from C is canonical in P as the same account, uninvited, and comes back as the same record", async () => {
  const world = await makeWorld(ctx);
  const { c, customers } = await customersAndPartners(world);
  const before = await account(world, "jsmith");
  const record = (await world.users(c)).JSmith?.id;
  const gone = await world.sync(c, customers.remove("c1"));
  expect(gone).toMatchObject({ state: "done", counts: { removed: 1 } });
  expect(await account(world, "jsmith")).toEqual({ id: before?.id, directory: "p", active: true });
  expect(await world.query({ text: "select 1 from mails union all select 1 from invitations" })).toEqual([]);

  await world.sync(c, customers.user("c1", { userName: "JSmith" }).group("g1", []));
  expect((await world.users(c)).JSmith?.id).toBe(record);
  expect(await account(world, "jsmith")).toEqual(before);
  // The membership that the tombstone kept is not what the directory says now.
  expect(await world.members(c)).toEqual([]);
});

test("T22: one address under two user names is two people, and the run says so", async () => {
  const world = await makeWorld(ctx);
  const { c, p, customers, partners } = await customersAndPartners(world);
  await world.sync(c, customers.user("c2", { email: "shared@example.com" }));
  const second = await world.sync(p, partners.user("p2", { email: "Shared@Example.com" }));
  expect(second).toMatchObject({ state: "done", counts: { updated: 1, conflicts: 1 } });
  expect(await conflicts(world, second)).toEqual([
    expect.stringMatching(/p2 .*c2 of the directory c .*shared@example.com/i),
  ]);
  expect((await account(world, "c2"))?.id).not.toBe((await account(world, "p2"))?.id);
  expect(await world.sync(p, partners)).toMatchObject({ rowsWritten: 0, counts: { conflicts: 0 } });
});

test("T23: of two entries with one user name the first by id is kept, the other named, and nobody is deactivated", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory().user("b", { userName: "Twin" }).user("a", { userName: "twin" }).user("c");
  const first = await world.sync(directory, source);
  expect(first).toMatchObject({ state: "partial", counts: { read: 3, added: 2, conflicts: 1 } });
  expect(await conflicts(world, first)).toEqual([expect.stringMatching(/^uid=b,.*uid=a,/)]);
  expect(Object.keys(await world.users(directory))).toEqual(["c", "twin"]);

  const held = (await world.users(directory)).c?.id;
  const second = await world.sync(directory, source.user("c", { userName: "TWIN", displayName: "C" }));
  expect(second).toMatchObject({
    state: "partial",
    rowsWritten: 0,
    counts: { deactivated: 0, removed: 0, conflicts: 2 },
  });
  expect((await world.users(directory)).c).toMatchObject({ id: held, active: true });
});

test("names and addresses are swapped within one run, and a chain of names moves on", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory()
    .user("1", { userName: "ann" })
    .user("2", { userName: "bob" })
    .user("3", { userName: "cyd" });
  await world.sync(directory, source);
  const before = await world.users(directory);
  source
    .user("1", { userName: "bob", email: "2@example.com" })
    .user("2", { userName: "cyd", email: "1@example.com" })
    .user("3", { userName: "ann" });
  expect(await world.sync(directory, source)).toMatchObject({ state: "done", rowsWritten: 3, counts: { updated: 3 } });
  const after = await world.users(directory);
  expect([after.bob?.id, after.cyd?.id, after.ann?.id]).toEqual([before.ann?.id, before.bob?.id, before.cyd?.id]);
  expect(after.bob?.email).toBe("2@example.com");
});

test("a name that its holder left is taken by a newcomer in the same run, who is not the one that left", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory().user("old", { userName: "ann" }).user("x").user("y").user("z");
  await world.sync(directory, source);
  const before = await world.users(directory);
  expect(await world.sync(directory, source.remove("old").user("new", { userName: "ann" }))).toMatchObject({
    state: "done",
    counts: { added: 1, removed: 1 },
  });
  expect((await world.users(directory)).ann?.id).not.toBe(before.ann?.id);
});

test("groups are renamed in place, nested in circles, taken away and brought back with their id", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory().user("a").user("b").group("g1", ["a"], ["g2"]).group("g2", ["b"], ["g1"]);
  await world.sync(directory, source);
  expect(await world.members(directory)).toEqual(["g1/*g2", "g1/a", "g2/*g1", "g2/b"]);
  const idOf = async (name: string) =>
    (
      await world.query<{ id: string }>({
        text: "select id from directory_groups where display_name = $1 and deleted_at is null",
        values: [name],
      })
    )[0]?.id;
  const id = await idOf("g2");
  await world.sync(directory, source.group("g2", ["b"], ["g1"], "Second"));
  expect(await idOf("Second")).toBe(id);
  await world.sync(directory, source.remove("g2"));
  expect(await world.members(directory)).toEqual(["g1/a"]);
  await world.sync(directory, source.group("g2", ["a"], [], "Second"));
  expect(await idOf("Second")).toBe(id);
  expect(await world.members(directory)).toEqual(["Second/a", "g1/a"]);
});

test("undo takes added people away and brings back names, states and memberships", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory();
  for (const id of ["a", "b", "c", "d", "e", "f"]) source.user(id);
  source.group("g", ["a", "b"]).group("h", [], ["g"]);
  await world.sync(directory, source);
  const users = await world.users(directory);
  const members = await world.members(directory);
  source
    .user("a", { userName: "b" })
    .user("b", { userName: "a" })
    .user("c", { active: false })
    .remove("f", "h")
    .user("new")
    .group("g", ["b", "new", "c"]);
  const changed = await world.sync(directory, source);
  expect(changed.state).toBe("done");
  const undone = await undoRun(ctx, changed.runId, { actor: world.actor, trigger: "command" });
  expect(undone).toMatchObject({ state: "done", counts: { removed: 1, added: 1, updated: 3 } });
  expect(await world.users(directory)).toEqual(users);
  expect(await world.members(directory)).toEqual(members);
});

describe("organization administrators", () => {
  test("the last one's record is not taken away without asking", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    const source = new ScriptedDirectory();
    for (const id of ["boss", "a", "b", "c", "d"]) source.user(id);
    await world.sync(directory, source);
    await world.write((tx) => addAdministrator(tx, "boss@example.com"));
    const held = await world.sync(directory, source.remove("boss"));
    expect(held).toMatchObject({ state: "held" });
    const { run } = await showRun(ctx.db.of(world.actor.organization), held.runId);
    expect(run.verdict?.reasons.map((reason) => reason.rule)).toEqual(["no-administrator"]);
    await world.write((tx) => addAdministrator(tx, "a@example.com"));
    expect(await world.sync(directory, source)).toMatchObject({ state: "done", counts: { removed: 1 } });
  });

  test("the run that brought the last one cannot be undone before there is another", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    const { runId } = await world.sync(directory, new ScriptedDirectory().user("boss").user("a"));
    await world.write((tx) => addAdministrator(tx, "boss@example.com"));
    const undo = () => undoRun(ctx, runId, { actor: world.actor, trigger: "command" });
    await expect(undo()).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("admin add") });
    expect(Object.keys(await world.users(directory))).toHaveLength(2);
    const runs = await world.query({
      text: "select 1 from sync_runs where organization = $1",
      values: [world.actor.organization],
    });
    expect(runs).toHaveLength(1);
    await world.write((tx) => addAdministrator(tx, "outside@example.com"));
    expect(await undo()).toMatchObject({ state: "done", counts: { removed: 2 } });
  });

  test("a newcomer further up with the last one's user name is not let in without asking", async () => {
    const world = await makeWorld(ctx);
    await world.write((tx) => addAdministrator(tx, "boss@example.com"));
    const directory = await world.directory("corp");
    const source = new ScriptedDirectory().user("impostor", { userName: "Boss@example.com" });
    expect(await world.sync(directory, source, { mode: "approve" })).toMatchObject({ state: "held", rowsWritten: 0 });
    expect(await world.sync(directory, source)).toMatchObject({ state: "held", rowsWritten: 0 });
    expect(await world.sync(directory, source, { mode: "dry-run" })).toMatchObject({ state: "previewed" });
  });
});

test("an entry that lost its user name is still there: neither the person nor the memberships are taken away", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory().user("a").user("b").group("g", ["a", "b"]);
  await world.sync(directory, source);
  const before = [await world.users(directory), await world.members(directory)];
  source.remove("a").nameless.set("a", "cn=a,dc=example,dc=com");
  source.nameless.set("never-held", "cn=service,dc=example,dc=com");
  const withheld = await world.sync(directory, source.user("b", { userName: "a" }));
  expect(withheld).toMatchObject({ state: "partial", rowsWritten: 0, counts: { removed: 0, conflicts: 2 } });
  expect(await conflicts(world, withheld)).toEqual([
    expect.stringContaining("has no uid; a is left as it was"),
    expect.stringContaining("which cn=a,dc=example,dc=com (id a) could not give up"),
  ]);
  expect([await world.users(directory), await world.members(directory)]).toEqual(before);
});

test("values that cannot be stored are left out by name, and nobody else is harmed", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory()
    .user("a", { userName: "a\0b" })
    .user("b", { displayName: "B\0\ud800" })
    .user("c", { userName: "c".repeat(1_001) })
    .user("d", { userName: " " })
    .group("g", ["b"], [], "x".repeat(5_000));
  const result = await world.sync(directory, source);
  expect(result).toMatchObject({ state: "partial", counts: { read: 4, added: 1, conflicts: 3 } });
  expect(await world.users(directory)).toMatchObject({ b: { active: true } });
  expect(await world.sync(directory, source)).toMatchObject({ state: "partial", rowsWritten: 0 });
  expect(await world.sync(directory, new ScriptedDirectory().user("\0"))).toMatchObject({ state: "failed" });
});
