import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import type { Context } from "../../src/context.ts";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { tellUserName } from "../../src/identity/account-mail.ts";
import { addPerson } from "../../src/identity/accounts/add.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { pagesRouter } from "../../src/pages/router.ts";
import { testContext } from "../harness/postgres.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";

const sink = await startSmtpSink();
const base = await testContext();
const ctx: Context = {
  ...base,
  config: { ...base.config, mail: { ...base.config.mail, smtpUrl: sink.url, from: "muster@muster.example" } },
};
const organization = newId<OrganizationId>();
const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
const [ann, boss] = await inTransaction(
  ctx,
  actor,
  async (tx) => {
    await createOrganization(tx, { key: "acme" });
    return [
      await addPerson(tx, { email: "ann@acme.example" }),
      (await addAdministrator(tx, "boss@acme.example")).id,
    ] as const;
  },
  { lock: "exclusive" },
);
const server = createServer(makeApp(ctx, [{ path: "/", router: pagesRouter }], { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const jobs = await startJobs(ctx, { ownerUrl: base.database.ownerUrl });
afterAll(async () => {
  await jobs.stop();
  await sink.stop();
  server.close();
  server.closeAllConnections();
});

/** Tells somebody their user name; the text of the mail that arrives. */
async function told(account: typeof ann): Promise<string> {
  const before = sink.mails.length;
  const { mailId } = await inTransaction(
    ctx,
    actor,
    (tx) => tellUserName(tx, { ...ctx.config.invitations, resendCoolDown: 0 }, [EVERYTHING], account),
    { lock: "none" },
  );
  expect(mailId).toBeTruthy();
  await expect.poll(() => sink.mails.length, { timeout: 30_000 }).toBe(before + 1);
  return sink.mails.at(-1)?.parsed.text ?? "";
}

async function open(link: string, password?: string) {
  const { port } = server.address() as AddressInfo;
  const body = password === undefined ? {} : { method: "POST", body: new URLSearchParams({ password }) };
  const response = await fetch(`http://127.0.0.1:${port}${link}`, body);
  return { status: response.status, text: await response.text() };
}

const linkIn = (text: string) => /\/p\/mst_\w+/.exec(text)?.[0] ?? "";

test("R70: somebody who was added by hand is told the user name by mail, once it is asked for", async () => {
  expect(sink.mails).toEqual([]);
  const text = await told(ann);
  expect(sink.mails[0]?.to).toEqual(["ann@acme.example"]);
  expect(text).toContain("ann@acme.example");
  expect(linkIn(text)).toBe("");
});

test("R71, R72: where there are passwords the mail has a link to set one, which says its end and works once", async () => {
  const text = await told(boss);
  expect(text).toMatch(/\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC/);
  const link = linkIn(text);
  expect(await open(link)).toMatchObject({ status: 200, text: expect.stringContaining('name="password"') });
  expect((await open(link, "correct horse battery staple 7")).status).toBe(200);
  expect((await open(link, "another horse battery staple 7")).status).toBe(410);
});

test("R73: such a link past its end says when it ended and how to get another one", async () => {
  const link = linkIn(await told(boss));
  await ctx.db.of(organization).query({
    text: "update mails set link_expires_at = '2026-01-02T03:04:00Z' where organization = $1 and link_expires_at is not null",
    values: [organization],
  });
  const { status, text } = await open(link);
  expect(status).toBe(410);
  expect(text).toContain("2026-01-02 03:04 UTC");
  expect(text).toContain("Ask an administrator for another one");
});
