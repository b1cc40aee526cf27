import { describe, expect, test } from "vitest";
import { type Answer, ENTERPRISE, patchOf, scimServer } from "../scim/endpoint.ts";
import {
  BULK_REQUEST,
  BULK_RESPONSE,
  createGroup,
  createUser,
  ERROR,
  expectError,
  fresh,
  groupBody,
  inProfiles,
  list,
  NOBODY,
  read,
  SEARCH_REQUEST,
  USER,
  userBody,
} from "./client.ts";

const server = await scimServer();

type Result = {
  method: string;
  status: string;
  location?: string;
  bulkId?: string;
  version?: string;
  response?: Record<string, unknown>;
};
type Limits = { bulk: { supported: boolean; maxOperations: number; maxPayloadSize: number } };

inProfiles(server, (directory, profile) => {
  const send = (operations: unknown, more: Record<string, unknown> = {}): Promise<Answer> =>
    directory.at.send("POST", "/Bulk", { schemas: [BULK_REQUEST], ...more, Operations: operations });

  /** The results of a job that is answered with 200, each well-formed. */
  async function bulk(operations: Record<string, unknown>[], more: Record<string, unknown> = {}): Promise<Result[]> {
    const answer = await send(operations, more);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^application\/scim\+json\b/);
    const { schemas, Operations } = answer.body as { schemas: string[]; Operations: Result[] };
    expect(schemas).toEqual([BULK_RESPONSE]);
    for (const result of Operations) {
      expect(result.status).toMatch(/^\d{3}$/);
      if (Number(result.status) < 300) continue;
      expect(result.response).toMatchObject({
        schemas: [ERROR],
        status: result.status,
        detail: expect.stringMatching(/./),
      });
    }
    return Operations;
  }

  const post = (bulkId: string, data: Record<string, unknown>, path = "/Users") => ({
    method: "POST",
    path,
    bulkId,
    data,
  });
  const statuses = (results: readonly Result[]) => results.map((result) => result.status);
  const idIn = (result: Result | undefined) => String(result?.location).split("/").pop() ?? "";
  const total = async (filter: string) =>
    ((await list(directory.at, "/Users", { filter })).body as { totalResults: number }).totalResults;

  describe("RFC 7644 §3.7: bulk operations", () => {
    test("RFC 7644 §3.7: adds, replaces, modifies and removes in one request", async () => {
      const [put, patch, gone] = [
        await createUser(directory.at),
        await createUser(directory.at),
        await createUser(directory.at),
      ];
      const name = fresh("Alice");
      const results = await bulk([
        post("qwerty", userBody(name)),
        {
          method: "PUT",
          path: `/Users/${put.id}`,
          version: put.meta.version,
          data: userBody(String(put.userName), { title: "put" }),
        },
        {
          method: "PATCH",
          path: `/Users/${patch.id}`,
          version: patch.meta.version,
          data: patchOf({ op: "add", path: "title", value: "patched" }),
        },
        { method: "DELETE", path: `/Users/${gone.id}`, version: gone.meta.version },
      ]);
      expect(results.map((each) => each.method)).toEqual(["POST", "PUT", "PATCH", "DELETE"]);
      const [made, putResult, patchResult, deleteResult] = results;
      expect([made?.status, putResult?.status, deleteResult?.status]).toEqual(["201", "200", "204"]);
      expect(["200", "204"]).toContain(patchResult?.status);
      expect(made).toMatchObject({ bulkId: "qwerty", location: `${directory.at.baseUrl}/Users/${idIn(made)}` });
      for (const [result, path] of [
        [made, `/Users/${idIn(made)}`],
        [putResult, `/Users/${put.id}`],
        [patchResult, `/Users/${patch.id}`],
      ] as const) {
        expect(result?.location).toBe(directory.at.baseUrl + path);
        expect(result?.version).toBe((await read(directory.at, path)).meta.version);
      }
      expect(deleteResult?.location).toBe(`${directory.at.baseUrl}/Users/${gone.id}`);
      expect(await read(directory.at, `/Users/${idIn(made)}`)).toMatchObject({ userName: name });
      expect(await read(directory.at, `/Users/${put.id}`)).toMatchObject({ title: "put" });
      expect(await read(directory.at, `/Users/${patch.id}`)).toMatchObject({ title: "patched" });
      expectError(await directory.at.send("GET", `/Users/${gone.id}`), 404);
    });

    test("RFC 7644 §3.7: as many changes as possible, whatever fails, when failOnErrors is not given", async () => {
      const taken = await createUser(directory.at);
      const results = await bulk([
        post("a", userBody(String(taken.userName))),
        { method: "DELETE", path: `/Users/${NOBODY}` },
        { method: "PATCH", path: `/Users/${taken.id}`, data: patchOf({ op: "remove", path: "userName" }) },
        post("b", userBody(fresh())),
      ]);
      expect(statuses(results)).toEqual(["409", "404", "400", "201"]);
      expect(results[0]?.response).toMatchObject({ scimType: "uniqueness" });
      expect(results[2]?.response).toMatchObject({ scimType: "mutability" });
    });

    test("RFC 7644 §3.7: after failOnErrors errors the rest is not done", async () => {
      const names = [fresh(), fresh(), fresh()];
      const bad = (bulkId: string) => post(bulkId, userBody(""));
      const job = () => [bad("1"), post("2", userBody(names[0] ?? "")), bad("3"), post("4", userBody(names[1] ?? ""))];
      expect(statuses(await bulk(job(), { failOnErrors: 1 }))).toEqual(["400"]);
      expect(await total(`userName eq "${names[0]}"`)).toBe(0);
      expect(statuses(await bulk(job(), { failOnErrors: 2 }))).toEqual(["400", "201", "400"]);
      expect(await total(`userName eq "${names[0]}" or userName eq "${names[1]}"`)).toBe(1);
      const third = [bad("1"), post("2", userBody(names[2] ?? "")), bad("3")];
      expect(statuses(await bulk(third, { failOnErrors: 3 }))).toEqual(["400", "201", "400"]);
    });

    test("RFC 7644 §3.7: a group's operations too, with several on one resource in their order", async () => {
      const [a, b] = [await createUser(directory.at), await createUser(directory.at)];
      const group = await createGroup(directory.at, [a.id]);
      const path = `/Groups/${group.id}`;
      const results = await bulk([
        { method: "PATCH", path, data: patchOf({ op: "add", path: "members", value: [{ value: b.id }] }) },
        { method: "PATCH", path, data: patchOf({ op: "remove", path: `members[value eq "${a.id}"]` }) },
        { method: "PUT", path, data: groupBody(fresh("group"), { members: [{ value: b.id }, { value: a.id }] }) },
        { method: "PATCH", path, data: patchOf({ op: "remove", path: `members[value eq "${b.id}"]` }) },
      ]);
      for (const result of results) expect(Number(result.status)).toBeLessThan(300);
      expect(await read(directory.at, path)).toMatchObject({ members: [{ value: a.id }] });
    });

    test("RFC 7644 §3.7: a version that is not the latest is 412 for that operation", async () => {
      const made = await createUser(directory.at);
      const results = await bulk([
        {
          method: "PUT",
          path: `/Users/${made.id}`,
          version: 'W/"other"',
          data: userBody(String(made.userName), { title: "x" }),
        },
        {
          method: "PATCH",
          path: `/Users/${made.id}`,
          version: 'W/"other"',
          data: patchOf({ op: "add", path: "title", value: "x" }),
        },
        { method: "DELETE", path: `/Users/${made.id}`, version: 'W/"other"' },
      ]);
      expect(statuses(results)).toEqual(["412", "412", "412"]);
      for (const result of results) expect(result.location).toBe(made.meta.location);
      expect(await read(directory.at, `/Users/${made.id}`)).toEqual(made);
    });

    const never = (bulkId?: string) => ({ ...(bulkId && { bulkId }), data: userBody(fresh("never")) });

    test.each<[string, unknown]>([
      ["GET", { method: "GET", path: "/Users" }],
      ["no method", { path: "/Users", ...never("x") }],
      ["POST to a resource", { method: "POST", path: `/Users/${NOBODY}`, ...never("x") }],
      ["PUT to a resource type", { method: "PUT", path: "/Users", ...never() }],
      ["DELETE of a resource type", { method: "DELETE", path: "/Users" }],
      ["no path", { method: "POST", ...never("x") }],
      ["no data", { method: "POST", path: "/Users", bulkId: "x" }],
      ["data that is a text", { method: "POST", path: "/Users", bulkId: "x", data: "never" }],
      ["an operation that is a text", "DELETE /Users"],
      ["an endpoint that does not exist", { method: "POST", path: "/Devices", ...never("x") }],
      [
        "Bulk itself",
        { method: "POST", path: "/Bulk", bulkId: "x", data: { schemas: [BULK_REQUEST], Operations: [] } },
      ],
      ["a search", { method: "POST", path: "/Users/.search", bulkId: "x", data: { schemas: [SEARCH_REQUEST] } }],
      ["a whole URL", { method: "DELETE", path: "https://evil.example/Users/1" }],
      ["a path out of the directory", { method: "DELETE", path: "/../x/Users/1" }],
      ...(profile === "strict"
        ? ([["POST without bulkId", { method: "POST", path: "/Users", ...never() }]] as [string, unknown][])
        : []),
    ])(
      "RFC 7644 §3.7: %s is an error, of the operation or of the request, and harms no other",
      async (_, operation) => {
        const answer = await send([operation, post("good", userBody(fresh()))]);
        if (answer.status !== 200) expectError(answer, 400, ["invalidSyntax", "invalidValue"]);
        else {
          const { Operations } = answer.body as { Operations: Result[] };
          expect(Operations).toHaveLength(2);
          expect(["400", "404", "405", "501"]).toContain(Operations[0]?.status);
          expect(Operations[0]?.response).toMatchObject({ schemas: [ERROR], status: Operations[0]?.status });
          expect(Operations[1]?.status).toBe("201");
        }
        expect(await total('userName sw "never"')).toBe(0);
      },
    );

    test.each([
      ["no Operations", { schemas: [BULK_REQUEST] }],
      ["Operations that are no list", { schemas: [BULK_REQUEST], Operations: {} }],
      ["failOnErrors that is no integer", { schemas: [BULK_REQUEST], failOnErrors: "one", Operations: [] }],
      ["a list", []],
      ["a text", "x"],
    ])("RFC 7644 §3.7: %s is 400 with invalidSyntax", async (_, body) => {
      expectError(await directory.at.send("POST", "/Bulk", JSON.stringify(body)), 400, [
        "invalidSyntax",
        "invalidValue",
      ]);
    });

    if (profile === "strict")
      test("RFC 7644 §3.7: a request without the schema BulkRequest is refused by strict", async () => {
        expectError(
          await directory.at.send("POST", "/Bulk", { Operations: [post("a", userBody(fresh()))] }),
          400,
          "invalidSyntax",
        );
        expectError(
          await directory.at.send("POST", "/Bulk", { schemas: [USER], Operations: [] }),
          400,
          "invalidSyntax",
        );
      });
  });

  describe("RFC 7644 §3.7.1: circular references", () => {
    test("RFC 7644 §3.7.1: two groups that are members of each other are resolved, or are a conflict", async () => {
      const results = await bulk([
        post(
          "qwerty",
          groupBody(fresh("Group A"), { members: [{ type: "Group", value: "bulkId:ytrewq" }] }),
          "/Groups",
        ),
        post(
          "ytrewq",
          groupBody(fresh("Group B"), { members: [{ type: "Group", value: "bulkId:qwerty" }] }),
          "/Groups",
        ),
      ]);
      if (results.some((result) => result.status === "409")) return;
      expect(statuses(results)).toEqual(["201", "201"]);
      const [a, b] = results.map(idIn);
      expect(await read(directory.at, `/Groups/${a}`)).toMatchObject({ members: [{ value: b, type: "Group" }] });
      expect(await read(directory.at, `/Groups/${b}`)).toMatchObject({ members: [{ value: a, type: "Group" }] });
    });

    test("RFC 7644 §3.7.1: two users who manage each other are resolved, or are a conflict", async () => {
      const manages = (bulkId: string) => ({ [ENTERPRISE]: { manager: { value: `bulkId:${bulkId}` } } });
      const results = await bulk([
        post("a", userBody(fresh(), manages("b"))),
        post("b", userBody(fresh(), manages("a"))),
      ]);
      if (results.some((result) => result.status === "409")) return;
      expect(statuses(results)).toEqual(["201", "201"]);
      const [a, b] = results.map(idIn);
      expect(await read(directory.at, `/Users/${a}`)).toMatchObject({ [ENTERPRISE]: { manager: { value: b } } });
      expect(await read(directory.at, `/Users/${b}`)).toMatchObject({ [ENTERPRISE]: { manager: { value: a } } });
    });
  });

  describe("RFC 7644 §3.7.2: bulkId", () => {
    const member = (bulkId: string) => ({ members: [{ type: "User", value: `bulkId:${bulkId}` }] });

    test.each(["before", "after"])("RFC 7644 §3.7.2: a reference to a user who is created %s it", async (where) => {
      const user = post("qwerty", userBody(fresh("Alice")));
      const group = post("ytrewq", groupBody(fresh("Tour Guides"), member("qwerty")), "/Groups");
      const results = await bulk(where === "before" ? [user, group] : [group, user]);
      expect(statuses(results)).toEqual(["201", "201"]);
      const id = idIn(results.find((result) => result.bulkId === "qwerty"));
      const made = await read(directory.at, `/Groups/${idIn(results.find((result) => result.bulkId === "ytrewq"))}`);
      expect(made).toMatchObject({
        members: [{ value: id, type: "User", $ref: `${directory.at.baseUrl}/Users/${id}` }],
      });
      expect(JSON.stringify(made)).not.toContain("bulkId");
      // What is told of a resource is what it is in the end.
      for (const result of results)
        expect(result.version).toBe(
          (await directory.at.send("GET", String(result.location).slice(directory.at.baseUrl.length))).headers.get(
            "etag",
          ),
        );
    });

    test("RFC 7644 §3.7.2: a reference in an extension: the manager", async () => {
      const results = await bulk([
        post("qwerty", userBody(fresh("Alice"))),
        post(
          "ytrewq",
          userBody(fresh("Bob"), { [ENTERPRISE]: { employeeNumber: "11250", manager: { value: "bulkId:qwerty" } } }),
        ),
      ]);
      expect(await read(directory.at, `/Users/${idIn(results[1])}`)).toMatchObject({
        [ENTERPRISE]: { manager: { value: idIn(results[0]) } },
      });
    });

    test("RFC 7644 §3.7.2: a reference in a PATCH of a resource that exists", async () => {
      const group = await createGroup(directory.at);
      const results = await bulk([
        post("u", userBody(fresh())),
        {
          method: "PATCH",
          path: `/Groups/${group.id}`,
          data: patchOf({ op: "add", path: "members", value: [{ value: "bulkId:u" }] }),
        },
      ]);
      expect(await read(directory.at, `/Groups/${group.id}`)).toMatchObject({ members: [{ value: idIn(results[0]) }] });
    });

    test("RFC 7644 §3.7.2: a reference in the path of a later operation", async () => {
      const results = await bulk([
        post("u", userBody(fresh())),
        { method: "PATCH", path: "/Users/bulkId:u", data: patchOf({ op: "add", path: "title", value: "x" }) },
      ]);
      expect(Number(results[1]?.status)).toBeLessThan(300);
      expect(await read(directory.at, `/Users/${idIn(results[0])}`)).toMatchObject({ title: "x" });
    });

    test("RFC 7644 §3.7.2: each operation may have its own, and many may refer to one", async () => {
      const results = await bulk([
        post("u1", userBody(fresh())),
        post("u2", userBody(fresh())),
        post("g1", groupBody(fresh("group"), { members: [{ value: "bulkId:u1" }, { value: "bulkId:u2" }] }), "/Groups"),
        post(
          "g2",
          groupBody(fresh("group"), { members: [{ value: "bulkId:u2" }, { value: "bulkId:g1", type: "Group" }] }),
          "/Groups",
        ),
      ]);
      expect(statuses(results)).toEqual(["201", "201", "201", "201"]);
      expect(results.map((each) => each.bulkId)).toEqual(["u1", "u2", "g1", "g2"]);
      const { members } = (await read(directory.at, `/Groups/${idIn(results[3])}`)) as unknown as {
        members: { value: string }[];
      };
      expect(members.map(({ value }) => value).sort()).toEqual([idIn(results[1]), idIn(results[2])].sort());
    });

    test("RFC 7644 §3.7.2: a reference to nothing, or to what failed, is an error and makes nothing", async () => {
      const name = fresh("group");
      const unknown = await send([post("g", groupBody(name, member("nobody")), "/Groups")]);
      if (unknown.status !== 200) expectError(unknown, 400);
      else expect(["400", "409"]).toContain((unknown.body as { Operations: Result[] }).Operations[0]?.status);
      const results = await bulk([post("u", userBody("")), post("g", groupBody(name, member("u")), "/Groups")]);
      expect(results[0]?.status).toBe("400");
      expect(["400", "409"]).toContain(results[1]?.status);
      expect((await list(directory.at, "/Groups", { filter: `displayName eq "${name}"` })).resources).toEqual([]);
    });

    test("RFC 7644 §3.7.2: two creations with one bulkId are an error", async () => {
      const answer = await send([post("same", userBody(fresh())), post("same", userBody(fresh()))]);
      if (answer.status !== 200) expectError(answer, 400);
      else
        expect(
          (answer.body as { Operations: Result[] }).Operations.some((result) => Number(result.status) >= 400),
        ).toBe(true);
    });

    test("RFC 7644 §3.7.2: only the whole string is replaced: a text that speaks of one stays", async () => {
      const title = "see bulkId:u, bulkId:";
      const results = await bulk([post("u", userBody(fresh(), { title, nickName: "BULKID:u" }))]);
      expect(await read(directory.at, `/Users/${idIn(results[0])}`)).toMatchObject({ title, nickName: "BULKID:u" });
    });
  });

  describe("RFC 7644 §3.7.3: responses and errors", () => {
    test("RFC 7644 §3.7.3: the result of every operation, with the status that a single request would have", async () => {
      const made = await createUser(directory.at);
      const single = await directory.at.send("POST", "/Users", userBody(String(made.userName)));
      const results = await bulk([
        post("x", userBody(String(made.userName))),
        { method: "DELETE", path: `/Groups/${NOBODY}` },
      ]);
      expect(results[0]).toMatchObject({ method: "POST", bulkId: "x", status: "409", response: single.body });
      expect(results[1]).toMatchObject({
        method: "DELETE",
        status: "404",
        location: `${directory.at.baseUrl}/Groups/${NOBODY}`,
      });
    });

    test("RFC 7644 §3.7.3: a failed POST has no location, everything else has one", async () => {
      const results = await bulk([
        post("x", userBody("")),
        { method: "PATCH", path: `/Users/${NOBODY}`, data: patchOf({ op: "add", path: "title", value: "x" }) },
      ]);
      expect(results[0]).not.toHaveProperty("location");
      expect(results[1]).toHaveProperty("location");
    });

    test("RFC 7644 §3.7.3: an operation that fails in its middle leaves nothing of itself", async () => {
      const group = await createGroup(directory.at);
      const operations = patchOf(
        { op: "replace", path: "displayName", value: fresh("never") },
        { op: "add", path: "members", value: [{ value: NOBODY }] },
      );
      const results = await bulk([{ method: "PATCH", path: `/Groups/${group.id}`, data: operations }]);
      expect(results[0]?.status).toBe("400");
      expect(await read(directory.at, `/Groups/${group.id}`)).toEqual(group);
    });
  });

  describe("RFC 7644 §3.7.4: maximum operations", () => {
    const limits = async () => ((await read(directory.at, "/ServiceProviderConfig")) as unknown as Limits).bulk;

    test("RFC 7644 §3.7.4: ServiceProviderConfig tells both limits", async () => {
      const { supported, maxOperations, maxPayloadSize } = await limits();
      expect([supported, maxOperations > 0, maxPayloadSize > 0]).toEqual([true, true, true]);
    });

    test("RFC 7644 §3.7.4: one operation too many is 413 that names the limit, and nothing is done", async () => {
      const { maxOperations } = await limits();
      const operations = Array.from({ length: maxOperations + 1 }, (_, index) =>
        post(`b${index}`, userBody(`too-many-${index}`)),
      );
      const answer = await send(operations);
      expectError(answer, 413);
      expect(answer.body).toMatchObject({ detail: expect.stringContaining(String(maxOperations)) });
      expect(await total('userName sw "too-many-"')).toBe(0);
    });

    test("RFC 7644 §3.7.4: a body too large is 413 that names the limit, and nothing is done", async () => {
      const { maxPayloadSize } = await limits();
      const answer = await send([post("b", userBody(fresh("too-large"), { title: "x".repeat(maxPayloadSize) }))]);
      expectError(answer, 413);
      expect(answer.body).toMatchObject({ detail: expect.stringContaining(String(maxPayloadSize)) });
      expect(await total('userName sw "too-large-"')).toBe(0);
    });

    test("RFC 7644 §3.7.4: as many operations as allowed are done", async () => {
      const { maxOperations } = await limits();
      const prefix = fresh("all");
      const operations = Array.from({ length: maxOperations }, (_, index) =>
        post(`b${index}`, userBody(`${prefix}-${index}`)),
      );
      expect(new Set(statuses(await bulk(operations)))).toEqual(new Set(["201"]));
      expect(await total(`userName sw "${prefix}-"`)).toBe(maxOperations);
    });
  });
});
