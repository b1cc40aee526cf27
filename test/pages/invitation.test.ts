import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import { afterAll, expect, test } from "vitest";
import { transports } from "winston";
import type { Context } from "../../src/context.ts";
import type { AccountId, DirectoryUserId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { changeMembers } from "../../src/identity/directory-groups/members.ts";
import { updateDirectoryUsers } from "../../src/identity/directory-users/update.ts";
import { statusOf } from "../../src/identity/statuses.ts";
import { newTokenText } from "../../src/identity/token-form.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { makeLogger } from "../../src/logger.ts";
import { pagesRouter } from "../../src/pages/router.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { addPerson, addProduct, makeWorld, person, resend } from "../mail/world.ts";

const lines: string[] = [];
const logger = makeLogger({ level: "debug", format: "json" });
logger.clear().add(
  new transports.Stream({
    stream: new Writable({
      write(line, _encoding, done) {
        lines.push(String(line));
        done();
      },
    }),
  }),
);
const sink = await startSmtpSink();
const base = await testContext({ logger });
const ctx: Context = {
  ...base,
  config: {
    ...base.config,
    mail: { smtpUrl: sink.url, from: "muster@example.com", retryDelays: [0] },
    invitations: { resendCoolDown: 0, validDays: 7 },
  },
};
const world = await makeWorld(ctx, "acme");
const wiki = await addProduct(ctx, world, "wiki", "user", "https://wiki.example.com/start?a=1&b=2");
const jobs = await startJobs(ctx, { ownerUrl: base.database.ownerUrl });
const app = makeApp(ctx, [{ path: "/", router: pagesRouter }], { draining: false });
const server = createServer(app).listen(0, "127.0.0.1");
const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
let number = 0;

afterAll(async () => {
  await jobs.stop();
  await sink.stop();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

type Invited = { account: AccountId; record: ReturnType<typeof person>; token: string };

async function invite(): Promise<Invited> {
  number += 1;
  const record = person(`person-${number}`);
  const account = await addPerson(ctx, world, record.userName, { id: record.id });
  await join(record.id);
  return { account, record, token: await press(account) };
}

const join = (member: DirectoryUserId) =>
  inTransaction(ctx, world.actor, (tx) =>
    changeMembers(tx, world.directory, { add: [{ group: wiki.group, member }], remove: [] }),
  );

/** Presses Resend invite and takes the token out of the mail that arrives. */
async function press(account: AccountId): Promise<string> {
  const { mailId } = await resend(ctx, world, account);
  const arrived = () => sink.mails.find((mail) => mail.parsed.messageId?.includes(mailId));
  await expect.poll(() => arrived() !== undefined, { timeout: 30_000 }).toBe(true);
  const token = /\/i\/(mst_inv_\w+)/.exec(arrived()?.parsed.text ?? "")?.[1];
  if (token === undefined) throw new Error("the mail has no link");
  return token;
}

async function get(path: string, init: RequestInit = {}) {
  const response = await fetch(origin() + path, { redirect: "manual", ...init });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const accept = (token: string, headers: Record<string, string> = {}) => get(`/i/${token}`, { method: "POST", headers });

async function stateOf(account: AccountId) {
  const [row] = await ctx.db.of(world.organization).query<{ state: string }>({
    text: "select state from invitations where organization = $1 and account = $2 order by id desc limit 1",
    values: [world.organization, account],
  });
  return row?.state;
}

test("the link shows who invites, to what, for whom and until when, however often it is opened, and accepts nothing", async () => {
  const { account, token } = await invite();
  for (const method of ["GET", "HEAD", "GET"]) {
    const page = await get(`/i/${token}`, { method });
    expect(page.status).toBe(200);
    if (method === "HEAD") continue;
    expect(page.text).toContain("The acme company");
    expect(page.text).toContain("The wiki (user)");
    expect(page.text).toContain("p…@example.com");
    expect(page.text).not.toContain(`person-${number}@example.com`);
    expect(page.text).toMatch(/until \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  }
  expect(await stateOf(account)).toBe("pending");
});

test("R98: 50 scanners that open a link before its person does take nothing from it", async () => {
  const { account, token } = await invite();
  const opened = await Promise.all(
    Array.from({ length: 50 }, (_, index) => get(`/i/${token}`, { method: index % 2 === 0 ? "GET" : "HEAD" })),
  );
  expect(new Set(opened.map(({ status }) => status))).toEqual(new Set([200]));
  expect(await stateOf(account)).toBe("pending");
  expect((await accept(token)).status).toBe(200);
  expect((await accept(token)).status).toBe(410);
});

test(`R96: of ${scaled(500)} forged, expired, used and swapped tokens none is accepted`, async () => {
  const [used, expired, open] = [await invite(), await invite(), await invite()];
  expect((await accept(used.token)).status).toBe(200);
  await statements(base.database.superuserUrl, [
    `update muster.invitations set expires_at = now() - interval '1 minute' where account = '${expired.account}'`,
  ]);
  const before = [await stateOf(used.account), await stateOf(expired.account), await stateOf(open.account)];
  const { token } = open;
  for (let index = 0; index < scaled(500); index += 1) {
    const place = "mst_inv_".length + (index % (token.length - "mst_inv_".length));
    const tries = [
      token.slice(0, place) + (token[place] === "a" ? "b" : "a") + token.slice(place + 1),
      newTokenText("inv"),
      used.token,
      expired.token,
      token.slice(0, place) + used.token.slice(place),
      token.replace("inv", "lnk"),
    ].filter((one) => one !== token);
    expect([404, 410]).toContain((await accept(tries[index % tries.length] as string)).status);
  }
  expect([await stateOf(used.account), await stateOf(expired.account), await stateOf(open.account)]).toEqual(before);
  expect((await accept(token)).status).toBe(200);
});

test("a page allows no script, no frame, no cache and tells nobody where it was", async () => {
  const { token } = await invite();
  const { headers, text } = await get(`/i/${token}`);
  expect(headers.get("content-security-policy")).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
  );
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("x-robots-tag")).toContain("noindex");
  expect(text).not.toContain("<script");
});

test("R96, R98: pressing the button accepts once and leads to the products; then the link is dead and says so", async () => {
  const { account, token } = await invite();
  const answers = await Promise.all(Array.from({ length: 8 }, () => accept(token)));
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 410, 410, 410, 410, 410, 410, 410]);
  const welcome = answers.find((answer) => answer.status === 200);
  expect(welcome?.text).toContain('href="https://wiki.example.com/start?a=1&amp;b=2"');
  expect(await stateOf(account)).toBe("accepted");
  const again = await get(`/i/${token}`);
  expect(again.status).toBe(410);
  expect(again.text).toContain("has been accepted");
  const audited = await ctx.db.of(world.organization).query({
    text: "select id from audit where organization = $1 and action = 'invitation.accepted' and detail ->> 'account' = $2",
    values: [world.organization, account],
  });
  expect(audited).toHaveLength(1);
});

test("R80: accepting is no first access, the status stays Invited", async () => {
  const { account, token } = await invite();
  await accept(token);
  expect(await statusOf(ctx.db.of(world.organization), account)).toBe("invited");
});

test("R73: an expired link says when it expired and how to get a new one", async () => {
  const { account, token } = await invite();
  await statements(base.database.superuserUrl, [
    `update muster.invitations set expires_at = '2026-01-02 03:04:00+00' where account = '${account}'`,
  ]);
  for (const page of [await get(`/i/${token}`), await accept(token)]) {
    expect(page.status).toBe(410);
    expect(page.text).toContain("expired on 2026-01-02 03:04 UTC");
    expect(page.text).toContain("Ask for a new one");
  }
  expect(await stateOf(account)).toBe("pending");
  const asked = async () =>
    ctx.db.of(world.organization).query<{ at: Date | null }>({
      text: "select renewal_asked_at as at from invitations where organization = $1 and account = $2",
      values: [world.organization, account],
    });
  expect(await asked()).toEqual([{ at: null }]);
  const renewal = await accept(`${token}?renew`);
  expect([renewal.status, renewal.text]).toEqual([200, expect.stringContaining("A new invitation was asked for")]);
  const [first] = await asked();
  expect(first?.at).toBeInstanceOf(Date);
  await accept(`${token}?renew`);
  expect(await asked()).toEqual([first]);
});

test("the link of an earlier mail says that there is a newer one, which works", async () => {
  const { account, token } = await invite();
  const newer = await press(account);
  const old = await accept(token);
  expect(old.status).toBe(410);
  expect(old.text).toContain("newer e-mail");
  expect((await accept(newer)).status).toBe(200);
});

test.each([
  ["revoked", (account: AccountId) => `update muster.invitations set state = 'revoked' where account = '${account}'`],
  ["suspended", (account: AccountId) => `update muster.accounts set suspended_at = now() where id = '${account}'`],
])("a link whose invitation or person is %s no longer holds", async (_what, change) => {
  const { account, token } = await invite();
  await statements(base.database.superuserUrl, [change(account)]);
  for (const page of [await get(`/i/${token}`), await accept(token)]) {
    expect(page.status).toBe(410);
    expect(page.text).toContain("no longer holds");
  }
  expect(await stateOf(account)).not.toBe("accepted");
});

test("a person deactivated at the directory cannot accept", async () => {
  const { account, record, token } = await invite();
  await inTransaction(ctx, world.actor, (tx) =>
    updateDirectoryUsers(tx, world.directory, [{ ...record, active: false }]),
  );
  expect((await accept(token)).status).toBe(410);
  expect(await stateOf(account)).toBe("revoked");
});

test("a mistyped, a foreign and a never issued link get the same page", async () => {
  const { token } = await invite();
  const wrong = token.slice(0, -1) + (token.endsWith("0") ? "1" : "0");
  const pages = await Promise.all(
    [wrong, newTokenText("api"), newTokenText("inv"), "x", "%zz", "%00", "..%2f"].map((path) => get(`/i/${path}`)),
  );
  for (const page of pages) expect([page.status, page.text]).toEqual([404, pages[0]?.text]);
});

test("another site's form accepts nothing", async () => {
  const { account, token } = await invite();
  expect((await accept(token, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  for (const origin of ["https://elsewhere.example", `${ctx.config.publicUrl}.elsewhere.example`])
    expect((await accept(token, { origin })).status).toBe(403);
  expect(await stateOf(account)).toBe("pending");
});

test("our own form accepts, whichever of the two origins a browser gives it", async () => {
  for (const origin of ["null", new URL(ctx.config.publicUrl).origin]) {
    const { token } = await invite();
    expect((await accept(token, { origin })).status).toBe(200);
  }
});

test("other methods are refused by name", async () => {
  const { token } = await invite();
  const answer = await get(`/i/${token}`, { method: "DELETE" });
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
});

test("no token and no address stands in any log line", async () => {
  const { token } = await invite();
  await get(`/i/${token}`);
  await get(`/i/${token}?again=1`);
  await accept(token);
  await get(`/l/${newTokenText("lnk")}`);
  for (const path of ["i", "l"]) expect(lines.some((line) => line.includes(`"path":"/${path}/`))).toBe(true);
  expect(lines.join("")).not.toMatch(/mst_(inv|lnk)_\w{10}|person-\d+@/);
});

test("/ says what this is and where to go", async () => {
  const page = await get("/");
  expect(page.status).toBe(200);
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  for (const place of ["/scim/v2/", "/api/v1", "/livez"]) expect(page.text).toContain(place);
});
