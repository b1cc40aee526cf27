import fc from "fast-check";
import { expect, test } from "vitest";
import type { CompletenessProof, Connector, Page } from "../../connectors/connector.ts";
import type { DirectoryId, SyncRunId } from "../../src/db/id.ts";
import { approveRun } from "../../src/sync/approve.ts";
import { testContext } from "../harness/postgres.ts";
import { random } from "../harness/random.ts";
import { scaled, seed } from "../harness/scale.ts";
import type { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { hashOf, heldOf } from "./held.ts";
import { directoryOf, snapshot } from "./snapshot.ts";
import { makeWorld, silent, type World } from "./world.ts";

const ctx = await testContext({ logger: silent });

/** Names may be wanted by several: whoever gets one must not depend on who comes first. */
const anySnapshot = snapshot(fc.constantFrom("ann", "Ann", "bob", "cyd", "dee"));
const histories = fc.array(anySnapshot, { minLength: 2, maxLength: 3 });

/** The same read, with everything in another order: pages, kinds, entries, and members of one group over many pages. */
async function shuffled(source: ScriptedDirectory, from: number): Promise<Connector> {
  const next = random(from);
  const parts: Page[] = [];
  const pages = source.connector().read(new AbortController().signal);
  let proof: CompletenessProof;
  for (;;) {
    const page = await pages.next();
    if (page.done) {
      proof = page.value;
      break;
    }
    for (const user of page.value.users ?? []) parts.push({ users: [user] });
    for (const group of page.value.groups ?? []) parts.push({ groups: [group] });
    for (const { group, users, groups } of page.value.members ?? []) {
      for (const user of users) parts.push({ members: [{ group, users: [user], groups: [] }] });
      for (const child of groups) parts.push({ members: [{ group, users: [], groups: [child] }] });
    }
  }
  for (let at = parts.length - 1; at > 0; at--) {
    const other = Math.floor(next() * (at + 1));
    [parts[at], parts[other]] = [parts[other]!, parts[at]!];
  }
  return {
    ...source.connector(),
    async *read() {
      while (parts.length > 0) {
        const page = parts.splice(0, 1 + Math.floor(next() * 4));
        yield {
          users: page.flatMap((part) => part.users ?? []),
          groups: page.flatMap((part) => part.groups ?? []),
          members: page.flatMap((part) => part.members ?? []),
        };
      }
      return proof;
    },
  };
}

/** A plan without what every run has of its own: its ids and its sequence. */
async function planOf(world: World, run: SyncRunId): Promise<unknown[]> {
  return world.query({
    text: `select kind, immutable_id, name, together, version, next, previous, conflict from sync_plan
      where organization = $1 and run = $2 order by kind, immutable_id, name, conflict`,
    values: [world.actor.organization, run],
  });
}

/** The plan of one directory, and everything applied, whatever the guard thinks of it. */
async function take(world: World, directory: DirectoryId, source: ScriptedDirectory, connector: Connector) {
  const { runId } = await world.sync(directory, source, { mode: "dry-run", connector });
  const plan = await planOf(world, runId);
  await approveRun(ctx, runId, { actor: world.actor, reason: "as it is" });
  return plan;
}

test("the order of pages, and of what is in them, changes neither the plan nor what is held", async () => {
  await fc.assert(
    fc.asyncProperty(histories, fc.nat(), async (history, order) => {
      const [world, other] = [await makeWorld(ctx), await makeWorld(ctx)];
      const [directory, same] = [await world.directory("corp"), await other.directory("corp")];
      for (const now of history) {
        const plan = await take(world, directory, directoryOf(now), directoryOf(now).connector());
        expect(await take(other, same, directoryOf(now), await shuffled(directoryOf(now), order))).toEqual(plan);
        expect(await heldOf(other, same)).toEqual(await heldOf(world, directory));
      }
    }),
    { seed, numRuns: scaled(100) },
  );
}, 3_600_000);

test("the plan of a dry run is what the next run applies; the dry run itself touches nothing", async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const [world, other] = [await makeWorld(ctx), await makeWorld(ctx)];
      const [directory, same] = [await world.directory("corp"), await other.directory("corp")];
      for (const now of history) {
        const before = await hashOf(world);
        const dry = await world.sync(directory, directoryOf(now), { mode: "dry-run" });
        expect(await hashOf(world)).toBe(before);
        const planned = await planOf(world, dry.runId);
        const run = await world.sync(directory, directoryOf(now));
        expect(await planOf(world, run.runId)).toEqual(planned);
        if (run.state !== "done" && run.state !== "partial")
          await approveRun(ctx, run.runId, { actor: world.actor, reason: "as it is" });
        // Elsewhere the dry run's own plan is applied: the end is the same.
        await take(other, same, directoryOf(now), directoryOf(now).connector());
        expect(await heldOf(other, same)).toEqual(await heldOf(world, directory));
      }
    }),
    { seed, numRuns: scaled(100) },
  );
}, 3_600_000);
