import { describe, expect, test } from "vitest";
import { ENTERPRISE, scimServer } from "../scim/endpoint.ts";
import {
  createGroup,
  createUser,
  expectError,
  fresh,
  groupBody,
  inProfiles,
  NOBODY,
  read,
  USER,
  userBody,
} from "./client.ts";

const server = await scimServer();

inProfiles(server, (directory, profile) => {
  const full = {
    externalId: "e-1",
    name: { givenName: "Barbara", familyName: "Jensen", middleName: "Jane" },
    title: "Tour Guide",
    active: true,
    emails: [
      { value: "work@example.com", type: "work", primary: true },
      { value: "home@example.com", type: "home" },
    ],
    [ENTERPRISE]: { department: "Tours", employeeNumber: "7" },
  };

  describe("RFC 7644 §3.5.1: replacing with PUT", () => {
    test("RFC 7644 §3.5.1: 200 with the entire resource, its new version and location", async () => {
      const { id, userName, meta } = await createUser(directory.at, full);
      const answer = await directory.at.send("PUT", `/Users/${id}`, userBody(String(userName), { title: "Chief" }));
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(await read(directory.at, `/Users/${id}`));
      expect(answer.body).toMatchObject({ id, userName, title: "Chief" });
      expect(answer.headers.get("etag")).not.toBe(meta.version);
      expect(answer.headers.get("etag")).toBe((answer.body as { meta: { version: string } }).meta.version);
    });

    test("RFC 7644 §3.5.1: values that are given replace those that were there, whole", async () => {
      const { id, userName } = await createUser(directory.at, full);
      const answer = await directory.at.send(
        "PUT",
        `/Users/${id}`,
        userBody(String(userName), {
          ...full,
          name: { givenName: "Babs" },
          emails: [{ value: "only@example.com", type: "other" }],
          [ENTERPRISE]: { department: "Parks" },
        }),
      );
      expect(answer.body).toMatchObject({ name: { givenName: "Babs" } });
      const { name, emails, [ENTERPRISE]: extension } = answer.body as Record<string, unknown>;
      expect(name).toEqual({ givenName: "Babs" });
      expect(emails).toEqual([{ value: "only@example.com", type: "other" }]);
      expect(extension).toEqual({ department: "Parks" });
    });

    test("RFC 7644 §3.5.1: null and [] clear", async () => {
      const { id, userName } = await createUser(directory.at, full);
      const body = userBody(String(userName), { ...full, title: null, emails: [], name: null, externalId: null });
      const answer = await directory.at.send("PUT", `/Users/${id}`, body);
      expect(answer.status).toBe(200);
      for (const name of ["title", "emails", "name", "externalId"]) expect(answer.body).not.toHaveProperty(name);
      expect(answer.body).toHaveProperty([ENTERPRISE]);
    });

    test("RFC 7644 §3.5.1: readWrite attributes that are omitted are cleared", async () => {
      const { id, userName } = await createUser(directory.at, full);
      const answer = await directory.at.send("PUT", `/Users/${id}`, userBody(String(userName)));
      for (const name of ["title", "emails", "name", "externalId", ENTERPRISE])
        expect(answer.body).not.toHaveProperty([name]);
      expect((answer.body as { schemas: string[] }).schemas).toEqual([USER]);
    });

    test("RFC 7644 §3.5.1: readOnly values are ignored, also those of another resource", async () => {
      const { id, userName, meta } = await createUser(directory.at, full);
      const group = await createGroup(directory.at, [id]);
      const other = await createGroup(directory.at);
      const answer = await directory.at.send("PUT", `/Users/${id}`, {
        ...userBody(String(userName), full),
        id: NOBODY,
        meta: { created: "2001-01-01T00:00:00Z", resourceType: "Group" },
        groups: [{ value: other.id }],
      });
      expect(answer.status, answer.text).toBe(200);
      expect(answer.body).toMatchObject({
        id,
        meta: { created: meta.created, resourceType: "User" },
        groups: [{ value: group.id }],
      });
    });

    test("RFC 7644 §3.5.1: what was read may be sent back as it is, and changes nothing", async () => {
      const { id } = await createUser(directory.at, full);
      await createGroup(directory.at, [id]);
      const before = await read(directory.at, `/Users/${id}`);
      const answer = await directory.at.send("PUT", `/Users/${id}`, before);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.body).toEqual(before);
    });

    test("RFC 7644 §3.5.1: a group that was read may be sent back as it is, and changes nothing", async () => {
      const inner = await createGroup(directory.at);
      const { id } = await createGroup(directory.at, [inner.id, (await createUser(directory.at, full)).id]);
      const before = await read(directory.at, `/Groups/${id}`);
      const answer = await directory.at.send("PUT", `/Groups/${id}`, before);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.body).toEqual(before);
    });

    test("RFC 7644 §3.5.1: PUT creates nothing", async () => {
      const userName = fresh();
      expectError(await directory.at.send("PUT", `/Users/${NOBODY}`, userBody(userName)), 404);
      expectError(await directory.at.send("PUT", `/Users/${userName}`, userBody(userName)), 404);
      expectError(await directory.at.send("PUT", `/Groups/${NOBODY}`, groupBody(userName)), 404);
      const found = await directory.at.send("GET", `/Users?filter=userName%20eq%20%22${userName}%22`);
      expect(found.body).toMatchObject({ totalResults: 0 });
    });

    test("RFC 7644 §3.5.1: a required attribute that is missing is 400 and changes nothing", async () => {
      const made = await createUser(directory.at, full);
      for (const body of [
        { schemas: [USER], title: "x" },
        { schemas: [USER], userName: null },
        { schemas: [USER], userName: "" },
      ])
        expectError(await directory.at.send("PUT", `/Users/${made.id}`, body), 400, "invalidValue");
      expect(await read(directory.at, `/Users/${made.id}`)).toEqual(made);
      const group = await createGroup(directory.at);
      expectError(
        await directory.at.send("PUT", `/Groups/${group.id}`, { schemas: group.schemas }),
        400,
        "invalidValue",
      );
    });

    test("RFC 7644 §3.5.1: a userName of somebody else is 409 with uniqueness and changes nothing", async () => {
      const made = await createUser(directory.at, full);
      const other = await createUser(directory.at);
      const body = userBody(String(other.userName).toUpperCase(), full);
      expectError(await directory.at.send("PUT", `/Users/${made.id}`, body), 409, "uniqueness");
      expect(await read(directory.at, `/Users/${made.id}`)).toEqual(made);
    });

    test("RFC 7644 §3.5.1: a userName may change, also to another case of itself", async () => {
      const { id, userName } = await createUser(directory.at);
      for (const name of [String(userName).toUpperCase(), fresh("renamed")])
        expect((await directory.at.send("PUT", `/Users/${id}`, userBody(name))).body).toMatchObject({
          id,
          userName: name,
        });
    });

    test("RFC 7644 §3.5.1: a group's members become exactly those that are given", async () => {
      const [a, b, c] = [
        await createUser(directory.at),
        await createUser(directory.at),
        await createUser(directory.at),
      ];
      const group = await createGroup(directory.at, [a.id, b.id]);
      const answer = await directory.at.send("PUT", `/Groups/${group.id}`, {
        ...groupBody(String(group.displayName)),
        members: [{ value: b.id }, { value: c.id }],
      });
      expect((answer.body as { members: { value: string }[] }).members.map(({ value }) => value).sort()).toEqual(
        [b.id, c.id].sort(),
      );
      const empty = await directory.at.send("PUT", `/Groups/${group.id}`, groupBody(String(group.displayName)));
      expect((empty.body as { members?: unknown[] }).members ?? []).toEqual([]);
    });

    test("RFC 7644 §3.5.1: attributes and excludedAttributes shape the answer and spare what is held (§3.9)", async () => {
      const { id, userName } = await createUser(directory.at, full);
      const body = userBody(String(userName), full);
      const some = await directory.at.send("PUT", `/Users/${id}?attributes=title`, body);
      expect(some.body).toEqual({ schemas: expect.anything(), id, title: "Tour Guide" });
      const most = await directory.at.send("PUT", `/Users/${id}?excludedAttributes=emails`, body);
      expect(most.body).not.toHaveProperty("emails");
      expect(await read(directory.at, `/Users/${id}`)).toMatchObject({ emails: full.emails });
    });

    test("RFC 7644 §3.5.1: a body that is no object is 400 with invalidSyntax", async () => {
      const { id } = await createUser(directory.at);
      for (const body of ["[]", '"x"', "{", ""])
        expectError(await directory.at.send("PUT", `/Users/${id}`, body), 400, "invalidSyntax");
    });

    if (profile === "strict")
      test("RFC 7644 §3.5.1: attribute names in the body have no case, a name given twice in two cases is one value", async () => {
        const { id, userName } = await createUser(directory.at);
        const answer = await directory.at.send("PUT", `/Users/${id}`, {
          schemas: [USER],
          USERNAME: userName,
          TITLE: "x",
        });
        expect(answer.body).toMatchObject({ id, userName, title: "x" });
      });
  });

  describe("RFC 7644 §3.5: modifying", () => {
    test("RFC 7644 §3.5: PUT and PATCH are both there, and ServiceProviderConfig says so", async () => {
      expect(await read(directory.at, "/ServiceProviderConfig")).toMatchObject({ patch: { supported: true } });
    });
  });
});
