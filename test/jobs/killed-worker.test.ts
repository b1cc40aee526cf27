import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, expect, test } from "vitest";
import type { Context } from "../../src/context.ts";
import { requeueOverdueMails } from "../../src/identity/mail-sending.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { addPerson, mailsOf, makeWorld, resend } from "../mail/world.ts";

const sink = await startSmtpSink();
const base = await testContext();
const ctx: Context = {
  ...base,
  config: { ...base.config, mail: { smtpUrl: sink.url, from: "Muster <muster@example.com>", retryDelays: [0] } },
};
const world = await makeWorld(ctx, "acme");
afterAll(() => sink.stop());

function startWorker(): ChildProcess {
  return spawn(process.execPath, ["--disable-proto=delete", new URL("worker-process.ts", import.meta.url).pathname], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env.PATH,
      ...base.database.environment,
      MUSTER_DATA_DIR: ctx.config.dataDirectory,
      MUSTER_LOG_LEVEL: "error",
      MUSTER_MAIL_FROM: ctx.config.mail.from,
      SMTP_URL: sink.url,
    },
  });
}

test("a worker killed between sending and recording: another sends the same mail again, same Message-ID, same link", async () => {
  const account = await addPerson(ctx, world, "ann");
  await resend(ctx, world, account);
  const worker = startWorker();
  const exited = once(worker, "exit");
  sink.onStored = async () => {
    worker.kill("SIGKILL");
    await exited;
  };
  await exited;
  sink.onStored = () => {};
  await expect.poll(() => sink.mails.length).toBe(1);
  expect((await mailsOf(ctx, world, account)).at(-1)).toMatchObject({ state: "queued", attempts: 1 });

  // Nobody may touch it while the dead worker's hold lasts …
  expect(await requeueOverdueMails(ctx.db)).toBe(0);
  const jobs = await startJobs(ctx, { ownerUrl: base.database.ownerUrl });
  try {
    // … so the hold is made to have ended.
    await statements(base.database.superuserUrl, [
      "update muster.mails set held_until = now() - interval '1 second', next_attempt_at = now() - interval '1 minute'",
    ]);
    expect(await requeueOverdueMails(ctx.db)).toBe(1);
    await expect.poll(async () => (await mailsOf(ctx, world, account)).at(-1)?.state, { timeout: 30_000 }).toBe("sent");
  } finally {
    await jobs.stop();
  }
  expect(sink.mails).toHaveLength(2);
  const [first, second] = sink.mails.map((mail) => mail.parsed);
  expect(second?.messageId).toBe(first?.messageId);
  expect(second?.text).toBe(first?.text);
});
