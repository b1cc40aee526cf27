import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import { startJobs } from "../../src/jobs/start.ts";
import { testContext } from "../harness/postgres.ts";
import { addPerson, deliveryOf, mailsOf, makeWorld, resend } from "../mail/world.ts";

const ctx = await testContext();
const world = await makeWorld(ctx, "acme");

test("R68: without SMTP settings the mail is one file that only Muster's user can read", async () => {
  const account = await addPerson(ctx, world, "ann");
  const { mailId } = await resend(ctx, world, account);
  const jobs = await startJobs(ctx, { ownerUrl: ctx.database.ownerUrl });
  const folder = join(ctx.config.dataDirectory, "mail");
  try {
    await expect.poll(async () => (await mailsOf(ctx, world, account)).at(-1)?.state, { timeout: 30_000 }).toBe("sent");
  } finally {
    await jobs.stop();
  }
  expect(readdirSync(folder)).toEqual([`${mailId}.eml`]);
  const path = join(folder, `${mailId}.eml`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const mail = await PostalMime.parse(readFileSync(path));
  expect(mail.to).toEqual([{ name: "", address: "ann@example.com" }]);
  expect(mail.messageId).toContain(mailId);
  expect(mail.text).toContain(`${ctx.config.publicUrl}/i/mst_inv_`);
  expect(await deliveryOf(ctx, world, account)).toBe("accepted");
});
