import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { type Answer, oneDirectory, patchOf, scimServer, sender } from "../scim/endpoint.ts";
import {
  createGroup,
  createUser,
  expectError,
  fresh,
  groupBody,
  list,
  NOBODY,
  SEARCH_REQUEST,
  senderFor,
  userBody,
} from "./client.ts";

const server = await scimServer();
const directory = oneDirectory(server);

/** Every operation of table 2 (§3.2), and paths that are none. */
const OPERATIONS: [method: string, path: string, body?: unknown][] = [
  ["GET", "/Users"],
  ["POST", "/Users", userBody("anonymous")],
  ["GET", `/Users/${NOBODY}`],
  ["PUT", `/Users/${NOBODY}`, userBody("anonymous")],
  ["PATCH", `/Users/${NOBODY}`, patchOf({ op: "add", path: "title", value: "x" })],
  ["DELETE", `/Users/${NOBODY}`],
  ["GET", "/Groups"],
  ["POST", "/Groups", groupBody("anonymous")],
  ["DELETE", `/Groups/${NOBODY}`],
  ["GET", "/Me"],
  ["POST", "/Bulk", { Operations: [] }],
  ["POST", "/.search", { schemas: [SEARCH_REQUEST] }],
  ["POST", "/Users/.search", { schemas: [SEARCH_REQUEST] }],
  ["GET", "/ServiceProviderConfig"],
  ["GET", "/Schemas"],
  ["GET", "/ResourceTypes"],
  ["GET", "/Nothing"],
  ["DELETE", "/Users"],
];

/** Sends only the head of a request, with a body announced that never comes. */
function answerToHead(method: string, path: string, headers: string): Promise<string> {
  const { hostname, port, pathname } = new URL(directory.at.baseUrl + path);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.on("error", reject);
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.write(`${method} ${pathname} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: 1000\r\n\r\n`);
  });
}

describe("RFC 7644 §2: authentication and authorization", () => {
  test.each(OPERATIONS)(
    "RFC 7644 §2: %s %s without credentials is 401 with WWW-Authenticate",
    async (method, path, body) => {
      const answer = await sender(directory.at.baseUrl, null)(method, path, body);
      expectError(answer, 401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer /);
    },
  );

  test.each(["Basic", "Digest", "HOBA", "Negotiate", ""])(
    "RFC 7644 §2: the scheme %s is not supported: 401 that names what is",
    async (scheme) => {
      const send = sender(directory.at.baseUrl, null);
      const answer = await send("GET", "/Users", undefined, {
        authorization: `${scheme} ${btoa(`x:${directory.at.token}`)}`,
      });
      expectError(answer, 401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer /);
    },
  );

  test.each(["POST", "PUT", "PATCH"])(
    "RFC 7644 §2: %s is refused before a byte of its body is read",
    async (method) => {
      for (const headers of ["", "Authorization: Bearer wrong\r\n"])
        expect(await answerToHead(method, "/Users", `${headers}Content-Type: application/scim+json\r\n`)).toMatch(
          /^HTTP\/1.1 401 [\s\S]*"status":"401"/,
        );
    },
  );

  test("RFC 7644 §2: a body that could not be read does not matter without credentials", async () => {
    for (const body of ["{", "x".repeat(50_000), '{"__proto__":{}}'])
      expectError(await sender(directory.at.baseUrl, null)("POST", "/Users", body), 401);
  });

  test("RFC 7644 §2: a client has the access that its credentials are mapped to", async () => {
    const user = await createUser(directory.at);
    const group = await createGroup(directory.at);
    const reader = await senderFor(server, directory.at, { scopes: ["users:read"] });
    expect((await reader("GET", "/Users")).status).toBe(200);
    expect((await reader("GET", `/Users/${user.id}`)).status).toBe(200);
    expect((await reader("POST", "/Users/.search", { schemas: [SEARCH_REQUEST] })).status).toBe(200);
    const refused: [string, string, unknown?][] = [
      ["POST", "/Users", userBody(fresh("never"))],
      ["PUT", `/Users/${user.id}`, userBody(fresh("never"))],
      ["PATCH", `/Users/${user.id}`, patchOf({ op: "add", path: "title", value: "never" })],
      ["DELETE", `/Users/${user.id}`],
      ["GET", "/Groups"],
      ["GET", `/Groups/${group.id}`],
      ["POST", "/Groups", groupBody(fresh("never"))],
      ["DELETE", `/Groups/${group.id}`],
    ];
    for (const [method, path, body] of refused) expectError(await reader(method, path, body), 403);
    expect(
      (await list(directory.at, "/Users", { filter: 'userName sw "never" or title eq "never"' })).resources,
    ).toEqual([]);
    const groups = await senderFor(server, directory.at, { scopes: ["groups:read", "groups:write"] });
    expect((await groups("GET", `/Groups/${group.id}`)).status).toBe(200);
    expect(
      (await groups("PATCH", `/Groups/${group.id}`, patchOf({ op: "add", path: "externalId", value: "x" }))).status,
    ).toBeLessThan(205);
    expectError(await groups("GET", "/Users"), 403);
  });

  test("RFC 7644 §2: Bulk may do no more than its operations could alone", async () => {
    const reader = await senderFor(server, directory.at, { scopes: ["users:read"] });
    const name = fresh("never");
    const answer = await reader("POST", "/Bulk", {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
      Operations: [{ method: "POST", path: "/Users", bulkId: "a", data: userBody(name) }],
    });
    if (answer.status === 200) expect(answer.body).toMatchObject({ Operations: [{ status: "403" }] });
    else expectError(answer, 403);
    expect((await list(directory.at, "/Users", { filter: `userName eq "${name}"` })).resources).toEqual([]);
  });

  test("RFC 7644 §2: a root search gives only what the token may read", async () => {
    await createUser(directory.at);
    await createGroup(directory.at);
    const reader = await senderFor(server, directory.at, { scopes: ["users:read"] });
    const answer = await reader("POST", "/.search", { schemas: [SEARCH_REQUEST] });
    if (answer.status !== 200) expectError(answer, 403);
    else for (const resource of answer.resources) expect(resource).toMatchObject({ meta: { resourceType: "User" } });
  });
});

describe("RFC 7644 §2.1: tokens as authorizations", () => {
  test("RFC 7644 §2.1: a token is good for one directory, and says nothing about others", async () => {
    const sibling = await server.directory(directory.at.organization, "sibling");
    const foreign = await server.directory(await server.organization());
    const seen = (answer: Answer) => [answer.status, answer.text, answer.headers.get("www-authenticate")];
    const wrong = await sender(`${server.origin}/scim/v2/${NOBODY}`, directory.at.token)("GET", "/Users");
    expectError(wrong, 401);
    for (const other of [sibling, foreign])
      for (const answer of [
        await sender(other.baseUrl, directory.at.token)("GET", "/Users"),
        await sender(directory.at.baseUrl, other.token)("GET", "/Users"),
      ])
        expect(seen(answer)).toEqual(seen(wrong));
  });
});

describe("RFC 7644 §2.2: anonymous requests", () => {
  test("RFC 7644 §2.2: nobody registers himself", async () => {
    const name = fresh("anonymous");
    expectError(await sender(directory.at.baseUrl, null)("POST", "/Users", userBody(name)), 401);
    expect((await list(directory.at, "/Users", { filter: `userName eq "${name}"` })).resources).toEqual([]);
  });
});
