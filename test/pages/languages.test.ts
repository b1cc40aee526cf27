import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import type { Context } from "../../src/context.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { tellUserName } from "../../src/identity/account-mail.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { setLocale } from "../../src/identity/locales.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { pagesRouter } from "../../src/pages/router.ts";
import { PAGE_WORDS } from "../../src/pages/words.ts";
import { testContext } from "../harness/postgres.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { addPerson, makeWorld, resend } from "../mail/world.ts";

const sink = await startSmtpSink();
const base = await testContext();
const ctx: Context = {
  ...base,
  config: { ...base.config, mail: { smtpUrl: sink.url, from: "muster@example.com", retryDelays: [0] } },
};
const world = await makeWorld(ctx, "acme");
await inTransaction(ctx, world.actor, (tx) => setLocale(tx, "de"));
const jobs = await startJobs(ctx, { ownerUrl: base.database.ownerUrl });
const app = makeApp(ctx, [{ path: "/", router: pagesRouter }], { draining: false });
const server = createServer(app).listen(0, "127.0.0.1");
afterAll(async () => {
  await jobs.stop();
  await sink.stop();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);
  return { status: response.status, text: await response.text() };
}
async function pathIn(mail: string): Promise<string> {
  const arrived = () => sink.mails.find(({ parsed }) => parsed.messageId?.includes(mail))?.parsed.text;
  await expect.poll(arrived, { timeout: 30_000 }).toBeDefined();
  return /\/[ip]\/mst_(?:inv|pwd)_\w+/.exec(arrived() ?? "")?.[0] as string;
}
const post = (path: string, body = "") =>
  ask(path, { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded" } });

test("the pages of accepting are in the reader's language; never again takes a press, however often it is opened", async () => {
  const path = await pathIn((await resend(ctx, world, await addPerson(ctx, world, "ann"))).mailId);
  const opened = await ask(path);
  expect(opened.text).toContain('<html lang="de">');
  expect(opened.text).toContain(PAGE_WORDS.de.accept);
  for (let index = 0; index < 50; index += 1)
    expect((await ask(`${path}?never`, { method: index % 2 === 0 ? "GET" : "HEAD" })).status).toBe(200);
  expect((await ask(path)).status).toBe(200);
  const elsewhere = { method: "POST", headers: { origin: "https://evil.example" } };
  expect((await ask(`${path}?never`, elsewhere)).status).toBe(403);
  expect((await ask(path)).status).toBe(200);
  const done = await post(`${path}?never`);
  expect([done.status, done.text.includes(PAGE_WORDS.de.neverDone)]).toEqual([200, true]);
  expect((await post(path)).status).toBe(410);
});

test("R71, R73: the page of a password sets it once, says why one is too weak, and after that that the link is over", async () => {
  const boss = await inTransaction(ctx, world.actor, (tx) => addAdministrator(tx, "boss@example.com"), {
    lock: "exclusive",
  });
  const { mailId } = await inTransaction(
    ctx,
    world.actor,
    (tx) => tellUserName(tx, ctx.config.invitations, [EVERYTHING], boss.id),
    { lock: "none" },
  );
  const path = await pathIn(mailId);
  expect(path).toMatch(/^\/p\//);
  for (let index = 0; index < 50; index += 1)
    expect((await ask(path, { method: index % 2 === 0 ? "GET" : "HEAD" })).status).toBe(200);
  expect((await post(path, "password=short")).status).toBe(422);
  expect((await post(path, "password=violet+tractor+umbrella")).text).toContain(PAGE_WORDS.de.passwordSet);
  expect((await post(path, "password=violet+tractor+umbrella")).status).toBe(410);
  expect((await ask(path.replace("/p/", "/i/"))).status).toBe(404);
  expect((await ask(`${path.slice(0, -1)}${path.endsWith("a") ? "b" : "a"}`)).status).toBe(404);
});

test("no page says the same in two languages by oversight", () => {
  const same = Object.entries(PAGE_WORDS.de).filter(
    ([key, words]) => typeof words === "string" && words === PAGE_WORDS.en[key as "accept"],
  );
  expect(same).toEqual([]);
});
