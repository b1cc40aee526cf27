import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { DirectoryId } from "../../src/db/id.ts";
import { isMusterError } from "../../src/errors.ts";
import { listRuns } from "../../src/sync/history.ts";
import { testContext } from "../harness/postgres.ts";
import { after, before, leavers } from "./crash-scenario.ts";
import { makeWorld, silent, type World } from "./world.ts";

const ctx = await testContext({ logger: silent });

/** A plan of this scenario has more batches than this only if it is cut finer than one batch a step. */
const MOST_BATCHES = 20;

async function prepared(): Promise<{ world: World; directory: DirectoryId }> {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  await world.sync(directory, before());
  expect(await world.sync(directory, leavers())).toMatchObject({ state: "done" });
  return { world, directory };
}

/** What is held, by names instead of ids, so that two worlds can be compared. */
async function state(world: World, directory: DirectoryId): Promise<unknown> {
  const users = Object.entries(await world.users(directory)).map(([name, { active, email }]) => ({
    name,
    active,
    email,
  }));
  return { users, members: await world.members(directory) };
}

async function goal(): Promise<unknown> {
  const { world, directory } = await prepared();
  expect(await world.sync(directory, after())).toMatchObject({ state: "done" });
  return state(world, directory);
}

/** The dead process's lock goes with its connection, which the database notices in a moment. */
async function syncOnceUnlocked(world: World, directory: DirectoryId): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await world.sync(directory, after());
    } catch (error) {
      if (attempt === 50 || !isMusterError(error) || error.code !== "conflict") throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function killedAfter(batches: number, world: World, directory: DirectoryId): Promise<string> {
  const script = fileURLToPath(new URL("./crash-child.ts", import.meta.url));
  const order = JSON.stringify({ settings: ctx.database.settings, directory, actor: world.actor, batches });
  return new Promise((resolve) => {
    execFile(process.execPath, [script, order], (error, _, stderr) =>
      resolve(error?.signal ?? (error ? stderr : "ended")),
    );
  });
}

test("killed between any two batches, a run is finished by the next one, and nothing is there twice or half", async () => {
  const wanted = await goal();
  let kills = 0;
  for (let batches = 1; batches <= MOST_BATCHES; batches++) {
    const { world, directory } = await prepared();
    const end = await killedAfter(batches, world, directory);
    if (end === "ended") break;
    expect(end).toBe("SIGKILL");
    kills += 1;
    expect(await syncOnceUnlocked(world, directory)).toMatchObject({ state: "done", rowsWritten: 0 });
    expect(await state(world, directory), `after ${batches} batches`).toEqual(wanted);
    const [latest, resumed] = await listRuns(ctx.db.of(world.actor.organization), { directory });
    expect([latest?.state, resumed?.state]).toEqual(["done", "done"]);
    expect(resumed?.rowsWritten).toBeGreaterThan(0);
  }
  // One for each step of a plan: this scenario has something for all of them.
  expect(kills).toBe(13);
}, 120_000);

test("stopped by an error between any two batches, the run is failed and the next one converges", async () => {
  const wanted = await goal();
  for (let batches = 1; batches <= 13; batches++) {
    const { world, directory } = await prepared();
    let committed = 0;
    const broken = world.sync(directory, after(), {
      onProgress: (phase) => {
        if (phase === "apply" && ++committed === batches) throw new Error("stopped here");
      },
    });
    await expect(broken).rejects.toThrow("stopped here");
    expect((await listRuns(ctx.db.of(world.actor.organization), { directory }))[0]?.state).toBe("failed");
    expect(await world.sync(directory, after())).toMatchObject({ state: "done" });
    expect(await state(world, directory), `after ${batches} batches`).toEqual(wanted);
  }
});

test("told to stop while it applies, a run is resumed where it ended", async () => {
  const { world, directory } = await prepared();
  const stop = new AbortController();
  const stopped = world.sync(directory, after(), {
    signal: stop.signal,
    onProgress: (phase) => {
      if (phase === "apply") stop.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: "unavailable" });
  expect(await world.sync(directory, after())).toMatchObject({ state: "done", rowsWritten: 0 });
  expect(await state(world, directory)).toEqual(await goal());
});
