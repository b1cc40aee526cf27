import { connect } from "node:net";
import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { serve } from "../../src/http/server.ts";
import { MOST_MEMBERS } from "../../src/identity/directory-groups/read.ts";
import { doors } from "../../src/start/doors.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { oneDirectory, patchOf, serveScim, userOf } from "./endpoint.ts";

const ctx = await testContext();
const server = await serveScim(ctx);
const okta = oneDirectory(server);

describe("what is hardly a request (RFC 7644 §3.12: every error has a body)", async () => {
  const other = await testContext();
  other.config.listen = "127.0.0.1:0";
  const whole = await serve(other, doors);
  afterAll(() => whole.drain());
  // Nobody's directory: what is looked at here comes before any token.
  const path = "/scim/v2/01900000-0000-7000-8000-000000000000/Users";

  /** Everything that is answered until the connection ends. */
  function say(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let said = "";
      const socket = connect(whole.port, "127.0.0.1", () => socket.write(text));
      socket.setEncoding("utf8").on("data", (part: string) => {
        said += part;
      });
      socket.on("close", () => resolve(said)).on("error", reject);
    });
  }

  test.each([
    [431, `GET ${path} HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`],
    [431, `GET ${path}?filter=${"y".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    [400, `GET ${path} HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n`],
    [400, `GET ${path} HTTP/9.9\r\nHost: x\r\n\r\n`],
    [400, `POST /SCIM/v2/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n`],
    [400, `GET ${path} HTTP/1.1\r\n\r\n`],
  ])("%i of a request line below /scim has a SCIM body", async (status, text) => {
    const said = await say(text);
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\nX-Request-Id: [0-9a-f-]{36}\r\n`));
    expect(said).toContain("Content-Type: application/scim+json; charset=utf-8\r\n");
    expect(JSON.parse(said.slice(said.indexOf("\r\n\r\n")))).toEqual({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
      status: String(status),
      detail: "the request cannot be read",
    });
  });

  test.each(["/api/v1/users", "/scimitar", "/", "/.well-known/x"])("%s has a problem document", async (elsewhere) => {
    const said = await say(`GET ${elsewhere} HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`);
    expect(said).toMatch(/^HTTP\/1\.1 431 [\s\S]*\r\nContent-Type: application\/problem\+json\r\n/);
  });

  test("who waits for 100 is refused before the body, and told that the connection ends", async () => {
    const said = await say(`POST ${path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99\r\n\r\n`);
    expect(said).toMatch(/^HTTP\/1\.1 401 [\s\S]*\r\nConnection: close\r\n/);
  });

  test("an expectation that nobody knows is answered as if it were not there", async () => {
    const said = await say(`GET ${path} HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n`);
    expect(said).toMatch(/^HTTP\/1\.1 401 [\s\S]*"schemas"/);
  });

  test("a body whose reader wants it is told to come", async () => {
    const said = await new Promise<string>((resolve) => {
      let heard = "";
      const socket = connect(whole.port, "127.0.0.1", () =>
        socket.write(
          `POST /oauth/01900000-0000-7000-8000-000000000000/token HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n` +
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\n",
        ),
      );
      socket.setEncoding("utf8").on("data", (part: string) => {
        if (heard === "") socket.write("a=b");
        heard += part;
        if (/"error"/.test(heard)) socket.destroy();
      });
      socket.on("close", () => resolve(heard));
    });
    expect(said).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 401 [\s\S]*invalid_client/);
    expect(said).not.toMatch(/\r\nConnection: close/);
  });
});

describe("searches that no index serves", () => {
  test("leave the connections to ordinary requests while forty of them run", async () => {
    const { id } = await okta.at.send("POST", "/Users", userOf("ordinary"));
    await okta.at.send("POST", "/Groups", { displayName: "Sales" });
    const filter = Array.from({ length: 45 }, (_, number) => `members.display co "x${number}"`).join(" or ");
    const body = { filter: `not (${filter})` };
    const client = new pg.Client({ connectionString: ctx.database.superuserUrl });
    await client.connect();
    await client.query("begin; lock table muster.directory_groups in access exclusive mode");
    const searches = Array.from({ length: 40 }, (_, number) =>
      okta.at.send("POST", number % 2 === 0 ? "/Groups/.search" : "/.search", body),
    );
    for (let time = 0; time < 20; time++)
      expect((await okta.at.send("GET", `/Users/${id}?attributes=userName`)).status).toBe(200);
    await client.end();
    expect((await Promise.all(searches)).map((answer) => answer.status)).toEqual(Array(40).fill(200));
  });
});

test("a page of groups that have more members together than memory should hold is refused, one of them is not", async () => {
  const { at } = okta;
  const { id: user } = await at.send("POST", "/Users", userOf("everywhere"));
  const [small, large] = [
    await at.send("POST", "/Groups", { displayName: "Small crowd", members: [{ value: user }] }),
    await at.send("POST", "/Groups", { displayName: "Large crowd" }),
  ];
  // Past the rules of memberships, because only their number matters here.
  await statements(ctx.database.superuserUrl, [
    `with made as (
      insert into muster.directory_users (organization, id, directory, user_name, user_name_key, account, active, resource)
      select u.organization, gen_random_uuid(), u.directory, 'crowd' || n, 'crowd' || n, u.account, true, '{}'
      from muster.directory_users u, generate_series(1, ${MOST_MEMBERS}) n where u.id = '${user}' returning organization, id)
    insert into muster.remote_memberships (organization, group_id, directory_user)
    select organization, '${large.id}', id from made`,
  ]);
  const filter = "?filter=displayName%20ew%20%22crowd%22";
  const refused = await at.send("GET", `/Groups${filter}`);
  expect([refused.status, refused.body]).toEqual([400, expect.objectContaining({ scimType: "tooMany" })]);
  expect((await at.send("GET", `/${filter}`)).status).toBe(400);
  expect((await at.send("GET", `/Groups${filter}&excludedAttributes=members`)).resources).toHaveLength(2);
  expect((await at.send("GET", `/Groups${filter}&count=1`)).resources[0]?.id).toBe(small.id);
  const alone = (await at.send("GET", `/Groups/${large.id}`)).body as { members: unknown[] };
  expect(alone.members).toHaveLength(MOST_MEMBERS);
});

describe("bodies that mean ill", () => {
  test.each(["/Bulk", "/.search", "/Users/.search", "/Groups/.search", "/Users"])(
    "%s: what a schema's name cannot be",
    async (path) => {
      for (const name of [{ toString: 1, valueOf: 1 }, [["x"]], null, 4711, { toString: { toString: 1 } }]) {
        const answer = await okta.at.send("POST", path, { schemas: [name], Operations: [{}] });
        expect([200, 400]).toContain(answer.status);
        expect(answer.text).toContain('"schemas":["urn:ietf:params:scim:api:messages:2.0:');
      }
    },
  );

  test("Bulk repeats of a request only what is short, and gives no location to a path that it does not have", async () => {
    const long = "x".repeat(100_000);
    const twice = await okta.at.send("POST", "/Bulk", bulkOf([post(long, {}), post(long, {})]));
    expect([twice.status, twice.text.length < 500]).toEqual([400, true]);
    const { body } = await okta.at.send(
      "POST",
      "/Bulk",
      bulkOf([
        post("a", userOf(`bulkId:${long}`)),
        ...[
          "@evil.example/Users",
          "/../../x",
          "//evil.example/x",
          `/Users/${long}/y`,
          "/Users/a\r\nSet-Cookie: b=c",
          "/Me",
          "/Users/a?b=c",
        ].map((path) => ({ method: "DELETE", path })),
      ]),
    );
    const { Operations } = body as {
      Operations: { status: string; location?: string; response: { detail: string } }[];
    };
    expect(Operations).toHaveLength(8);
    for (const { status, location, response } of Operations) {
      expect(["400", "404"]).toContain(status);
      expect(location).toBeUndefined();
      expect(response.detail.length).toBeLessThan(300);
    }
  });

  test("a resource grows to a bound, by one request or by many", async () => {
    const photo = (number: number) => ({ value: `data:${"a".repeat(40_000)}${number}` });
    const photos = [photo(1), photo(2), photo(3), photo(4)];
    const { id } = await okta.at.send("POST", "/Users", userOf("large", { photos: photos.slice(0, 2) }));
    const answers = [
      await okta.at.send("POST", "/Users", userOf("larger", { photos })),
      await okta.at.send("PUT", `/Users/${id}`, userOf("large", { photos })),
      await okta.at.send("PATCH", `/Users/${id}`, patchOf({ op: "add", path: "photos", value: [photo(3), photo(4)] })),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([413, 413, 413]);
    const more = patchOf({ op: "add", path: "photos", value: [photo(3)] });
    expect((await okta.at.send("PATCH", `/Users/${id}`, more)).status).toBe(200);
  });
});

function bulkOf(operations: unknown[]) {
  return { schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], Operations: operations };
}

function post(bulkId: string, data: object) {
  return { method: "POST", path: "/Users", bulkId, data };
}
