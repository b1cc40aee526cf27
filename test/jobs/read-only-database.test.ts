import { expect, test, vi } from "vitest";
import { startJobs } from "../../src/jobs/start.ts";
import { statements } from "../harness/server.ts";
import { addPerson, resend } from "../mail/world.ts";
import { mailingWorld } from "./mailing-world.ts";

const { ctx, database, world, sent } = await mailingWorld();
const name = new URL(database.superuserUrl).pathname.slice(1);
const timeout = 60_000;

/** Which kind of server stands behind the address from here on, for whoever connects; who is connected stays so. */
async function answer(isReadOnly: boolean): Promise<void> {
  await statements(database.superuserUrl, [
    "set default_transaction_read_only = off",
    `alter database ${name} ${isReadOnly ? "set default_transaction_read_only = on" : "reset default_transaction_read_only"}`,
  ]);
}

test("whoever is connected to a server that only answers questions writes and works again when another takes its address", {
  timeout: 6 * timeout,
}, async () => {
  const [before, after] = [await addPerson(ctx, world, "before"), await addPerson(ctx, world, "after")];
  const db = ctx.db.of(world.actor.organization);
  const jobs = await startJobs(ctx, { ownerUrl: database.ownerUrl });
  try {
    await resend(ctx, world, before);
    await sent(before, timeout);
    await answer(true);
    await statements(database.superuserUrl, [
      "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    ]);
    const refused = () => expect(resend(ctx, world, after)).rejects.toMatchObject({ cause: { code: "25006" } });
    await vi.waitFor(refused, { timeout });
    // As many connections as there may be; the pool itself would let go of one that nobody uses for half a minute.
    await Promise.all(Array.from({ length: 40 }, () => db.query({ text: "select pg_sleep(0.2)" })));
    await answer(false);
    await vi.waitFor(() => resend(ctx, world, after), { timeout: 20_000, interval: 100 });
    await sent(after, timeout);
  } finally {
    await jobs.stop();
  }
});
