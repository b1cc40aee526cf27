import { expect, test } from "vitest";
import type { LinkId } from "../../src/db/id.ts";
import { approveRequest, denyRequest, pageOfRequests } from "../../src/identity/access-requests.ts";
import { askForAccess } from "../../src/identity/joining.ts";
import { disableLink, getLink, resetLink, usesOfLink } from "../../src/identity/links.ts";
import { prunePublicAttempts } from "../../src/identity/public-budget.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import type { Held } from "../../src/identity/rights/permissions.ts";
import { type SignUp, setSignUp, signUpVerdict } from "../../src/identity/sign-up.ts";
import { testContext } from "../harness/postgres.ts";
import { person } from "../mail/world.ts";
import { company as makeCompany, settings } from "./joining-company.ts";

const ctx = await testContext();
const company = (wanted?: Partial<SignUp>, domains?: string[]) => makeCompany(ctx, wanted, domains);

type Company = Awaited<ReturnType<typeof company>>;
const uses = async (c: Company, id: LinkId) =>
  (await usesOfLink(c.db, id, { after: null, limit: 50 })).map(({ email }) => email);

test("R103: while signing up is off nobody gets in by it, and nothing is said", async () => {
  const c = await company();
  await c.join("ann@x.example");
  expect([await c.people(), await c.mails(), await c.requests()]).toEqual([["ada", "boss@acme.example"], [], []]);
});

test("R106 R108 R109 R113 R114: restricted sign-up is for the listed domains, each as it is written, and proves the address", async () => {
  const c = await company({ mode: "restricted" }, ["example.com", "*.example.org"]);
  const tried = ["a@example.com", "b@sub.example.com", "c@a.example.org", "d@example.org", "e@badexample.com"];
  for (const email of tried) await c.join(email);
  expect(await c.mails()).toEqual(["a@example.com", "c@a.example.org"]);
  expect(await c.roleOf("a@example.com")).toBe("null false");
  expect(await c.accept("a@example.com")).toBe("accepted");
  expect(await c.roleOf("a@example.com")).toBe("user true");
});

test("R110: restricted sign-up cannot be set before a mail server is", async () => {
  const c = await company();
  const restricted = {
    mode: "restricted" as const,
    verification: "always" as const,
    notices: true,
    requests: true,
    roles: [],
  };
  await expect(c.write((tx) => setSignUp(tx, { smtpUrl: undefined }, restricted))).rejects.toMatchObject({
    at: "mode",
  });
});

test("R111 C9: open sign-up proves the address, unless the organization says that it need not", async () => {
  const c = await company({ mode: "open" });
  await c.join("ann@x.example");
  expect([await c.mails(), await c.roleOf("ann@x.example")]).toEqual([["ann@x.example"], "null false"]);
  await c.set({ mode: "open", verification: "restricted-only" });
  await c.join("bob@x.example");
  expect([await c.mails(), await c.roleOf("bob@x.example")]).toEqual([["ann@x.example"], "user true"]);
});

test("R64: an address that somebody has gets no mail and no access by signing up; administrators see who asked", async () => {
  const c = await company({ mode: "open" });
  await c.join("ada@acme.example");
  expect([await c.mails(), await c.requests()]).toEqual([[], ["ada@acme.example open"]]);
  expect(await c.roleOf("ada")).toBe("null false");
});

test("R117: roles come by domain, those that need approval as a request", async () => {
  const c = await company({ mode: "open" });
  const role = { product: c.wiki, role: "user" as const };
  await c.set({
    mode: "open",
    roles: [
      { ...role, domain: null, needsApproval: true },
      { ...role, domain: "*.example.org", needsApproval: false },
    ],
  });
  expect((await signUpVerdict(c.db, "a@x.example")).roles).toMatchObject([{ needsApproval: true }]);
  expect((await signUpVerdict(c.db, "a@b.example.org")).roles).toMatchObject([{ needsApproval: false }]);
  await c.join("a@x.example");
  expect(await c.requests()).toEqual(["a@x.example open"]);
});

test("R121 R123 R125: administrators hear of everybody who signed up or came by a link, unless they do not want to", async () => {
  const c = await company({ mode: "open" });
  await c.join("ann@x.example");
  expect(await c.mails("sign-up")).toEqual([]);
  await c.accept("ann@x.example");
  expect(await c.mails("sign-up")).toEqual(["boss@acme.example"]);
  await c.use((await c.link()).token, "bob@x.example");
  await c.accept("bob@x.example");
  expect(await c.mails("sign-up")).toHaveLength(2);
  await c.set({ mode: "open", notices: false });
  await c.join("cyd@x.example");
  await c.accept("cyd@x.example");
  expect(await c.mails("sign-up")).toHaveLength(2);
});

test("R89 R91 R94 R95 R101: a link lets anybody in who has it, whatever signing up is set to, and tells what it gives", async () => {
  const c = await company({ mode: "off" });
  const { id, token } = await c.link();
  expect((await getLink(c.db, id)).roles).toMatchObject([{ product: "wiki", role: "user" }]);
  for (const email of ["ann@x.example", "bob@y.example", "ann@x.example"]) await c.use(token, email);
  expect(await uses(c, id)).toEqual(["ann@x.example", "bob@y.example"]);
  expect(await c.mails()).toEqual(["ann@x.example", "bob@y.example"]);
  expect(await c.accept("bob@y.example")).toBe("accepted");
  expect(await c.roleOf("bob@y.example")).toBe("user true");
});

test("R92: a reset link's former URL is unusable at once; a disabled one's for good", async () => {
  const c = await company();
  const { id, token } = await c.link();
  const next = await c.write((tx) => resetLink(tx, [EVERYTHING], id), "none");
  await c.use(token, "ann@x.example");
  await c.use(next, "bob@x.example");
  expect(await uses(c, id)).toEqual(["bob@x.example"]);
  await c.write((tx) => disableLink(tx, id), "none");
  await c.use(next, "cyd@x.example");
  expect(await uses(c, id)).toEqual(["bob@x.example"]);
});

test("R11 R92: nobody gets the new URL of a link that gives more than they may give", async () => {
  const c = await company();
  const { id, token } = await c.link();
  const none: Held[] = [{ permissions: new Set(["members:write"]), scope: { kind: "organization" } }];
  await expect(c.write((tx) => resetLink(tx, none, id), "none")).rejects.toMatchObject({ code: "not-allowed" });
  await c.use(token, "ann@x.example");
  expect(await uses(c, id)).toEqual(["ann@x.example"]);
});

test("R97, C7: a link's limits hold: uses also for 50 at once, domains, the one address, the end", async () => {
  const c = await company();
  const few = await c.link({ maxUses: 3 });
  await Promise.all(Array.from({ length: 50 }, (_, index) => c.use(few.token, `p${index}@x.example`)));
  expect([await uses(c, few.id), (await getLink(c.db, few.id)).state]).toEqual([
    expect.objectContaining({ length: 3 }),
    "exhausted",
  ]);
  const domains = await c.link({ allowedDomains: ["x.example"] });
  for (const email of ["a@x.example", "a@sub.x.example", "a@y.example"]) await c.use(domains.token, email);
  expect(await uses(c, domains.id)).toEqual(["a@x.example"]);
  const bound = await c.link({ email: "Only@X.example" });
  for (const email of ["other@x.example", "only@x.example"]) await c.use(bound.token, email);
  expect(await uses(c, bound.id)).toEqual(["only@x.example"]);
  const ended = await c.link({ expiresAt: new Date(Date.now() + 60_000) });
  await c.db.query({
    text: "update links set expires_at = now() where organization = $1 and id = $2",
    values: [c.organization, ended.id],
  });
  await c.use(ended.token, "late@x.example");
  expect(await uses(c, ended.id)).toEqual([]);
});

test("R100: who asks and is approved gets an invitation to the address they asked with; a denial for good holds", async () => {
  const c = await company();
  const ask = (email: string) => askForAccess(ctx, c.organization, c.stranger(email));
  await ask("ann@x.example");
  await ask("ann@x.example");
  expect([await c.requests(), await c.mails("request")]).toEqual([["ann@x.example open"], ["boss@acme.example"]]);
  const [ann] = await pageOfRequests(c.db, { after: null, limit: 1 });
  const wish = { roles: [{ product: c.wiki, role: "user" as const }], groups: [], spaces: [] };
  await c.write((tx) => approveRequest(tx, settings, [EVERYTHING], ann?.id as never, wish), "shared");
  expect(await c.mails()).toEqual(["ann@x.example"]);
  expect(await c.accept("ann@x.example")).toBe("accepted");
  expect(await c.roleOf("ann@x.example")).toBe("user true");
  await ask("bob@x.example");
  const [bob] = await pageOfRequests(c.db, { after: null, limit: 1 });
  await c.write((tx) => denyRequest(tx, bob?.id as never, { answer: null, blocks: true }), "none");
  await ask("bob@x.example");
  expect(await c.requests()).toEqual(["bob@x.example denied", "ann@x.example approved"]);
});

test("one network and one address ask no more than anybody needs to; the others go on", async () => {
  const c = await company({ mode: "open" });
  for (let index = 0; index < 25; index += 1) await c.join(`p${index}@x.example`, "203.0.113.9");
  expect(await c.mails()).toHaveLength(20);
  await c.join("other@x.example");
  expect(await c.mails()).toHaveLength(21);
  // A day later it may again, and what was counted is forgotten.
  await c.db.query({
    text: "update public_attempts set at = at - interval '1 day' where organization = $1",
    values: [c.organization],
  });
  expect(await c.write(prunePublicAttempts, "none")).toBe(21);
  await c.join("later@x.example", "203.0.113.9");
  expect(await c.mails()).toHaveLength(22);
});

test("R23: while people are managed outside nobody lets themselves in", async () => {
  const c = await company({ mode: "open" });
  const { token } = await c.link();
  await c.db.query({
    text: "update organizations set external_user_management = true where id = $1",
    values: [c.organization],
  });
  await c.join("ann@x.example");
  await c.use(token, "bob@x.example");
  expect([await c.mails(), await c.people()]).toEqual([[], ["ada", "boss@acme.example"]]);
});

test("R111 C9: signing up without a proof takes nothing along that a link offered, and proves no mailbox", async () => {
  const c = await company({ mode: "open", verification: "restricted-only", roles: [] });
  const { token } = await c.link();
  await c.use(token, "victim@x.example");
  await c.join("victim@x.example");
  expect(await c.roleOf("victim@x.example")).toBe("null false");
  expect(await c.accept("victim@x.example")).toBe("accepted");
  expect(await c.roleOf("victim@x.example")).toBe("user true");
});

test("R64: what several do at the same moment for one address is one person, one use and one mail", async () => {
  const c = await company();
  const { id, token } = await c.link({ maxUses: 1 });
  await Promise.all(Array.from({ length: 20 }, () => c.use(token, "ann@x.example")));
  expect([await uses(c, id), await c.mails()]).toEqual([["ann@x.example"], ["ann@x.example"]]);
});

test("the budgets of a network and of an address hold also for 40 at the same moment", async () => {
  const c = await company({ mode: "open" });
  await Promise.all(Array.from({ length: 40 }, (_, index) => c.join(`p${index}@x.example`, "203.0.113.9")));
  expect(await c.mails()).toHaveLength(20);
  await Promise.all(Array.from({ length: 40 }, () => c.join("one@x.example")));
  const counted = await c.db.query({
    text: "select id from public_attempts where organization = $1 and email_key = 'one@x.example'",
    values: [c.organization],
  });
  expect(counted).toHaveLength(3);
});

test("R113 R114 R117: a domain and what is below it can each have their role; two of the same, and guests, are refused by place", async () => {
  const c = await company({ mode: "open" });
  const role = { product: c.wiki, role: "user" as const, needsApproval: false };
  await c.set({
    roles: [
      { ...role, domain: "example.com" },
      { ...role, domain: "*.example.com" },
    ],
  });
  const twice = [
    { ...role, domain: "example.com" },
    { ...role, domain: "Example.com." },
  ];
  await expect(c.set({ roles: twice })).rejects.toMatchObject({ code: "invalid", at: "/roles/1/domain" });
  const guest = [{ ...role, role: "guest" as const, domain: null }];
  await expect(c.set({ roles: guest })).rejects.toMatchObject({ code: "invalid", at: "/roles/0/role" });
});

test("R64 R66: whom a directory brings while their sign-up is open gets no further mail by a stranger's doing", async () => {
  const c = await company({ mode: "open" });
  await c.join("ann@x.example");
  await c.bring(person("ann@x.example", { email: "ann@x.example" }));
  await c.db.query({
    text: "update mails set created_at = created_at - interval '1 hour' where organization = $1",
    values: [c.organization],
  });
  await c.join("ann@x.example");
  await c.use((await c.link()).token, "ann@x.example");
  expect(await c.mails()).toEqual(["ann@x.example"]);
  expect(await c.requests()).toEqual(["ann@x.example open"]);
});
