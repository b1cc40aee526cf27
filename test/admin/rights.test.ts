import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { routes } from "../../src/admin/routes.ts";
import type { AccountId } from "../../src/db/id.ts";
import { restoreAccount, suspendAccount } from "../../src/identity/accounts/suspend.ts";
import { createProduct } from "../../src/identity/products.ts";
import type { Bundle } from "../../src/identity/rights/bundles.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import type { Permission, RightScope } from "../../src/identity/rights/permissions.ts";
import { giveRight, takeRight } from "../../src/identity/rights/rights.ts";
import { createSite } from "../../src/identity/sites.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { until } from "../harness/process.ts";
import { newPerson } from "./actors.ts";
import { apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const { ask: apiAsk, write } = api;
const c = await makeCompany(api, "acme");
const EVERYWHERE: RightScope = { kind: "organization" };
const wiki: RightScope = { kind: "product", id: c.wiki.id };
const site: RightScope = { kind: "site", id: c.site.id };

let people = 0;
/** A person with a right, who calls by a token of their own. */
async function holder(bundle: Bundle | null, scope: RightScope = EVERYWHERE) {
  return write(c.organization, async (tx) => {
    const userName = `${bundle ?? "nobody"} ${++people}`;
    const { account } = await newPerson(tx, c, userName);
    const right = bundle && (await giveRight(tx, [EVERYTHING], { account, bundle, scope })).id;
    const { token } = await createToken(tx, { administration: true, owner: account });
    return { account, userName, token, right: right as NonNullable<typeof right> };
  });
}

const tokenOf = (
  permissions: readonly Permission[] | null,
  scope: RightScope = EVERYWHERE,
  owner: AccountId | null = null,
) =>
  write(
    c.organization,
    async (tx) => (await createToken(tx, { administration: true, permissions, scope, owner })).token,
  );

const make = (token: string, body: object) => apiAsk("POST", "/tokens", { token, body });
const boss = await holder("organization-administrator");

describe("a token never exceeds who makes it", () => {
  it("in permissions and scope", async () => {
    const maker = await tokenOf(["tokens:write", "users:read", "products:read"]);
    expect((await make(maker, { permissions: ["users:read"] })).status).toBe(201);
    expect((await make(maker, { permissions: ["tokens:write", "users:read"] })).status).toBe(201);
    for (const body of [
      { permissions: ["users:write"] },
      { permissions: ["users:read", "audit:read"] },
      { permissions: null },
      { permissions: null, scope: wiki },
      { product: c.wiki.id },
    ])
      expect(await make(maker, body)).toMatchObject({ status: 403, body: { code: "not-allowed" } });
    const local = await tokenOf(["tokens:write", "products:read"], site);
    expect((await make(local, { permissions: ["products:read"], scope: wiki })).status).toBe(201);
    for (const scope of [EVERYWHERE, { kind: "site", id: randomUUID() }, { kind: "group", id: c.groups.users.id }])
      expect((await make(local, { permissions: ["products:read"], scope })).status).toBe(403);
  });

  it("in time", async () => {
    const soon = new Date(Date.now() + 3_600_000);
    const limited = { permissions: ["tokens:write", "users:read"], expiresAt: soon.toISOString() };
    const { token } = (await make(c.token, limited)).body;
    const child = (await make(token, { permissions: ["users:read"] })).body;
    expect(Date.parse(child.expiresAt)).toBeLessThanOrEqual(soon.getTime() + 1_000);
    for (const expiresAt of [null, new Date(soon.getTime() + 60_000).toISOString()])
      expect((await make(token, { permissions: ["users:read"], expiresAt })).status).toBe(403);
    const earlier = new Date(soon.getTime() - 60_000).toISOString();
    expect((await make(token, { permissions: ["users:read"], expiresAt: earlier })).status).toBe(201);
    expect((await make(c.token, { permissions: ["users:read"], expiresAt: "2020-01-01T00:00:00Z" })).status).toBe(422);
  });

  it("in whose it is: what a person's own token makes ends with the person", async () => {
    const own = (await make(boss.token, { permissions: ["users:read"] })).body;
    expect((await apiAsk("GET", `/tokens/${own.id}`, { token: c.token })).body).toMatchObject({
      kind: "administration",
      permissions: ["users:read"],
      scope: EVERYWHERE,
      owner: { id: boss.account, userName: boss.userName },
      createdBy: { kind: "api-token" },
    });
    expect((await make(boss.token, { permissions: ["users:read"], personal: false })).status).toBe(403);
    expect((await make(boss.token, { product: c.wiki.id })).status).toBe(403);
    expect((await make(c.token, { permissions: ["users:read"], personal: true })).status).toBe(422);
  });

  it("when it is rotated: neither by whoever has less, nor by another person", async () => {
    const big = (await make(c.token, { permissions: ["users:read", "users:write"], name: "big" })).body;
    const rotate = (token: string, id: string, body = {}) => apiAsk("POST", `/tokens/${id}/rotate`, { token, body });
    expect((await rotate(await tokenOf(["tokens:write", "users:read"]), big.id)).status).toBe(403);
    const next = await rotate(c.token, big.id, { overlapHours: 0 });
    expect(next.status).toBe(201);
    expect((await apiAsk("GET", `/tokens/${next.body.id}`, { token: c.token })).body).toMatchObject({
      name: "big",
      permissions: ["users:read", "users:write"],
      owner: null,
    });
    await until(
      "the old one has ended",
      60,
      async () => (await api.ask("GET", "/users", { token: big.token })).status === 401,
    );
    expect((await apiAsk("GET", "/users", { token: next.body.token })).status).toBe(200);
    const own = (await make(boss.token, { permissions: ["users:read"] })).body;
    const other = await holder("organization-administrator");
    expect((await rotate(other.token, own.id)).status).toBe(403);
    expect((await rotate(c.token, own.id)).status).toBe(403);
    expect((await rotate(boss.token, own.id)).status).toBe(201);
  });

  it("and does nothing that its owner may not, or no more", async () => {
    const person = await holder("site-administrator", site);
    const members = () => apiAsk("GET", `/sites/${c.key}/members`, { token: person.token });
    expect((await members()).status).toBe(200);
    expect((await apiAsk("GET", "/users", { token: person.token })).status).toBe(403);
    const narrow = await tokenOf(["products:read"], wiki, person.account);
    expect((await apiAsk("GET", "/products/wiki", { token: narrow })).status).toBe(200);
    expect((await apiAsk("GET", "/products/tracker", { token: narrow })).status).toBe(403);
    expect((await apiAsk("GET", `/sites/${c.key}/members`, { token: narrow })).status).toBe(403);
    await write(c.organization, (tx) => takeRight(tx, [EVERYTHING], person.right));
    expect((await members()).status).toBe(403);
    expect((await apiAsk("GET", "/products/wiki", { token: narrow })).status).toBe(403);
  });

  it("F15: ends with its owner, who is suspended, and does not come back with them", async () => {
    const person = await holder("auditor");
    const status = async () => (await api.ask("GET", "/users", { token: person.token })).status;
    expect(await status()).toBe(200);
    await write(c.organization, (tx) => suspendAccount(tx, person.account, null));
    // The next request already may nothing, whoever it is believed to be for a second more.
    expect([401, 403]).toContain(await status());
    await until("it has ended", 60, async () => (await status()) === 401);
    await write(c.organization, (tx) => restoreAccount(tx, person.account));
    expect(await status()).toBe(401);
  });

  it("is shown once, and revoked at once", async () => {
    const made = (await make(c.token, { permissions: ["users:read"] })).body;
    const shown = [
      await apiAsk("GET", "/tokens?limit=200", { token: c.token }),
      await apiAsk("GET", `/tokens/${made.id}`, { token: c.token }),
      await apiAsk("GET", "/audit?limit=200", { token: c.token }),
    ];
    for (const { text } of shown) expect(text).not.toContain("mst_");
    expect((await apiAsk("POST", `/tokens/${made.id}/revoke`, { token: c.token })).status).toBe(204);
    await until("it has ended", 60, async () => (await api.ask("GET", "/users", { token: made.token })).status === 401);
    expect((await apiAsk("GET", `/tokens/${made.id}`, { token: c.token })).status).toBe(404);
    expect((await apiAsk("POST", `/tokens/${made.id}/revoke`, { token: c.token })).status).toBe(404);
  });
});

describe("rights over the API", () => {
  it("are given and taken by who holds as much, and nobody else", async () => {
    const local = await holder("site-administrator", site);
    const give = (token: string, body: object) => apiAsk("POST", "/rights", { token, body });
    const given = await give(local.token, { user: c.people.fay, bundle: "trusted", scope: site });
    expect(given).toMatchObject({
      status: 201,
      body: { bundle: "trusted", scope: site, scopeName: "acme", inForce: true },
    });
    expect(given.headers.get("location")).toBe(`/api/v1/rights/${given.body.id}`);
    expect((await give(local.token, { user: c.people.fay, bundle: "auditor", scope: EVERYWHERE })).status).toBe(403);
    expect((await give(c.token, { user: c.people.fay, bundle: "trusted", scope: EVERYWHERE })).status).toBe(422);
    expect((await give(c.token, { user: randomUUID(), bundle: "trusted", scope: site })).status).toBe(404);
    expect((await give(c.token, { user: c.people.fay, bundle: "trusted", scope: site })).status).toBe(409);
    const weak = await tokenOf(["rights:write"]);
    expect((await apiAsk("DELETE", `/rights/${given.body.id}`, { token: weak })).status).toBe(403);
    expect((await apiAsk("DELETE", `/rights/${given.body.id}`, { token: local.token })).status).toBe(204);
    expect((await apiAsk("DELETE", `/rights/${given.body.id}`, { token: c.token })).status).toBe(404);
  });

  it("50 racers who take every administrator's right, or suspend them, leave one", { timeout: 60_000 }, async () => {
    const own = await makeCompany(api, "race");
    const all = await write(own.organization, async (tx) => {
      const made = [];
      for (let each = 0; each < 50; each++) {
        const { account } = await newPerson(tx, own, `admin ${each}`);
        const wanted = { account, bundle: "organization-administrator", scope: EVERYWHERE } as const;
        made.push({ account, right: (await giveRight(tx, [EVERYTHING], wanted)).id });
      }
      return made;
    });
    const answers = await Promise.all(
      all.map(({ account, right }, at) =>
        at % 2 === 0
          ? apiAsk("DELETE", `/rights/${right}`, { token: own.token })
          : apiAsk("POST", `/users/${account}/suspend`, { token: own.token, body: {} }),
      ),
    );
    expect(answers.filter(({ status }) => status === 409)).toMatchObject([
      { body: { code: "conflict", detail: expect.stringMatching(/last administrator; make somebody else/) } },
    ]);
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(49);
    const left = await apiAsk("GET", "/administrators", { token: own.token });
    expect(left.body.data).toMatchObject([{ rights: [{ bundle: "organization-administrator", scope: EVERYWHERE }] }]);
  });
});

describe("/me", () => {
  it("R21: says who the caller is and what they may, for what", async () => {
    const local = await holder("site-administrator", site);
    expect((await apiAsk("GET", "/me", { token: local.token })).body).toMatchObject({
      kind: "token",
      organization: { key: "acme" },
      user: { id: local.account, userName: local.userName },
      rights: [{ id: local.right, bundle: "site-administrator", scope: site, scopeName: "acme" }],
      permissions: expect.arrayContaining([{ permission: "guests:write", scopes: [site] }]),
    });
    expect((await apiAsk("GET", "/me", { token: c.token })).body).toMatchObject({
      kind: "token",
      user: null,
      rights: [],
    });
    const product = (await make(c.token, { product: c.wiki.id })).body;
    expect((await apiAsk("GET", "/me", { token: product.token })).body).toMatchObject({
      kind: "product",
      permissions: [
        { permission: "access:read", scopes: [wiki] },
        { permission: "access:check", scopes: [wiki] },
        { permission: "events:read", scopes: [wiki] },
      ],
    });
  });
});

describe("why can't I, and who can", () => {
  const ask = async (token: string, operation: string, on?: string) =>
    (
      await apiAsk("GET", `/me/capabilities?operation=${operation}${on ? `&on=${encodeURIComponent(on)}` : ""}`, {
        token,
      })
    ).body;

  it("every operation that is served is listed, with whether the caller may", async () => {
    const mine = await apiAsk("GET", "/me/capabilities", { token: boss.token });
    expect(mine.body.data.map((one: { operation: string }) => one.operation)).toEqual(routes.map((route) => route.id));
    expect(mine.body.data.every((one: { allowed: boolean }) => one.allowed)).toBe(true);
    const nobody = await holder(null);
    const theirs = (await apiAsk("GET", "/me/capabilities", { token: nobody.token })).body.data;
    for (const one of theirs) expect([one.allowed, one.anywhere]).toEqual(Array(2).fill(one.permission === null));
  });

  it("R19, R20: names the permission, the reason, and those who could, the nearest first", async () => {
    const local = await holder("site-administrator", site);
    const access = await holder("user-access-administrator", wiki);
    expect(await ask(access.token, "guests.assign", "product:wiki")).toMatchObject({
      operation: "guests.assign",
      permission: "guests:write",
      allowed: false,
      anywhere: false,
      missing: "guests:write",
      reason: "no-right",
    });
    const could = await ask(access.token, "guests.assign", "product:wiki");
    const names = could.heldBy.map((one: { userName: string }) => one.userName);
    expect(names).toContain(local.userName);
    expect(names.indexOf(local.userName)).toBeLessThan(names.indexOf(boss.userName));
    // For the organization only its own administrators could.
    expect((await ask(access.token, "users.suspend")).heldBy.map((one: { bundle: string }) => one.bundle)).toEqual(
      Array((await ask(access.token, "users.suspend")).heldBy.length).fill("organization-administrator"),
    );
  });

  it("tells what is held elsewhere from what is held nowhere, and a limited token from its owner", async () => {
    const access = await holder("user-access-administrator", wiki);
    expect(await ask(access.token, "grants.create", "product:wiki")).toMatchObject({ allowed: true, heldBy: [] });
    expect(await ask(access.token, "grants.create", "product:acme/tracker")).toMatchObject({
      allowed: false,
      anywhere: true,
      reason: "elsewhere",
    });
    const narrow = await tokenOf(["products:read"], EVERYWHERE, boss.account);
    expect(await ask(narrow, "users.list")).toMatchObject({ allowed: false, reason: "limited-token" });
    const product = (await make(c.token, { product: c.wiki.id })).body.token;
    expect(await ask(product, "users.list")).toMatchObject({ allowed: false, reason: "product-token", heldBy: [] });
  });

  it("says no more of what is out of reach than of what is not there", async () => {
    const access = await holder("user-access-administrator", wiki);
    // Two sites have a product of this key, and the caller nothing to do with either.
    await write(c.organization, async (tx) =>
      createProduct(tx, await createSite(tx, { key: "south" }), { key: "tracker" }),
    );
    const answers = [];
    for (const on of [
      `product:${c.tracker.id}`,
      `product:${randomUUID()}`,
      "product:nothing",
      "product:tracker",
      "site:nowhere",
      "nonsense",
    ])
      answers.push(await ask(access.token, "grants.create", on));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it("knows no operation that is not served", async () => {
    for (const operation of ["nothing", "users.LIST", "__proto__", "constructor"])
      expect((await apiAsk("GET", `/me/capabilities?operation=${operation}`, { token: c.token })).status).toBe(404);
  });
});
