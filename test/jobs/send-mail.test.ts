import { Writable } from "node:stream";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { transports } from "winston";
import type { Context } from "../../src/context.ts";
import type { AccountId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { updateDirectoryUsers } from "../../src/identity/directory-users/update.ts";
import { type Jobs, startJobs } from "../../src/jobs/start.ts";
import { makeLogger } from "../../src/logger.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { addPerson, deliveryOf, mailsOf, makeWorld, person, resend } from "../mail/world.ts";

const sink = await startSmtpSink();
const base = await testContext();
const ctx: Context = {
  ...base,
  config: {
    ...base.config,
    publicUrl: "https://muster.example.com",
    mail: { smtpUrl: sink.url, from: "Muster <muster@example.com>", retryDelays: [0, 0, 0] },
    invitations: { resendCoolDown: 60, validDays: 7 },
  },
};
const world = await makeWorld(ctx, "acme");
const running: Jobs[] = [];
let number = 0;

beforeEach(() => {
  sink.mails.length = 0;
  sink.refusals.length = 0;
  sink.connections = 0;
  sink.onStored = () => {};
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((jobs) => jobs.stop()));
});
afterAll(() => sink.stop());

async function start(context = ctx): Promise<Jobs> {
  const jobs = await startJobs(context, { ownerUrl: base.database.ownerUrl });
  running.push(jobs);
  return jobs;
}

async function newPerson(): Promise<AccountId> {
  number += 1;
  return addPerson(ctx, world, `person-${number}`);
}

const press = (account: AccountId, context = ctx) => resend(context, world, account);

/** Waits until the account's newest mail is in this state, then tells it. */
async function settled(account: AccountId, state: string) {
  await expect.poll(async () => (await mailsOf(ctx, world, account)).at(-1)?.state, { timeout: 30_000 }).toBe(state);
  const row = (await mailsOf(ctx, world, account)).at(-1);
  if (!row) throw new Error("no mail");
  return row;
}

async function jobsLeft(): Promise<number> {
  const [row] = await statements<{ count: number }>(base.database.superuserUrl, [
    "select count(*)::int as count from graphile_worker.jobs where task_identifier = 'send-mail'",
  ]);
  return row?.count ?? -1;
}

const linkIn = (text: string | undefined) => /https:\/\/muster\.example\.com\/i\/mst_inv_\w+/.exec(text ?? "")?.[0];

test("R67: one press is one mail to exactly that address, with a link, and the answer says invited", async () => {
  const account = await newPerson();
  const answer = await press(account);
  expect(answer).toMatchObject({ accountId: account, status: "invited" });
  await start();
  const row = await settled(account, "sent");
  expect(row).toMatchObject({ id: answer.mailId, attempts: 1 });
  expect(await deliveryOf(ctx, world, account)).toBe("accepted");
  expect(sink.mails).toHaveLength(1);
  const [mail] = sink.mails;
  expect(mail?.from).toBe("muster@example.com");
  expect(mail?.to).toEqual([`person-${number}@example.com`]);
  expect(mail?.parsed.subject).toBe("You have been invited");
  expect(mail?.parsed.messageId).toBe(`<${row.id}@muster.example.com>`);
  const headers = Object.fromEntries(mail?.parsed.headers.map((header) => [header.key, header.value]) ?? []);
  expect(headers["auto-submitted"]).toBe("auto-generated");
  expect(linkIn(mail?.parsed.text)).toBeDefined();
  expect(mail?.parsed.html).toContain(linkIn(mail?.parsed.text));
  await expect.poll(jobsLeft).toBe(0);
});

test("twenty presses at once are one mail; the others are told how long to wait", async () => {
  const account = await newPerson();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => press(account)));
  const refused = results.filter((result) => result.status === "rejected").map((result) => result.reason);
  expect(refused).toHaveLength(19);
  for (const error of refused) {
    expect(error).toMatchObject({ code: "cool-down" });
    expect(error.retryAfter).toBeGreaterThan(0);
    expect(error.retryAfter).toBeLessThanOrEqual(60);
  }
  await start();
  await settled(account, "sent");
  expect(sink.mails).toHaveLength(1);
});

test("after the cool-down a second press sends a second mail of the same invitation, with a link of its own", async () => {
  const account = await newPerson();
  const eager = { ...ctx, config: { ...ctx.config, invitations: { resendCoolDown: 0, validDays: 7 } } };
  const first = await press(account, eager);
  await start();
  await settled(account, "sent");
  const second = await press(account, eager);
  expect(second.invitationId).toBe(first.invitationId);
  await settled(account, "sent");
  expect((await mailsOf(ctx, world, account)).map((row) => row.dedupeKey)).toEqual([
    `invite:${first.invitationId}:1`,
    `invite:${first.invitationId}:2`,
  ]);
  const links = sink.mails.map((mail) => linkIn(mail.parsed.text));
  expect(new Set(links).size).toBe(2);
});

test("a press while the first mail still waits replaces it: one mail arrives", async () => {
  const account = await newPerson();
  const eager = { ...ctx, config: { ...ctx.config, invitations: { resendCoolDown: 0, validDays: 7 } } };
  await press(account, eager);
  await press(account, eager);
  await start();
  await settled(account, "sent");
  await expect.poll(jobsLeft).toBe(0);
  expect((await mailsOf(ctx, world, account)).map((row) => row.state)).toEqual(["cancelled", "sent"]);
  expect(sink.mails).toHaveLength(1);
});

test("451, then 250: sent at the second attempt", async () => {
  sink.refusals.push({ at: "rcpt", code: 451, text: "4.7.1 greylisted, try again" });
  const account = await newPerson();
  await press(account);
  await start();
  expect(await settled(account, "sent")).toMatchObject({ attempts: 2 });
  expect(sink.mails).toHaveLength(1);
});

test("550 for the recipient is final: bounced, tried once, and shown", async () => {
  sink.refusals.push({ at: "rcpt", code: 550, text: "5.1.1 no such user" });
  const account = await newPerson();
  await press(account);
  await start();
  const row = await settled(account, "bounced");
  expect(row).toMatchObject({ attempts: 1 });
  expect(row.lastReply).toContain("5.1.1 no such user");
  expect(await deliveryOf(ctx, world, account)).toBe("bounced");
  await expect.poll(jobsLeft).toBe(0);
  expect(sink.connections).toBe(1);
});

test("554 for the content is final too, but not the recipient's fault", async () => {
  sink.refusals.push({ at: "data", code: 554, text: "5.7.1 looks like spam" });
  const account = await newPerson();
  await press(account);
  await start();
  await settled(account, "failed");
  expect(await deliveryOf(ctx, world, account)).toBe("failed");
});

test("after the last of the delays it is given up", async () => {
  for (let attempt = 0; attempt < 4; attempt++) sink.refusals.push({ at: "rcpt", code: 450, text: "4.2.0 busy" });
  const account = await newPerson();
  await press(account);
  await start();
  expect(await settled(account, "failed")).toMatchObject({ attempts: 4 });
  expect(sink.mails).toHaveLength(0);
});

test("a line that drops before the message is tried again", async () => {
  sink.refusals.push({ at: "rcpt", drop: true }, { at: "data", drop: true });
  const account = await newPerson();
  await press(account);
  await start();
  expect(await settled(account, "sent")).toMatchObject({ attempts: 3 });
  expect(sink.mails).toHaveLength(1);
});

test("a line that drops after the message: the copy has the same Message-ID and the same link", async () => {
  sink.refusals.push({ at: "stored", drop: true });
  const account = await newPerson();
  await press(account);
  await start();
  await settled(account, "sent");
  expect(sink.mails).toHaveLength(2);
  expect(new Set(sink.mails.map((mail) => mail.parsed.messageId)).size).toBe(1);
  expect(new Set(sink.mails.map((mail) => linkIn(mail.parsed.text))).size).toBe(1);
});

test("two workers send twenty mails, each once", async () => {
  const accounts: AccountId[] = [];
  for (let count = 0; count < 20; count++) accounts.push(await newPerson());
  await Promise.all([start(), start()]);
  await Promise.all(accounts.map((account) => press(account)));
  for (const account of accounts) await settled(account, "sent");
  const recipients = sink.mails.map((mail) => mail.to.join());
  expect(recipients).toHaveLength(20);
  expect(new Set(recipients).size).toBe(20);
});

test("stop waits for the mail that is on its way, and its outcome is recorded", async () => {
  const account = await newPerson();
  await press(account);
  let arrived: () => void = () => {};
  const stored = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  let release: () => void = () => {};
  sink.onStored = () => {
    arrived();
    return new Promise<void>((resolve) => {
      release = resolve;
    });
  };
  const jobs = await start();
  await stored;
  const stopping = jobs.stop();
  release();
  await stopping;
  expect((await mailsOf(ctx, world, account)).at(-1)?.state).toBe("sent");
});

test("a person deactivated between press and sending gets nothing", async () => {
  number += 1;
  const record = person(`person-${number}`);
  const account = await addPerson(ctx, world, record.userName, { id: record.id });
  await press(account);
  await inTransaction(ctx, world.actor, (tx) =>
    updateDirectoryUsers(tx, world.directory, [{ ...record, active: false }]),
  );
  await start();
  expect((await settled(account, "cancelled")).lastReply).toContain("revoked");
  expect(await deliveryOf(ctx, world, account)).toBe("not-requested");
  expect(sink.connections).toBe(0);
});

test("a person whose address changed between press and sending gets nothing at the old one", async () => {
  number += 1;
  const record = person(`person-${number}`);
  const account = await addPerson(ctx, world, record.userName, { id: record.id });
  await press(account);
  await inTransaction(ctx, world.actor, (tx) =>
    updateDirectoryUsers(tx, world.directory, [{ ...record, email: "elsewhere@example.com" }]),
  );
  await start();
  expect((await settled(account, "cancelled")).lastReply).toContain("another address");
  expect(sink.connections).toBe(0);
});

test("a wrong password uses up no attempt, and is an error for whoever runs this Muster", async () => {
  const strict = await startSmtpSink({ refuseLogins: true });
  const errors: string[] = [];
  const logger = makeLogger({ level: "error", format: "json" });
  logger.clear().add(
    new transports.Stream({
      stream: new Writable({
        write(line, _encoding, done) {
          errors.push(String(line));
          done();
        },
      }),
    }),
  );
  const smtpUrl = strict.url.replace("smtp://", "smtp://muster:hunter2@");
  const wrong = { ...ctx, logger, config: { ...ctx.config, mail: { ...ctx.config.mail, smtpUrl } } };
  const account = await newPerson();
  await press(account);
  const jobs = await start(wrong);
  await expect
    .poll(async () => (await mailsOf(ctx, world, account)).at(-1)?.lastReply, { timeout: 30_000 })
    .toContain("535");
  await jobs.stop();
  await strict.stop();
  expect((await mailsOf(ctx, world, account)).at(-1)).toMatchObject({ state: "queued", attempts: 0 });
  expect(errors.join("")).toContain("535");
  expect(errors.join("")).not.toContain("hunter2");
  await statements(base.database.superuserUrl, ["delete from graphile_worker._private_jobs"]);
});

test("a sender that is no address is refused before anything starts", async () => {
  const wrong = { ...ctx, config: { ...ctx.config, mail: { ...ctx.config.mail, from: "nobody in particular" } } };
  await expect(start(wrong)).rejects.toMatchObject({ code: "configuration", at: "mail.from" });
});

test("refused with the reason and the way out: unknown, without address, unusable address, deactivated", async () => {
  await expect(press("01890000-0000-7000-8000-0000000000ff" as AccountId)).rejects.toMatchObject({ code: "not-found" });
  const silent = await addPerson(ctx, world, "no-address", { email: null });
  await expect(press(silent)).rejects.toMatchObject({ code: "conflict", at: "email" });
  const odd = await addPerson(ctx, world, "odd-address", { email: "a@x.test, b@x.test" });
  await expect(press(odd)).rejects.toMatchObject({ code: "conflict", at: "email" });
  const away = await addPerson(ctx, world, "away", { active: false });
  await expect(press(away)).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("deactivated"),
  });
  await statements(base.database.superuserUrl, [
    `update muster.accounts set suspended_at = now() where user_name = 'no-address'`,
    `update muster.accounts set email = 'x@example.com', email_key = 'x@example.com' where user_name = 'no-address'`,
  ]);
  await expect(press(silent)).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("suspended"),
  });
  expect(await mailsOf(ctx, world, silent)).toEqual([]);
});

test("two accounts with one address have one live invitation: the latest press", async () => {
  const shared = { email: "shared@example.com" };
  const one = await addPerson(ctx, world, "shared-1", shared);
  const two = await addPerson(ctx, world, "shared-2", shared);
  const results = await Promise.allSettled([press(one), press(two)]);
  expect(results.some((result) => result.status === "fulfilled")).toBe(true);
  const pending = await ctx.db.of(world.organization).query({
    text: "select id from invitations where organization = $1 and email_key = 'shared@example.com' and state = 'pending'",
    values: [world.organization],
  });
  expect(pending).toHaveLength(1);
});
