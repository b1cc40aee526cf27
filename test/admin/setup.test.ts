import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { adminRouter } from "../../src/admin/router.ts";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { prepareSetup } from "../../src/identity/setup.ts";
import { newTokenText } from "../../src/identity/token-form.ts";
import { apiFetch } from "../harness/api.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";

const ctx = await testContext();
const server = createServer(makeApp(ctx, [{ path: "/api/v1", router: adminRouter }], { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;

const PASSWORD = "a lake between two hills";

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await apiFetch(base + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const wanted = (token: string, key = "acme", password = PASSWORD) => ({
  token,
  organization: { key, name: "Acme" },
  administrator: { email: "Ada@Example.com", password },
});

test("a link of a first run makes one organization, once, whoever races for it; then there is none any more", async () => {
  const tokens = [await prepareSetup(ctx), await prepareSetup(ctx)] as string[];
  const kept = await statements<{ hash: Buffer }>(ctx.database.superuserUrl, ["select hash from muster.setups"]);
  expect(kept).toHaveLength(2);
  for (const token of tokens) expect(kept.some(({ hash }) => hash.includes(Buffer.from(token)))).toBe(false);

  expect((await post("/setup", wanted(newTokenText("set")))).status).toBe(404);
  expect((await post("/setup", wanted(newTokenText("api")))).status).toBe(404);
  const weak = await post("/setup", wanted(tokens[0] ?? "", "acme", "ada.example.com.1"));
  expect(weak).toMatchObject({ status: 422, body: { code: "invalid-value" } });
  expect(weak.body.errors).toMatchObject([{ pointer: "/administrator/password" }]);
  expect(JSON.stringify(weak.body)).not.toContain("ada.example.com.1");
  expect((await post("/setup", wanted(tokens[0] ?? ""), { origin: "https://evil.example" })).status).toBe(403);

  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, turn) => post("/setup", wanted(tokens[turn % 2] ?? "", `acme-${turn}`))),
  );
  expect(answers.map((answer) => answer.status).sort()).toEqual([201, 404, 404, 404, 404, 404]);
  const organizations = await statements(ctx.database.superuserUrl, ["select key from muster.organizations"]);
  expect(organizations).toHaveLength(1);
  expect(await statements(ctx.database.superuserUrl, ["select 1 from muster.setups"])).toEqual([]);
  expect((await post("/setup", wanted(tokens[1] ?? ""))).status).toBe(404);
  expect(await prepareSetup(ctx)).toBeUndefined();

  const signedIn = await post("/session", { userName: "ada@example.com", password: PASSWORD });
  expect(signedIn.status).toBe(201);
  expect((await post("/session", { userName: "ada@example.com", password: `${PASSWORD}!` })).status).toBe(401);
});

test("an organization that was made otherwise ends every link; a link is good for a day", async () => {
  await statements(ctx.database.superuserUrl, ["truncate muster.organizations cascade"]);
  const old = (await prepareSetup(ctx)) ?? "";
  await statements(ctx.database.superuserUrl, ["update muster.setups set expires_at = now()"]);
  expect((await post("/setup", wanted(old))).status).toBe(404);
  const live = (await prepareSetup(ctx)) ?? "";
  expect(await statements(ctx.database.superuserUrl, ["select 1 from muster.setups"])).toHaveLength(1);
  const organization = newId<OrganizationId>();
  await inTransaction(
    ctx,
    { organization, kind: "system", id: null, requestId: null },
    (tx) => createOrganization(tx, { key: "by-command" }),
    { lock: "exclusive" },
  );
  expect((await post("/setup", wanted(live))).status).toBe(404);
});

test("no more than ten links work side by side", async () => {
  await statements(ctx.database.superuserUrl, ["truncate muster.organizations cascade"]);
  for (let start = 0; start < 15; start++) await prepareSetup(ctx);
  expect(await statements(ctx.database.superuserUrl, ["select 1 from muster.setups"])).toHaveLength(10);
});
