import { describe, expect, test } from "vitest";
import { ENTERPRISE, oneDirectory, patchOf, scimServer, userOf } from "./endpoint.ts";

const server = await scimServer();
const okta = oneDirectory(server);

let number = 0;
const someName = () => `person-${++number}@example.com`;

async function created(more: Record<string, unknown> = {}) {
  const answer = await okta.at.send("POST", "/Users", userOf(someName(), more));
  expect(answer.status).toBe(201);
  return answer;
}

describe("RFC 7644 §3.3: creating a user", () => {
  test("R167: answers 201 with the whole resource, its location and its version", async () => {
    const userName = someName();
    const answer = await okta.at.send(
      "POST",
      "/Users",
      userOf(userName, {
        externalId: "00u1",
        name: { GivenName: "Barbara", familyName: "Jensen" },
        emails: [{ value: "bj@example.com", type: "work", primary: true }],
        password: "t1meMa$heen",
        groups: [{ value: "somewhere" }],
        id: "chosen-by-the-client",
        nobodyKnows: 1,
        [ENTERPRISE]: { department: "Tour Operations" },
      }),
    );
    expect(answer.status).toBe(201);
    expect(answer.headers.get("content-type")).toBe("application/scim+json; charset=utf-8");
    expect(answer.headers.get("location")).toBe(`${okta.at.baseUrl}/Users/${answer.id}`);
    expect(answer.headers.get("etag")).toBe('W/"1"');
    expect(answer.body).toEqual({
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      externalId: "00u1",
      userName,
      active: true,
      name: { givenName: "Barbara", familyName: "Jensen" },
      emails: [{ value: "bj@example.com", type: "work", primary: true }],
      [ENTERPRISE]: { department: "Tour Operations" },
      meta: {
        resourceType: "User",
        created: expect.stringMatching(/Z$/),
        lastModified: expect.stringMatching(/Z$/),
        location: `${okta.at.baseUrl}/Users/${answer.id}`,
        version: 'W/"1"',
      },
    });
    expect((await okta.at.send("GET", `/Users/${answer.id}`)).body).toEqual(answer.body);
    const { rows } = await server.ctx.db.checkOut(okta.at.organization).then(async (client) => {
      const found = await client.query("select resource::text as text from directory_users where id = $1", [answer.id]);
      client.release();
      return found;
    });
    expect(rows[0].text).not.toContain("t1meMa");
  });

  test.each([
    ["no user name", { schemas: [] }],
    ["an empty user name", { userName: "" }],
    ["a blank user name", { userName: "  " }],
    ["a user name that is no text", { userName: ["a", "b"] }],
    ["a user name that is a number", { userName: 7 }],
    ["an address where an object is due", { userName: "x", name: "Barbara" }],
    ["active that is neither", { userName: "x", active: "perhaps" }],
    ["a list of addresses of the wrong kind", { userName: "x", emails: [{ value: { deep: 1 } }] }],
    [
      "two primary addresses",
      {
        userName: "x",
        emails: [
          { value: "a", primary: true },
          { value: "b", primary: true },
        ],
      },
    ],
    ["a NUL", { userName: "x\0y" }],
    ["half of a surrogate pair", { userName: "x", title: "\ud800" }],
    ["a user name of a kilobyte", { userName: "x".repeat(1_024) }],
    ["an external id of ten kilobytes", { userName: "x", externalId: "1".repeat(10_240) }],
    ["an extension that is a text", { userName: "x", [ENTERPRISE]: "Tour Operations" }],
    ["a certificate that is no base64", { userName: "x", x509Certificates: [{ value: "no!" }] }],
  ])("refuses %s with invalidValue", async (_, body) => {
    const answer = await okta.at.send("POST", "/Users", body);
    expect(answer.body).toMatchObject({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
      status: "400",
      scimType: "invalidValue",
    });
    expect(answer.status).toBe(400);
  });

  test("a user name that is taken, in whatever case, is 409", async () => {
    const userName = someName();
    await created({ userName });
    const answer = await okta.at.send("POST", "/Users", userOf(userName.toUpperCase()));
    expect([answer.status, answer.body]).toEqual([
      409,
      expect.objectContaining({ status: "409", scimType: "uniqueness", detail: expect.stringContaining("userName") }),
    ]);
  });

  test("many at once for one user name: one is created, the others are 409", async () => {
    const userName = someName();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => okta.at.send("POST", "/Users", userOf(userName))),
    );
    const statuses = answers.map((answer) => answer.status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
  });

  test("null, empty texts and empty lists are unassigned, texts are taken for truth values", async () => {
    const answer = await created({
      active: "False",
      title: "",
      emails: [],
      addresses: null,
      name: { givenName: null },
    });
    expect(answer.body).toMatchObject({ active: false });
    for (const name of ["title", "emails", "addresses", "name"]) expect(answer.body).not.toHaveProperty(name);
  });

  test("a key that names the prototype of objects is an unknown attribute", async () => {
    const answer = await okta.at.send("POST", "/Users", `{"userName":"${someName()}","__proto__":{"polluted":1}}`);
    expect(answer.status).toBe(201);
    expect("polluted" in {}).toBe(false);
  });
});

describe("RFC 7644 §3.4.2: listing users", () => {
  test("pages are stable, totals are true, and a page past the end is empty", async () => {
    const at = await server.directory(await server.organization());
    for (let index = 0; index < 7; index++) await at.send("POST", "/Users", userOf(`walk-${index}`));
    const seen: unknown[] = [];
    for (let startIndex = 1; startIndex <= 7; startIndex += 3) {
      const page = await at.send("GET", `/Users?startIndex=${startIndex}&count=3`);
      expect(page.body).toMatchObject({ totalResults: 7, startIndex, itemsPerPage: page.resources.length });
      seen.push(...page.resources.map((user) => user.userName));
    }
    expect(seen).toEqual(Array.from({ length: 7 }, (_, index) => `walk-${index}`));
    expect((await at.send("GET", "/Users?startIndex=8")).body).toMatchObject({
      totalResults: 7,
      itemsPerPage: 0,
      Resources: [],
    });
    expect((await at.send("GET", "/Users?count=0")).body).toMatchObject({
      totalResults: 7,
      itemsPerPage: 0,
      Resources: [],
    });
    expect((await at.send("GET", "/Users?count=-1&startIndex=-5")).body).toMatchObject({
      itemsPerPage: 0,
      startIndex: 1,
    });
    expect((await at.send("GET", "/Users?count=5000")).body).toMatchObject({ itemsPerPage: 7 });
  });

  test("sorts by an attribute, those without it last, and first when descending", async () => {
    const at = await server.directory(await server.organization());
    for (const [userName, title] of [
      ["c", "b"],
      ["a", "A"],
      ["b", undefined],
    ] as const)
      await at.send("POST", "/Users", userOf(userName, { ...(title && { title }) }));
    const names = async (query: string) =>
      (await at.send("GET", `/Users?${query}`)).resources.map((user) => user.userName);
    expect(await names("sortBy=userName")).toEqual(["a", "b", "c"]);
    expect(await names("sortBy=userName&sortOrder=Descending")).toEqual(["c", "b", "a"]);
    expect(await names("sortBy=title")).toEqual(["a", "c", "b"]);
    expect(await names("sortBy=title&sortOrder=descending")).toEqual(["b", "c", "a"]);
    expect(await names("sortBy=emails")).toHaveLength(3);
    expect(await names("sortBy=meta.lastModified&sortOrder=descending")).toEqual(["b", "a", "c"]);
  });

  test.each([
    "startIndex=abc",
    "count=1.5",
    "sortBy=nothing",
    "sortBy=name",
    "sortOrder=up&sortBy=userName",
    "count=1&count=2",
  ])("refuses %s", async (query) => {
    const answer = await okta.at.send("GET", `/Users?${query}`);
    expect(answer.body).toMatchObject({ status: "400", scimType: "invalidValue" });
  });

  test("finds by filter whatever the case, and refuses what is no filter", async () => {
    const { body } = await created({ externalId: "CaseExact" });
    const { userName } = body as { userName: string };
    const total = async (filter: string) => {
      const answer = await okta.at.send("GET", `/Users?filter=${encodeURIComponent(filter)}`);
      return (
        (answer.body as { totalResults?: number; scimType?: string }).totalResults ??
        (answer.body as { scimType?: string }).scimType
      );
    };
    expect(await total(`userName eq "${userName.toUpperCase()}"`)).toBe(1);
    expect(await total('externalId eq "CaseExact"')).toBe(1);
    expect(await total('externalId eq "caseexact"')).toBe(0);
    expect(await total(`userName eq "x" or userName eq "${userName}"`)).toBe(1);
    expect(await total('userName eq "')).toBe("invalidFilter");
    expect(await total("__proto__.polluted pr")).toBe("invalidFilter");
  });
});

describe("RFC 7644 §3.9: attributes and excludedAttributes", () => {
  test("select on every answer, schemas and id always stay", async () => {
    const { id } = await created({
      title: "Guide",
      emails: [{ value: "a@example.com", type: "work" }],
      name: { givenName: "B" },
    });
    const keys = async (query: string) =>
      Object.keys((await okta.at.send("GET", `/Users/${id}?${query}`)).body as object).sort();
    expect(await keys("attributes=userName")).toEqual(["id", "schemas", "userName"]);
    expect(await keys("attributes=urn:ietf:params:scim:schemas:core:2.0:User:title,nothing")).toEqual([
      "id",
      "schemas",
      "title",
    ]);
    expect(await keys("excludedAttributes=meta,id,emails,name")).toEqual([
      "active",
      "id",
      "schemas",
      "title",
      "userName",
    ]);
    const parts = await okta.at.send("GET", `/Users/${id}?attributes=EMAILS.value`);
    expect(parts.body).toMatchObject({ emails: [{ value: "a@example.com" }] });
    const patched = await okta.at.send(
      "PATCH",
      `/Users/${id}?attributes=title`,
      patchOf({ op: "replace", path: "title", value: "Chief" }),
    );
    expect(patched.body).toEqual({ schemas: expect.anything(), id, title: "Chief" });
    // What was not shown is still there.
    expect(await keys("")).toEqual(["active", "emails", "id", "meta", "name", "schemas", "title", "userName"]);
  });
});

describe("RFC 7644 §3.14: versions", () => {
  test("If-None-Match answers 304, If-Match guards every write", async () => {
    const { id } = await created();
    const path = `/Users/${id}`;
    expect((await okta.at.send("GET", path, undefined, { "if-none-match": 'W/"1"' })).status).toBe(304);
    expect((await okta.at.send("GET", path, undefined, { "if-none-match": 'W/"9"' })).status).toBe(200);
    const change = patchOf({ op: "replace", path: "title", value: "Guide" });
    expect((await okta.at.send("PATCH", path, change, { "if-match": 'W/"9"' })).status).toBe(412);
    const patched = await okta.at.send("PATCH", path, change, { "if-match": 'W/"1"' });
    expect([patched.status, patched.headers.get("etag")]).toEqual([200, 'W/"2"']);
    expect((await okta.at.send("PUT", path, userOf("other"), { "if-match": '"1"' })).status).toBe(412);
    expect((await okta.at.send("DELETE", path, undefined, { "if-match": 'W/"1"' })).status).toBe(412);
    expect((await okta.at.send("DELETE", path, undefined, { "if-match": 'W/"8", W/"2"' })).status).toBe(204);
  });

  test("a change that changes nothing leaves version and time alone", async () => {
    const { id, body } = await created({
      title: "Guide",
      emails: [{ value: "a@example.com", type: "work", primary: true }],
    });
    const { meta, ...rest } = body as { meta: unknown };
    const same = await okta.at.send(
      "PATCH",
      `/Users/${id}`,
      patchOf(
        { op: "Add", path: "emails", value: [{ value: "A@example.com", type: "work" }] },
        { op: "replace", value: { title: "Guide" } },
      ),
    );
    expect(same.body).toMatchObject({ emails: [{ value: "A@example.com", type: "work", primary: true }] });
    const again = await okta.at.send("PUT", `/Users/${id}`, same.body);
    expect(again.body).toEqual(same.body);
    const third = await okta.at.send("PATCH", `/Users/${id}`, patchOf({ op: "replace", value: { title: "Guide" } }));
    expect(third.body).toEqual(same.body);
    expect(meta).toMatchObject({ version: 'W/"1"' });
    expect(rest).toBeDefined();
  });
});

describe("RFC 7644 §3.5.1 and §3.6: replacing and deleting", () => {
  test("what a PUT leaves out is gone, but a deactivated person stays so", async () => {
    const { id, body } = await created({ active: false, title: "Guide", externalId: "x" });
    const { userName } = body as { userName: string };
    const answer = await okta.at.send("PUT", `/Users/${id}`, { userName, nickName: "Babs" });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id, userName, nickName: "Babs", active: false });
    for (const name of ["title", "externalId"]) expect(answer.body).not.toHaveProperty(name);
    expect((await okta.at.send("PUT", `/Users/${id}`, { nickName: "x" })).body).toMatchObject({
      scimType: "invalidValue",
    });
  });

  test("a deleted user is 404 from then on, and the user name is free", async () => {
    const { id, body } = await created();
    const { userName } = body as { userName: string };
    expect((await okta.at.send("DELETE", `/Users/${id}`)).status).toBe(204);
    for (const method of ["GET", "DELETE"]) expect((await okta.at.send(method, `/Users/${id}`)).status).toBe(404);
    expect(
      (await okta.at.send("PATCH", `/Users/${id}`, patchOf({ op: "add", path: "title", value: "x" }))).status,
    ).toBe(404);
    const again = await okta.at.send("POST", "/Users", userOf(userName));
    expect(again.status).toBe(201);
    expect(again.id).not.toBe(id);
  });

  test("20 values added at the same moment are 20 values", async () => {
    const { id } = await created();
    const numbers = Array.from({ length: 20 }, (_, index) => `+1-555-01${10 + index}`);
    const answers = await Promise.all(
      numbers.map((value) =>
        okta.at.send(
          "PATCH",
          `/Users/${id}`,
          patchOf({ op: "add", path: "phoneNumbers", value: [{ value, type: "work" }] }),
        ),
      ),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    const { body, headers } = await okta.at.send("GET", `/Users/${id}`);
    const { phoneNumbers } = body as { phoneNumbers: { value: string }[] };
    expect(phoneNumbers.map((phone) => phone.value).sort()).toEqual(numbers);
    expect(headers.get("etag")).toBe('W/"21"');
  });

  test("a rename and a deactivation in one request hit the person they name (V24)", async () => {
    const { id } = await created();
    const renamed = someName();
    const answer = await okta.at.send(
      "PATCH",
      `/Users/${id}`,
      patchOf({ op: "Replace", value: { active: "False", userName: renamed } }),
    );
    expect(answer.body).toMatchObject({ id, userName: renamed, active: false });
  });
});
