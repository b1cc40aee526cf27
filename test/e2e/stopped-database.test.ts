import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runMuster, startMuster } from "../harness/muster.ts";
import { testDatabase } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { statements, withDatabase } from "../harness/server.ts";

const database = await testDatabase();
const data = mkdtempSync(join(tmpdir(), "muster-stopped-"));
const environment = { MUSTER_DATA_DIR: data, MUSTER_LOG_LEVEL: "error", ...database.environment };
const muster = await startMuster(environment);

afterAll(async () => {
  muster.child.kill("SIGTERM");
  expect(await muster.ended).toBe(0);
  await database.drop();
  rmSync(data, { recursive: true, force: true });
});

async function command(...args: string[]): Promise<Record<string, string>> {
  const { code, out, err } = await runMuster(["--json", ...args], { ...environment, MUSTER_PUBLIC_URL: muster.url });
  expect([code, err]).toEqual([0, ""]);
  return JSON.parse(out) as Record<string, string>;
}

/** What only a superuser can do to one database of a server that others use too. */
async function allowConnections(allowed: boolean): Promise<void> {
  const name = new URL(database.superuserUrl).pathname.slice(1);
  await statements(withDatabase(database.superuserUrl, "postgres"), [
    `alter database ${name} with allow_connections ${allowed}`,
    ...(allowed ? [] : [`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`]),
  ]);
}

test("while the database is away every request is told to come back, none that something is gone; then all goes on", async () => {
  await command("org", "create", "acme");
  const { baseUrl, token } = await command("directory", "add", "idp", "--kind", "scim");
  const send = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(baseUrl + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
      ...(body && { body: JSON.stringify(body) }),
    });
  const user = (userName: string): object => ({ schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName });
  const created = await send("POST", "/Users", user("ann"));
  expect(created.status).toBe(201);
  const { id } = (await created.json()) as { id: string };

  await allowConnections(false);
  const rename = {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    Operations: [{ op: "replace", path: "displayName", value: "Ann" }],
  };
  for (const [method, path, body] of [
    ["GET", `/Users/${id}`, undefined],
    ["GET", "/Users?filter=userName%20eq%20%22ann%22", undefined],
    ["POST", "/Users", user("bob")],
    ["PUT", `/Users/${id}`, user("ann")],
    ["PATCH", `/Users/${id}`, rename],
    ["DELETE", `/Users/${id}`, undefined],
  ] as const) {
    const answer = await send(method, path, body);
    expect([method, answer.status, answer.headers.has("retry-after")]).toEqual([method, 503, true]);
    expect(await answer.json()).toMatchObject({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
      status: "503",
    });
  }
  expect((await fetch(`${muster.url}/readyz`)).status).toBe(503);

  await allowConnections(true);
  await until("ready again", 30, async () => (await fetch(`${muster.url}/readyz`)).status === 200);
  expect((await send("GET", `/Users/${id}`)).status).toBe(200);
  expect((await send("POST", "/Users", user("bob"))).status).toBe(201);
});
