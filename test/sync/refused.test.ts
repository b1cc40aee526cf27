import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addDirectory } from "../../src/identity/directories.ts";
import { listRuns } from "../../src/sync/history.ts";
import { runSync } from "../../src/sync/run.ts";
import { syncTask } from "../../src/sync/schedule.ts";
import { csv, USER_HEADINGS } from "../connectors/csv/files.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { makeWorld, silent } from "./world.ts";

const ctx = await testContext({ logger: silent });

/** As a fault of Muster's own would look: a rule of the database that nothing before it knows. */
const REFUSING =
  "alter table muster.directory_users add constraint unheard_of check (display_name <> 'Refused') not valid";
const TAKING = "alter table muster.directory_users drop constraint unheard_of";

test("a run whose row the database refuses has failed, says why, and is not in the way of the next one", async () => {
  const world = await makeWorld(ctx);
  const db = ctx.db.of(world.actor.organization);
  await mkdir(ctx.config.filesDirectory, { recursive: true });
  const say = (names: Record<string, string>): Promise<void> =>
    writeFile(
      join(ctx.config.filesDirectory, "users.csv"),
      csv([
        USER_HEADINGS,
        ...Object.entries(names).map(([id, name]) => [id, id, "true", `${id}@example.com`, name, "", ""]),
      ]),
    );
  const settings = { users: "users.csv" };
  const { id: directory } = await world.write(
    (tx) => addDirectory(tx, { name: "corp", kind: "csv", settings, firstRun: "apply" }),
    "exclusive",
  );
  const sync = () => runSync(ctx, directory, { mode: "run", trigger: "command", actor: world.actor });
  const last = async () => (await listRuns(db, { directory }))[0];

  await say({ one: "One", two: "Two", three: "Three" });
  expect(await sync()).toMatchObject({ state: "done", counts: { added: 3 } });
  const before = await world.users(directory);

  await statements(ctx.database.superuserUrl, [REFUSING]);
  const error = "the database refused what was to be written: SQLSTATE 23514, constraint unheard_of";
  await say({ one: "One", two: "Refused", three: "Three" });
  await expect(sync()).rejects.toMatchObject({ code: "unavailable" });
  expect(await last()).toMatchObject({ state: "failed", trigger: "command", error });
  // The job is over too: the directory's next turn comes in its time.
  await syncTask(ctx, { organization: world.actor.organization, directory });
  expect(await last()).toMatchObject({ state: "failed", trigger: "schedule", error });
  expect(await world.users(directory)).toEqual(before);

  await say({ one: "First", three: "Three" });
  expect(await sync()).toMatchObject({ state: "done", counts: { updated: 1, removed: 1 } });
  await statements(ctx.database.superuserUrl, [TAKING]);
  expect(await sync()).toMatchObject({ state: "done", rowsWritten: 0 });
});
