import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { until } from "../harness/process.ts";
import { statements } from "../harness/server.ts";
import { apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const company = await makeCompany(api, "acme");
const { token, organization } = company;
const { superuserUrl } = api.ctx.database;
const actor = { organization, kind: "system", id: null, requestId: null } as const;
const other = await inTransaction(
  api.ctx,
  actor,
  async (tx) => (await createToken(tx, { administration: true })).token,
);

const groupsCalled = async (name: string): Promise<unknown[]> =>
  (await api.ask("GET", `/groups?name=${encodeURIComponent(name)}`, { token })).body.data;

const create = (key: string, body: unknown, by = token) =>
  api.ask("POST", "/groups", { token: by, body, headers: { "idempotency-key": key } });

describe("Idempotency-Key", () => {
  it("200 replays at one moment act once; those refused meanwhile are answered the same when they ask again", async () => {
    const replay = () => create("at-once", { name: "at once" });
    // Whoever makes a group waits for the organization, which is held until as many wait as there are connections.
    const [held, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const hold = async () => {
      held.resolve();
      await release.promise;
    };
    const holder = inTransaction(api.ctx, actor, hold, { lock: "exclusive" });
    await held.promise;
    const sent = Array.from({ length: 200 }, replay);
    await until("requests wait", 30, async () => {
      const waiting = await statements(superuserUrl, [
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      ]);
      return waiting.length > 5;
    });
    release.resolve();
    await holder;
    const answers = await Promise.all(sent);
    for (const answer of answers) {
      expect([201, 409]).toContain(answer.status);
      if (answer.status === 409) expect(answer.headers.get("retry-after")).toBe("1");
    }
    const made = answers.filter(({ status }) => status === 201);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    expect(made.filter(({ headers }) => !headers.has("idempotency-replayed"))).toHaveLength(1);
    for (const _ of answers.filter(({ status }) => status === 409)) {
      const again = await replay();
      expect([again.status, again.text, again.headers.get("location")]).toEqual([
        201,
        made[0]?.text,
        made[0]?.headers.get("location"),
      ]);
      expect(again.headers.get("idempotency-replayed")).toBe("true");
    }
    expect(await groupsCalled("at once")).toHaveLength(1);
  });

  it("asked for something else is refused, whichever part differs", async () => {
    expect((await create("one", { name: "one" })).status).toBe(201);
    const headers = { "idempotency-key": "one" };
    for (const [path, body] of [
      ["/groups", { name: "two" }],
      ["/sites", { key: "one" }],
    ] as const) {
      const answer = await api.ask("POST", path, { token, body, headers });
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toMatchObject([{ pointer: "Idempotency-Key" }]);
    }
    expect(await groupsCalled("two")).toEqual([]);
  });

  it("of another caller is another key", async () => {
    expect((await create("shared", { name: "hers" })).status).toBe(201);
    expect((await create("shared", { name: "his" }, other)).status).toBe(201);
    expect(await groupsCalled("his")).toHaveLength(1);
  });

  it("of a request that failed may be used again", async () => {
    const blank = await create("failed", { name: " " });
    expect(blank.status).toBe(422);
    expect(blank.body.errors).toMatchObject([{ pointer: "/name" }]);
    expect((await create("failed", { name: "second attempt" })).status).toBe(201);
  });

  it("is not used up by a dry run", async () => {
    const headers = { "idempotency-key": "dry" };
    const dry = await api.ask("POST", "/groups?dryRun=true", { token, body: { name: "dry" }, headers });
    expect(dry.body.dryRun).toBe(true);
    expect((await create("dry", { name: "dry" })).status).toBe(201);
  });

  it("is one word of printable characters", async () => {
    for (const key of ["", "two words", "x".repeat(256), "caf\u00e9"]) {
      const answer = await create(key, { name: "never" });
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toMatchObject([{ pointer: "Idempotency-Key" }]);
    }
    expect(await groupsCalled("never")).toEqual([]);
  });

  it("keeps nothing by which a password of the request could be guessed", async () => {
    const body = { kind: "scim", name: "guessed" };
    const headers = { "idempotency-key": "guess" };
    expect((await api.ask("POST", "/directories", { token, body, headers })).status).toBe(201);
    const [row] = await statements<{ held: string }>(superuserUrl, [
      "select encode(fingerprint, 'hex') as held from muster.idempotent_requests where key = 'guess'",
    ]);
    const guess = JSON.stringify(["POST", "/api/v1/directories", null, body]);
    expect(row?.held).toMatch(/^[0-9a-f]{64}$/);
    for (const text of [guess, `idempotent request ${guess}`])
      expect(row?.held).not.toBe(createHash("sha256").update(text).digest("hex"));
  });

  it("keeps no token that can be read, and shows it to whoever repeats the request", async () => {
    const headers = { "idempotency-key": "secret" };
    const make = () => api.ask("POST", "/directories/okta/tokens", { token, body: { name: "sealed" }, headers });
    const [first, again] = [await make(), await make()];
    expect(first.body.token).toMatch(/^mst_scim_/);
    expect(again.body).toEqual(first.body);
    const [row] = await statements<{ held: string }>(superuserUrl, [
      "select string_agg(encode(answer, 'escape'), '') as held from muster.idempotent_requests",
    ]);
    expect(row?.held).not.toContain("mst_scim_");
    expect(row?.held).not.toContain(first.body.token.slice(-20));
  });
});
