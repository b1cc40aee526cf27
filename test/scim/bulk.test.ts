import { describe, expect, test } from "vitest";
import { type Answer, oneDirectory, patchOf, scimServer, userOf } from "./endpoint.ts";

const server = await scimServer();
const okta = oneDirectory(server);

type Result = {
  method: string;
  bulkId?: string;
  location?: string;
  version?: string;
  status: string;
  response?: { scimType?: string; detail: string };
};

async function bulk(operations: unknown[], more: object = {}): Promise<Answer & { results: Result[] }> {
  const answer = await okta.at.send("POST", "/Bulk", {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
    Operations: operations,
    ...more,
  });
  return { ...answer, results: (answer.body as { Operations: Result[] }).Operations };
}

const post = (path: string, bulkId: string, data: unknown) => ({ method: "POST", path, bulkId, data });
const groupOf = (displayName: string, ...members: string[]) => ({
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
  displayName,
  members: members.map((value) => ({ value })),
});
const read = async (result: Result | undefined) =>
  (await okta.at.send("GET", String(result?.location).slice(okta.at.baseUrl.length))).body as Record<string, unknown>;
const idOf = (result: Result | undefined) => String(result?.location).split("/").at(-1);
const membersOf = async (result: Result | undefined) =>
  ((await read(result)).members as { value: string }[]).map((member) => member.value).sort();

describe("Bulk (RFC 7644 §3.7)", () => {
  test("a group may name a person who is created after it", async () => {
    const { status, results } = await bulk([
      post("/Groups", "g", groupOf("Forward", "bulkId:u")),
      post("/Users", "u", userOf("forward@example.com")),
    ]);
    expect(status).toBe(200);
    expect(results.map((result) => [result.method, result.bulkId, result.status])).toEqual([
      ["POST", "g", "201"],
      ["POST", "u", "201"],
    ]);
    expect(await membersOf(results[0])).toEqual([idOf(results[1])]);
  });

  test("groups and people that name each other in a circle all stand, completely", async () => {
    const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    const { results } = await bulk([
      post("/Groups", "a", groupOf("Circle A", "bulkId:b", "bulkId:u")),
      post("/Groups", "b", groupOf("Circle B", "bulkId:c")),
      post("/Groups", "c", groupOf("Circle C", "bulkId:a")),
      post("/Users", "u", { ...userOf("u@circle.example"), [enterprise]: { manager: { value: "bulkId:v" } } }),
      post("/Users", "v", { ...userOf("v@circle.example"), [enterprise]: { manager: { value: "bulkId:u" } } }),
    ]);
    expect(results.map((result) => result.status)).toEqual(["201", "201", "201", "201", "201"]);
    const [a, b, c, u, v] = results.map(idOf);
    expect(await membersOf(results[0])).toEqual([b, u].sort());
    expect(await membersOf(results[1])).toEqual([c]);
    expect(await membersOf(results[2])).toEqual([a]);
    expect(await read(results[3])).toMatchObject({ [enterprise]: { manager: { value: v } } });
    expect(await read(results[4])).toMatchObject({ [enterprise]: { manager: { value: u } } });
    for (const result of results) expect((await read(result)).meta).toMatchObject({ version: result.version });
  });

  test("a path may name what another operation creates, and each answer has what a single request would", async () => {
    const { results } = await bulk([
      post("/Users", "u", userOf("path@example.com")),
      {
        method: "PATCH",
        path: "/Users/bulkId:u",
        data: patchOf({ op: "replace", path: "displayName", value: "By path" }),
      },
      { method: "PUT", path: "/Users/bulkId:u", version: 'W/"1"', data: userOf("path@example.com") },
      { method: "DELETE", path: "/Users/bulkId:u" },
    ]);
    expect(results.map((result) => result.status)).toEqual(["201", "200", "412", "204"]);
    expect(results[1]).toMatchObject({ location: results[0]?.location, version: 'W/"2"' });
    expect(results[2]?.response).toMatchObject({ status: "412" });
    expect((await okta.at.send("GET", `/Users/${idOf(results[0])}`)).status).toBe(404);
  });

  test("errors stand beside successes until as many as the client accepts", async () => {
    const operations = [
      post("/Users", "1", { schemas: [] }),
      post("/Users", "2", userOf("two@example.com")),
      { method: "PATCH", path: "/Groups", data: {} },
      { method: "GET", path: "/Users" },
      post("/Groups", "5", groupOf("Names nobody", "bulkId:missing")),
      post("/Groups", "6", groupOf("Names who failed", "bulkId:1")),
      { method: "POST", path: "/Bulk", bulkId: "7", data: { Operations: [] } },
    ];
    const all = await bulk(operations);
    expect(all.results.map((result) => result.status)).toEqual(["400", "201", "400", "400", "400", "409", "400"]);
    for (const result of all.results.filter((each) => each.status !== "201"))
      expect(result.response).toMatchObject({ status: result.status, detail: expect.stringMatching(/./) });
    expect(all.results[0]?.location).toBeUndefined();
    expect((await bulk(operations, { failOnErrors: 2 })).results.map((result) => result.status)).toEqual([
      "400",
      "409",
    ]);
    expect((await bulk(operations, { failOnErrors: 0 })).status).toBe(400);
  });

  test("limits are answered with 413, naming the limit, and nothing is done", async () => {
    const many = Array.from({ length: 1_001 }, (_, place) => post("/Users", `${place}`, userOf(`many${place}@e.com`)));
    const { status, body } = await bulk(many);
    expect(status).toBe(413);
    expect(body).toMatchObject({ status: "413", detail: expect.stringContaining("1000") });
    const found = await okta.at.send("GET", `/Users?filter=${encodeURIComponent('userName sw "many"')}`);
    expect(found.body).toMatchObject({ totalResults: 0 });
  });

  test("many operations, each naming the one after it", async () => {
    const operations = Array.from({ length: 200 }, (_, place) =>
      post(
        "/Groups",
        `${place}`,
        groupOf(`Chain ${place}`, ...(place < 199 && place % 10 < 9 ? [`bulkId:${place + 1}`] : [])),
      ),
    );
    const { results } = await bulk(operations);
    expect(new Set(results.map((result) => result.status))).toEqual(new Set(["201"]));
    expect(await membersOf(results[198])).toEqual([idOf(results[199])]);
  });

  test("two operations with one bulkId, or none at all: refused whole", async () => {
    const twice = [post("/Users", "x", userOf("x1@example.com")), post("/Users", "x", userOf("x2@example.com"))];
    expect((await bulk(twice)).status).toBe(400);
    expect((await bulk([])).status).toBe(400);
    expect((await okta.at.send("POST", "/Bulk", [])).status).toBe(400);
  });
});
