import { beforeAll, describe, expect, test } from "vitest";
import { type Endpoint, scimServer } from "../scim/endpoint.ts";
import {
  createGroup,
  createUser,
  directoryOf,
  expectError,
  GROUP,
  LIST_RESPONSE,
  list,
  type Resource,
  SEARCH_REQUEST,
  USER,
} from "./client.ts";

const server = await scimServer();
let at: Endpoint;
let smiths: Resource[];
let family: Resource;

beforeAll(async () => {
  at = await server.directory(await server.organization());
  smiths = [
    await createUser(at, {
      displayName: "Smith, James",
      title: "B",
      emails: [{ value: "j@example.com", type: "work" }],
    }),
    await createUser(at, { displayName: "smith, Ann", title: "a" }),
  ];
  await createUser(at, { displayName: "Jensen, Babs" });
  family = await createGroup(at, [smiths[0]?.id ?? ""], { displayName: "Smith Family" });
  await createGroup(at, [], { displayName: "Others", externalId: "o-1" });
});

function search(path: string, parameters: Record<string, unknown>) {
  return at.send("POST", `${path}/.search`, { schemas: [SEARCH_REQUEST], ...parameters });
}

describe("RFC 7644 §3.4.3: POST .search", () => {
  test("RFC 7644 §3.4.3: on a resource endpoint it is the query with the same parameters", async () => {
    for (const path of ["/Users", "/Groups"])
      for (const parameters of [
        {},
        { filter: 'displayName sw "smith"' },
        { filter: 'displayName sw "smith"', sortBy: "displayName", sortOrder: "descending" },
        { startIndex: 2, count: 1 },
        { count: 0 },
        { startIndex: 0, count: 1 },
        { startIndex: -3, count: -1 },
      ]) {
        const answer = await search(path, parameters);
        expect(answer.status, answer.text).toBe(200);
        expect(answer.headers.get("content-type")).toMatch(/^application\/scim\+json\b/);
        expect(answer.body).toEqual((await list(at, path, parameters as Record<string, string | number>)).body);
      }
  });

  test("RFC 7644 §3.4.3: attributes and excludedAttributes are lists of names", async () => {
    const some = await search("/Users", { attributes: ["displayName", "USERNAME"] });
    for (const user of some.resources)
      expect(Object.keys(user).sort()).toEqual(["displayName", "id", "schemas", "userName"]);
    const others = await search("/Groups", { excludedAttributes: ["members", "externalId"] });
    for (const group of others.resources)
      for (const name of ["members", "externalId"]) expect(group).not.toHaveProperty(name);
    expectError(
      await search("/Users", { attributes: ["userName"], excludedAttributes: ["title"] }),
      400,
      "invalidValue",
    );
  });

  test("RFC 7644 §3.4.3: on the root it searches all types (figures 4 and 5)", async () => {
    const answer = await search("", {
      attributes: ["displayName", "userName"],
      filter: 'displayName sw "smith"',
      startIndex: 1,
      count: 10,
    });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({ schemas: [LIST_RESPONSE], totalResults: 3, startIndex: 1, itemsPerPage: 3 });
    expect(answer.resources.map((each) => each.id).sort()).toEqual([...smiths, family].map((each) => each.id).sort());
    const group = answer.resources.find((each) => each.id === family.id);
    expect(group).toEqual({ schemas: [GROUP], id: family.id, displayName: "Smith Family" });
  });

  test("RFC 7644 §3.4.2.1: the root holds all resources, and meta.resourceType restricts them", async () => {
    const totals = async (filter?: string) => (await search("", filter === undefined ? {} : { filter })).body;
    expect(await totals()).toMatchObject({ totalResults: 5 });
    expect(await totals('meta.resourceType eq "User"')).toMatchObject({ totalResults: 3 });
    expect(await totals('(meta.resourceType eq "User") or (meta.resourceType eq "Group")')).toMatchObject({
      totalResults: 5,
    });
    expect(await totals('not (meta.resourceType eq "User")')).toMatchObject({ totalResults: 2 });
    expect(await totals(`schemas eq "${GROUP}"`)).toMatchObject({ totalResults: 2 });
  });

  test("RFC 7644 §3.4.2.1: on the root an attribute that a type does not have has no value there", async () => {
    const ids = async (filter: string) => {
      const answer = await search("", { filter });
      expect(answer.status, answer.text).toBe(200);
      return answer.resources.map((each) => each.id).sort();
    };
    expect(await ids('title eq "a"')).toEqual([smiths[1]?.id]);
    expect(await ids("members pr")).toEqual([family.id]);
    expect(await ids('emails[type eq "work"]')).toEqual([smiths[0]?.id]);
    expect(await ids('members.type eq "User" or emails pr')).toEqual([smiths[0]?.id, family.id].sort());
    expect(await ids("not (title pr)")).toHaveLength(3);
    expect(await ids(`${USER}:title pr`)).toHaveLength(2);
    expect(await ids('externalId eq "o-1"')).toHaveLength(1);
  });

  test("RFC 7644 §3.4.2.4: the pages of a search on the root make the whole, with the true total", async () => {
    const seen: unknown[] = [];
    for (let startIndex = 1; startIndex <= 5; startIndex += 2) {
      const page = await search("", { startIndex, count: 2 });
      expect(page.body).toMatchObject({ totalResults: 5, startIndex, itemsPerPage: page.resources.length });
      seen.push(...page.resources.map((each) => each.id));
    }
    expect(new Set(seen).size).toBe(5);
    const past = await search("", { startIndex: 6, count: 2 });
    expect(past.body).toMatchObject({ totalResults: 5, itemsPerPage: 0 });
    expect((await search("", { count: 0 })).body).toMatchObject({ totalResults: 5, itemsPerPage: 0 });
  });

  test("RFC 7644 §3.4.2.3: a search on the root sorts over all types", async () => {
    const sorted = await search("", { sortBy: "displayName" });
    expect(sorted.resources.map((each) => each.displayName)).toEqual([
      "Jensen, Babs",
      "Others",
      "Smith Family",
      "smith, Ann",
      "Smith, James",
    ]);
    const reversed = await search("", { sortBy: "displayName", sortOrder: "descending" });
    expect(reversed.resources.map((each) => each.id)).toEqual(sorted.resources.map((each) => each.id).reverse());
    const byTitle = await search("", { sortBy: "title" });
    expect(byTitle.resources.slice(0, 2).map((each) => each.title)).toEqual(["a", "B"]);
  });

  test.each([
    ["filter", { filter: "userName" }, "invalidFilter"],
    ["filter that is no text", { filter: 7 }, ["invalidSyntax", "invalidValue", "invalidFilter"]],
    ["sortBy", { sortBy: "favouriteColour" }, "invalidValue"],
    ["sortOrder", { sortBy: "userName", sortOrder: "up" }, "invalidValue"],
    ["count that is no integer", { count: "many" }, ["invalidValue", "invalidSyntax", "invalidCount"]],
    ["startIndex that is no integer", { startIndex: 1.5 }, ["invalidValue", "invalidSyntax"]],
    ["attributes that are no list of names", { attributes: [{}] }, ["invalidValue", "invalidSyntax"]],
  ])("RFC 7644 §3.4.3: a wrong %s is 400", async (_, parameters, scimType) => {
    expectError(await search("/Users", parameters), 400, scimType);
  });

  test("RFC 7644 §3.4.3: the request is identified by the schema SearchRequest and is an object", async () => {
    for (const body of ["[]", '"x"', "{", "7"])
      for (const path of ["/Users/.search", "/.search"])
        expectError(await at.send("POST", path, body), 400, "invalidSyntax");
    const strict = await directoryOf(server, await server.organization(), "strict");
    for (const schemas of [[USER], [], undefined])
      expectError(await strict.send("POST", "/Users/.search", { schemas, filter: "title pr" }), 400, "invalidSyntax");
  });

  test("RFC 7644 §3.4.3: it is no creation: nothing is there afterwards that was not before", async () => {
    const before = (await list(at, "/Users", {})).body;
    await search("/Users", { userName: "not-created" });
    expect((await list(at, "/Users", {})).body).toEqual(before);
  });
});
