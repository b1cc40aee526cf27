import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { makeApp } from "../../src/http/app.ts";
import { doors } from "../../src/start/doors.ts";
import { testContext } from "../harness/postgres.ts";

const ctx = await testContext();
const server = createServer(makeApp(ctx, doors, { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
afterAll(() => void server.close());
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const SCIM_ERROR = { schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"] };
const USERS = "/scim/v2/019a0000-0000-7000-8000-000000000000/Users";

test("whatever is asked below /scim, the answer is SCIM's", async () => {
  for (const [path, status] of [
    ["/scim", 404],
    ["/scim/", 404],
    ["/scim/v1/x/Users", 404],
    ["/scim//v2/x/Users", 404],
    ["/scim/v2", 404],
    ["/scim/v2/%ff/Users", 404],
    [USERS, 401],
  ] as const) {
    const answer = await fetch(base + path);
    expect([path, answer.status, answer.headers.get("content-type")]).toEqual([
      path,
      status,
      "application/scim+json; charset=utf-8",
    ]);
    expect(await answer.json()).toMatchObject({ ...SCIM_ERROR, status: String(status) });
  }
});

test("who is turned away because too many wait is told so in the words of the door he came to", async () => {
  const { pool } = ctx.db;
  const held = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
  const waiting = Array.from({ length: 256 }, () => pool.connect().then((client) => client.release()));
  const told = await Promise.all(
    [USERS, "/scim/v2", "/api/v1/users", "/i/mst_inv_x"].map(async (path) => {
      const answer = await fetch(base + path);
      const type = answer.headers.get("content-type");
      return [answer.status, answer.headers.get("retry-after"), type, await answer.text()] as const;
    }),
  );
  for (const client of held) client.release();
  await Promise.all(waiting);
  const [users = [], version = [], api = [], page = []] = told;
  expect([users, version, api, page].map(([status, after]) => [status, after])).toEqual(
    Array.from({ length: 4 }, () => [503, "2"]),
  );
  for (const [, , type, text] of [users, version]) {
    expect(type).toBe("application/scim+json; charset=utf-8");
    expect(JSON.parse(String(text))).toMatchObject({ ...SCIM_ERROR, status: "503" });
  }
  expect(api[2]).toBe("application/problem+json; charset=utf-8");
  expect(JSON.parse(String(api[3]))).toMatchObject({ status: 503, code: "unavailable" });
  expect(page[2]).toBe("text/html; charset=utf-8");
  expect((await fetch(base + USERS)).status).toBe(401);
});
