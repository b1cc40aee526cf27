import fc from "fast-check";
import { expect, test } from "vitest";
import { type DirectoryId, newId, type SyncRunId } from "../../src/db/id.ts";
import { simulate } from "../../src/db/transaction.ts";
import { showRun } from "../../src/sync/history.ts";
import { plan } from "../../src/sync/plan/plan.ts";
import { pour } from "../../src/sync/stage.ts";
import { clearStaging } from "../../src/sync/staging.ts";
import { undoRun } from "../../src/sync/undo.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled, seed } from "../harness/scale.ts";
import type { ScriptedDirectory } from "../harness/scripted-directory.ts";
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
          const before = await world.sync(directory, source);
          const waits = before.state === "held" || before.state === "previewed";
          const result = waits ? await world.sync(directory, source, { mode: "approve" }) : before;
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
