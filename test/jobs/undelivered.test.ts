import { afterAll, afterEach, expect, test } from "vitest";
import type { Context } from "../../src/context.ts";
import type { AccountId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { findPasswordLink, setPasswordByLink, tellUserName } from "../../src/identity/account-mail.ts";
import { addPersonToInternal } from "../../src/identity/accounts/add.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { findInvitation } from "../../src/identity/invitations/links.ts";
import { neverInviteAgain } from "../../src/identity/invitations/never.ts";
import { cancelMail, retryMail } from "../../src/identity/mail-changes.ts";
import { getMail } from "../../src/identity/mail-pages.ts";
import { liftSuppression, pageOfSuppressions } from "../../src/identity/mail-suppressions.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { hashToken, newTokenText } from "../../src/identity/token-form.ts";
import { type Jobs, startJobs } from "../../src/jobs/start.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { addPerson, deliveryOf, mailsOf, makeWorld, resend } from "../mail/world.ts";

const sink = await startSmtpSink();
const base = await testContext();
const ctx: Context = {
  ...base,
  config: {
    ...base.config,
    mail: { smtpUrl: sink.url, from: "Muster <muster@example.com>", retryDelays: [0, 0] },
    invitations: { resendCoolDown: 0, validDays: 7 },
  },
};
const world = await makeWorld(ctx, "acme");
const db = ctx.db.of(world.organization);
const running: Jobs[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((jobs) => jobs.stop()));
  sink.mails.length = 0;
  sink.refusals.length = 0;
});
afterAll(() => sink.stop());

async function start(context = ctx): Promise<void> {
  running.push(await startJobs(context, { ownerUrl: base.database.ownerUrl }));
}
const write = <T>(work: Parameters<typeof inTransaction<T>>[2]) =>
  inTransaction(ctx, world.actor, work, { lock: "none" });
const stateOf = async (account: AccountId) => (await mailsOf(ctx, world, account)).at(-1)?.state;
const settled = (account: AccountId, state: string) =>
  expect.poll(() => stateOf(account), { timeout: 30_000 }).toBe(state);
const linkIn = (form: string) =>
  new RegExp(`(mst_${form}_\\w+)`).exec(sink.mails.at(-1)?.parsed.text ?? "")?.[1] as string;

test("F27: an address that bounced gets nothing until an administrator says so; it is told, and the invitation shows it", async () => {
  const ann = await addPerson(ctx, world, "ann");
  sink.refusals.push({ at: "rcpt", code: 550, text: "5.1.1 no such user" });
  await resend(ctx, world, ann);
  await start();
  await settled(ann, "bounced");
  expect(await deliveryOf(ctx, world, ann)).toBe("bounced");
  const [one] = await pageOfSuppressions(db, { after: null, limit: 10 });
  expect(one).toMatchObject({ email: "ann@example.com", reason: "bounced" });
  const days = ((one?.until?.getTime() ?? 0) - (one?.since.getTime() ?? 0)) / 86_400_000;
  expect(days).toBeCloseTo(90, 0);
  await expect(resend(ctx, world, ann)).rejects.toMatchObject({ code: "conflict", message: /refused for good/ });
  const [mail] = await mailsOf(ctx, world, ann);
  await expect(write((tx) => retryMail(tx, mail?.id as never))).rejects.toMatchObject({ code: "conflict" });
  await write((tx) => liftSuppression(tx, "ANN@example.com"));
  await write((tx) => retryMail(tx, mail?.id as never));
  await settled(ann, "sent");
  await expect(write((tx) => liftSuppression(tx, "ann@example.com"))).rejects.toMatchObject({ code: "not-found" });
});

test("never invite me again: the mailbox gets no invitation any more, and the open one is declined; a copied link cannot", async () => {
  const bob = await addPerson(ctx, world, "bob");
  await resend(ctx, world, bob);
  await start();
  await settled(bob, "sent");
  const token = hashToken(linkIn("inv"));
  const found = await findInvitation(ctx.db, token);
  if (!found) throw new Error("no invitation");
  expect(await neverInviteAgain(ctx, found, hashToken(newTokenText("inv")), null)).toBe(false);
  expect(await neverInviteAgain(ctx, found, token, null)).toBe(true);
  const [row] = await db.query<{ state: string }>({
    text: "select state from invitations where organization = $1 and id = $2",
    values: [world.organization, found.invitation],
  });
  expect(row?.state).toBe("declined");
  await expect(resend(ctx, world, bob)).rejects.toMatchObject({ code: "conflict", message: /wants no invitation/ });
});

test("a wrong password of ours stops the queue: the next mail is not even tried, and none loses an attempt", async () => {
  const strict = await startSmtpSink({ refuseLogins: true });
  const smtpUrl = strict.url.replace("smtp://", "smtp://muster:hunter2@");
  const [cem, dan] = [await addPerson(ctx, world, "cem"), await addPerson(ctx, world, "dan")];
  await start({ ...ctx, config: { ...ctx.config, mail: { ...ctx.config.mail, smtpUrl } } });
  await resend(ctx, world, cem);
  await expect
    .poll(async () => (await mailsOf(ctx, world, cem)).at(-1)?.lastReply, { timeout: 30_000 })
    .toContain("535");
  const { connections } = strict;
  const { mailId } = await resend(ctx, world, dan);
  const jobs = async () =>
    (
      await statements<{ count: number }>(base.database.superuserUrl, [
        `select count(*)::int as count from graphile_worker.jobs where key = 'mail:${mailId}'`,
      ])
    )[0]?.count;
  await expect.poll(jobs, { timeout: 30_000 }).toBe(0);
  expect(strict.connections).toBe(connections);
  expect(await getMail(db, mailId)).toMatchObject({ state: "queued", attempts: 0 });
  expect((await mailsOf(ctx, world, cem)).at(-1)).toMatchObject({ attempts: 0 });
  await write((tx) => cancelMail(tx, mailId));
  expect(await getMail(db, mailId)).toMatchObject({ state: "cancelled" });
  await strict.stop();
});

test("a mail is in its reader's language", async () => {
  const eva = await addPerson(ctx, world, "eva", { resource: { preferredLanguage: "fr-FR, de-AT;q=0.8" } });
  await resend(ctx, world, eva);
  await start();
  await settled(eva, "sent");
  expect(sink.mails.at(-1)?.parsed.subject).toBe("Sie wurden eingeladen");
  expect(sink.mails.at(-1)?.parsed.html).toContain('<html lang="de">');
  expect(sink.mails.at(-1)?.raw).toMatch(/^Content-Language: de\r?$/m);
});

test("R70, R71, R72: who was added by hand is told the user name; an administrator sets a password by the link, once, until then", async () => {
  const tell = (account: AccountId) => write((tx) => tellUserName(tx, ctx.config.invitations, [EVERYTHING], account));
  const fay = await inTransaction(ctx, world.actor, (tx) => addPersonToInternal(tx, { email: "fay@example.com" }));
  await start();
  expect(await tell(fay)).toMatchObject({ linkExpiresAt: null });
  await settled(fay, "sent");
  expect(sink.mails.at(-1)?.parsed.text).toContain("Your user name is fay@example.com.");
  expect(sink.mails.at(-1)?.parsed.text).not.toContain("/p/");
  const boss = await inTransaction(ctx, world.actor, (tx) => addAdministrator(tx, "boss@example.com"), {
    lock: "exclusive",
  });
  const { linkExpiresAt, mailId } = await tell(boss.id);
  await settled(boss.id, "sent");
  const until = `${linkExpiresAt?.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  expect(sink.mails.at(-1)?.parsed.text).toContain(`works once, and until ${until}`);
  expect(await getMail(db, mailId)).toMatchObject({ linkExpiresAt });
  const token = hashToken(linkIn("pwd"));
  for (let index = 0; index < scaled(50); index += 1)
    expect(await findPasswordLink(ctx.db, token)).toMatchObject({ state: "open", userName: "boss@example.com" });
  for (let index = 0; index < scaled(50); index += 1)
    expect(await setPasswordByLink(ctx, hashToken(newTokenText("pwd")), "violet tractor umbrella", null)).toBe(false);
  await expect(setPasswordByLink(ctx, token, "short", null)).rejects.toMatchObject({ code: "invalid-value" });
  const presses = [1, 2, 3].map(() => setPasswordByLink(ctx, token, "violet tractor umbrella", null));
  expect((await Promise.all(presses)).filter(Boolean)).toHaveLength(1);
  expect(await findPasswordLink(ctx.db, token)).toMatchObject({ state: "used" });
  await tell(boss.id);
  await settled(boss.id, "sent");
  await expect.poll(() => sink.mails.length, { timeout: 30_000 }).toBe(3);
  const next = hashToken(linkIn("pwd"));
  await statements(base.database.superuserUrl, [
    "update muster.mails set link_expires_at = now() - interval '1 minute' where kind = 'password'",
  ]);
  expect(await setPasswordByLink(ctx, next, "violet tractor umbrella", null)).toBe(false);
  expect(await findPasswordLink(ctx.db, next)).toMatchObject({ state: "expired" });
  const synced = await addPerson(ctx, world, "gil");
  await expect(tell(synced)).rejects.toMatchObject({ code: "conflict", message: /people of internal/ });
});
