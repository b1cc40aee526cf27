import fc from "fast-check";
import { expect, test } from "vitest";
import { newId, type SyncRunId } from "../../src/db/id.ts";
import { planGroups } from "../../src/sync/plan/groups.ts";
import { lines } from "../../src/sync/plan/lines.ts";
import { isAnyGroupHeld, planMembers } from "../../src/sync/plan/members.ts";
import { markNameConflicts } from "../../src/sync/plan/names.ts";
import { planUsers } from "../../src/sync/plan/users.ts";
import { stage } from "../../src/sync/stage.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled, seed } from "../harness/scale.ts";
import { directoryOf, snapshot } from "./snapshot.ts";
import { makeWorld, silent } from "./world.ts";

const ctx = await testContext({ logger: silent });

const UNDONE = new Error("nothing of this is kept");

test("the members of a plan are the same whether they are looked up one by one or compared as a whole", async () => {
  const any = snapshot(fc.constantFrom("ann", "bob", "cyd", "dee", "eve", "fay", "gus"));
  let planned = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(any, { minLength: 2, maxLength: 4 }), async (history) => {
      const world = await makeWorld(ctx);
      const directory = await world.directory("corp");
      const last = history.pop();
      for (const before of history) await world.force(directory, directoryOf(before));
      if (last === undefined) return;
      const db = ctx.db.of(world.actor.organization);
      const run = newId<SyncRunId>();
      const { signal } = new AbortController();
      await stage(db, run, directory, directoryOf(last).connector(), signal, () => {});
      await expect(
        world.write(async (tx) => {
          await markNameConflicts(tx, run, directory);
          await planGroups(tx, run, directory, "full");
          await planUsers(tx, run, directory, "full", null);
          const values = [tx.organization, run];
          const [before] = await tx.query<{ seq: number | null }>({
            text: "select max(seq) as seq from sync_plan where organization = $1 and run = $2",
            values,
          });
          const plans: unknown[][] = [];
          for (const areFew of [false, true]) {
            await planMembers(tx, run, directory, areFew, await isAnyGroupHeld(tx, run, directory));
            plans.push(
              await tx.query({
                text: `with gone as (
                    delete from sync_plan where organization = $1 and run = $2 and seq > coalesce($3, 0)
                    returning seq, kind, subject, member, name, members, member_names)
                  select g.kind, g.subject, l.member, l.name from gone g cross join lateral ${lines("g")} l
                  order by g.kind, g.subject, l.member`,
                values: [...values, before?.seq ?? null],
              }),
            );
          }
          planned += plans[0]?.length ?? 0;
          expect(plans[1]).toEqual(plans[0]);
          throw UNDONE;
        }),
      ).rejects.toBe(UNDONE);
    }),
    { seed, numRuns: scaled(200) },
  );
  expect(planned).toBeGreaterThan(0);
}, 600_000);
