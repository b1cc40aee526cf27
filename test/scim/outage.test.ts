import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { Database } from "../../src/db/connection.ts";
import { startEmbedded } from "../../src/db/embedded/start.ts";
import { migrate } from "../../src/db/migrate.ts";
import { makeLogger } from "../../src/logger.ts";
import { patchOf, serveScim, userOf } from "./endpoint.ts";

const data = mkdtempSync(join(tmpdir(), "muster-outage-"));
let embedded = await startEmbedded(data);
await migrate({ url: embedded.ownerUrl });
const config = loadConfig({ MUSTER_DATA_DIR: data, MUSTER_LOG_LEVEL: "error" });
const db = new Database({ url: embedded.appUrl });
const server = await serveScim({ config, db, logger: makeLogger(config.log) });

afterAll(async () => {
  await db.close();
  await embedded.leave();
  rmSync(data, { recursive: true, force: true });
});

test("a stopped database is 503 with Retry-After on every path, never 404, and all is well when it is back", async () => {
  const at = await server.directory(await server.organization());
  const user = await at.send("POST", "/Users", userOf("bjensen"));
  const group = await at.send("POST", "/Groups", { displayName: "Guides", members: [{ value: user.id }] });
  const change = patchOf({ op: "replace", path: "displayName", value: "x" });
  const requests = [
    ["GET", `/Users/${user.id}`],
    ["GET", '/Users?filter=userName eq "bjensen"'],
    ["POST", "/Users", userOf("other")],
    ["PUT", `/Users/${user.id}`, userOf("bjensen")],
    ["PATCH", `/Users/${user.id}`, change],
    ["DELETE", `/Users/${user.id}`],
    ["GET", `/Groups/${group.id}`],
    ["GET", "/Groups"],
    ["PATCH", `/Groups/${group.id}`, patchOf({ op: "remove", path: "members" })],
    ["DELETE", `/Groups/${group.id}`],
    ["GET", "/Schemas"],
  ] as const;

  await embedded.leave();
  for (const [method, path, body] of requests) {
    const answer = await at.send(method, path, body);
    expect([method, path, answer.status, answer.headers.get("retry-after")]).toEqual([method, path, 503, "5"]);
    expect(answer.body).toMatchObject({ schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"], status: "503" });
    expect(answer.text).not.toMatch(/ECONN|ENOENT|postgres|socket/i);
  }

  embedded = await startEmbedded(data);
  expect((await at.send("GET", `/Users/${user.id}`)).body).toEqual({
    ...(user.body as object),
    groups: [expect.objectContaining({ value: group.id })],
  });
  expect((await at.send("GET", `/Groups/${group.id}`)).body).toMatchObject({ members: [{ value: user.id }] });
});
