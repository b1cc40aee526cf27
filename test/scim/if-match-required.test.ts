import { expect, test } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { updateDirectory } from "../../src/identity/directories.ts";
import { oneDirectory, patchOf, scimServer, system, userOf } from "./endpoint.ts";

const server = await scimServer();
const okta = oneDirectory(server);

test("a directory may want every change to name the version that it changes: else 428 (RFC 6585 §3)", async () => {
  const { organization, directory, send } = okta.at;
  const { id: user } = await send("POST", "/Users", userOf("ann@example.com"));
  const { id: group } = await send("POST", "/Groups", { displayName: "Ann's" });
  await inTransaction(
    server.ctx,
    system(organization),
    (tx) => updateDirectory(tx, directory, { requireIfMatch: true }),
    { lock: "exclusive" },
  );
  const retitle = patchOf({ op: "replace", path: "title", value: "Dr" });
  const enter = patchOf({ op: "add", path: "members", value: [{ value: user }] });
  // What was known of the token is forgotten as soon as the process hears of the change.
  await expect.poll(async () => (await send("PATCH", `/Users/${user}`, retitle)).status).toBe(428);
  const refused = [
    await send("PUT", `/Users/${user}`, userOf("ann@example.com", { title: "Dr" })),
    await send("DELETE", `/Users/${user}`),
    await send("PATCH", `/Groups/${group}`, enter),
    await send("PUT", `/Groups/${group}`, { displayName: "Others'" }),
    await send("DELETE", `/Groups/${group}`),
  ];
  for (const answer of refused) {
    expect(answer.status).toBe(428);
    expect(answer.body).toMatchObject({ status: "428", detail: expect.stringContaining("If-Match") });
  }
  const version = async (path: string) => (await send("GET", path)).headers.get("etag") as string;
  const named = async (method: string, path: string, body?: unknown) =>
    (await send(method, path, body, { "if-match": await version(path) })).status;
  expect(await named("PATCH", `/Users/${user}`, retitle)).toBe(200);
  expect(await named("PATCH", `/Groups/${group}`, enter)).toBe(204);
  expect((await send("PATCH", `/Groups/${group}`, enter, { "if-match": 'W/"1"' })).status).toBe(412);
  expect(await named("DELETE", `/Groups/${group}`)).toBe(204);
  expect((await send("GET", `/Users/${user}`)).body).toMatchObject({ title: "Dr" });
});
