import { beforeAll, describe, expect, test } from "vitest";
import { ENTERPRISE, type Endpoint, oneDirectory, scimServer } from "../scim/endpoint.ts";
import {
  createGroup,
  createUser,
  expectError,
  fresh,
  LIST_RESPONSE,
  list,
  NOBODY,
  query,
  type Resource,
  read,
  USER,
} from "./client.ts";

const server = await scimServer();
const directory = oneDirectory(server);

const full = {
  title: "Tour Guide",
  active: true,
  name: { givenName: "Barbara", familyName: "Jensen" },
  emails: [
    { value: "work@example.com", type: "work", primary: true },
    { value: "home@example.com", type: "home" },
  ],
  [ENTERPRISE]: { department: "Tours", employeeNumber: "7" },
};

describe("RFC 7644 §3.4.1: a known resource", () => {
  test("RFC 7644 §3.4.1: 200 with the resource in the body, by the id of a user, a group, a schema, a resource type", async () => {
    const user = await createUser(directory.at, full);
    const group = await createGroup(directory.at, [user.id]);
    for (const path of [`/Users/${user.id}`, `/Groups/${group.id}`, `/Schemas/${USER}`, "/ResourceTypes/User"]) {
      const answer = await directory.at.send("GET", path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toMatch(/^application\/scim\+json\b/);
      expect(path).toContain(answer.id);
    }
  });

  test("RFC 7644 §3.4.1: what does not exist is 404, whatever the id looks like", async () => {
    const user = await createUser(directory.at);
    const group = await createGroup(directory.at);
    for (const path of [
      `/Users/${NOBODY}`,
      `/Groups/${NOBODY}`,
      `/Users/${group.id}`,
      `/Groups/${user.id}`,
      "/Users/1",
      "/Users/%20",
      "/Users/null",
      `/Users/${String(user.userName)}`,
      `/Schemas/urn:example:nothing`,
      "/ResourceTypes/Device",
    ])
      expectError(await directory.at.send("GET", path), 404);
  });
});

describe("RFC 7644 §3.4.2: queries", () => {
  let at: Endpoint;
  beforeAll(async () => {
    at = await server.directory(await server.organization());
    for (let index = 0; index < 3; index++) await createUser(at, full);
    await createGroup(at);
  });

  test("RFC 7644 §3.4.2: a ListResponse with totalResults and Resources, partial ones with startIndex and itemsPerPage", async () => {
    const all = await list(at, "/Users", {});
    expect(all.body).toMatchObject({ schemas: [LIST_RESPONSE], totalResults: 3 });
    expect(all.resources).toHaveLength(3);
    const page = await list(at, "/Users", { count: 2 });
    expect(page.body).toMatchObject({ schemas: [LIST_RESPONSE], totalResults: 3, startIndex: 1, itemsPerPage: 2 });
    for (const resource of all.resources) expect(resource).toEqual(await read(at, `/Users/${resource.id}`));
  });

  test("RFC 7644 §3.4.2: a query without matches is 200 with totalResults 0", async () => {
    const answer = await list(at, "/Users", { filter: 'userName eq "nobody"' });
    expect(answer.body).toMatchObject({ schemas: [LIST_RESPONSE], totalResults: 0 });
    expect(answer.resources).toEqual([]);
    const empty = await server.directory(await server.organization());
    for (const path of ["/Users", "/Groups"])
      expect((await list(empty, path, {})).body).toMatchObject({ totalResults: 0 });
  });

  test("RFC 7644 §3.4.2: query parameters that are not known are ignored", async () => {
    const plain = await list(at, "/Users", {});
    for (const more of [{ aadOptscim062020: "" }, { foo: "bar", constructor: "x" }, { __proto__x: "1" }])
      expect((await list(at, "/Users", more as Record<string, string>)).body).toEqual(plain.body);
  });

  test("RFC 7644 §3.4.2.1: a resource type endpoint gives resources of its type only", async () => {
    for (const user of (await list(at, "/Users", {})).resources)
      expect(user).toMatchObject({ schemas: expect.arrayContaining([USER]), meta: { resourceType: "User" } });
    expect((await list(at, "/Groups", {})).resources).toHaveLength(1);
  });

  test("RFC 7644 §3.4.2.1: a query on the server root gives all resources, or tells that it is not offered", async () => {
    const answer = await at.send("GET", query("", { filter: 'meta.resourceType eq "User"' }));
    if (answer.status === 200) expect(answer.body).toMatchObject({ schemas: [LIST_RESPONSE], totalResults: 3 });
    else expectError(answer, answer.status === 501 ? 501 : 404);
  });

  test("RFC 7644 §3.4.2.5: attributes overrides what is returned by default", async () => {
    const [user] = (await list(at, "/Users", {})).resources as Resource[];
    for (const [attributes, expected] of [
      ["userName", ["userName"]],
      ["USERNAME,Title", ["title", "userName"]],
      ["name.givenName", ["name"]],
      [`${USER}:userName`, ["userName"]],
      [`${ENTERPRISE}:department`, [ENTERPRISE]],
      [ENTERPRISE, [ENTERPRISE]],
      ["meta.version", ["meta"]],
      ["id", []],
      ["favouriteColour", []],
      ["userName, title", ["title", "userName"]],
    ] as const) {
      const wanted = ["id", "schemas", ...expected].sort();
      for (const resource of (await list(at, "/Users", { attributes })).resources)
        expect(Object.keys(resource).sort(), attributes).toEqual(wanted);
      expect(Object.keys(await read(at, query(`/Users/${user?.id}`, { attributes }))).sort(), attributes).toEqual(
        wanted,
      );
    }
  });

  test("RFC 7644 §3.4.2.5: attributes may name sub-attributes: only those are returned", async () => {
    const attributes = `name.givenName,emails.value,${ENTERPRISE}:department`;
    for (const resource of (await list(at, "/Users", { attributes })).resources) {
      expect(resource.name).toEqual({ givenName: "Barbara" });
      expect(resource.emails).toEqual(full.emails.map(({ value }) => ({ value })));
      expect(resource[ENTERPRISE]).toEqual({ department: "Tours" });
    }
  });

  test("RFC 7644 §3.4.2.5: excludedAttributes removes from the default set, but nothing that is always returned", async () => {
    const { resources } = await list(at, "/Users", {
      excludedAttributes: `id,schemas,emails,name.familyName,${ENTERPRISE}`,
    });
    for (const resource of resources) {
      expect(resource).toMatchObject({
        id: expect.any(String),
        schemas: expect.any(Array),
        name: { givenName: "Barbara" },
      });
      expect(resource).toHaveProperty("title");
      for (const path of [["emails"], ["name", "familyName"], [ENTERPRISE]]) expect(resource).not.toHaveProperty(path);
    }
    const group = (await list(at, "/Groups", { excludedAttributes: "members" })).resources[0];
    expect(group).not.toHaveProperty("members");
  });
});

describe("RFC 7644 §3.9: parameters of every operation that returns a resource", () => {
  test("RFC 7644 §3.9: the default is the minimum set and the default set", async () => {
    const made = await createUser(directory.at, full);
    for (const name of ["id", "schemas", "userName", "title", "name", "emails", "active", "meta", ENTERPRISE])
      expect(made).toHaveProperty([name]);
  });

  test("RFC 7644 §3.9: what is never returned is not returned when it is named", async () => {
    const { id } = await createUser(directory.at, { password: "t1meMa$heen" });
    for (const parameter of ["attributes", "excludedAttributes"])
      for (const path of ["/Users", `/Users/${id}`]) {
        const answer = await directory.at.send("GET", query(path, { [parameter]: "password,userName" }));
        expect(answer.status).toBe(200);
        expect(answer.text).not.toContain("t1meMa");
        expect(answer.text).not.toContain("password");
      }
  });

  test("RFC 7644 §3.9: attributes and excludedAttributes exclude each other", async () => {
    const { id } = await createUser(directory.at);
    for (const path of ["/Users", `/Users/${id}`]) {
      const both = query(path, { attributes: "userName", excludedAttributes: "title" });
      expectError(await directory.at.send("GET", both), 400, "invalidValue");
    }
  });

  test("RFC 7644 §3.9: with a filter on what is not returned", async () => {
    const title = fresh("title");
    await createUser(directory.at, { title });
    const { resources } = await list(directory.at, "/Users", { filter: `title eq "${title}"`, attributes: "userName" });
    expect(resources.map((each) => Object.keys(each).sort())).toEqual([["id", "schemas", "userName"]]);
  });
});

describe("RFC 7644 §3.10: attribute notation", () => {
  test("RFC 7644 §3.10: URN, attribute and sub-attribute have no case, in every parameter", async () => {
    const familyName = fresh("Family");
    await createUser(directory.at, { name: { familyName, givenName: "x" } });
    const name = `${USER}:name.familyName`;
    for (const spelled of [name, name.toUpperCase(), name.toLowerCase()]) {
      const { resources } = await list(directory.at, "/Users", {
        filter: `${spelled} eq "${familyName}"`,
        sortBy: spelled,
        attributes: spelled,
      });
      expect(resources).toMatchObject([{ name: { familyName } }]);
      expect(resources[0]?.name).toEqual({ familyName });
    }
  });

  test("RFC 7644 §3.10: the core schema's URN may be omitted, an extension's attribute is qualified", async () => {
    const department = fresh("department");
    await createUser(directory.at, { [ENTERPRISE]: { department } });
    const path = `${ENTERPRISE}:department`;
    const { resources } = await list(directory.at, "/Users", {
      filter: `${path} eq "${department}"`,
      attributes: path,
      sortBy: path,
    });
    expect(resources).toMatchObject([{ [ENTERPRISE]: { department } }]);
    const unknown = encodeURIComponent(`${USER}:department eq "${department}"`);
    expectError(await directory.at.send("GET", `/Users?filter=${unknown}`), 400, "invalidFilter");
  });
});
