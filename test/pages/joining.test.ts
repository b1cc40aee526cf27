import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { setDefaultGroup } from "../../src/identity/default-groups.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { createLocalGroup } from "../../src/identity/groups.ts";
import { createLink } from "../../src/identity/links.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { type SignUp, setSignUp } from "../../src/identity/sign-up.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { newTokenText } from "../../src/identity/token-form.ts";
import { pagesRouter } from "../../src/pages/router.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled } from "../harness/scale.ts";

const ctx = await testContext();
const organization = newId<OrganizationId>();
const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
const write = <T>(work: (tx: Tx) => Promise<T>) => inTransaction(ctx, actor, work, { lock: "exclusive" });
const { token } = await write(async (tx) => {
  await createOrganization(tx, { key: "acme", name: "Acme <b>" });
  const wiki = await createProduct(tx, await resolveSite(tx, undefined), { key: "wiki" });
  const { id: group } = await createLocalGroup(tx, "wiki users");
  await grantRole(tx, { group, product: wiki.id, role: "user" });
  await setDefaultGroup(tx, wiki.id, "user", group);
  const limits = { label: "x", maxUses: null, expiresAt: null, allowedDomains: [], email: null, needsApproval: false };
  return createLink(tx, [EVERYTHING], limits, { roles: [{ product: wiki.id, role: "user" }], groups: [], spaces: [] });
});
const setMode = (mode: SignUp["mode"], requests = true) =>
  write((tx) =>
    setSignUp(tx, { smtpUrl: "smtp://x" }, { mode, verification: "always", notices: true, requests, roles: [] }),
  );

const server = createServer(makeApp(ctx, [{ path: "/", router: pagesRouter }], { draining: false })).listen(
  0,
  "127.0.0.1",
);
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
async function ask(path: string, form?: Record<string, string>, headers: Record<string, string> = {}) {
  const { port } = server.address() as AddressInfo;
  const init = form ? { method: "POST", body: new URLSearchParams(form), headers } : { headers };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}
const people = async () =>
  (
    await ctx.db.of(organization).query<{ name: string }>({
      text: "select user_name as name from accounts where organization = $1 order by 1",
      values: [organization],
    })
  ).map(({ name }) => name);

test("R93 R101: the page of a link tells what it gives and lets somebody in; what never was looks like what is over", async () => {
  const shown = await ask(`/l/${token}`);
  expect(shown.status).toBe(200);
  for (const part of ["Join Acme &lt;b&gt;", "wiki (user)", 'name="email"']) expect(shown.text).toContain(part);
  expect(await people()).toEqual([]);
  expect((await ask(`/l/${token}`, { email: "ann@x.example", name: "Ann" })).status).toBe(202);
  expect(await people()).toEqual(["ann@x.example"]);
  const unknown = await ask(`/l/${newTokenText("lnk")}`);
  await ctx.db
    .of(organization)
    .query({ text: "update links set disabled_at = now() where organization = $1", values: [organization] });
  const over = await ask(`/l/${token}`);
  expect([over.status, over.text]).toEqual([unknown.status, unknown.text]);
});

test("R103: the form of signing up stands there while signing up is on, and the answer tells nobody anything", async () => {
  const off = await ask("/signup");
  expect([off.status, off.text]).toEqual([404, expect.stringContaining("Sign-up is off")]);
  await setMode("open");
  expect((await ask("/signup?organization=acme")).text).toContain('name="email"');
  expect((await ask("/signup?organization=other")).status).toBe(404);
  const answers = [];
  for (const email of ["bob@x.example", "ann@x.example", "nonsense"]) answers.push(await ask("/signup", { email }));
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(await people()).toEqual(["ann@x.example", "bob@x.example"]);
});

test("R104: the head of the first page leads to signing up while that is on, and to asking while requests are taken", async () => {
  const head = async () => /<nav>.*<\/nav>/s.exec((await ask("/")).text)?.[0] ?? "";
  await setMode("open", false);
  expect(await head()).toBe('<nav><a href="signup">Sign up</a> </nav>');
  await setMode("off", true);
  expect(await head()).toBe('<nav><a href="request-access">Ask for access</a></nav>');
  await setMode("off", false);
  expect(await head()).toBe("");
  await setMode("open");
});

test("R100: the form of asking for access stands there while requests are taken", async () => {
  expect((await ask("/request-access")).text).toContain("<textarea");
  await ask("/request-access", { email: "cyd@x.example", message: "Please <script>" });
  await setMode("off", false);
  expect((await ask("/request-access")).status).toBe(404);
  const rows = await ctx.db.of(organization).query({
    text: "select email, message, source from access_requests where organization = $1 and source = 'form'",
    values: [organization],
  });
  expect(rows).toEqual([{ email: "cyd@x.example", message: "Please <script>", source: "form" }]);
});

test("another site's form, a huge one and one of another kind are refused; nothing is cached, framed or referred to", async () => {
  await setMode("open");
  const before = await people();
  expect((await ask("/signup", { email: "eve@x.example" }, { origin: "https://evil.example" })).status).toBe(403);
  expect((await ask("/signup", { email: "eve@x.example" }, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect((await ask("/signup", { email: "eve@x.example", name: "x".repeat(20_000) })).status).toBe(413);
  const { port } = server.address() as AddressInfo;
  const json = await fetch(`http://127.0.0.1:${port}/signup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"email":"eve@x.example"}',
  });
  expect(json.status).toBe(202);
  expect((await fetch(`http://127.0.0.1:${port}/signup`, { method: "PUT" })).status).toBe(405);
  expect(await people()).toEqual(before);
  const { headers } = await ask("/signup");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("content-security-policy")).toContain("default-src 'none'");
});

test("no answer to a stranger comes at once, whatever was typed: how long it takes tells nothing", async () => {
  await setMode("open");
  for (const email of ["nonsense", "ann@x.example"]) {
    const before = performance.now();
    await ask("/signup", { email });
    expect(performance.now() - before).toBeGreaterThan(290);
  }
});

test(`R92: ${scaled(500)} links that were never made are all the same page and let nobody in`, async () => {
  const before = await people();
  const unknown = await ask(`/l/${newTokenText("lnk")}`);
  for (let index = 0; index < scaled(500); index += 1) {
    const path = `/l/${index % 3 === 0 ? token.slice(0, -1) : newTokenText(index % 3 === 1 ? "inv" : "lnk")}`;
    const answer = await ask(path, index % 2 === 0 ? undefined : { email: "eve@x.example" });
    expect([answer.status, answer.text]).toEqual([404, unknown.text]);
  }
  expect(await people()).toEqual(before);
});
