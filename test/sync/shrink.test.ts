import fc from "fast-check";
import { expect, test } from "vitest";
import { approveRun } from "../../src/sync/approve.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled, seed } from "../harness/scale.ts";
import { type GuardedWorld, makeGuarded } from "./guarded-world.ts";
import { heldOf } from "./held.ts";
import { type Action, change, stories } from "./shrink-story.ts";
import { silent } from "./world.ts";

const ctx = await testContext({ logger: silent });

/** Lives one story through; every run of it is compared with the model. */
async function live(
  guarded: GuardedWorld,
  steps: readonly { hours: number; actions: Action[]; answer: string }[],
): Promise<void> {
  const { world, directory, model, said } = guarded;
  for (const { hours, actions, answer } of steps) {
    await guarded.pass(hours);
    for (const action of actions) change(model, said, action);
    const { result, expected } = await guarded.sync();
    const isHeld = expected.reasons.length > 0;
    expect(result.state).toBe(isHeld ? "held" : "done");
    if (!isHeld) model.apply(said);
    else if (answer === "approve") {
      const approved = await approveRun(ctx, result.runId, { actor: world.actor, reason: "seen" });
      expect(approved.state).toBe("done");
      model.apply(said);
    } else if (answer === "heal") Object.assign(said, structuredClone(model.held));
    const { people: now } = await heldOf(world, directory);
    expect(Object.fromEntries(Object.entries(now).map(([id, { name, active }]) => [id, { name, active }]))).toEqual(
      Object.fromEntries(model.held.people),
    );
  }
}

test(`${scaled(500)} stories of shrinking directories: the guard trips when the model says, for its reasons`, async () => {
  let [held, free] = [0, 0];
  await fc.assert(
    fc.asyncProperty(stories, async ({ setting, steps }) => {
      const guarded = await makeGuarded(ctx, setting);
      await live(guarded, steps);
      const rows = await guarded.world.query<{ held: boolean }>({
        text: "select (verdict ->> 'held')::boolean as held from sync_runs where organization = $1",
        values: [guarded.world.actor.organization],
      });
      held += rows.filter((row) => row.held).length;
      free += rows.filter((row) => !row.held).length;
    }),
    { seed, numRuns: scaled(500) },
  );
  console.info(`shrink stories: ${held} runs held, ${free} not`);
  expect(Math.min(held, free)).toBeGreaterThan(scaled(500) / 2);
}, 3_600_000);
