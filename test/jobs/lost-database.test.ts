import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import pg from "pg";
import { beforeEach, expect, test, vi } from "vitest";
import type { AccountId } from "../../src/db/id.ts";
import { type Jobs, startJobs } from "../../src/jobs/start.ts";
import { scaled, seed } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { addPerson, mailsOf, resend } from "../mail/world.ts";
import { mailingWorld } from "./mailing-world.ts";

const { ctx, sink, database, world, sent: isSent } = await mailingWorld();
let number = 0;

beforeEach(() => {
  sink.mails.length = 0;
  sink.onStored = () => {};
});

async function withJobs(work: (jobs: Jobs) => Promise<void>): Promise<void> {
  const jobs = await startJobs(ctx, { ownerUrl: database.ownerUrl });
  try {
    await work(jobs);
  } finally {
    await jobs.stop();
  }
}

/** Ends every connection to the database but the one that asks, and waits until the server has let go of them. */
async function cutConnections(): Promise<void> {
  const cut = await statements<{ pid: number }>(database.superuserUrl, [
    "select pid, pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  ]);
  const pids = cut.map(({ pid }) => pid).join();
  await vi.waitFor(
    async () =>
      expect(
        await statements(database.superuserUrl, [`select pid from pg_stat_activity where pid = any('{${pids}}')`]),
      ).toHaveLength(0),
    { timeout: 30_000 },
  );
}

/** Ends the connections that wait for a lock. @returns how many, when all of those that are awaited do. */
async function cutWhoWaits(): Promise<number> {
  const waiting = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  const rows = await statements(database.superuserUrl, [`select pid ${waiting}`]);
  if (rows.length === 2) await statements(database.superuserUrl, [`select pg_terminate_backend(pid) ${waiting}`]);
  return rows.length;
}

/** Invites somebody new. Whoever asks at the moment of a cut is told to come again, and does. */
async function invite(): Promise<AccountId> {
  const account = await vi.waitFor(
    () => {
      number += 1;
      return addPerson(ctx, world, `person-${number}`);
    },
    { timeout: 30_000 },
  );
  await vi.waitFor(
    async () => {
      if ((await mailsOf(ctx, world, account)).length === 0) await resend(ctx, world, account);
    },
    { timeout: 30_000 },
  );
  return account;
}

/** Longer than `sent` may wait, twice. */
const timeout = 300_000;

/** A job that a lost connection took along is missed after 30 s, and its mail gets another at the next full minute. */
const sent = (account: AccountId) => isSent(account, 120_000);

test("a worker whose connections are all cut goes on when the database answers again", { timeout }, () =>
  withJobs(async () => {
    await sent(await invite());
    await cutConnections();
    await sent(await invite());
    expect(sink.mails).toHaveLength(2);
  }),
);

test("a worker whose very first question fails takes jobs all the same", { timeout }, async () => {
  const rival = new pg.Client({ connectionString: database.superuserUrl });
  await rival.connect();
  try {
    await rival.query("begin; lock table graphile_worker._private_tasks in share mode");
    await withJobs(async () => {
      // Both workers wait to be told the ids of their tasks when their connections are cut.
      await vi.waitFor(async () => expect(await cutWhoWaits()).toBe(2), { timeout: 30_000 });
      await rival.query("rollback");
      await sent(await invite());
    });
  } finally {
    await rival.end();
  }
});

test(
  "a database lost while a mail is on its way: sent is recorded when it answers again, nothing goes twice",
  { timeout },
  () =>
    withJobs(async (jobs) => {
      sink.onStored = cutConnections;
      await sent(await invite());
      await jobs.stop();
      expect(sink.mails).toHaveLength(1);
    }),
);

test("connections cut at any moment, again and again: every mail arrives, none twice, and the worker lives", {
  timeout,
}, async () => {
  const accounts: AccountId[] = [];
  await withJobs(async () => {
    const pauses = fc.sample(fc.integer({ min: 0, max: 60 }), { numRuns: scaled(60), seed });
    for (const milliseconds of pauses) {
      for (let count = 0; count < 4; count++) accounts.push(await invite());
      await sleep(milliseconds);
      await cutConnections();
    }
    await sent(await invite());
  });
  // What a lost connection left claimed is due when its hold ends; that is made to be now, with nobody at it.
  await statements(database.superuserUrl, [
    "update muster.mails set held_until = null, next_attempt_at = now() - interval '1 minute' where state = 'queued'",
  ]);
  await withJobs(async () => {
    for (const account of accounts) await sent(account);
  });
  const ids = sink.mails.map((mail) => mail.parsed.messageId);
  expect(new Set(ids).size).toBe(accounts.length + 1);
  expect(ids).toHaveLength(accounts.length + 1);
});
