import { describe, expect, test } from "vitest";
import { ENTERPRISE, scimServer } from "../scim/endpoint.ts";
import {
  create,
  createGroup,
  createUser,
  expectError,
  fresh,
  GROUP,
  groupBody,
  inProfiles,
  list,
  NOBODY,
  type Resource,
  read,
  USER,
  userBody,
} from "./client.ts";

const server = await scimServer();

inProfiles(server, (directory, profile) => {
  describe("RFC 7644 §3.1: background", () => {
    test("RFC 7644 §3.1: resources are JSON objects with schemas, sent as application/scim+json", async () => {
      const answer = await directory.at.send("POST", "/Users", userBody(fresh()));
      expect(answer.headers.get("content-type")).toMatch(/^application\/scim\+json\b/);
      expect(answer.body).toMatchObject({ schemas: [USER] });
    });

    test("RFC 7644 §3.1: schemas of messages are not discoverable", async () => {
      const { resources } = await list(directory.at, "/Schemas", {});
      for (const { id } of resources) expect(String(id)).not.toMatch(/^urn:ietf:params:scim:api:/);
      expectError(await directory.at.send("GET", "/Schemas/urn:ietf:params:scim:api:messages:2.0:Error"), 404);
    });

    test("RFC 7644 §3.1: the answer shows the resource as the service provider interprets it", async () => {
      const made = await createUser(directory.at, { emails: [{ value: "a@example.com", type: "work" }], title: null });
      expect(made).toEqual(await read(directory.at, `/Users/${made.id}`));
      expect(made).not.toHaveProperty("title");
    });
  });

  describe("RFC 7644 §3.2: endpoints and methods", () => {
    test("RFC 7644 §3.2: Users and Groups are at /Users and /Groups", async () => {
      for (const path of ["/Users", "/Groups"]) expect((await directory.at.send("GET", path)).status).toBe(200);
    });

    test.each([
      ["PUT", "/Users"],
      ["PATCH", "/Users"],
      ["DELETE", "/Users"],
      ["PUT", "/Groups"],
      ["PATCH", "/Groups"],
      ["DELETE", "/Groups"],
      ["POST", "/Users/1"],
      ["POST", "/Groups/1"],
      ["POST", "/ServiceProviderConfig"],
      ["PUT", "/Schemas"],
      ["PATCH", "/ResourceTypes"],
      ["DELETE", "/ResourceTypes/User"],
      ["GET", "/Bulk"],
      ["DELETE", "/Bulk"],
      ["GET", "/.search"],
      ["PUT", "/Users/.search"],
    ])("RFC 7644 §3.2: %s %s is no operation of table 2: 405 with Allow", async (method, path) => {
      const answer = await directory.at.send(method, path, method === "GET" || method === "DELETE" ? undefined : {});
      expectError(answer, 405);
      expect(answer.headers.get("allow")).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
      expect(answer.headers.get("allow")?.split(", ")).not.toContain(method);
    });

    test("RFC 7644 §3.2: HEAD is GET without the body", async () => {
      const { id } = await createUser(directory.at);
      const get = await directory.at.send("GET", `/Users/${id}`);
      const head = await directory.at.send("HEAD", `/Users/${id}`);
      expect([head.status, head.text]).toEqual([200, ""]);
      for (const name of ["content-type", "etag", "location"])
        expect(head.headers.get(name)).toBe(get.headers.get(name));
      expect((await directory.at.send("HEAD", `/Users/${NOBODY}`)).status).toBe(404);
      expect((await directory.at.send("HEAD", "/Users")).status).toBe(200);
    });

    test("RFC 7644 §3.2: an endpoint that does not exist is 404", async () => {
      for (const path of ["/Devices", "/Users/1/emails", "/user", "/users/1"])
        expectError(await directory.at.send("DELETE", path), 404);
    });
  });

  describe("RFC 7644 §3.3: creating", () => {
    test("RFC 7644 §3.3: 201 with the representation, Location and meta.location the same", async () => {
      for (const [path, body] of [
        ["/Users", userBody(fresh())],
        ["/Groups", groupBody(fresh("group"))],
      ] as const) {
        const answer = await directory.at.send("POST", path, body);
        expect(answer.status).toBe(201);
        const { id, meta } = answer.body as Resource;
        expect(answer.headers.get("location")).toBe(`${directory.at.baseUrl}${path}/${id}`);
        expect(meta.location).toBe(answer.headers.get("location"));
        expect(answer.body).toEqual((await directory.at.send("GET", `${path}/${id}`)).body);
      }
    });

    test("RFC 7644 §3.3: readOnly attributes in the body are ignored", async () => {
      const group = await createGroup(directory.at);
      const made = await createUser(directory.at, {
        id: NOBODY,
        meta: {
          resourceType: "Group",
          created: "2001-01-01T00:00:00Z",
          location: "https://evil.example/",
          version: 'W/"9"',
        },
        groups: [{ value: group.id }],
      });
      expect(made.id).not.toBe(NOBODY);
      expect(made).not.toHaveProperty("groups");
      expect(made.meta).toMatchObject({ resourceType: "User", location: `${directory.at.baseUrl}/Users/${made.id}` });
      expect(made.meta.created).not.toMatch(/^2001/);
    });

    test("RFC 7644 §3.3: a value that the provider assigns is what filters compare with (§3.4.2.2)", async () => {
      const { id, active } = await createUser(directory.at);
      const found = async (filter: string) =>
        (await list(directory.at, "/Users", { filter: `id eq "${id}" and ${filter}` })).resources.length;
      if (active === undefined) expect(await found("not (active pr)")).toBe(1);
      else expect([await found(`active eq ${active}`), await found(`active eq ${!active}`)]).toEqual([1, 0]);
    });

    test("RFC 7644 §3.3: null and [] clear what could be defaulted", async () => {
      const made = await createUser(directory.at, {
        title: null,
        name: null,
        emails: [],
        phoneNumbers: null,
        addresses: [],
      });
      for (const name of ["title", "name", "emails", "phoneNumbers", "addresses"])
        expect(made).not.toHaveProperty(name);
    });

    test("RFC 7644 §3.3: a duplicate userName is 409 with uniqueness, whatever its case, and nothing is made", async () => {
      const userName = fresh("Taken");
      await create(directory.at, "/Users", userBody(userName));
      for (const name of [userName, userName.toUpperCase(), userName.toLowerCase()])
        expectError(await directory.at.send("POST", "/Users", userBody(name)), 409, "uniqueness");
      expect((await list(directory.at, "/Users", { filter: `userName eq "${userName}"` })).body).toMatchObject({
        totalResults: 1,
      });
    });

    test.each([
      ["no userName", { schemas: [USER] }],
      ["a null userName", { schemas: [USER], userName: null }],
      ["an empty userName", { schemas: [USER], userName: "" }],
      ["a userName that is a number", { schemas: [USER], userName: 7 }],
      ["a name that is no object", { ...userBody("bad"), name: 7 }],
      ["emails whose value is an object", { ...userBody("bad"), emails: [{ value: {} }] }],
      ["active that is no Boolean", { ...userBody("bad"), active: "perhaps" }],
    ])("RFC 7644 §3.3: %s is 400 with invalidValue", async (_, body) => {
      expectError(await directory.at.send("POST", "/Users", body), 400, "invalidValue");
      expect((await list(directory.at, "/Users", { filter: 'userName eq "bad"' })).resources).toEqual([]);
    });

    test("RFC 7644 §3.3: a Group without displayName is 400 with invalidValue", async () => {
      expectError(await directory.at.send("POST", "/Groups", { schemas: [GROUP] }), 400, "invalidValue");
    });

    test("RFC 7644 §3.3: a member that does not exist is 400, and no group is made", async () => {
      const displayName = fresh("group");
      const body = groupBody(displayName, { members: [{ value: NOBODY }] });
      expectError(await directory.at.send("POST", "/Groups", body), 400, "invalidValue");
      expect((await list(directory.at, "/Groups", { filter: `displayName eq "${displayName}"` })).resources).toEqual(
        [],
      );
    });

    test.each([
      ["a text", '"text"'],
      ["a list", "[]"],
      ["null", "null"],
      ["a number", "7"],
      ["half of an object", '{"schemas":'],
      ["nothing", ""],
    ])("RFC 7644 §3.3: a body that is %s is 400 with invalidSyntax", async (_, body) => {
      expectError(await directory.at.send("POST", "/Users", body), 400, "invalidSyntax");
    });

    test("RFC 7644 §3.3: attributes and excludedAttributes shape the answer (§3.9)", async () => {
      const some = await directory.at.send("POST", "/Users?attributes=userName", userBody(fresh(), { title: "x" }));
      expect(some.status).toBe(201);
      expect(Object.keys(some.body as object).sort()).toEqual(["id", "schemas", "userName"]);
      const others = await directory.at.send(
        "POST",
        "/Users?excludedAttributes=title",
        userBody(fresh(), { title: "x" }),
      );
      expect(others.body).not.toHaveProperty("title");
      expect(await read(directory.at, `/Users/${others.id}`)).toMatchObject({ title: "x" });
    });

    test("RFC 7644 §3.3: `schemas` may name the extension that the body uses", async () => {
      const made = await createUser(directory.at, { [ENTERPRISE]: { department: "x" } });
      expect([...(made.schemas as string[])].sort()).toEqual([USER, ENTERPRISE].sort());
    });

    if (profile === "strict")
      test("RFC 7644 §3.3: a body without schemas, or with one that the resource cannot have, is refused by strict", async () => {
        for (const schemas of [undefined, [], ["urn:example:nothing"], [GROUP]])
          expect((await directory.at.send("POST", "/Users", { userName: fresh(), schemas })).status).toBe(400);
      });
  });

  describe("RFC 7644 §3.3.1: resource types", () => {
    test("RFC 7644 §3.3.1: meta.resourceType is that of the endpoint", async () => {
      expect((await createUser(directory.at)).meta.resourceType).toBe("User");
      expect((await createGroup(directory.at)).meta.resourceType).toBe("Group");
    });
  });
});
