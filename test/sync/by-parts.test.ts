import { describe, expect, test } from "vitest";
import type { DirectoryId } from "../../src/db/id.ts";
import { isMusterError } from "../../src/errors.ts";
import { showRun } from "../../src/sync/history.ts";
import { undoRun } from "../../src/sync/undo.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { crowd, nameOf, PEOPLE } from "./many-people.ts";
import { makeWorld, silent, type World } from "./world.ts";

/** What is added is applied by parts of the plan, which are larger than the worlds of most tests. */
const ctx = await testContext({ logger: silent });

async function stoppedAfter(
  batches: number,
  world: World,
  directory: DirectoryId,
  source: ScriptedDirectory,
): Promise<void> {
  const stop = new AbortController();
  let applied = 0;
  const onProgress = (phase: string): void => {
    if (phase === "apply" && ++applied === batches) stop.abort();
  };
  const error: unknown = await world.sync(directory, source, { signal: stop.signal, onProgress }).catch((why) => why);
  expect(isMusterError(error) && error.code).toBe("unavailable");
}

async function count(world: World, text: string): Promise<number> {
  const [row] = await world.query<{ count: number }>({
    text: `select count(*) as count from ${text}`,
    values: [world.actor.organization],
  });
  return row?.count ?? 0;
}

describe("a plan of more rows than one part", () => {
  test("goes on where it was stopped, each row once, and is undone whole", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    const source = crowd();
    await stoppedAfter(2, world, directory, source);
    const some = await count(world, "directory_users where organization = $1");
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(PEOPLE);
    await stoppedAfter(3, world, directory, source);

    const { runId } = await world.sync(directory, source);
    const [first] = await world.query<{ id: typeof runId }>({
      text: "select id from sync_runs where organization = $1 and directory = $2 order by started_at limit 1",
      values: [world.actor.organization, directory],
    });
    if (!first) throw new Error("there is no first run");
    expect(first.id).not.toBe(runId);
    const held = PEOPLE + 3 + PEOPLE + PEOPLE / 2 + 3;
    const shown = await showRun(ctx.db.of(world.actor.organization), first.id, { limit: 20_000 });
    expect(shown.run).toMatchObject({ state: "done", rowsWritten: held, counts: { added: PEOPLE } });
    expect(shown.rows.filter((row) => row.appliedAt === null)).toEqual([]);
    expect(shown.rows).toHaveLength(held);
    expect(Object.values(await world.users(directory)).filter((user) => user.active)).toHaveLength(
      PEOPLE - PEOPLE / 10,
    );
    expect(await world.members(directory)).toHaveLength(PEOPLE + PEOPLE / 2 + 3);
    const created = "audit where organization = $1 and action = 'directory-user.created'";
    expect(await count(world, created)).toBe(PEOPLE);
    expect(await count(world, "outbox where organization = $1 and kind = 'directory-user.created'")).toBe(PEOPLE);
    expect(
      await count(world, "accounts where organization = $1 and canonical is not null and canonical = last_canonical"),
    ).toBe(PEOPLE);
    expect(await count(world, "directory_users where organization = $1 and shown_name_key like 'zoë %'")).toBe(PEOPLE);

    const undone = await undoRun(ctx, first.id, { actor: world.actor, trigger: "command" });
    expect(undone).toMatchObject({ state: "done", counts: { removed: PEOPLE } });
    expect(await world.users(directory)).toEqual({});
  });

  test("takes those whose name somebody has already to their accounts, among the others", async () => {
    const world = await makeWorld(ctx);
    const other = await world.directory("other");
    await world.sync(
      other,
      new ScriptedDirectory().user("x1", { userName: nameOf(7) }).user("x2", { userName: nameOf(2_500) }),
    );
    const directory = await world.directory("corp");
    expect(await world.sync(directory, crowd())).toMatchObject({
      state: "done",
      counts: { added: PEOPLE, conflicts: 0 },
    });
    expect(await count(world, "accounts where organization = $1")).toBe(PEOPLE);
    expect(
      await count(
        world,
        "directory_users where organization = $1 and account in (select account from directory_users where organization = $1 group by account having count(*) = 2)",
      ),
    ).toBe(4);
    expect(await world.sync(directory, crowd())).toMatchObject({ state: "done", rowsWritten: 0 });
  });

  test("is applied where it was made before plans kept the keys of people", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp", "preview");
    const { runId } = await world.sync(directory, crowd());
    await world.query({
      text: "update sync_plan set user_name_key = null, email_key = null where organization = $1 and run = $2",
      values: [world.actor.organization, runId],
    });
    expect(await world.sync(directory, crowd(), { mode: "approve" })).toMatchObject({ runId, state: "done" });
    expect(Object.keys(await world.users(directory))).toHaveLength(PEOPLE);
    expect(await world.sync(directory, crowd())).toMatchObject({ state: "done", rowsWritten: 0 });
  });

  test("leaves out one that cannot be written, and nobody else", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp", "preview");
    const { runId } = await world.sync(directory, crowd());
    await world.query({
      text: "update sync_plan set immutable_id = $4 where organization = $1 and run = $2 and kind = 'user-add' and name = $3",
      values: [world.actor.organization, runId, nameOf(5), nameOf(6)],
    });
    await world.query({
      text: "update sync_plan set next = jsonb_set(next, '{immutableId}', to_jsonb($4::text)) where organization = $1 and run = $2 and kind = 'user-add' and name = $3",
      values: [world.actor.organization, runId, nameOf(5), nameOf(6)],
    });
    expect(await world.sync(directory, crowd(), { mode: "approve" })).toMatchObject({
      runId,
      state: "partial",
      counts: { added: PEOPLE - 1 },
    });
    expect(Object.keys(await world.users(directory))).toHaveLength(PEOPLE - 1);
  });
});

test("a plan goes with its run", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp", "preview");
  const other = await world.directory("other", "preview");
  const { runId } = await world.sync(directory, new ScriptedDirectory().user("one"));
  await world.sync(other, new ScriptedDirectory().user("two"));
  await world.query({
    text: "delete from sync_runs where organization = $1 and id = $2",
    values: [world.actor.organization, runId],
  });
  expect(await count(world, "sync_plan where organization = $1")).toBe(1);
});
