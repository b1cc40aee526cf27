import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { adminRouter } from "../../src/admin/router.ts";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { ExchangeLog } from "../../src/scim/exchange-log.ts";
import { flushRequestLog, recordExchange } from "../../src/scim/request-log.ts";
import { apiFetch } from "../harness/api.ts";
import { testContext } from "../harness/postgres.ts";

const ctx = await testContext();
const server = createServer(makeApp(ctx, [{ path: "/api/v1", router: adminRouter }], { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
afterAll(() => void server.close());
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;

/** An organization whose directory has seen 25 requests; each third was refused, one had a warning. */
async function company(key: string) {
  const organization = newId<OrganizationId>();
  const actor: Actor = { organization, kind: "system", id: null, requestId: null };
  const made = await inTransaction(
    ctx,
    actor,
    async (tx) => {
      await createOrganization(tx, { key });
      const { id: product } = await createProduct(tx, await resolveSite(tx, key), { key: "wiki" });
      return {
        directory: (await addDirectory(tx, { name: "okta", kind: "scim" })).id,
        token: (await createToken(tx, { administration: true })).token,
        product: (await createToken(tx, { product })).token,
      };
    },
    { lock: "exclusive" },
  );
  for (let i = 0; i < 25; i++) {
    const log = new ExchangeLog();
    if (i === 10) log.warn("op-case", "Operations[0].op");
    const refused = i % 3 === 0;
    recordExchange(ctx, {
      organization,
      directory: made.directory,
      token: null,
      requestId: `request-${i}`,
      method: "POST",
      path: "/Users",
      query: "",
      status: refused ? 409 : 201,
      startedAt: performance.now() - (25 - i) * 60_000,
      userAgent: "Okta",
      body: { userName: "ada@example.com" },
      log,
      detail: refused ? "a user with this userName exists already in this directory" : null,
    });
  }
  await flushRequestLog(ctx);
  return { ...made, ask: (path: string, token = made.token) => ask(path, token) };
}

type Page = { data: { requestId: string; status: number }[]; page: { next: string | null } };

async function ask(path: string, token: string): Promise<{ status: number; text: string; body: Page }> {
  const response = await apiFetch(`${base}${path}`, {
    headers: { authorization: `Bearer ${token}`, "x-request-id": "same" },
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) as Page };
}

const acme = await company("acme");
const other = await company("other");
const log = `/directories/${acme.directory}/scim-requests`;
const all = Array.from({ length: 25 }, (_, i) => `request-${24 - i}`);

describe("GET /directories/{id}/scim-requests", () => {
  it("tells everything of a request, the newest first; by the directory's name too", async () => {
    const { status, body } = await acme.ask(`${log}?limit=1`);
    expect(status).toBe(200);
    expect(body.data).toEqual([
      {
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        id: expect.any(String),
        requestId: "request-24",
        token: null,
        method: "POST",
        path: "/Users",
        query: null,
        status: 409,
        duration: expect.any(Number),
        userAgent: "Okta",
        bytes: null,
        warnings: [],
        changes: [],
        request: { userName: "a…(3)@example.com" },
        cut: false,
        detail: "a user with this userName exists already in this directory",
        skipped: 0,
      },
    ]);
    expect((await acme.ask("/directories/okta/scim-requests?limit=1")).text).toBe(
      (await acme.ask(`${log}?limit=1`)).text,
    );
  });

  it("pages through all of them, each once", async () => {
    const seen: string[] = [];
    let cursor = "";
    for (let pages = 0; pages < 10; pages++) {
      const { body } = await acme.ask(`${log}?limit=7${cursor}`);
      seen.push(...body.data.map(({ requestId }) => requestId));
      if (body.page.next === null) break;
      cursor = `&cursor=${body.page.next}`;
    }
    expect(seen).toEqual(all);
  });

  it("narrows to statuses, warnings and times", async () => {
    const ids = async (query: string) =>
      (await acme.ask(`${log}?${query}`)).body.data.map(({ requestId }) => requestId);
    const refused = all.filter((id) => Number(id.slice(8)) % 3 === 0);
    expect(await ids("status=4xx")).toEqual(refused);
    expect(await ids("status=409&limit=2")).toEqual(refused.slice(0, 2));
    expect(await ids("status=404")).toEqual([]);
    expect(await ids("warnings=true")).toEqual(["request-10"]);
    const since = new Date(Date.now() - 3.5 * 60_000).toISOString();
    expect(await ids(`since=${encodeURIComponent(since)}`)).toEqual(all.slice(0, 3));
  });

  it.each(["status=abc", "status=6xx", "warnings=yes", "since=1h", "limit=0", "limit=201", "cursor=bad", "unknown=1"])(
    "refuses ?%s, naming the parameter",
    async (query) => {
      const { status, text } = await acme.ask(`${log}?${query}`);
      expect(status).toBe(422);
      expect(JSON.parse(text).errors[0].pointer).toBe(query.split("=")[0]);
    },
  );

  it("knows another organization's directory no more than one that nobody has", async () => {
    expect((await other.ask(`/directories/${other.directory}/scim-requests`)).status).toBe(200);
    const foreign = await acme.ask(`/directories/${other.directory}/scim-requests`);
    const unknown = await acme.ask(`/directories/${newId()}/scim-requests`);
    expect(foreign.status).toBe(404);
    expect(unknown.text).toBe(foreign.text);
    expect((await acme.ask("/directories/nobody/scim-requests")).text).toBe(foreign.text);
  });

  it("is the administration's alone", async () => {
    expect((await acme.ask(log, acme.product)).status).toBe(403);
    expect((await acme.ask(log, "nobody")).status).toBe(401);
    const response = await apiFetch(`${base}${log}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${acme.token}` },
    });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});
