import { describe, expect, test } from "vitest";
import type { Scope } from "../../src/identity/scopes.ts";
import { oneDirectory, patchOf, scimServer } from "../scim/endpoint.ts";
import { createGroup, createUser, expectError, fresh, read, senderFor, userBody } from "./client.ts";

const server = await scimServer();
const directory = oneDirectory(server);

/** A person, and the sender of requests with a token that stands for nobody else. */
async function somebody(scopes?: readonly Scope[]) {
  const person = await createUser(directory.at, { title: "x" });
  return {
    person,
    path: `/Users/${person.id}`,
    send: await senderFor(server, directory.at, { subject: person.id, ...(scopes && { scopes }) }),
  };
}

describe("RFC 7644 §3.11: /Me", () => {
  test("RFC 7644 §3.11: GET is the resource of the authenticated subject, at its permanent location", async () => {
    const { person, path, send } = await somebody();
    await createGroup(directory.at, [person.id]);
    const answer = await send("GET", "/Me");
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toEqual(await read(directory.at, path));
    expect(answer.headers.get("location")).toBe(directory.at.baseUrl + path);
    expect(answer.headers.get("etag")).toBe((answer.body as { meta: { version: string } }).meta.version);
    expect((await send("HEAD", "/Me")).status).toBe(200);
  });

  test("RFC 7644 §3.11: parameters and conditions mean what they mean there", async () => {
    const { person, send } = await somebody();
    expect((await send("GET", "/Me?attributes=title")).body).toEqual({
      schemas: expect.anything(),
      id: person.id,
      title: "x",
    });
    expect((await send("GET", "/Me", undefined, { "if-none-match": String(person.meta.version) })).status).toBe(304);
    const change = patchOf({ op: "replace", path: "title", value: "y" });
    expectError(await send("PATCH", "/Me", change, { "if-match": 'W/"other"' }), 412);
  });

  test("RFC 7644 §3.11: PATCH and PUT change the subject, and tell its location", async () => {
    const { person, path, send } = await somebody();
    const patched = await send("PATCH", "/Me?attributes=title", patchOf({ op: "replace", path: "title", value: "y" }));
    expect([patched.status, patched.headers.get("location")]).toEqual([200, directory.at.baseUrl + path]);
    expect(await read(directory.at, path)).toMatchObject({ title: "y" });
    const put = await send("PUT", "/Me", userBody(String(person.userName), { title: "z" }));
    expect([put.status, put.headers.get("location")]).toEqual([200, directory.at.baseUrl + path]);
    expect(await read(directory.at, path)).toMatchObject({ title: "z" });
  });

  test("RFC 7644 §3.11: DELETE deletes the subject, or is not permitted", async () => {
    const { path, send } = await somebody();
    const answer = await send("DELETE", "/Me");
    if (answer.status === 204) expectError(await directory.at.send("GET", path), 404);
    else {
      expect([403, 405, 501]).toContain(answer.status);
      expectError(answer, answer.status);
      expect((await directory.at.send("GET", path)).status).toBe(200);
    }
  });

  test("RFC 7644 §3.11: POST is at the server's discretion, and never a 500", async () => {
    const { send } = await somebody();
    const answer = await send("POST", "/Me", userBody(fresh()));
    if (answer.status === 201) expect(answer.headers.get("location")).toMatch(/\/Users\//);
    else {
      expect([403, 405, 409, 501]).toContain(answer.status);
      expectError(answer, answer.status);
    }
  });

  test("RFC 7644 §3.11: a token that stands for nobody has no /Me: 404 or 501", async () => {
    for (const [method, body] of [
      ["GET", undefined],
      ["PATCH", patchOf({ op: "add", path: "title", value: "x" })],
      ["PUT", userBody("x")],
      ["DELETE", undefined],
    ] as const) {
      const answer = await directory.at.send(method, "/Me", body);
      expect([404, 501]).toContain(answer.status);
      expectError(answer, answer.status);
    }
  });

  test("RFC 7644 §2: a subject that may only see itself sees nothing else", async () => {
    const { path, send } = await somebody(["me"]);
    const other = await createUser(directory.at);
    expect((await send("GET", "/Me")).status).toBe(200);
    for (const [method, target, body] of [
      ["GET", "/Users", undefined],
      ["GET", path, undefined],
      ["GET", `/Users/${other.id}`, undefined],
      ["GET", "/Groups", undefined],
      ["POST", "/Users", userBody(fresh())],
      ["POST", "/Users/.search", { schemas: ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] }],
      ["PATCH", `/Users/${other.id}`, patchOf({ op: "add", path: "title", value: "x" })],
      ["DELETE", `/Users/${other.id}`, undefined],
    ] as const)
      expectError(await send(method, target, body), 403);
  });
});
