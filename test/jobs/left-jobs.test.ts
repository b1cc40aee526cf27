import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect, test, vi } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { askForSync } from "../../src/sync/ask.ts";
import { getRun } from "../../src/sync/runs.ts";
import { testContext } from "../harness/postgres.ts";
import { statements, withDatabase } from "../harness/server.ts";
import { makeWorld, silent } from "../sync/world.ts";

const ctx = await testContext({ logger: silent });
const { superuserUrl, ownerUrl } = ctx.database;
const name = new URL(superuserUrl).pathname.slice(1);
const maintenanceUrl = withDatabase(superuserUrl, "postgres");
const timeout = 60_000;

test("a job whose end could not be written, because the database was away, is worked at again when it is back", {
  timeout: 6 * timeout,
}, async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const run = await inTransaction(ctx, world.actor, (tx) => askForSync(tx, directory, { mode: "run", lane: "full" }), {
    lock: "none",
  });
  const rival = new pg.Client({ connectionString: superuserUrl });
  rival.on("error", () => {});
  await rival.connect();
  const { rows } = await rival.query<{ pid: number }>("select pg_backend_pid() as pid");
  await rival.query("begin; lock table muster.directory_locks in share mode");
  const jobs = await startJobs(ctx, { ownerUrl });
  try {
    const waiting = `select 1 from pg_stat_activity where datname = '${name}' and wait_event_type = 'Lock' and query like '%directory_locks%'`;
    await vi.waitFor(async () => expect(await statements(superuserUrl, [waiting])).not.toHaveLength(0), { timeout });
    const cut = `select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '${name}' and pid <> ${rows[0]?.pid}`;
    await statements(maintenanceUrl, [
      `alter database ${name} allow_connections false`,
      // The job hears of it last, when there is no connection any more over which its end could be written.
      `${cut} and wait_event_type is distinct from 'Lock'`,
      cut,
    ]);
    await sleep(5_000);
    await rival.query("rollback");
    await statements(maintenanceUrl, [`alter database ${name} allow_connections true`]);
    // The directory has no settings to be read by.
    await vi.waitFor(
      async () => expect(await getRun(ctx.db.of(world.actor.organization), run)).toMatchObject({ state: "failed" }),
      { timeout },
    );
  } finally {
    await statements(maintenanceUrl, [`alter database ${name} allow_connections true`]);
    await rival.end().catch(() => {});
    await jobs.stop();
  }
});
