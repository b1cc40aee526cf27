import { afterAll, expect, test, vi } from "vitest";
import type { Context } from "../../src/context.ts";
import type { AccountId } from "../../src/db/id.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { makeLogger } from "../../src/logger.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { addPerson, mailsOf, makeWorld, resend } from "../mail/world.ts";

const sink = await startSmtpSink();
const logger = makeLogger({ level: "error", format: "json" });
logger.silent = true;
const base = await testContext({ logger });
const ctx: Context = {
  ...base,
  config: { ...base.config, mail: { smtpUrl: sink.url, from: "muster@example.com", retryDelays: [0, 0] } },
};
const world = await makeWorld(ctx, "acme");
const name = new URL(base.database.superuserUrl).pathname.slice(1);
const timeout = 60_000;
afterAll(() => sink.stop());

async function isSent(account: AccountId): Promise<void> {
  await vi.waitFor(
    async () => expect((await mailsOf(ctx, world, account)).map((mail) => mail.state)).toEqual(["sent"]),
    { timeout },
  );
}

/** Which kind of server stands behind the address from here on, for whoever connects; who is connected stays so. */
async function answer(isReadOnly: boolean): Promise<void> {
  await statements(base.database.superuserUrl, [
    "set default_transaction_read_only = off",
    `alter database ${name} ${isReadOnly ? "set default_transaction_read_only = on" : "reset default_transaction_read_only"}`,
  ]);
}

test("whoever is connected to a server that only answers questions writes and works again when another takes its address", {
  timeout: 6 * timeout,
}, async () => {
  const [before, after] = [await addPerson(ctx, world, "before"), await addPerson(ctx, world, "after")];
  const db = ctx.db.of(world.actor.organization);
  const jobs = await startJobs(ctx, { ownerUrl: base.database.ownerUrl });
  try {
    await resend(ctx, world, before);
    await isSent(before);
    await answer(true);
    await statements(base.database.superuserUrl, [
      "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    ]);
    const refused = () => expect(resend(ctx, world, after)).rejects.toMatchObject({ cause: { code: "25006" } });
    await vi.waitFor(refused, { timeout });
    // As many connections as there may be; the pool itself would let go of one that nobody uses for half a minute.
    await Promise.all(Array.from({ length: 40 }, () => db.query({ text: "select pg_sleep(0.2)" })));
    await answer(false);
    await vi.waitFor(() => resend(ctx, world, after), { timeout: 20_000, interval: 100 });
    await isSent(after);
  } finally {
    await jobs.stop();
  }
});
