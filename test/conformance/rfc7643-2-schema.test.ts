import { describe, expect, test } from "vitest";
import { ENTERPRISE, scimServer } from "../scim/endpoint.ts";
import {
  create,
  createGroup,
  createUser,
  expectError,
  fresh,
  inProfiles,
  list,
  NOBODY,
  read,
  USER,
  userBody,
} from "./client.ts";

const server = await scimServer();

type Attribute = {
  name: string;
  type: string;
  multiValued: boolean;
  description: string;
  required: boolean;
  caseExact?: boolean;
  mutability: string;
  returned: string;
  uniqueness?: string;
  canonicalValues?: unknown[];
  referenceTypes?: unknown[];
  subAttributes?: Attribute[];
};

inProfiles(server, (directory, profile) => {
  const refuse = async (more: Record<string, unknown>) =>
    expectError(await directory.at.send("POST", "/Users", userBody(fresh("refused"), more)), 400, "invalidValue");

  async function attributes(): Promise<Attribute[]> {
    const { resources } = await list(directory.at, "/Schemas", {});
    // The schema of schemas alone may nest deeper (RFC 7643 §7).
    const schemas = resources as unknown as { id: string; attributes: Attribute[] }[];
    return schemas.filter(({ id }) => !id.endsWith(":Schema")).flatMap((schema) => schema.attributes);
  }

  describe("RFC 7643 §2.1: attributes", () => {
    test("RFC 7643 §2.1: names have no case, and come back as the schema spells them", async () => {
      const answer = await directory.at.send("POST", "/Users", {
        SCHEMAS: [USER],
        USERNAME: fresh(),
        Name: { GIVENNAME: "B" },
        eMails: [{ VALUE: "b@example.com", Type: "work" }],
      });
      expect(answer.status, answer.text).toBe(201);
      expect(answer.body).toMatchObject({
        name: { givenName: "B" },
        emails: [{ value: "b@example.com", type: "work" }],
      });
    });

    test("RFC 7643 §2.1: names in the schemas follow the ABNF", async () => {
      for (const { name, subAttributes = [] } of await attributes())
        for (const each of [name, ...subAttributes.map((sub) => sub.name)]) expect(each).toMatch(/^[a-z$][\w$-]*$/i);
    });
  });

  describe("RFC 7643 §2.2: attribute characteristics", () => {
    test("RFC 7643 §2.2: every attribute has its characteristics, of the known keywords", async () => {
      for (const attribute of await attributes())
        for (const each of [attribute, ...(attribute.subAttributes ?? [])]) {
          const { name, type, mutability, returned, uniqueness = "none", caseExact = false } = each;
          expect(
            ["string", "boolean", "decimal", "integer", "dateTime", "reference", "binary", "complex"],
            name,
          ).toContain(type);
          expect(["readOnly", "readWrite", "immutable", "writeOnly"], name).toContain(mutability);
          expect(["always", "never", "default", "request"], name).toContain(returned);
          expect(["none", "server", "global"], name).toContain(uniqueness);
          expect([typeof each.multiValued, typeof each.required, typeof caseExact], name).toEqual([
            "boolean",
            "boolean",
            "boolean",
          ]);
        }
    });
  });

  describe("RFC 7643 §2.3: data types", () => {
    test("RFC 7643 §2.3.1: a string is any sequence of Unicode characters", async () => {
      for (const title of [
        "x",
        "\u0001\t\n\r",
        "𝔘𝔫𝔦",
        "👩‍👩‍👧",
        " leading and trailing ",
        "a".repeat(4_000),
        "\ufeff",
        "\uffff",
        "{}",
      ])
        expect(await read(directory.at, `/Users/${(await createUser(directory.at, { title })).id}`)).toMatchObject({
          title,
        });
    });

    test("RFC 7643 §2.3.1: what is no string is refused", async () => {
      for (const title of [{}, [["x"]], true, ["a", "b"]]) await refuse({ title });
    });

    test("RFC 7643 §2.3.2: a Boolean is true or false", async () => {
      for (const active of [true, false]) expect(await createUser(directory.at, { active })).toMatchObject({ active });
      for (const active of [0, 1, "yes", {}, "TRUTH"]) await refuse({ active });
      if (profile === "strict") await refuse({ active: "true" });
    });

    test("RFC 7643 §2.3.5: a DateTime is an xsd:dateTime with date and time", async () => {
      const { meta } = await createUser(directory.at);
      for (const time of [meta.created, meta.lastModified])
        expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
      expect(Math.abs(Date.now() - new Date(String(meta.created)).getTime())).toBeLessThan(300_000);
    });

    test("RFC 7643 §2.3.6: binary is base64, with or without padding", async () => {
      for (const value of ["TUlJ", "TUk=", "TUk", "TQ==", "a+/b", "a-_b"])
        expect(await createUser(directory.at, { x509Certificates: [{ value }] })).toMatchObject({
          x509Certificates: [{ value }],
        });
      for (const value of ["no base64!", "ä", "=", "TUk=TUk="]) await refuse({ x509Certificates: [{ value }] });
    });

    test("RFC 7643 §2.3.7: a reference leads to the resource, and is an absolute or relative URI", async () => {
      const user = await createUser(directory.at, { displayName: "B" });
      const group = await createGroup(directory.at, [user.id]);
      const follow = async (resource: Record<string, unknown>, name: string) => {
        const [{ $ref } = { $ref: "" }] = resource[name] as { $ref: string }[];
        return read(directory.at, new URL($ref, `${directory.at.baseUrl}/`).href.slice(directory.at.baseUrl.length));
      };
      expect((await follow(await read(directory.at, `/Groups/${group.id}`), "members")).id).toBe(user.id);
      expect((await follow(await read(directory.at, `/Users/${user.id}`), "groups")).id).toBe(group.id);
      const profileUrl = "https://login.example.com/bjensen?x=1#y";
      expect(await createUser(directory.at, { profileUrl })).toMatchObject({ profileUrl });
    });

    test("RFC 7643 §2.3.8: the order of sub-attributes is not significant, and a complex attribute holds no complex one", async () => {
      const one = await createUser(directory.at, { name: { givenName: "a", familyName: "b" } });
      const { id } = await createUser(directory.at, { name: { familyName: "b", givenName: "a" } });
      expect((await read(directory.at, `/Users/${id}`)).name).toEqual(one.name);
      for (const attribute of await attributes())
        for (const sub of attribute.subAttributes ?? []) expect(sub.type).not.toBe("complex");
    });
  });

  describe("RFC 7643 §2.4: multi-valued attributes", () => {
    test("RFC 7643 §2.4: primary is true for no more than one value", async () => {
      const emails = [
        { value: "a@example.com", primary: true },
        { value: "b@example.com", primary: true },
      ];
      const answer = await directory.at.send("POST", "/Users", userBody(fresh(), { emails }));
      if (answer.status !== 201) expectError(answer, 400, "invalidValue");
      else {
        const { emails: held } = answer.body as { emails: { primary?: boolean }[] };
        expect(held.filter((email) => email.primary === true)).toHaveLength(1);
      }
    });

    test("RFC 7643 §2.4: a pair of type and value is returned once", async () => {
      const email = { value: "a@example.com", type: "work" };
      const made = await createUser(directory.at, { emails: [email, email, { ...email, type: "home" }] });
      expect(made.emails).toEqual([email, { ...email, type: "home" }]);
      const put = await directory.at.send(
        "PUT",
        `/Users/${made.id}`,
        userBody(String(made.userName), { emails: [email, email] }),
      );
      expect((put.body as { emails: unknown[] }).emails).toEqual([email]);
    });

    test("RFC 7643 §2.4: type, display, primary and value are kept as they are given", async () => {
      const emails = [
        { value: "a@example.com", type: "work", display: "A", primary: true },
        { value: "b@example.com", type: "custom", display: "B" },
      ];
      expect((await createUser(directory.at, { emails })).emails).toEqual(emails);
    });

    test("RFC 7643 §2.4: what is no list of values is refused", async () => {
      for (const emails of [7, true, [7], [[]], [{ value: ["a"] }, { value: {} }]]) await refuse({ emails });
    });
  });

  describe("RFC 7643 §2.5: unassigned and null", () => {
    test("RFC 7643 §2.5: null, an empty list and nothing are the same state", async () => {
      const empty = [
        {},
        { title: null, name: null, emails: [], addresses: null, externalId: null, [ENTERPRISE]: null },
      ];
      const [first, second] = await Promise.all(empty.map((more) => createUser(directory.at, more)));
      for (const made of [first, second])
        expect(Object.keys(made as object).sort()).toEqual(Object.keys(first as object).sort());
      const total = await list(directory.at, "/Users", {
        filter: "title eq null and not (emails pr) and not (name pr)",
      });
      expect(total.resources.map((user) => user.id)).toEqual(expect.arrayContaining([first?.id, second?.id]));
    });

    test("RFC 7643 §2.5: null unassigns in PUT and PATCH", async () => {
      const made = await createUser(directory.at, { title: "x", nickName: "y" });
      const put = await directory.at.send(
        "PUT",
        `/Users/${made.id}`,
        userBody(String(made.userName), { title: null, nickName: "y" }),
      );
      expect(put.body).not.toHaveProperty("title");
      await directory.at.send("PATCH", `/Users/${made.id}`, {
        schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        Operations: [{ op: "replace", path: "nickName", value: null }],
      });
      expect(await read(directory.at, `/Users/${made.id}`)).not.toHaveProperty("nickName");
    });
  });

  describe("RFC 7643 §3: resources", () => {
    test("RFC 7643 §3: every representation names its schemas: not empty, none twice, only those of its type", async () => {
      const user = await createUser(directory.at, { [ENTERPRISE]: { department: "x" } });
      const group = await createGroup(directory.at, [user.id]);
      const { resources: types } = await list(directory.at, "/ResourceTypes", {});
      for (const resource of [
        await read(directory.at, `/Users/${user.id}`),
        await read(directory.at, `/Groups/${group.id}`),
      ]) {
        const type = types.find((each) => each.name === resource.meta.resourceType) as Record<string, unknown>;
        const allowed = [
          type.schema,
          ...((type.schemaExtensions ?? []) as { schema: string }[]).map(({ schema }) => schema),
        ];
        const schemas = resource.schemas as string[];
        expect(schemas.length).toBeGreaterThan(0);
        expect(new Set(schemas).size).toBe(schemas.length);
        for (const schema of schemas) expect(allowed).toContain(schema);
        expect(schemas).toContain(type.schema);
      }
    });

    test("RFC 7643 §3: the order of schemas in a request has no effect", async () => {
      for (const schemas of [
        [USER, ENTERPRISE],
        [ENTERPRISE, USER],
      ]) {
        const made = await create(directory.at, "/Users", {
          schemas,
          userName: fresh(),
          [ENTERPRISE]: { department: "x" },
        });
        expect([...(made.schemas as string[])].sort()).toEqual([USER, ENTERPRISE].sort());
      }
    });

    test("RFC 7643 §3: extended attributes are kept under their URI, apart from core attributes of the same name", async () => {
      const made = await createUser(directory.at, {
        displayName: "core",
        [ENTERPRISE]: { organization: "O", costCenter: "C" },
      });
      expect(made[ENTERPRISE]).toEqual({ organization: "O", costCenter: "C" });
      expect(made).not.toHaveProperty("organization");
    });
  });

  describe("RFC 7643 §3.1: common attributes", () => {
    test("RFC 7643 §3.1: id is given by the provider: not empty, unique, stable, without bulkId", async () => {
      const made = await Promise.all(Array.from({ length: 20 }, () => createUser(directory.at, { id: "chosen" })));
      const ids = [...made.map((user) => user.id), (await createGroup(directory.at)).id];
      expect(new Set(ids).size).toBe(21);
      for (const id of ids) {
        expect(id).not.toBe("chosen");
        expect(id.length).toBeGreaterThan(0);
        expect(id).not.toContain("bulkId");
      }
      const [first] = made;
      await directory.at.send("PUT", `/Users/${first?.id}`, userBody(fresh("renamed"), { id: NOBODY }));
      expect((await read(directory.at, `/Users/${first?.id}`)).id).toBe(first?.id);
    });

    test("RFC 7643 §3.1: externalId is the client's alone: never made up, kept with its case", async () => {
      expect(await createUser(directory.at)).not.toHaveProperty("externalId");
      expect(await createGroup(directory.at)).not.toHaveProperty("externalId");
      const externalId = fresh("MiXed");
      expect(await createUser(directory.at, { externalId })).toMatchObject({ externalId });
      expect(await createGroup(directory.at, [], { externalId })).toMatchObject({ externalId });
    });

    test("RFC 7643 §3.1: the server does not enforce that externalId is unique", async () => {
      const externalId = fresh("same");
      const first = await createUser(directory.at, { externalId });
      const second = await createUser(directory.at, { externalId });
      expect(first.id).not.toBe(second.id);
      expect((await list(directory.at, "/Users", { filter: `externalId eq "${externalId}"` })).body).toMatchObject({
        totalResults: 2,
      });
    });

    test("RFC 7643 §3.1: meta is ignored when a client sends it", async () => {
      const meta = {
        resourceType: "Group",
        created: "2001-01-01T00:00:00Z",
        lastModified: "2001-01-01T00:00:00Z",
        version: "x",
        location: "x",
      };
      const made = await createUser(directory.at, { meta });
      for (const [name, value] of Object.entries(meta)) expect(made.meta[name]).not.toBe(value);
    });

    test("RFC 7643 §3.1: lastModified is created until something changes, and later from then on", async () => {
      for (const [path, made] of [
        ["/Users", await createUser(directory.at)],
        ["/Groups", await createGroup(directory.at)],
      ] as const) {
        expect(made.meta.lastModified).toBe(made.meta.created);
        await new Promise((resolve) => setTimeout(resolve, 5));
        await directory.at.send("PATCH", `${path}/${made.id}`, {
          schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
          Operations: [{ op: "add", path: "externalId", value: "x" }],
        });
        const now = await read(directory.at, `${path}/${made.id}`);
        expect(now.meta.created).toBe(made.meta.created);
        expect(new Date(String(now.meta.lastModified)).getTime()).toBeGreaterThan(
          new Date(String(made.meta.created)).getTime(),
        );
      }
    });

    test("RFC 7643 §3.1: location is where the resource is, the same as the Content-Location header", async () => {
      for (const { meta } of [await createUser(directory.at), await createGroup(directory.at)]) {
        const answer = await directory.at.send("GET", String(meta.location).slice(directory.at.baseUrl.length));
        expect(answer.body).toMatchObject({ meta: { location: meta.location } });
        expect(answer.headers.get("content-location")).toBe(meta.location);
      }
    });

    test("RFC 7643 §3.1: version is the entity tag, weak when it is no strong validator", async () => {
      const { id, meta } = await createUser(directory.at);
      expect(meta.version).toMatch(/^(W\/)?".+"$/);
      expect((await directory.at.send("GET", `/Users/${id}`)).headers.get("etag")).toBe(meta.version);
    });

    test("RFC 7643 §3.1: every sub-attribute of meta is returned by default", async () => {
      const { meta } = await createUser(directory.at);
      expect(Object.keys(meta).sort()).toEqual(["created", "lastModified", "location", "resourceType", "version"]);
    });
  });

  describe("RFC 7643 §3.3: extensions", () => {
    test("RFC 7643 §3.3: the base schema is always named, an extension only when it is in use", async () => {
      expect((await createUser(directory.at)).schemas).toEqual([USER]);
      const made = await create(directory.at, "/Users", { schemas: [USER, ENTERPRISE], userName: fresh() });
      expect(made.schemas).toEqual(expect.arrayContaining([USER]));
      expect(made.schemas).toEqual((await read(directory.at, `/Users/${made.id}`)).schemas);
    });
  });
});
