import { expect, test } from "vitest";
import type { SyncRunId } from "../../src/db/id.ts";
import { createLocalGroup } from "../../src/identity/groups.ts";
import { approveRun } from "../../src/sync/approve.ts";
import { listConflicts } from "../../src/sync/conflicts.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { makeWorld, silent, type World } from "./world.ts";

const ctx = await testContext({ logger: silent });

const conflictsOf = async (world: World, run: SyncRunId, page = {}) =>
  (await listConflicts(ctx.db.of(world.actor.organization), run, page)).conflicts;

const dn = (id: string) => `uid=${id},ou=people,dc=example,dc=com`;

test("T23, T22: twins and shared addresses name both sides, with directory, id, place and user name, and what to do", async () => {
  const world = await makeWorld(ctx);
  const c = await world.directory("c");
  const p = await world.directory("p");
  await world.sync(c, new ScriptedDirectory().user("c1", { email: "one@example.com" }));
  const source = new ScriptedDirectory()
    .user("a", { userName: "twin" })
    .user("b", { userName: "Twin" })
    .user("p1", { email: "One@Example.com" })
    .user("p2", { email: "two@example.com" })
    .user("p3", { email: "two@example.com" })
    .user("none", { userName: " " });
  const run = await world.sync(p, source);
  expect(run).toMatchObject({ state: "partial", counts: { added: 4, conflicts: 5 } });
  const side = (directory: string | null, id: string, name: string, location: string | null) =>
    ({ directory, id, location, name }) as const;
  const found = await conflictsOf(world, run.runId);
  expect(found.map(({ kind, sides }) => ({ kind, sides }))).toEqual([
    { kind: "same-user-name", sides: [side(p, "b", "Twin", dn("b")), side(p, "a", "twin", dn("a"))] },
    { kind: "unusable", sides: [side(p, "none", " ", dn("none"))] },
    { kind: "same-address", sides: [side(p, "p1", "p1", dn("p1")), side(c, "c1", "c1", null)] },
    { kind: "same-address", sides: [side(p, "p2", "p2", dn("p2")), side(p, "p3", "p3", dn("p3"))] },
    { kind: "same-address", sides: [side(p, "p3", "p3", dn("p3")), side(p, "p2", "p2", dn("p2"))] },
  ]);
  for (const { advice, detail } of found) expect([advice, detail].every((words) => words.length > 20)).toBe(true);
});

test("whoever wants a name that its holder cannot give up names that one", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory().user("a").user("b").user("c");
  await world.sync(directory, source);
  const run = await world.sync(directory, source.user("a", { userName: "b" }).user("b", { userName: "c" }));
  expect(await conflictsOf(world, run.runId)).toMatchObject([
    {
      kind: "user-name-held",
      sides: [
        { id: "a", name: "b", location: dn("a") },
        { id: "b", name: "c", location: dn("b") },
      ],
    },
    { kind: "same-user-name", sides: [{ id: "b" }, { id: "c", name: "c" }] },
  ]);
});

test("a group with the name of a local one, or of another of its directory, is taken and told", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.write((tx) => createLocalGroup(tx, "Writers"), "exclusive");
  const source = new ScriptedDirectory().user("a").group("g1", ["a"], [], "writers").group("g2", [], [], "Readers");
  const run = await world.sync(directory, source.group("g3", [], [], "readers"));
  expect(run).toMatchObject({ state: "done", counts: { conflicts: 2 } });
  const place = (name: string) => `cn=${name},ou=groups,dc=example,dc=com`;
  expect((await conflictsOf(world, run.runId)).map(({ kind, sides }) => ({ kind, sides }))).toEqual([
    {
      kind: "same-group-name",
      sides: [
        { directory, id: "g1", location: place("writers"), name: "writers" },
        { directory: null, id: null, location: null, name: "Writers" },
      ],
    },
    {
      kind: "same-group-name",
      sides: [
        { directory, id: "g3", location: place("readers"), name: "readers" },
        { directory, id: "g2", location: place("Readers"), name: "Readers" },
      ],
    },
  ]);
  expect(await world.members(directory)).toEqual(["writers/a"]);
  expect(await world.sync(directory, source)).toMatchObject({
    state: "done",
    rowsWritten: 0,
    counts: { conflicts: 0 },
  });
});

test("what has changed since a plan was made, and what holds a name by then, are told by the approval", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory().user("a").user("b");
  await world.sync(directory, source);
  const waiting = await world.sync(directory, source.user("a", { displayName: "A" }).user("new"), { mode: "dry-run" });
  await world.query({ text: "update directory_users set version = version + 1 where user_name = 'a'" });
  await world.query({
    text: "update directory_users set user_name = 'NEW', user_name_key = 'new' where user_name = 'b' and organization = $1",
    values: [world.actor.organization],
  });
  await approveRun(ctx, waiting.runId, { actor: world.actor, reason: "as shown" });
  expect(await conflictsOf(world, waiting.runId)).toMatchObject([
    { kind: "changed-since", sides: [{ directory, id: "a", location: null, name: "a" }] },
    {
      kind: "user-name-held",
      sides: [
        { id: "new", name: "new" },
        { directory, id: "b", name: "NEW" },
      ],
    },
  ]);
});

test("are given out page by page, and of another organization's run not at all", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory();
  for (const id of ["a", "b", "c", "d", "e"]) source.user(id, { userName: "same" });
  const run = await world.sync(directory, source);
  const db = ctx.db.of(world.actor.organization);
  const seen: string[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const { conflicts, next } = await listConflicts(db, run.runId, { after, limit: 3 });
    seen.push(...conflicts.map(({ sides }) => sides[0]?.id ?? ""));
    after = next;
  }
  expect(seen).toEqual(["b", "c", "d", "e"]);
  const stranger = ctx.db.of((await makeWorld(ctx)).actor.organization);
  await expect(listConflicts(stranger, run.runId)).rejects.toMatchObject({ code: "not-found" });
});

test("who was disabled while in conflict is active again as soon as the directory says again what it said before", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory();
  for (const id of ["a", "b", "c", "d", "e"]) source.user(id);
  await world.sync(directory, source);
  const active = async () => (await world.users(directory)).b?.active;
  const disable = async () => {
    const disabled = await world.sync(directory, source.user("b", { userName: "a", active: false }));
    expect(disabled).toMatchObject({ state: "partial", counts: { deactivated: 1 } });
    expect(await active()).toBe(false);
    expect((await world.sync(directory, source)).rowsWritten).toBe(0);
  };

  await disable();
  await world.sync(directory, source.user("b", { userName: "b", active: true }));
  expect(await active()).toBe(true);

  await disable();
  await world.sync(directory, source.remove("b"));
  expect(await active()).toBeUndefined();
  await world.sync(directory, source.user("b", { userName: "b", active: true }));
  expect(await active()).toBe(true);
  expect((await world.sync(directory, source)).rowsWritten).toBe(0);
});
