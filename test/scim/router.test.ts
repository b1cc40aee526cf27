import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { createToken, revokeToken } from "../../src/identity/tokens.ts";
import {
  type Answer,
  type Endpoint,
  oneDirectory,
  patchOf,
  rawGet,
  scimServer,
  sender,
  system,
  userOf,
} from "./endpoint.ts";

const server = await scimServer({ bodyBytes: 20_000 });
const okta = oneDirectory(server);

/** What a caller can see of an answer, but for its id and what is of the moment: its date, and how many requests are left. */
function visible(answer: Answer) {
  const headers = [...answer.headers].filter(([name]) => !["date", "x-request-id", "ratelimit"].includes(name));
  return { status: answer.status, text: answer.text, headers };
}

function expectError(answer: Answer, status: number, scimType?: string) {
  expect(answer.body).toEqual({
    schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail: expect.stringMatching(/./),
  });
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("application/scim+json; charset=utf-8");
}

/** A token is believed for at most a second after it was looked up. */
async function refused(send: Endpoint["send"]): Promise<void> {
  await expect.poll(async () => (await send("GET", "/Users")).status).toBe(401);
  expectError(await send("GET", "/Users"), 401);
}

describe("who asks comes first (RFC 6750)", () => {
  test("no token, a wrong one, one of another kind or form: 401 with a challenge and one text", async () => {
    const { organization, baseUrl } = okta.at;
    const api = await inTransaction(server.ctx, system(organization), (tx) =>
      createToken(tx, { administration: true }),
    );
    const none = await sender(baseUrl, null)("GET", "/Users");
    expectError(none, 401);
    expect(none.headers.get("www-authenticate")).toBe('Bearer realm="Muster"');
    const answers = await Promise.all(
      ["wrong", "mst_scim_", `${okta.at.token}x`, okta.at.token.slice(0, -1), api.token, "x".repeat(5_000)].map(
        (token) => sender(baseUrl, token)("GET", "/Users"),
      ),
    );
    for (const answer of answers) {
      expectError(answer, 401);
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="Muster", error="invalid_token"');
      expect(answer.text).toBe(none.text);
    }
    const basic = await sender(baseUrl, null)("GET", "/Users", undefined, {
      authorization: `Basic ${btoa(`x:${okta.at.token}`)}`,
    });
    expectError(basic, 401);
    expect(
      (await sender(baseUrl, null)("GET", "/Users", undefined, { authorization: `bearer ${okta.at.token}` })).status,
    ).toBe(200);
  });

  test("a token that is revoked or expired is nobody's", async () => {
    const { organization, directory, baseUrl } = okta.at;
    const actor = system(organization);
    const token = await inTransaction(server.ctx, actor, (tx) => createToken(tx, { directory }));
    const send = sender(baseUrl, token.token);
    expect((await send("GET", "/Users")).status).toBe(200);
    await inTransaction(server.ctx, actor, (tx) => revokeToken(tx, token.id));
    await refused(send);
    const brief = await inTransaction(server.ctx, actor, (tx) =>
      createToken(tx, { directory }, new Date(Date.now() + 86_400_000)),
    );
    await inTransaction(server.ctx, actor, (tx) =>
      tx.query({ text: "update tokens set expires_at = statement_timestamp() where id = $1", values: [brief.id] }),
    );
    await refused(sender(baseUrl, brief.token));
  });

  test("the answer comes before a byte of the body is sent", async () => {
    const { hostname, port, pathname } = new URL(okta.at.baseUrl);
    const socket = connect(Number(port), hostname);
    const answer = new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString())));
    socket.write(
      `POST ${pathname}/Users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n`,
    );
    expect(await answer).toMatch(/^HTTP\/1.1 401 /);
    socket.destroy();
  });

  test("no spelling of a path answers anything without a token (V2)", async () => {
    const { directory } = okta.at;
    const segments = [
      "Users",
      "users",
      "%55sers",
      "Users/",
      "Users;x",
      "./Users",
      "../Users",
      "Users%2F1",
      "Users.",
      "Schemas",
      "Me",
      "%",
      "%00",
    ];
    const prefixes = ["/scim/v2/", "/scim/v2//", "/SCIM/V2/", "/scim/v2/%2e/", "//scim/v2/", "/scim/v2/x/../"];
    const ids = [directory, directory.toUpperCase(), `${directory}%20`, "%00", "..", "*", ""];
    for (const prefix of prefixes)
      for (const id of ids)
        for (const segment of segments) {
          const { status, text } = await rawGet(server.origin, `${prefix}${id}/${segment}`);
          expect([400, 401, 404], `${prefix}${id}/${segment}`).toContain(status);
          expect(text).not.toContain("Resources");
        }
  });
});

describe("tenancy", () => {
  test("another directory's or organization's token, directory and ids answer the same bytes as unknown ones", async () => {
    const mine = okta.at;
    const sibling = await server.directory(mine.organization, "sibling");
    const foreign = await server.directory(await server.organization());
    const unknown = "01900000-0000-7000-8000-000000000000";
    const paths = { user: "", group: "" };
    for (const other of [sibling, foreign]) {
      const user = await other.send("POST", "/Users", userOf("hers"));
      const group = await other.send("POST", "/Groups", { displayName: "theirs", members: [{ value: user.id }] });
      // Their directory with my token, and mine with theirs.
      const wrong = await sender(`${server.origin}/scim/v2/${unknown}`, mine.token)("GET", "/Users");
      expectError(wrong, 401);
      for (const answer of [
        await sender(other.baseUrl, mine.token)("GET", "/Users"),
        await sender(mine.baseUrl, other.token)("GET", "/Users"),
        await sender(`${server.origin}/scim/v2/nonsense`, mine.token)("GET", "/Users"),
      ])
        expect(visible(answer)).toEqual(visible(wrong));
      // Their ids in my directory.
      paths.user = `/Users/${user.id}`;
      paths.group = `/Groups/${group.id}`;
      for (const [path, kind] of [
        [paths.user, "/Users"],
        [paths.group, "/Groups"],
      ] as const)
        for (const [method, body] of [
          ["GET", undefined],
          ["DELETE", undefined],
          ["PUT", kind === "/Users" ? userOf("mine") : { displayName: "mine" }],
          ["PATCH", patchOf({ op: "replace", path: "displayName", value: "mine" })],
        ] as const) {
          const answer = await mine.send(method, path, body);
          expectError(answer, 404);
          for (const id of [unknown, "nonsense", "1", "%27%20or%20true"])
            expect(visible(await mine.send(method, `${kind}/${id}`, body))).toEqual(visible(answer));
        }
      // Their people in my groups.
      const group2 = await mine.send("POST", "/Groups", { displayName: `mine ${other.directory}` });
      const add = (value: string) =>
        mine.send("PATCH", `/Groups/${group2.id}`, patchOf({ op: "add", path: "members", value: [{ value }] }));
      const theirs = await add(user.id);
      expectError(theirs, 400, "invalidValue");
      expect(theirs.text.replace(user.id, unknown)).toBe((await add(unknown)).text);
      expectError(await add(group.id), 400, "invalidValue");
      for (const filter of [`id eq "${user.id}"`, 'userName eq "hers"', `groups.value eq "${group.id}"`])
        expect((await mine.send("GET", `/Users?filter=${encodeURIComponent(filter)}`)).body).toMatchObject({
          totalResults: 0,
        });
      expect((await other.send("GET", paths.user)).body).toMatchObject({
        userName: "hers",
        groups: [{ value: group.id }],
      });
    }
  });

  test("what a provider calls a person is never taken for anybody's id (V1)", async () => {
    const [first, second] = [
      await okta.at.send("POST", "/Users", userOf("v1-a")),
      await okta.at.send("POST", "/Users", userOf("v1-b")),
    ];
    for (const externalId of ["1", "0", "-1", "1e0", first.id, "../1", "١", first.id.toUpperCase(), "null", "{}"]) {
      const answer = await okta.at.send(
        "PATCH",
        `/Users/${second.id}`,
        patchOf({ op: "replace", path: "externalId", value: externalId }),
      );
      expect(answer.body).toMatchObject({ id: second.id, userName: "v1-b", externalId });
    }
    expect((await okta.at.send("GET", `/Users/${first.id}`)).body).toEqual(first.body);
  });

  test("locations come from the public URL, whatever host the request names", async () => {
    const answer = await okta.at.send("GET", "/Users", undefined, {
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "gopher",
    });
    expect(answer.text).not.toContain("evil.example");
  });
});

describe("errors have a SCIM body on every status (RFC 7644 §3.12)", () => {
  test("405 names the methods that the path takes", async () => {
    for (const [method, path, allow] of [
      ["DELETE", "/Users", "GET, HEAD, POST"],
      ["POST", "/Users/x", "GET, HEAD, PUT, PATCH, DELETE"],
      ["PUT", "/Groups", "GET, HEAD, POST"],
      ["POST", "/Schemas", "GET, HEAD"],
      ["PATCH", "/ServiceProviderConfig", "GET, HEAD"],
    ] as const) {
      const answer = await okta.at.send(method, path);
      expectError(answer, 405);
      expect(answer.headers.get("allow")).toBe(allow);
    }
  });

  test("415, 413, 406, 404, 501 and 400", async () => {
    const post = (body: string, headers: Record<string, string>) => okta.at.send("POST", "/Users", body, headers);
    expectError(await post("userName=x", { "content-type": "application/x-www-form-urlencoded" }), 415);
    expectError(await post("{}", { "content-type": "application/json", "content-encoding": "gzip" }), 415);
    expectError(await post("{}", { "content-type": "application/json; charset=utf-7" }), 415);
    expectError(await post(JSON.stringify(userOf("x".repeat(30_000))), {}), 413);
    expectError(await okta.at.send("GET", "/Users", undefined, { accept: "text/html" }), 406);
    expectError(await okta.at.send("GET", "/Nothing"), 404);
    expectError(await okta.at.send("POST", "/Bulk", {}), 400, "invalidSyntax");
    expectError(await okta.at.send("GET", "/Me"), 501);
    for (const garbage of ["{", "[1,2", "nonsense", '"text"', "[]", "null"])
      expectError(await post(garbage, {}), 400, "invalidSyntax");
    for (const body of [
      {},
      { Operations: [] },
      { Operations: {} },
      { Operations: [1] },
      { Operations: [{ op: "add" }] },
      [],
    ]) {
      const { id } = await okta.at.send("POST", "/Users", userOf(`bad-patch-${Math.random()}`));
      expect((await okta.at.send("PATCH", `/Users/${id}`, body)).status).toBe(400);
    }
  });

  test("application/json and no media type at all are taken", async () => {
    const json = await okta.at.send("POST", "/Users", userOf("plain-json"), {
      "content-type": "application/json; charset=UTF-8",
    });
    expect(json.status).toBe(201);
    const response = await fetch(`${okta.at.baseUrl}/Users`, {
      method: "POST",
      headers: { authorization: `Bearer ${okta.at.token}` },
      body: new Blob([JSON.stringify(userOf("no-type"))]),
    });
    expect(response.status).toBe(201);
  });

  test("a body that nests without end is refused or read, never more", async () => {
    const deep = `${"[".repeat(9_000)}${"]".repeat(9_000)}`;
    const answer = await okta.at.send("POST", "/Users", `{"userName":"deep","nobodyKnows":${deep}}`);
    expect([201, 400]).toContain(answer.status);
  });
});
