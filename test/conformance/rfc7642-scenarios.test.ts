import { describe, expect, test } from "vitest";
import { ENTERPRISE, type Endpoint, patchOf, scimServer, sender } from "../scim/endpoint.ts";
import {
  create,
  createGroup,
  createUser,
  expectError,
  fresh,
  groupBody,
  list,
  query,
  type Resource,
  read,
  userBody,
} from "./client.ts";

const server = await scimServer();
const subscriber = async (): Promise<Endpoint> => server.directory(await server.organization());

describe("RFC 7642 §2.2: triggers", () => {
  test("RFC 7642 §2.2.1: create, update and delete are each one request", async () => {
    const at = await subscriber();
    const { id } = await createUser(at);
    expect((await at.send("PUT", `/Users/${id}`, userBody(fresh()))).status).toBe(200);
    expect((await at.send("DELETE", `/Users/${id}`)).status).toBe(204);
  });
});

describe("RFC 7642 §2.4: from an enterprise to a provider", () => {
  test("RFC 7642 §2.4.1: create identity (push): with the attributes of the base and of the extended schema", async () => {
    const at = await subscriber();
    const made = await createUser(at, { name: { givenName: "B" }, [ENTERPRISE]: { department: "A" } });
    expect(await read(at, `/Users/${made.id}`)).toMatchObject({
      name: { givenName: "B" },
      [ENTERPRISE]: { department: "A" },
    });
  });

  test("RFC 7642 §2.4.2: update identity (push): from department A to department B", async () => {
    const at = await subscriber();
    const { id } = await createUser(at, { title: "stays", [ENTERPRISE]: { department: "A", employeeNumber: "7" } });
    const answer = await at.send(
      "PATCH",
      `/Users/${id}`,
      patchOf({ op: "replace", path: `${ENTERPRISE}:department`, value: "B" }),
    );
    expect([200, 204]).toContain(answer.status);
    expect(await read(at, `/Users/${id}`)).toMatchObject({
      title: "stays",
      [ENTERPRISE]: { department: "B", employeeNumber: "7" },
    });
  });

  test("RFC 7642 §2.4.3: delete identity (push): suspended first, terminated a week later", async () => {
    const at = await subscriber();
    const { id, userName } = await createUser(at, { active: true });
    await at.send("PATCH", `/Users/${id}`, patchOf({ op: "replace", path: "active", value: false }));
    expect(await read(at, `/Users/${id}`)).toMatchObject({ active: false });
    expect((await list(at, "/Users", { filter: `userName eq "${userName}"` })).resources).toHaveLength(1);
    expect((await at.send("DELETE", `/Users/${id}`)).status).toBe(204);
    expectError(await at.send("GET", `/Users/${id}`), 404);
  });

  test("RFC 7642 §2.4.4: single sign-on (pull): who signs in is looked up by name, and is not there before", async () => {
    const at = await subscriber();
    const userName = fresh("csu");
    const filter = `userName eq "${userName}"`;
    expect((await list(at, "/Users", { filter })).body).toMatchObject({ totalResults: 0 });
    await create(at, "/Users", userBody(userName));
    expect((await list(at, "/Users", { filter })).body).toMatchObject({ totalResults: 1 });
  });
});

describe("RFC 7642 §2.3: between providers", () => {
  test("RFC 7642 §2.3.1 to §2.3.3: create, update and delete identity (push) down a chain of two", async () => {
    const [first, second] = [await subscriber(), await subscriber()];
    const push = async (at: Endpoint, externalId: string, body: Record<string, unknown>) => {
      const [held] = (await list(at, "/Users", { filter: `externalId eq "${externalId}"` })).resources;
      return held ? at.send("PUT", `/Users/${held.id}`, body) : at.send("POST", "/Users", body);
    };
    const upstream = await createUser(first, { title: "a" });
    expect(
      (await push(second, upstream.id, userBody(fresh("copy"), { externalId: upstream.id, title: "a" }))).status,
    ).toBe(201);
    const copy = fresh("copy");
    expect((await push(second, upstream.id, userBody(copy, { externalId: upstream.id, title: "b" }))).status).toBe(200);
    const [held] = (await list(second, "/Users", { filter: `externalId eq "${upstream.id}"` })).resources;
    expect(held).toMatchObject({ userName: copy, title: "b" });
    // One provider suspends, the other deletes.
    await first.send("PATCH", `/Users/${upstream.id}`, patchOf({ op: "replace", path: "active", value: false }));
    expect((await second.send("DELETE", `/Users/${held?.id}`)).status).toBe(204);
    expect((await first.send("GET", `/Users/${upstream.id}`)).status).toBe(200);
  });

  test("RFC 7642 §2.3.4 and §2.3.5: single sign-on (push and pull): what one provider knows makes the account at the other", async () => {
    const [first, second] = [await subscriber(), await subscriber()];
    const known = await createUser(first, {
      name: { givenName: "B", familyName: "J" },
      emails: [{ value: "b@example.com", primary: true }],
    });
    const { id: _, meta: __, ...profile } = await read(first, `/Users/${known.id}`);
    const made = await create(second, "/Users", { ...profile, externalId: known.id });
    expect(made).toMatchObject({
      userName: known.userName,
      name: known.name,
      emails: known.emails,
      externalId: known.id,
    });
  });
});

describe("RFC 7642 §3: use cases", () => {
  test("RFC 7642 §3.1: migration: everything that one provider holds is taken to another without a change of format", async () => {
    const [from, to] = [await subscriber(), await subscriber()];
    for (let index = 0; index < 5; index++)
      await createUser(from, {
        externalId: `e-${index}`,
        title: `t${index}`,
        [ENTERPRISE]: { department: "x" },
        emails: [{ value: `u${index}@example.com`, type: "work" }],
      });
    const users = (await list(from, "/Users", {})).resources as Resource[];
    await createGroup(
      from,
      users.slice(0, 3).map((user) => user.id),
    );
    const ids = new Map<string, string>();
    for (const user of users) ids.set(user.id, (await create(to, "/Users", user)).id);
    for (const group of (await list(from, "/Groups", {})).resources) {
      const members = (group.members as { value: string }[]).map(({ value }) => ({ value: ids.get(value) }));
      const moved = await create(to, "/Groups", groupBody(String(group.displayName), { members }));
      expect((moved as Resource & { members: unknown[] }).members).toHaveLength(3);
    }
    const strip = ({ id: _, meta: __, groups: ___, ...rest }: Record<string, unknown>) => rest;
    const moved = (await list(to, "/Users", { sortBy: "externalId" })).resources;
    expect(moved.map(strip)).toEqual(users.map(strip));
  });

  test("RFC 7642 §3.3: a community: each office manages its own people only", async () => {
    const organization = await server.organization();
    const [bern, oslo] = [await server.directory(organization, "bern"), await server.directory(organization, "oslo")];
    const person = await createUser(bern);
    expectError(
      await oslo.send("PATCH", `/Users/${person.id}`, patchOf({ op: "add", path: "title", value: "x" })),
      404,
    );
    expectError(await sender(bern.baseUrl, oslo.token)("GET", "/Users"), 401);
    expect((await list(oslo, "/Users", {})).body).toMatchObject({ totalResults: 0 });
  });

  test("RFC 7642 §3.4: transfer of attributes: a relying party is given the selected attributes only", async () => {
    const at = await subscriber();
    const { id } = await createUser(at, { title: "secret", displayName: "Babs", emails: [{ value: "b@example.com" }] });
    expect(await read(at, query(`/Users/${id}`, { attributes: "displayName,emails.value" }))).toEqual({
      schemas: expect.any(Array),
      id,
      displayName: "Babs",
      emails: [{ value: "b@example.com" }],
    });
  });

  test("RFC 7642 §3.5: change notification: what has changed since is found, and whether it has changed at all", async () => {
    const at = await subscriber();
    const [still, moving] = [await createUser(at), await createUser(at)];
    const { resources } = await list(at, "/Users", { sortBy: "meta.lastModified", sortOrder: "descending", count: 1 });
    const since = (resources[0] as Resource).meta.lastModified;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await at.send("PATCH", `/Users/${moving.id}`, patchOf({ op: "add", path: "title", value: "x" }));
    const changed = await list(at, "/Users", { filter: `meta.lastModified gt "${since}"` });
    expect(changed.resources.map((user) => user.id)).toEqual([moving.id]);
    expect(
      (await at.send("GET", `/Users/${still.id}`, undefined, { "if-none-match": String(still.meta.version) })).status,
    ).toBe(304);
    expect(
      (await at.send("GET", `/Users/${moving.id}`, undefined, { "if-none-match": String(moving.meta.version) })).status,
    ).toBe(200);
  });
});
