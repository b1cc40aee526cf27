import fc from "fast-check";
import pg from "pg";
import { describe, expect, it, test, vi } from "vitest";
import { Database } from "../../src/db/connection.ts";
import { newId } from "../../src/db/id.ts";
import { type LoggedRequest, listRequests } from "../../src/identity/request-log.ts";
import { newTokenText } from "../../src/identity/token-form.ts";
import { ExchangeLog } from "../../src/scim/exchange-log.ts";
import { type Exchange, flushRequestLog, recordExchange, recordRefusal } from "../../src/scim/request-log.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { scaled, seed } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { type Endpoint, patchOf, sender, serveScim, userOf } from "./endpoint.ts";

const ctx = await testContext();
const server = await serveScim(ctx);

/** A directory whose log is empty. */
async function fresh(): Promise<Endpoint> {
  return server.directory(await server.organization());
}

/** What stands in its log, oldest first. */
async function logOf(at: Endpoint): Promise<LoggedRequest[]> {
  await flushRequestLog(ctx);
  return (await listRequests(ctx.db.of(at.organization), at.directory, { limit: 1_000 })).reverse();
}

async function lastOf(at: Endpoint): Promise<LoggedRequest> {
  return (await logOf(at)).at(-1) as LoggedRequest;
}

function exchange(at: Endpoint, more: Partial<Exchange> = {}): Exchange {
  return {
    organization: at.organization,
    directory: at.directory,
    token: newId(),
    requestId: newId(),
    method: "GET",
    path: "/Users",
    query: "",
    status: 200,
    startedAt: performance.now(),
    userAgent: undefined,
    body: undefined,
    log: new ExchangeLog(),
    detail: null,
    ...more,
  };
}

describe("over HTTP", () => {
  it("a request tells what was sent, what was let pass and what changed, and names nobody", async () => {
    const at = await fresh();
    const ada = await at.send(
      "POST",
      "/Users",
      userOf("ada@example.com", { active: "True", name: { familyName: "Lovelace" } }),
      {
        "user-agent": "Okta SCIM Client 1.0",
        "x-request-id": "the-request",
      },
    );
    const group = await at.send("POST", "/Groups", { schemas: [], displayName: "Engineers" });
    await at.send("PATCH", `/Groups/${group.id}`, patchOf({ op: "Add", path: "members", value: [{ value: ada.id }] }));
    await at.send("GET", '/Users?filter=userName eq "ada@example.com"&count=1');
    await at.send("PATCH", `/Users/${ada.id}`, patchOf({ op: "replace", path: "nickName", value: "Countess" }));
    await at.send("DELETE", `/Users/${ada.id}`);
    const [posted, , patched, sought, changed, deleted] = await logOf(at);
    expect(posted).toMatchObject({
      method: "POST",
      path: "/Users",
      query: null,
      status: 201,
      requestId: "the-request",
      userAgent: "Okta SCIM Client 1.0",
      bytes: expect.any(Number),
      request: {
        schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
        userName: "a…(3)@example.com",
        active: "True",
        name: { familyName: "L…(8)" },
      },
      cut: false,
      warnings: [{ name: "boolean-as-text", at: ["active"], times: 1 }],
      changes: [{ kind: "User", id: ada.id, did: "created" }],
      detail: null,
      skipped: 0,
    });
    expect(posted?.duration).toBeGreaterThan(0);
    expect(patched).toMatchObject({
      path: `/Groups/${group.id}`,
      request: { Operations: [{ op: "Add", path: "members", value: [{ value: ada.id }] }] },
      warnings: [{ name: "op-case", at: ["Operations[0].op"] }],
      changes: [{ kind: "Group", id: group.id, did: "updated", added: 1 }],
    });
    expect(sought).toMatchObject({
      method: "GET",
      query: 'filter=userName eq "a…(3)@example.com"&count=1',
      request: null,
      warnings: [],
      changes: [],
    });
    expect(changed).toMatchObject({
      changes: [{ kind: "User", id: ada.id, did: "updated", attributes: ["nickName"] }],
    });
    expect(deleted).toMatchObject({
      method: "DELETE",
      status: 204,
      changes: [{ kind: "User", id: ada.id, did: "removed" }],
    });
    expect(JSON.stringify(await logOf(at))).not.toMatch(/lovelace|countess|engineers|ada@/i);
  });

  it("a refusal quotes nothing of a body that the log would not show", async () => {
    const at = await fresh();
    const secret = "Ottoline";
    const group = await at.send("POST", "/Groups", { displayName: "Quoted" });
    const members = [{ value: secret }];
    for (const [method, path, body] of [
      ["POST", "/Users/.search", { filter: `userName ${secret} "x"` }],
      ["POST", "/Groups", { displayName: "Quotes", members }],
      ["PATCH", `/Groups/${group.id}`, patchOf({ op: "add", path: "members", value: members })],
      ["POST", "/Bulk", { Operations: Array(2).fill({ method: "POST", path: "/Users", bulkId: secret, data: {} }) }],
      ["GET", `/Schemas/urn:${at.token}`, undefined],
    ] as const) {
      expect((await at.send(method, path, body)).status).toBeGreaterThanOrEqual(400);
      const row = await lastOf(at);
      expect(row).toMatchObject({ method });
      expect(JSON.stringify(row)).not.toContain(secret);
      expect(JSON.stringify(row)).not.toContain(at.token);
    }
  });

  it("a refused request tells why, in the words that the provider was told", async () => {
    const at = await fresh();
    const refused = await at.send("POST", "/Users", { ...userOf("ada"), emails: "ada@example.com", active: "perhaps" });
    expect(refused.status).toBe(400);
    expect(await lastOf(at)).toMatchObject({
      status: 400,
      detail: (refused.body as { detail: string }).detail,
      changes: [],
    });
    await at.send("GET", `/Users/${newId()}`);
    expect(await lastOf(at)).toMatchObject({ status: 404, detail: "this directory has no such resource" });
    await at.send("GET", "/Users?filter=lovelace%20xx%201");
    expect(await lastOf(at)).toMatchObject({
      query: "filter=l…(8) …(2) …(1)",
      detail: expect.not.stringMatching(/lovelace/),
    });
    await at.send("POST", "/Users", "{ no JSON");
    expect(await lastOf(at)).toMatchObject({ status: 400, request: null, detail: expect.stringContaining("no JSON") });
    await at.send("PUT", "/Users", userOf("ada"));
    expect(await lastOf(at)).toMatchObject({ status: 405, method: "PUT", path: "/Users" });
  });

  it("a directory's log holds its own requests alone", async () => {
    const [one, other] = [await fresh(), await fresh()];
    await Promise.all([one.send("GET", "/Users"), other.send("GET", "/Groups"), one.send("GET", "/Schemas")]);
    expect((await logOf(one)).map((each) => each.path).sort()).toEqual(["/Schemas", "/Users"]);
    expect((await logOf(other)).map((each) => each.path)).toEqual(["/Groups"]);
  });

  it("rows come by themselves, without anybody waiting for them", async () => {
    const at = await fresh();
    await at.send("GET", "/Users");
    const db = ctx.db.of(at.organization);
    await until(
      "the row is written",
      20,
      async () => (await listRequests(db, at.directory, { limit: 1 })).length === 1,
    );
  });
});

describe("what an installation says", () => {
  it("decides whether there is a log, bodies in it, and values in them, but never a secret", async () => {
    const at = await fresh();
    const said = { ...ctx.config.requestLog };
    const send = async (settings: Partial<typeof said>) => {
      Object.assign(ctx.config.requestLog, said, settings);
      // By its own id: of two in one millisecond nobody knows which is the last.
      const requestId = newId();
      recordExchange(
        ctx,
        exchange(at, {
          requestId,
          path: "/Users/ada",
          query: "filter=userName%20eq%20%22ada%22&token=hunter2",
          body: { userName: "ada", password: "hunter2", active: 1 },
          detail: "there is no ada",
        }),
      );
      Object.assign(ctx.config.requestLog, said);
      return (await logOf(at)).find((row) => row.requestId === requestId);
    };
    expect(await send({ values: "clear" })).toMatchObject({
      path: "/Users/ada",
      query: 'filter=userName eq "ada"&token=***',
      request: { userName: "ada", password: "***", active: 1 },
      detail: "there is no ada",
    });
    expect(await send({})).toMatchObject({
      path: "/Users/a…(3)",
      request: { userName: "a…(3)", password: "***", active: "…(number)" },
      detail: "there is no a…(3)",
    });
    expect(await send({ bodies: false })).toMatchObject({ path: "/Users/a…(3)", request: null, cut: false });
    await send({ days: 0 });
    expect(await logOf(at)).toHaveLength(3);
  });
});

describe("the buffer", () => {
  it("leaves out what is too much within a second, and counts it", async () => {
    const at = await fresh();
    const log = new ExchangeLog();
    log.warn("op-case", "Operations[0].op");
    // All of one second, however slow the machine is.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    try {
      for (let i = 0; i < 300; i++) recordExchange(ctx, exchange(at));
      // What somebody will look for still gets in.
      recordExchange(ctx, exchange(at, { status: 500 }));
      recordExchange(ctx, exchange(at, { log }));
    } finally {
      vi.useRealTimers();
    }
    const rows = await logOf(at);
    expect(rows).toHaveLength(252);
    expect(rows.filter((row) => row.skipped > 0)).toMatchObject([{ status: 500, skipped: 50 }]);
    expect(rows.filter((row) => row.warnings.length > 0)).toHaveLength(1);
  });

  it("gives up a row that cannot be stored, alone", async () => {
    const at = await fresh();
    for (let i = 0; i < 40; i++) recordExchange(ctx, exchange(at, { status: i === 17 ? 99_999 : 200 }));
    expect(await logOf(at)).toHaveLength(39);
    recordExchange(ctx, exchange(at));
    expect(await lastOf(at)).toMatchObject({ status: 200, skipped: 1 });
  });

  it("takes every text: NUL, halves of characters, lengths beyond reason", async () => {
    const at = await fresh();
    const nasty = "\0\ud800 \u202e".repeat(5);
    const log = new ExchangeLog();
    log.warn("op-case", nasty);
    recordExchange(
      ctx,
      exchange(at, {
        path: `/Users/%00${nasty}`,
        query: `x=%00${nasty}&${nasty}`,
        requestId: nasty,
        userAgent: nasty.repeat(500),
        body: { [nasty]: nasty, schemas: [nasty], path: nasty },
        bytes: 1e15,
        detail: nasty,
        log,
      }),
    );
    expect(await logOf(at)).toMatchObject([{ status: 200, bytes: 2_147_483_647, skipped: 0 }]);
  });

  it("keeps rows while the database does not answer, and writes them once it does", async () => {
    const at = await fresh();
    await withTableLocked(async (terminate) => {
      recordExchange(ctx, exchange(at, { path: "/Groups" }));
      const flushing = flushRequestLog(ctx);
      await until("the row waits for the table", 20, terminate);
      await flushing;
      // Nobody waits meanwhile: recording is over before anything is written.
      for (let i = 0; i < 5; i++) recordExchange(ctx, exchange(at));
    });
    await until("all are written", 30, async () => (await logOf(at)).length === 6);
    expect((await logOf(at)).map((row) => row.skipped)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("gives way at its bound, the oldest rows first, and counts what is lost", async () => {
    const organization = await server.organization();
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const directories = await Promise.all(names.map((name) => server.directory(organization, name)));
    const [first] = directories as [Endpoint];
    await withTableLocked(async () => {
      recordExchange(ctx, exchange(first));
      void flushRequestLog(ctx);
      // The write has begun and waits; what comes now stays in memory.
      for (const at of directories)
        for (let i = 0; i < 999; i++) recordExchange(ctx, exchange(at, { status: 400, method: "PUT" }));
    });
    const count = async () =>
      (
        await statements<{ rows: number; skipped: number }>(ctx.database.superuserUrl, [
          `select count(*)::int as rows, sum(skipped)::int as skipped from muster.scim_requests where organization = '${organization}'`,
        ])
      )[0];
    await until("the waiting rows are written", 60, async () => {
      await flushRequestLog(ctx);
      return ((await count())?.rows ?? 0) > 1;
    });
    await atTheStartOfASecond();
    for (const at of directories) recordExchange(ctx, exchange(at));
    await flushRequestLog(ctx);
    const { rows = 0, skipped = 0 } = (await count()) ?? {};
    expect(rows).toBeLessThanOrEqual(1 + 5_000 + names.length);
    expect(rows + skipped).toBe(1 + 999 * names.length + names.length);
    expect((await logOf(first)).map((row) => row.method)).toEqual(["GET", "GET"]);
  });

  it("writes what waits before the connections end", async () => {
    const at = await fresh();
    const db = new Database(ctx.database.settings);
    recordExchange({ ...ctx, db }, exchange(at, { path: "/Groups" }));
    await db.close();
    expect(await logOf(at)).toMatchObject([{ path: "/Groups" }]);
  });
});

describe("a request without a live token", () => {
  const refusal = (directory: string) => ({
    directory,
    requestId: newId(),
    method: "GET",
    path: "/Users/ada",
    status: 401,
    startedAt: performance.now(),
  });

  it("shows its directory's administrators that their provider has the wrong one: once, and no more than that", async () => {
    const at = await fresh();
    for (let i = 0; i < 20; i++) recordRefusal(ctx, refusal(at.directory));
    expect(await logOf(at)).toMatchObject([
      {
        method: "GET",
        path: "/Users/a…(3)",
        status: 401,
        token: null,
        userAgent: null,
        request: null,
        detail: "the request did not carry a live token of this directory",
      },
    ]);
  });

  it("comes into the log from the door, with no more than its method and path", async () => {
    const at = await fresh();
    const old = sender(at.baseUrl, newTokenText("scim"));
    expect((await old("POST", "/Users?x=ada", userOf("ada"), { "user-agent": "Okta" })).status).toBe(401);
    expect(await logOf(at)).toMatchObject([
      { method: "POST", path: "/Users", query: null, status: 401, token: null, userAgent: null, request: null },
    ]);
  });

  it("leaves nothing when no SCIM directory has the id", async () => {
    const before = await countAll();
    recordRefusal(ctx, refusal(newId()));
    recordRefusal(ctx, refusal("ada@example.com"));
    const internal = await ctx.db
      .of((await fresh()).organization)
      .query<{ id: string }>({ text: "select id from directories where kind = 'internal'" });
    recordRefusal(ctx, refusal(internal[0]?.id ?? ""));
    await flushRequestLog(ctx);
    expect(await countAll()).toBe(before);
  });
});

const planted = fc
  .string({ unit: fc.constantFrom(..."bcdfghjklmnpqrstvwxz"), minLength: 8, maxLength: 12 })
  .map((text) => `Q${text}`);

test("no row holds a person's value or a secret, wherever a request carries it", async () => {
  const at = await fresh();
  const bodies = fc.sample(
    fc.record({
      userName: planted.map((text) => `${text}@example.com`),
      password: planted,
      displayName: planted,
      Operations: fc.array(
        fc.record({
          op: fc.constant("Add"),
          path: planted.map((text) => `emails[value eq "${text}"]`),
          value: fc.jsonValue().chain((value) => planted.map((text) => ({ value, text }))),
        }),
      ),
      "urn:own:2.0:User": fc.dictionary(fc.constantFrom("a", "b"), planted),
    }),
    { numRuns: scaled(2_000), seed },
  );
  const secret = newTokenText("scim");
  for (const [i, body] of bodies.entries()) {
    if (i % 200 === 0) await atTheStartOfASecond();
    const text = body.displayName;
    const log = new ExchangeLog();
    log.warn("unknown-attribute-ignored", `emails[value eq "${text}"].x`);
    recordExchange(
      ctx,
      exchange(at, {
        path: `/Users/${text}`,
        query: `filter=userName%20co%20%22${text}%22&cursor=${text}&access_token=${text}`,
        requestId: secret,
        userAgent: `client ${secret}`,
        body: { ...body, note: `Bearer ${secret}`, more: [[text]] },
        log,
        detail: `there is no ${text} here (${body.userName})`,
      }),
    );
  }
  await flushRequestLog(ctx);
  const rows = await ctx.db.of(at.organization).query<{ row: string }>({
    text: "select r::text as row from scim_requests r where organization = $1 and directory = $2",
    values: [at.organization, at.directory],
  });
  expect(rows).toHaveLength(bodies.length);
  for (const { row } of rows) {
    expect(row).not.toMatch(/Q[b-z]{8}/);
    expect(row).not.toContain("mst_");
  }
});

async function countAll(): Promise<number> {
  const [row] = await statements<{ count: number }>(ctx.database.superuserUrl, [
    "select count(*)::int as count from muster.scim_requests",
  ]);
  return row?.count ?? 0;
}

/** Nobody can write to the table meanwhile. `terminate` ends the connections that wait for it, and says whether there were any. */
async function withTableLocked(work: (terminate: () => Promise<boolean>) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: ctx.database.superuserUrl });
  await client.connect();
  try {
    await client.query("begin; lock table muster.scim_requests in access exclusive mode");
    await work(async () => {
      // Asked on another connection: within a transaction the activity stands still.
      const ended = await statements(ctx.database.superuserUrl, [
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like 'insert into scim_requests%'`,
      ]);
      return ended.length > 0;
    });
  } finally {
    await client.end();
  }
}

/** The bounds are by the second; a test that counts needs a whole one. */
async function atTheStartOfASecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1_000);
  await until("the next second", 5, () => Math.floor(Date.now() / 1_000) > second);
}
