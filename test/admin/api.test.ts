import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { adminRouter } from "../../src/admin/router.ts";
import { type DirectoryUserId, newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { addLocalMembers, createLocalGroup } from "../../src/identity/groups.ts";
import { assignGuest } from "../../src/identity/guests.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { apiFetch } from "../harness/api.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";

const scim = { perSecond: 3_000, burst: 6_000, inFlight: 64, waiting: 1_000 };
const ctx = await testContext({
  config: { limits: { bodyBytes: 2_048, requestTimeout: 60_000, drainTimeout: 0, scim, api: scim } },
});
const server = createServer(makeApp(ctx, [{ path: "/api/v1", router: adminRouter }], { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
afterAll(() => void server.close());
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;

const write = <T>(organization: OrganizationId, work: (tx: Tx) => Promise<T>): Promise<T> => {
  const actor: Actor = { organization, kind: "system", id: null, requestId: null };
  return inTransaction(ctx, actor, work, { lock: "exclusive" });
};

/** An organization with a wiki that has guests, a tracker, and the named people in a SCIM directory. */
async function company(key: string, people: readonly string[]) {
  const organization = newId<OrganizationId>();
  return write(organization, async (tx) => {
    await createOrganization(tx, { key });
    const site = await resolveSite(tx, key);
    const wiki = await createProduct(tx, site, { key: "wiki", hasGuests: true });
    await createProduct(tx, site, { key: "tracker" });
    const docs = await createSpace(tx, wiki.id, { key: "docs" });
    const directory = await addDirectory(tx, { name: "okta", kind: "scim" });
    await insertDirectoryUsers(
      tx,
      directory.id,
      people.map((userName) => ({
        id: newId<DirectoryUserId>(),
        immutableId: null,
        externalId: `ext-${userName}`,
        userName,
        active: true,
        email: `${userName}@${key}.example`,
        displayName: null,
        resource: {},
        contentHash: null,
      })),
    );
    const [users, guests] = [await createLocalGroup(tx, "users"), await createLocalGroup(tx, "guests")];
    await grantRole(tx, { group: users.id, product: wiki.id, role: "user" });
    await grantRole(tx, { group: guests.id, product: wiki.id, role: "guest" });
    const admin = await createToken(tx, { administration: true });
    const product = await createToken(tx, { product: wiki.id });
    const scim = await createToken(tx, { directory: directory.id });
    return { organization, wiki, docs, users, guests, admin: admin.token, product: product.token, scim: scim.token };
  });
}

const acme = await company("acme", ["Ada", "bob", "carol", "dave", "eve"]);
const other = await company("other", ["zoe"]);
const [ada, bob] = await write(acme.organization, async (tx) => {
  const found = [await resolvePerson(tx, "ada"), await resolvePerson(tx, "bob")] as const;
  await addLocalMembers(tx, acme.users.id, [found[0]]);
  await addLocalMembers(tx, acme.guests.id, [found[1]]);
  return found;
});
const zoe = await write(other.organization, (tx) => resolvePerson(tx, "zoe"));

type Answer = { status: number; headers: Headers; body: Record<string, never> & Record<string, unknown>; text: string };

async function ask(
  token: string | null,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await apiFetch(`${base}${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text === "" ? {} : JSON.parse(text) };
}

const get = (path: string, token: string | null = acme.admin) => ask(token, "GET", path);
const check = (body: unknown, token = acme.product) => ask(token, "POST", "/access/check", body);
const filtered = (filter: string) => get(`/users?filter=${encodeURIComponent(filter)}`);

/** Every problem has the shape of the design. */
function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(Object.keys(answer.body).filter((key) => key !== "candidates")).toEqual([
    "type",
    "title",
    "status",
    "detail",
    "code",
    "errors",
    "requestId",
  ]);
  expect(answer.body).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
  expect(answer.body.requestId).toBe(answer.headers.get("x-request-id"));
}

describe("who calls", () => {
  it("is asked before anything of the body is read", async () => {
    const wrong = [
      null,
      "",
      "nonsense",
      acme.scim,
      `${acme.admin.slice(0, -1)}_`,
      acme.admin.replace(/.$/, (last) => (last === "a" ? "b" : "a")),
    ];
    for (const token of wrong)
      for (const body of ["{", "x".repeat(5_000)]) {
        const answer = await ask(token, "POST", "/access/check", body);
        expectProblem(answer, 401, "unauthenticated");
        expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer realm="muster"/);
      }
  });

  it("a token in the query string opens nothing", async () => {
    expectProblem(await get(`/users?access_token=${acme.admin}`, null), 401, "unauthenticated");
  });

  it("a product's token asks about its product alone", async () => {
    expectProblem(await get("/users", acme.product), 403, "not-allowed");
    expectProblem(await get(`/users/${ada}`, acme.product), 403, "not-allowed");
    expectProblem(await get("/products/tracker/access", acme.product), 403, "not-allowed");
    const unknown = await get("/products/nope/access", acme.product);
    expect({ ...unknown.body, requestId: "" }).toEqual({
      ...(await get("/products/tracker/access", acme.product)).body,
      requestId: "",
    });
    expectProblem(await check({ product: "tracker", user: { id: ada } }), 403, "not-allowed");
  });
});

describe("users", () => {
  it("are listed by pages that join to everybody, each once", async () => {
    const seen: string[] = [];
    let next: string | null = null;
    do {
      const page: Answer = await get(`/users?limit=2${next ? `&cursor=${next}` : ""}`);
      expect(Object.keys(page.body)).toEqual(["data", "page"]);
      const data = page.body.data as unknown as { userName: string }[];
      expect(data.length).toBeLessThanOrEqual(2);
      seen.push(...data.map((user) => user.userName));
      next = (page.body.page as unknown as { next: string | null }).next;
    } while (next);
    expect(seen.sort()).toEqual(["Ada", "bob", "carol", "dave", "eve"]);
  });

  it("are listed by their names too, in both directions, whatever the case", async () => {
    for (const [sort, wanted] of [
      ["userName", ["Ada", "bob", "carol", "dave", "eve"]],
      ["-userName", ["eve", "dave", "carol", "bob", "Ada"]],
    ] as const) {
      const seen: string[] = [];
      let next: string | null = null;
      do {
        const page: Answer = await get(`/users?limit=2&sort=${sort}${next ? `&cursor=${next}` : ""}`);
        seen.push(...(page.body.data as unknown as { userName: string }[]).map((user) => user.userName));
        next = (page.body.page as unknown as { next: string | null }).next;
      } while (next);
      expect(seen).toEqual(wanted);
    }
    const { next } = (await get("/users?limit=2&sort=userName")).body.page as unknown as { next: string };
    expectProblem(await get(`/users?limit=2&cursor=${next}`), 422, "invalid");
    const forged = Buffer.from("userName:a\0b").toString("base64url");
    expectProblem(await get(`/users?sort=userName&cursor=${forged}`), 422, "invalid");
  });

  it("have the shape of user show, also inside a filtered list", async () => {
    const shape = {
      id: ada,
      userName: "Ada",
      email: "Ada@acme.example",
      displayName: null,
      status: "invited-not-sent",
      kind: "member",
      source: "scim",
      firstAccessAt: null,
      lastAccessAt: null,
      expiresAt: null,
      invitedAt: null,
      signedUpAt: null,
      sites: [{ site: "acme", status: "invitation-not-sent" }],
      access: [{ site: "acme", product: "wiki", role: "user", allowed: true }],
      records: [{ directory: "okta", id: expect.any(String), externalId: "ext-Ada", canonical: true, active: true }],
    };
    expect((await get(`/users/${ada}`)).body).toEqual(shape);
    expect((await filtered('userName eq "ADA"')).body).toEqual({ data: [shape], page: { next: null } });
  });

  it("are filtered by name, address and status, joined by and", async () => {
    const names = async (filter: string) =>
      ((await filtered(filter)).body.data as unknown as { userName: string }[]).map((user) => user.userName).sort();
    expect(await names('email eq "BOB@acme.example"')).toEqual(["bob"]);
    expect(await names('userName sw "d" and status eq "invited-not-sent"')).toEqual(["dave"]);
    expect(await names('userName co "a" and userName co "r"')).toEqual(["carol"]);
    expect(await names('status eq "active"')).toEqual([]);
    expect(await names('userName eq "%"')).toEqual([]);
    expect(await names('userName co "_"')).toEqual([]);
    expect(await names(`id eq "${ada}"`)).toEqual(["Ada"]);
    expect(await names('userName eq "ada" or (userName gt "c" and not (userName sw "d"))')).toEqual([
      "Ada",
      "carol",
      "eve",
    ]);
    expect(await names('directory eq "okta" and externalId ew "bob" and firstAccessAt eq null')).toEqual(["bob"]);
    expect(await names("firstAccessAt pr")).toEqual([]);
  });

  it("are filtered by what they are and what they may use", async () => {
    const names = async (filter: string) =>
      ((await filtered(filter)).body.data as unknown as { userName: string }[]).map((user) => user.userName).sort();
    expect(await names('kind eq "guest"')).toEqual(["bob"]);
    expect(await names('access[product eq "wiki" and role eq "user"]')).toEqual(["Ada"]);
    // Bob has the role, and no space: he may not use it.
    expect(await names('access[role eq "guest" and allowed eq true] or access.allowed eq false')).toEqual(["bob"]);
    expect(await names("not (access pr)")).toEqual(["carol", "dave", "eve"]);
    expect(await names(`group eq "${acme.users.id}"`)).toEqual(["Ada"]);
    expect(await names(`group eq "${other.users.id}"`)).toEqual([]);
    expect(await names('source eq "ldap" or domain eq "Other.example"')).toEqual([]);
    expect(await names('source eq "scim" and domain eq "ACME.example" and lastAccessAt eq null')).toHaveLength(5);
  });

  it("are counted where that is asked for, whatever the page", async () => {
    const page = async (query: string) => (await get(`/users?${query}`)).body.page;
    expect(await page("limit=2&count=true")).toEqual({ next: expect.any(String), total: { count: 5, exact: true } });
    expect(await page(`limit=1&count=true&filter=${encodeURIComponent("access pr")}`)).toMatchObject({
      total: { count: 2, exact: true },
    });
    expect(await page("limit=2&count=false")).toEqual({ next: expect.any(String) });
  });

  it("answer a wrong filter or parameter with its place", async () => {
    for (const filter of [
      "",
      "userName",
      'userName eq "a',
      'userName eq "a" or',
      "userName eq a",
      'status eq "gone"',
      'status gt "active"',
      'firstAccessAt gt "yesterday"',
      "email[type eq 1]",
      'access eq "wiki"',
      'access[role eq "owner"]',
      'access[group eq "x"]',
      'access[product eq "wiki"',
      'userName eq "\\u0000"',
    ]) {
      const wrong = await filtered(filter);
      expectProblem(wrong, 400, "invalid-filter");
      expect(wrong.body.errors).toMatchObject([{ pointer: "filter" }]);
    }
    const unknown = await filtered('userName pr and password eq "x"');
    expectProblem(unknown, 400, "invalid-filter");
    expect(unknown.body.detail).toMatch(/by password; known are id, userName, .*\(character 17 of the filter\)/);
    const wrong = await get("/users?limit=0&colour=red&cursor=%00");
    expectProblem(wrong, 422, "invalid");
    expect(wrong.body.errors).toEqual([
      { pointer: "limit", code: "invalid", message: expect.any(String) },
      { pointer: "colour", code: "unknown", message: expect.any(String) },
    ]);
    expectProblem(await get("/users?cursor=x"), 422, "invalid");
    expectProblem(await get("/users?limit=1&limit=2"), 422, "invalid");
  });

  it("of another organization answer the same bytes as unknown ones and as ids that are none", async () => {
    for (const [method, tail] of [
      ["GET", ""],
      ["GET", "/access"],
      ["POST", "/resend-invite"],
    ] as const) {
      const bodies = [];
      for (const id of [zoe, randomUUID(), "no-uuid", "%F0%9F%90%8E", `${ada}x`]) {
        const answer = await ask(acme.admin, method, `/users/${id}${tail}`);
        expectProblem(answer, 404, "not-found");
        bodies.push(answer.text.replace(String(answer.body.requestId), ""));
      }
      expect(new Set(bodies).size).toBe(1);
    }
  });

  it("are told their access as by muster access", async () => {
    expect((await get(`/users/${ada}/access`)).body).toEqual({
      account: { id: ada, userName: "Ada", email: "Ada@acme.example", status: "invited-not-sent" },
      access: [
        { site: "acme", product: "tracker", role: null, allowed: false, reason: "no-grant", spaces: [], trace: [] },
        {
          site: "acme",
          product: "wiki",
          role: "user",
          allowed: true,
          reason: null,
          spaces: [],
          trace: [{ directory: "local", group: "users", grant: expect.any(String), role: "user", counts: true }],
        },
      ],
    });
  });

  it("get their invitation once, then 429 with Retry-After (R67)", async () => {
    const carol = await write(acme.organization, (tx) => resolvePerson(tx, "carol"));
    const sent = await ask(acme.admin, "POST", `/users/${carol}/resend-invite`);
    expect(sent.status).toBe(202);
    expect(sent.body).toEqual({
      accountId: carol,
      invitationId: expect.any(String),
      mailId: expect.any(String),
      status: "invited",
    });
    const again = await ask(acme.admin, "POST", `/users/${carol}/resend-invite`);
    expectProblem(again, 429, "cool-down");
    expect(Number(again.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

describe("access/check", () => {
  it("knows a person by each of their names", async () => {
    const allowed = {
      allowed: true,
      role: "user",
      permission: null,
      status: "invited-not-sent",
      reason: null,
      until: null,
    };
    for (const user of [{ id: ada }, { userName: "ADA" }, { email: "ada@ACME.example" }, { externalId: "ext-Ada" }]) {
      const answer = await check({ product: "wiki", user });
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(allowed);
    }
    expect((await check({ product: "wiki", user: { id: ada } }, acme.admin)).body).toEqual(allowed);
  });

  it("answers unknown, never 404, for whoever is not there", async () => {
    for (const user of [
      { id: zoe },
      { id: "no-uuid" },
      { userName: "zoe" },
      { email: "nobody" },
      { externalId: "ext-zoe" },
    ])
      expect((await check({ product: "wiki", user })).body).toMatchObject({
        allowed: false,
        role: null,
        reason: "unknown",
      });
  });

  it("lets a guest into the one space, and the first seen answer is the first access (R80, R129)", async () => {
    const question = { product: "wiki", user: { id: bob } };
    expect((await check({ ...question, seen: true })).body).toMatchObject({
      allowed: false,
      role: "guest",
      reason: "no-space",
      status: "invited-not-sent",
    });
    await write(acme.organization, (tx) =>
      assignGuest(tx, { account: bob, space: acme.docs.id, permission: "read-only", expiresAt: null, sponsor: null }),
    );
    expect((await check({ ...question, space: "docs" })).body).toMatchObject({
      allowed: true,
      permission: "read-only",
      status: "invited-not-sent",
    });
    expect((await check({ ...question, space: "elsewhere" })).body).toMatchObject({
      allowed: false,
      reason: "no-space",
    });
    expect((await check({ ...question, space: "docs", seen: true })).body).toMatchObject({
      allowed: true,
      status: "active",
    });
    expect((await get(`/users/${bob}`)).body).toMatchObject({
      status: "active",
      firstAccessAt: expect.stringMatching(/Z$/),
    });
  });

  it("names everything that is wrong with a question by its pointer", async () => {
    const wrong = await check({ product: "", user: { id: "a", email: "b" }, "~a/b": 1, seen: "yes" });
    expectProblem(wrong, 422, "invalid");
    expect((wrong.body.errors as unknown as { pointer: string }[]).map((error) => error.pointer).sort()).toEqual([
      "/product",
      "/seen",
      "/user",
      "/~0a~1b",
    ]);
    for (const user of [{}, { id: 1 }, { id: "a\u0000" }, "ada", null])
      expectProblem(await check({ product: "wiki", user }), 422, "invalid");
    expectProblem(await check([]), 422, "invalid");
    for (const body of ["null", "true", '"wiki"', "4711"]) expectProblem(await check(body), 422, "invalid");
    const broken = await check("{");
    expectProblem(broken, 400, "usage");
    expect(broken.body.errors).toEqual([{ pointer: "", code: "usage", message: "the body is no JSON" }]);
    expectProblem(await check({ product: "wiki", user: { id: "x".repeat(3_000) } }), 413, "too-large");
    expectProblem(
      await ask(acme.product, "POST", "/access/check", "a=1", { "content-type": "text/plain" }),
      415,
      "unsupported-media-type",
    );
    expectProblem(await check({ product: "nope", user: { id: ada } }, acme.admin), 404, "not-found");
  });
});

describe("products", () => {
  it("list everybody whom a grant reaches", async () => {
    const answer = await get("/products/wiki/access", acme.product);
    const people = answer.body.data as unknown as { user: { userName: string }; role: string; allowed: boolean }[];
    expect(people.map(({ user, role }) => [user.userName, role]).sort()).toEqual([
      ["Ada", "user"],
      ["bob", "guest"],
    ]);
    expect(people[0]).toEqual({
      user: {
        id: expect.any(String),
        userName: expect.any(String),
        email: expect.any(String),
        status: expect.any(String),
      },
      role: expect.any(String),
      allowed: expect.any(Boolean),
      reason: null,
      until: null,
    });
    expectProblem(await get("/products/nope/access"), 404, "not-found");
  });
});

describe("events", () => {
  const page = async (after: string | null, token = acme.admin, limit = 2) => {
    const answer = await get(`/events?limit=${limit}${after ? `&after=${after}` : ""}`, token);
    expect(answer.status).toBe(200);
    return answer.body as unknown as {
      data: { id: string; kind: string; data: { product?: string } }[];
      page: { next: string };
    };
  };

  async function drain(token = acme.admin) {
    const all = [];
    for (let after: string | null = null; ; ) {
      const { data, page: found } = await page(after, token);
      all.push(...data);
      if (data.length === 0) return { all, next: found.next };
      after = found.next;
    }
  }

  /** Whoever writes anywhere on the same PostgreSQL holds the newest events back for a moment. */
  async function drainAll() {
    const [row] = await ctx.db.of(acme.organization).query<{ count: number }>({
      text: "select count(*) from outbox where organization = $1",
      values: [acme.organization],
    });
    let found = await drain();
    await until("all events", 20, async () => {
      found = await drain();
      return found.all.length === row?.count;
    });
    return found;
  }

  it("come once each and go on where the reader stopped", async () => {
    const { all, next } = await drainAll();
    expect(new Set(all.map((event) => event.id)).size).toBe(all.length);
    expect(all.filter((event) => event.kind === "directory-user.created")).toHaveLength(5);
    const dave = await write(acme.organization, async (tx) => {
      const id = await resolvePerson(tx, "dave");
      await addLocalMembers(tx, acme.users.id, [id]);
      return id;
    });
    await drainAll();
    const fresh = (await page(next, acme.admin, 50)).data;
    expect(fresh.map((event) => event.kind)).toContain("access.granted");
    expect(JSON.stringify(fresh)).toContain(dave);
  });

  it("never show a change before one that had begun earlier and still runs", async () => {
    const { next } = await drainAll();
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const slow = write(other.organization, async (tx) => {
      // Its number is taken now, whatever commits meanwhile.
      await tx.query({ text: "select pg_current_xact_id()" });
      started.resolve();
      await finish.promise;
    });
    await started.promise;
    await write(acme.organization, async (tx) => addLocalMembers(tx, acme.users.id, [await resolvePerson(tx, "eve")]));
    expect((await page(next)).data).toEqual([]);
    finish.resolve();
    await slow;
    await drainAll();
    expect((await page(next)).data.length).toBeGreaterThan(0);
  });

  it("for a product's token are those of its product alone, and of no other organization", async () => {
    await drainAll();
    const { all } = await drain(acme.product);
    expect(all.length).toBeGreaterThan(0);
    for (const event of all) expect(event.data.product).toBe(acme.wiki.id);
    expect(JSON.stringify((await drainAll()).all)).not.toContain(zoe);
    for (const after of ["x", "LTE", Buffer.from("1-1; drop").toString("base64url")])
      expectProblem(await get(`/events?after=${after}`), 422, "invalid");
    expect((await get(`/events?after=${Buffer.from("99999999999999999999-1").toString("base64url")}`)).status).toBe(
      422,
    );
  });
});

describe("everything else", () => {
  it("is refused with the methods that work, or not found", async () => {
    for (const [method, path, allow] of [
      ["DELETE", "/users", "GET, HEAD, POST"],
      ["DELETE", `/users/${ada}`, "GET, HEAD, PATCH"],
      ["GET", `/users/${ada}/resend-invite`, "POST"],
      ["GET", "/access/check", "POST"],
      ["PUT", "/events", "GET, HEAD"],
      ["POST", "/products/wiki/access", "GET, HEAD"],
    ] as const) {
      const answer = await ask(acme.admin, method, path);
      expectProblem(answer, 405, "method-not-allowed");
      expect(answer.headers.get("allow")).toBe(allow);
    }
    for (const path of ["/", "/nope", "/users/a/b/c", "/access"]) expectProblem(await get(path), 404, "not-found");
    expectProblem(await get("/users/%zz"), 404, "not-found");
  });

  it("is never kept by a cache", async () => {
    for (const path of ["/users", "/nope"]) expect((await get(path)).headers.get("cache-control")).toBe("no-store");
  });
});
