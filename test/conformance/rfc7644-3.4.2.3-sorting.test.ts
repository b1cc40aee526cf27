import { beforeAll, describe, expect, test } from "vitest";
import { ENTERPRISE, oneDirectory, scimServer } from "../scim/endpoint.ts";
import { create, expectError, groupBody, list, query, read, USER, userBody } from "./client.ts";

const server = await scimServer();
const directory = oneDirectory(server);

/** Made in this order, which no sorting below gives by chance. */
const PEOPLE: [userName: string, more: Record<string, unknown>][] = [
  [
    "Charlie",
    {
      title: "banana",
      externalId: "b",
      active: true,
      name: { givenName: "Zoë" },
      emails: [{ value: "z@x.example" }, { value: "b@x.example", primary: true }],
      [ENTERPRISE]: { department: "B" },
    },
  ],
  [
    "alice",
    {
      title: "Apple",
      externalId: "C",
      active: false,
      name: { givenName: "adam" },
      emails: [{ value: "d@x.example" }, { value: "a@x.example" }],
    },
  ],
  [
    "dora",
    {
      active: true,
      externalId: "a",
      emails: [{ value: "C@x.example", type: "work" }],
      [ENTERPRISE]: { department: "a" },
    },
  ],
  ["Bob", { title: "cherry", active: false, name: { givenName: "Beth" } }],
];

beforeAll(async () => {
  for (const [userName, more] of PEOPLE) await create(directory.at, "/Users", userBody(userName, more));
  for (const name of ["beta", "Alpha", "gamma"]) await create(directory.at, "/Groups", groupBody(name));
});

async function order(parameters: Record<string, string | number>): Promise<unknown[]> {
  return (await list(directory.at, "/Users", parameters)).resources.map((user) => user.userName);
}

describe("RFC 7644 §3.4.2.3: sorting", () => {
  test.each([
    ["a string that is not case exact, ascending by default", "userName", ["alice", "Bob", "Charlie", "dora"]],
    ["those without a value come last", "title", ["alice", "Charlie", "Bob", "dora"]],
    ["a sub-attribute", "name.givenName", ["alice", "Bob", "Charlie", "dora"]],
    ["a case exact string by case: capitals first", "externalId", ["alice", "dora", "Charlie", "Bob"]],
    ["a multi-valued attribute by its primary value, else its first", "emails", ["Charlie", "dora", "alice", "Bob"]],
    ["a sub-attribute of a multi-valued attribute", "emails.value", ["Charlie", "dora", "alice", "Bob"]],
    ["a DateTime chronologically", "meta.created", ["Charlie", "alice", "dora", "Bob"]],
    ["a name whatever its case", "USERNAME", ["alice", "Bob", "Charlie", "dora"]],
    ["a qualified name", `${USER}:userName`, ["alice", "Bob", "Charlie", "dora"]],
  ])("RFC 7644 §3.4.2.3: %s: sortBy=%s", async (_, sortBy, expected) => {
    expect(await order({ sortBy })).toEqual(expected);
    expect(await order({ sortBy, sortOrder: "ascending" })).toEqual(expected);
    expect(await order({ sortBy, sortOrder: "descending" })).toEqual([...expected].reverse());
  });

  test("RFC 7644 §3.4.2.3: an attribute of an extension, without a value last, descending first", async () => {
    const sortBy = `${ENTERPRISE}:department`;
    expect((await order({ sortBy })).slice(0, 2)).toEqual(["dora", "Charlie"]);
    expect((await order({ sortBy, sortOrder: "descending" })).slice(2)).toEqual(["Charlie", "dora"]);
  });

  test("RFC 7644 §3.4.2.3: a Boolean", async () => {
    expect(new Set((await order({ sortBy: "active" })).slice(0, 2))).toEqual(new Set(["alice", "Bob"]));
    expect(new Set((await order({ sortBy: "active", sortOrder: "descending" })).slice(0, 2))).toEqual(
      new Set(["Charlie", "dora"]),
    );
  });

  test("RFC 7644 §3.4.2.3: groups too", async () => {
    const names = async (sortOrder: string) =>
      (await list(directory.at, "/Groups", { sortBy: "displayName", sortOrder })).resources.map(
        (group) => group.displayName,
      );
    expect(await names("ascending")).toEqual(["Alpha", "beta", "gamma"]);
    expect(await names("descending")).toEqual(["gamma", "beta", "Alpha"]);
  });

  test("RFC 7644 §3.4.2.3: with a filter and page by page", async () => {
    const walked: unknown[] = [];
    for (let startIndex = 1; startIndex <= 4; startIndex++)
      walked.push(...(await order({ sortBy: "title", sortOrder: "descending", startIndex, count: 1 })));
    expect(walked).toEqual(["dora", "Bob", "Charlie", "alice"]);
    expect(await order({ sortBy: "userName", filter: "title pr" })).toEqual(["alice", "Bob", "Charlie"]);
  });

  test("RFC 7644 §3.4.2.3: sortOrder without sortBy changes nothing", async () => {
    expect(await order({ sortOrder: "descending" })).toEqual(await order({}));
  });

  test.each(["name", "favouriteColour", "name.colour", "password", "emails.colour", "meta"])(
    "RFC 7644 §3.4.2.3: %s is nothing to sort by: 400 with invalidValue",
    async (sortBy) => {
      expectError(await directory.at.send("GET", query("/Users", { sortBy })), 400, "invalidValue");
    },
  );

  test("RFC 7644 §3.4.2.3: a sortOrder that is neither is 400 with invalidValue", async () => {
    const wrong = query("/Users", { sortBy: "userName", sortOrder: "upwards" });
    expectError(await directory.at.send("GET", wrong), 400, "invalidValue");
  });

  test("RFC 7644 §3.4.2.3: ServiceProviderConfig says that it is there", async () => {
    expect(await read(directory.at, "/ServiceProviderConfig")).toMatchObject({ sort: { supported: true } });
  });
});
