import fc from "fast-check";
import { expect, test } from "vitest";
import { userNameKey } from "../../src/identity/keys.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled, seed } from "../harness/scale.ts";
import { heldOf } from "./held.ts";
import { directoryOf, type Snapshot, snapshot } from "./snapshot.ts";
import { makeWorld, silent } from "./world.ts";

/** For the full count on a busy machine. */
const LONG = 600_000;

const ctx = await testContext({ logger: silent });

function wantedMembers({ people, groups }: Snapshot): string[] {
  return Object.entries(groups)
    .flatMap(([id, group]) => [
      ...group.people.filter((person) => people[person] !== undefined).map((person) => `${id}/${person}`),
      ...group.groups.filter((child) => child !== id && groups[child] !== undefined).map((child) => `${id}/${child}`),
    ])
    .sort();
}

test(
  "whatever a directory said before, a sync makes Muster hold what it says now, and a second one writes nothing",
  async () => {
    const distinct = snapshot(fc.constantFrom("ann", "Ann", "bob", "cyd", "dee", "eve", "fay")).filter(({ people }) => {
      const keys = Object.values(people).map((entry) => userNameKey(entry.name));
      return new Set(keys).size === keys.length;
    });
    await fc.assert(
      fc.asyncProperty(fc.array(distinct, { minLength: 2, maxLength: 4 }), async (history) => {
        const world = await makeWorld(ctx);
        const directory = await world.directory("corp");
        for (const now of history) {
          const result = await world.force(directory, directoryOf(now));
          expect(result.state).toBe("done");
          expect(await heldOf(world, directory)).toEqual({ people: now.people, members: wantedMembers(now) });
          const before = await world.fingerprint();
          expect(await world.sync(directory, directoryOf(now))).toMatchObject({ state: "done", rowsWritten: 0 });
          expect(await world.fingerprint()).toBe(before);
        }
      }),
      { seed, numRuns: scaled(200) },
    );
  },
  LONG,
);

test(
  "T23: with twin user names nobody is lost, the names stay unique, and a second run writes nothing",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(snapshot(fc.constantFrom("ann", "Ann", "bob", "cyd")), { minLength: 2, maxLength: 4 }),
        async (history) => {
          const world = await makeWorld(ctx);
          const directory = await world.directory("corp");
          for (const now of history) {
            const { people: before } = await heldOf(world, directory);
            const result = await world.force(directory, directoryOf(now));
            const { people: after } = await heldOf(world, directory);
            for (const [id, entry] of Object.entries(now.people)) {
              if (before[id] !== undefined) expect(after[id], `${id} was held and is still there`).toBeDefined();
              if (before[id]?.active && entry.active) expect(after[id]?.active).toBe(true);
              if (before[id] !== undefined && !entry.active) expect(after[id]?.active).toBe(false);
            }
            expect(Object.keys(after).filter((id) => now.people[id] === undefined)).toEqual([]);
            const wanted = new Set(Object.values(now.people).map((entry) => userNameKey(entry.name)));
            const twins = Object.keys(now.people).length - wanted.size;
            expect(result.state).toBe(twins > 0 ? "partial" : "done");
            expect(await world.sync(directory, directoryOf(now))).toMatchObject({ rowsWritten: 0 });
          }
        },
      ),
      { seed, numRuns: scaled(200) },
    );
  },
  LONG,
);
