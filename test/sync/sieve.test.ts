import fc from "fast-check";
import { expect, test } from "vitest";
import { type DirectoryId, type DirectoryUserId, type GroupId, newId, type SyncRunId } from "../../src/db/id.ts";
import { simulate } from "../../src/db/transaction.ts";
import { changeMembers } from "../../src/identity/directory-groups/members.ts";
import { showRun } from "../../src/sync/history.ts";
import { plan } from "../../src/sync/plan/plan.ts";
import { pour } from "../../src/sync/stage.ts";
import { clearStaging } from "../../src/sync/staging.ts";
import { undoRun } from "../../src/sync/undo.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled, seed } from "../harness/scale.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { directoryOf, type Snapshot, snapshot } from "./snapshot.ts";
import { makeWorld, silent, type World } from "./world.ts";

/** For the full count on a busy machine. */
const LONG = 600_000;

const ctx = await testContext({ logger: silent });

/** Rows of a plan without what differs between two plans of the same: ids that were drawn, and where an unchanged entry stands. */
type Line = { kind: string; member: boolean; name: string | null; before: unknown; after: unknown; conflict: boolean };

const PLAN = `select kind, member is not null as member, name, previous as before, next as after,
  conflict is not null as conflict from sync_plan where organization = $1 and run = $2
  order by kind, name, immutable_id, next::text, conflict`;

/** The plan as a run makes it, by what the sieve lets through. */
async function short(world: World, directory: DirectoryId, source: ScriptedDirectory): Promise<Line[]> {
  const { runId } = await world.sync(directory, source, { mode: "dry-run" });
  expect((await showRun(ctx.db.of(world.actor.organization), runId)).run.error).toBeNull();
  return world.query<Line>({ text: PLAN, values: [world.actor.organization, runId] });
}

/** The plan by everything that the source says, compared one by one. */
async function long(world: World, directory: DirectoryId, source: ScriptedDirectory): Promise<Line[]> {
  const db = ctx.db.of(world.actor.organization);
  const run = newId<SyncRunId>();
  const { signal } = new AbortController();
  const { end, staged } = await pour(db, run, source.connector().read(signal), signal, () => {});
  const lines = await simulate(ctx, world.actor, async (tx) => {
    await tx.query({
      text: `insert into sync_runs (organization, id, directory, mode, trigger, state, epoch)
        values ($1, $2, $3, 'dry-run', 'command', 'failed', 0)`,
      values: [tx.organization, run, directory],
    });
    await plan(tx, run, directory, { proof: end, ...staged }, "full");
    return tx.query<Line>({ text: PLAN, values: [tx.organization, run] });
  });
  await clearStaging(db, [run]);
  return lines;
}

type Step = { fresh: Snapshot; kept: readonly string[]; how: "run" | "undo" };

/** What the directory says next: of the ids that are kept the same as before, of the others something new or nothing. */
function next(before: Snapshot, { fresh, kept }: Step): Snapshot {
  const merged = <Value>(old: Record<string, Value>, made: Record<string, Value>): Record<string, Value> => {
    const ids = [...new Set([...Object.keys(old), ...Object.keys(made)])];
    return Object.fromEntries(
      ids.flatMap((id) => {
        const value = kept.includes(id) ? old[id] : made[id];
        return value === undefined ? [] : [[id, value] as const];
      }),
    );
  };
  return { people: merged(before.people, fresh.people), groups: merged(before.groups, fresh.groups) };
}

const steps = fc.array(
  fc.record({
    fresh: snapshot(fc.constantFrom("ann", "Ann", "bob", "cyd", "dee", "eve")),
    kept: fc.subarray(["1", "2", "3", "4", "5", "6", "g1", "g2", "g3"]),
    how: fc.constantFrom("run" as const, "run" as const, "undo" as const),
  }),
  { minLength: 3, maxLength: 6 },
);

test(
  "what a sieve holds back changes no plan: after any history it is the plan of everything, compared one by one",
  async () => {
    let heldBack = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const world = await makeWorld(ctx);
        const directory = await world.directory("corp");
        let now: Snapshot = { people: {}, groups: {} };
        for (const step of history) {
          now = next(now, step);
          const source = directoryOf(now);
          expect(await short(world, directory, source)).toEqual(await long(world, directory, source));
          const result = await world.force(directory, source);
          if (step.how === "undo" && result.rowsWritten > 0)
            await undoRun(ctx, result.runId, { actor: world.actor, trigger: "command" });
          expect(await short(world, directory, source)).toEqual(await long(world, directory, source));
          const [{ digests } = { digests: 0 }] = await world.query<{ digests: number }>({
            text: "select count(*) as digests from group_member_digests where organization = $1",
            values: [world.actor.organization],
          });
          heldBack += digests;
        }
      }),
      { seed, numRuns: scaled(100) },
    );
    expect(heldBack).toBeGreaterThan(scaled(100));
  },
  LONG,
);

/** Two people and a group of both, synced often enough that its members are known by their hash. */
async function known(): Promise<{ world: World; directory: DirectoryId; source: ScriptedDirectory }> {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const source = new ScriptedDirectory().user("1").user("2").user("3").user("4").group("g", ["1", "2"]);
  expect(await world.sync(directory, source)).toMatchObject({ state: "done" });
  expect(await digests(world)).toBe(1);
  return { world, directory, source };
}

async function digests(world: World): Promise<number> {
  const text =
    "select 1 from group_member_digests d join directory_groups g on g.id = d.group_id and g.version = d.version";
  return (await world.query({ text })).length;
}

test("whoever comes back has none of the memberships of long ago, also in a group that is as it was", async () => {
  const { world, directory, source } = await known();
  source.remove("1");
  await world.sync(directory, source);
  await world.sync(directory, source);
  expect(await digests(world)).toBe(1);
  source.user("1");
  expect(await world.sync(directory, source)).toMatchObject({ state: "done", counts: { added: 1 } });
  expect(await world.members(directory)).toEqual(["g/2"]);
});

test("a member whom somebody took out meanwhile is put back, though the directory says what it said", async () => {
  const { world, directory, source } = await known();
  const [row] = await world.query<{ group: GroupId; member: DirectoryUserId }>({
    text: `select m.group_id as "group", m.directory_user as member from remote_memberships m where m.organization = $1 limit 1`,
    values: [world.actor.organization],
  });
  if (!row) throw new Error("nobody is in the group");
  await world.write((tx) => changeMembers(tx, directory, { add: [], remove: [row] }));
  expect(await world.sync(directory, source)).toMatchObject({ state: "done", rowsWritten: 1 });
  expect(await world.members(directory)).toEqual(["g/1", "g/2"]);
});

test("a member who was withheld keeps the group from being known, until the directory tells of them again", async () => {
  const { world, directory, source } = await known();
  const name = source.users.get("1");
  source.users.delete("1");
  source.nameless.set("1", "uid=1");
  source.group("g", ["2"]);
  expect(await world.sync(directory, source)).toMatchObject({ state: "partial", rowsWritten: 0 });
  source.nameless.clear();
  if (name) source.user("1", name);
  expect(await world.sync(directory, source)).toMatchObject({ state: "done", rowsWritten: 1 });
  expect(await world.members(directory)).toEqual(["g/2"]);
});
