import { beforeAll, describe, expect, test } from "vitest";
import { oneDirectory, scimServer, userOf } from "./endpoint.ts";

const server = await scimServer();
const okta = oneDirectory(server);

const SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
type List = {
  totalResults: number;
  Resources: { id: string; displayName?: string; userName?: string }[];
  nextCursor?: string;
};

async function search(path: string, parameters: object): Promise<List> {
  const answer = await okta.at.send("POST", `${path}/.search`, { schemas: [SEARCH], ...parameters });
  expect([answer.status, answer.text.slice(0, 200)]).toEqual([200, expect.anything()]);
  return answer.body as List;
}

const names = (list: List) => list.Resources.map((each) => each.userName ?? each.displayName);

/** Walks with a cursor and returns everything that was met, in order. */
async function walk(path: string, parameters: object): Promise<string[]> {
  const met: string[] = [];
  let cursor: string | undefined = "";
  while (cursor !== undefined) {
    const page: List = await search(path, { ...parameters, cursor });
    met.push(...page.Resources.map((each) => each.id));
    cursor = page.nextCursor;
  }
  return met;
}

const PEOPLE = 12;
const GROUPS = 9;

beforeAll(async () => {
  for (let place = 0; place < PEOPLE; place++)
    await okta.at.send(
      "POST",
      "/Users",
      userOf(`person${place}@example.com`, place % 3 === 0 ? {} : { displayName: `Name ${place % 5}` }),
    );
  for (let place = 0; place < GROUPS; place++)
    await okta.at.send("POST", "/Groups", {
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
      displayName: `name ${place}`,
    });
});

describe("queries against the root (RFC 7644 §3.4.2.1, §3.4.3)", () => {
  test("hold users and groups, each as its own endpoint shows it", async () => {
    const all = await search("", { count: 1_000 });
    expect(all.totalResults).toBe(PEOPLE + GROUPS);
    const [users, groups] = await Promise.all(
      ["/Users", "/Groups"].map((path) => okta.at.send("GET", `${path}?count=1000`)),
    );
    expect(all.Resources).toEqual([...(users?.resources ?? []), ...(groups?.resources ?? [])]);
    expect((await okta.at.send("GET", "?count=1000")).body).toEqual(all);
    expect((await okta.at.send("GET", "/?count=1000")).body).toEqual(all);
  });

  test("a name that one kind has not is there an attribute without a value", async () => {
    expect(names(await search("", { filter: 'userName eq "PERSON1@example.com"' }))).toEqual(["person1@example.com"]);
    expect((await search("", { filter: "userName pr" })).totalResults).toBe(PEOPLE);
    expect((await search("", { filter: "not (userName pr)" })).totalResults).toBe(GROUPS);
    expect((await search("", { filter: 'userName ne "x"' })).totalResults).toBe(PEOPLE + GROUPS);
    expect((await search("", { filter: "userName eq null" })).totalResults).toBe(GROUPS);
    expect(
      (await search("", { filter: 'emails[type eq "work" and value co "a"] or displayName eq "NAME 1"' })).totalResults,
    ).toBe(3);
    expect((await search("", { filter: 'meta.resourceType eq "Group"' })).totalResults).toBe(GROUPS);
    expect((await search("", { filter: 'members[value eq "x"].type eq "User"' })).totalResults).toBe(0);
    const unknown = await okta.at.send("POST", "/.search", { schemas: [SEARCH], filter: 'nobody eq "x"' });
    expect([unknown.status, (unknown.body as { scimType: string }).scimType]).toEqual([400, "invalidFilter"]);
  });

  test("pages are cut from one order, by index and by cursor alike", async () => {
    for (const order of [
      {},
      { sortBy: "displayName" },
      { sortBy: "displayName", sortOrder: "descending" },
      { sortBy: "userName" },
      { sortBy: "meta.created", sortOrder: "descending" },
      { sortBy: "id" },
    ]) {
      const whole = (await search("", { ...order, count: 1_000 })).Resources.map((each) => each.id);
      expect(new Set(whole).size).toBe(PEOPLE + GROUPS);
      for (const count of [1, 4, 7]) {
        const indexed: string[] = [];
        for (let startIndex = 1; startIndex <= whole.length; startIndex += count)
          indexed.push(...(await search("", { ...order, startIndex, count })).Resources.map((each) => each.id));
        expect([order, count, indexed]).toEqual([order, count, whole]);
        expect([order, count, await walk("", { ...order, count })]).toEqual([order, count, whole]);
      }
    }
  });

  test("attributes are read for each kind", async () => {
    const some = await search("", { attributes: ["displayName"], sortBy: "displayName", count: 1_000 });
    for (const each of some.Resources)
      expect(Object.keys(each).filter((key) => !["schemas", "id", "displayName"].includes(key))).toEqual([]);
  });
});

describe("cursors (RFC 9865)", () => {
  test("every order is walked to its end, sorted or filtered", async () => {
    for (const parameters of [
      {},
      { sortBy: "displayName" },
      { sortBy: "displayName", sortOrder: "descending" },
      { sortBy: "emails.value" },
      { sortBy: "active", sortOrder: "descending" },
      { sortBy: "meta.lastModified" },
      { filter: "displayName pr", sortBy: "displayName" },
    ]) {
      const whole = (await search("/Users", { ...parameters, count: 1_000 })).Resources.map((each) => each.id);
      expect([parameters, await walk("/Users", { ...parameters, count: 5 })]).toEqual([parameters, whole]);
    }
  });

  test("a cursor belongs to its query, its count, its directory", async () => {
    const other = await server.directory(okta.at.organization, "other");
    const { nextCursor = "" } = await search("/Users", { count: 5, cursor: "" });
    const get = (query: string, send = okta.at.send) => send("GET", `/Users?${query}`);
    const problem = async (answer: ReturnType<typeof get>) => (await answer).body;
    expect((await get(`cursor=${nextCursor}&count=5`)).status).toBe(200);
    expect(await problem(get(`cursor=${nextCursor}&count=6`))).toMatchObject({
      status: "400",
      scimType: "invalidCount",
    });
    expect(await problem(get("cursor&count=1001"))).toMatchObject({ scimType: "invalidCount" });
    expect(await problem(get("cursor&count=x"))).toMatchObject({ scimType: "invalidCount" });
    for (const query of [
      `cursor=${nextCursor}&count=5&sortBy=userName`,
      `cursor=${nextCursor}&count=5&filter=active%20pr`,
      `cursor=${nextCursor}x&count=5`,
      `cursor=${nextCursor.slice(0, -2)}&count=5`,
      "cursor=1&count=5",
      `cursor=${"A".repeat(6_000)}&count=5`,
    ])
      expect(await problem(get(query))).toMatchObject({ status: "400", scimType: "invalidCursor" });
    expect(await problem(get(`cursor=${nextCursor}&count=5`, other.send))).toMatchObject({ scimType: "invalidCursor" });
    expect(await problem(get(`cursor=${nextCursor}&startIndex=2`))).toMatchObject({ scimType: "invalidValue" });
  });

  test("the total is that of the whole walk, the last page has no cursor", async () => {
    const first = await search("/Groups", { count: 5, cursor: "" });
    expect(first).toMatchObject({
      totalResults: GROUPS,
      itemsPerPage: 5,
      nextCursor: expect.stringMatching(/^[\w-]+$/),
    });
    expect(first).not.toHaveProperty("startIndex");
    const last = await search("/Groups", { count: 5, cursor: first.nextCursor });
    expect(last).toMatchObject({ totalResults: GROUPS, itemsPerPage: GROUPS - 5 });
    expect(last).not.toHaveProperty("nextCursor");
    expect(await search("/Groups", { count: 0, cursor: "" })).toMatchObject({ totalResults: GROUPS, Resources: [] });
  });
});
