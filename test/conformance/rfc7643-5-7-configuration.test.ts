import { describe, expect, test } from "vitest";
import { ENTERPRISE, oneDirectory, scimServer } from "../scim/endpoint.ts";
import { createGroup, createUser, GROUP, list, read, USER } from "./client.ts";

const server = await scimServer();
const directory = oneDirectory(server);

const CORE = "urn:ietf:params:scim:schemas:core:2.0";

type Attribute = Record<string, unknown> & { name: string; type: string; subAttributes?: Attribute[] };
type Schema = { id: string; name: string; description: string; attributes: Attribute[] };

async function attributesOf(urn: string): Promise<Attribute[]> {
  return ((await read(directory.at, `/Schemas/${urn}`)) as unknown as Schema).attributes;
}

async function attribute(urn: string, path: string): Promise<Attribute | undefined> {
  const [name, sub] = path.split(".");
  const found = (await attributesOf(urn)).find((each) => each.name === name);
  return sub === undefined ? found : found?.subAttributes?.find((each) => each.name === sub);
}

describe("RFC 7643 §5: service provider configuration", () => {
  test.each(["patch", "bulk", "filter", "changePassword", "sort", "etag"])(
    "RFC 7643 §5: %s is there and says whether it is supported",
    async (name) => {
      const config = (await read(directory.at, "/ServiceProviderConfig")) as unknown as Record<
        string,
        Record<string, unknown>
      >;
      expect(typeof config[name]?.supported).toBe("boolean");
    },
  );

  test("RFC 7643 §5: limits are integers", async () => {
    const config = (await read(directory.at, "/ServiceProviderConfig")) as unknown as Record<
      string,
      Record<string, number>
    >;
    for (const value of [config.bulk?.maxOperations, config.bulk?.maxPayloadSize, config.filter?.maxResults]) {
      expect(Number.isInteger(value)).toBe(true);
      expect(value).toBeGreaterThan(0);
    }
  });

  test("RFC 7643 §5: authenticationSchemes names type, name and description, one at most primary", async () => {
    const { authenticationSchemes } = (await read(directory.at, "/ServiceProviderConfig")) as unknown as {
      authenticationSchemes: Record<string, unknown>[];
    };
    expect(authenticationSchemes.length).toBeGreaterThan(0);
    for (const scheme of authenticationSchemes) {
      expect(["oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"]).toContain(scheme.type);
      for (const name of ["name", "description"]) expect(scheme[name]).toEqual(expect.stringMatching(/./));
      for (const name of ["specUri", "documentationUri"])
        if (scheme[name] !== undefined) expect(scheme[name]).toMatch(/^https?:\/\//);
    }
    expect(authenticationSchemes.filter((scheme) => scheme.primary === true).length).toBeLessThanOrEqual(1);
    expect(authenticationSchemes.map((scheme) => scheme.type)).toContain("oauthbearertoken");
  });

  test("RFC 7643 §5: documentationUri, where it is given, is a URL", async () => {
    const { documentationUri } = await read(directory.at, "/ServiceProviderConfig");
    if (documentationUri !== undefined) expect(documentationUri).toMatch(/^https?:\/\//);
  });
});

describe("RFC 7643 §6: resource types", () => {
  test("RFC 7643 §6: name, endpoint, schema and description of both", async () => {
    for (const [name, endpoint, schema] of [
      ["User", "/Users", USER],
      ["Group", "/Groups", GROUP],
    ] as const) {
      const type = await read(directory.at, `/ResourceTypes/${name}`);
      expect(type).toMatchObject({
        schemas: [`${CORE}:ResourceType`],
        name,
        schema,
        description: expect.stringMatching(/./),
        meta: { resourceType: "ResourceType", location: `${directory.at.baseUrl}/ResourceTypes/${name}` },
      });
      expect(String(type.endpoint).replace(/^\//, "")).toBe(endpoint.slice(1));
      expect((await directory.at.send("GET", endpoint)).status).toBe(200);
    }
  });

  test("RFC 7643 §6: every schema that is named can be read, and every extension says whether it is required", async () => {
    for (const type of (await list(directory.at, "/ResourceTypes", {})).resources) {
      const extensions = (type.schemaExtensions ?? []) as { schema: string; required: boolean }[];
      for (const urn of [String(type.schema), ...extensions.map(({ schema }) => schema)])
        expect((await read(directory.at, `/Schemas/${urn}`)).id).toBe(urn);
      for (const extension of extensions) expect(typeof extension.required).toBe("boolean");
    }
    expect(await read(directory.at, "/ResourceTypes/User")).toMatchObject({
      schemaExtensions: [{ schema: ENTERPRISE, required: false }],
    });
  });

  test("RFC 7643 §6: meta.resourceType of every resource is a name from here", async () => {
    const names = (await list(directory.at, "/ResourceTypes", {})).resources.map((type) => type.name);
    for (const { meta } of [await createUser(directory.at), await createGroup(directory.at)])
      expect(names).toContain(meta.resourceType);
  });
});

describe("RFC 7643 §7: schema definitions", () => {
  test("RFC 7643 §7: id, name, description and attributes, in the schema Schema", async () => {
    for (const schema of (await list(directory.at, "/Schemas", {})).resources) {
      expect(schema).toMatchObject({
        id: expect.stringMatching(/^urn:/),
        name: expect.stringMatching(/./),
        description: expect.stringMatching(/./),
      });
      expect(schema.schemas).toEqual([`${CORE}:Schema`]);
      expect((schema.attributes as unknown[]).length).toBeGreaterThan(0);
    }
  });

  test("RFC 7643 §7: every attribute is described whole", async () => {
    const schemas = (await list(directory.at, "/Schemas", {})).resources as unknown as Schema[];
    const check = (each: Attribute): void => {
      for (const name of ["name", "type", "description", "mutability", "returned"])
        expect(each[name], each.name).toEqual(expect.stringMatching(/./));
      for (const name of ["multiValued", "required"]) expect(typeof each[name], each.name).toBe("boolean");
      if (each.type === "complex") expect(each.subAttributes?.length, each.name).toBeGreaterThan(0);
      else expect(each.subAttributes ?? [], each.name).toEqual([]);
      if (each.type === "reference")
        expect(each.referenceTypes, each.name).toEqual(expect.arrayContaining([expect.any(String)]));
      if (each.type === "string")
        expect([typeof each.caseExact, typeof each.uniqueness], each.name).toEqual(["boolean", "string"]);
      for (const sub of each.subAttributes ?? []) check(sub);
    };
    for (const schema of schemas) for (const each of schema.attributes) check(each);
  });

  test("RFC 7643 §7: there is a schema for every schema URI that a resource object uses, those of discovery included", async () => {
    const used = new Set<string>();
    for (const path of ["/Users", "/Groups", "/Schemas", "/ResourceTypes"]) {
      if (path === "/Users") await createUser(directory.at, { [ENTERPRISE]: { department: "x" } });
      for (const resource of (await list(directory.at, path, {})).resources)
        for (const urn of resource.schemas as string[]) used.add(urn);
    }
    for (const urn of (await read(directory.at, "/ServiceProviderConfig")).schemas as string[]) used.add(urn);
    for (const urn of used) expect((await directory.at.send("GET", `/Schemas/${urn}`)).status, urn).toBe(200);
  });

  test.each([
    [
      USER,
      "userName",
      { type: "string", required: true, caseExact: false, uniqueness: "server", mutability: "readWrite" },
    ],
    [USER, "name", { type: "complex", multiValued: false }],
    [USER, "emails", { type: "complex", multiValued: true }],
    [USER, "emails.primary", { type: "boolean" }],
    [USER, "active", { type: "boolean", mutability: "readWrite" }],
    [USER, "groups", { type: "complex", multiValued: true, mutability: "readOnly" }],
    [USER, "groups.value", { mutability: "readOnly" }],
    [USER, "profileUrl", { type: "reference" }],
    [USER, "x509Certificates.value", { type: "binary" }],
    [GROUP, "displayName", { type: "string", mutability: "readWrite" }],
    [GROUP, "members", { type: "complex", multiValued: true }],
    [GROUP, "members.value", { mutability: "immutable" }],
    [GROUP, "members.$ref", { type: "reference", mutability: "immutable" }],
    [ENTERPRISE, "employeeNumber", { type: "string" }],
    [ENTERPRISE, "manager", { type: "complex", multiValued: false }],
    [ENTERPRISE, "manager.displayName", { mutability: "readOnly" }],
  ])("RFC 7643 §8.7.1: %s %s is defined as in the RFC", async (urn, path, expected) => {
    expect(await attribute(urn, path)).toMatchObject(expected);
  });

  test("RFC 7643 §8.7.1: what the schema calls required is refused without it", async () => {
    for (const [urn, path] of [
      [USER, "/Users"],
      [GROUP, "/Groups"],
    ] as const)
      for (const each of await attributesOf(urn))
        if (each.required === true)
          expect(
            (
              await directory.at.send("POST", path, {
                schemas: [urn],
                displayName: each.name === "displayName" ? undefined : "x",
              })
            ).status,
          ).toBe(400);
    expect((await attribute(GROUP, "displayName"))?.required).toBe(true);
  });

  test.each(["ServiceProviderConfig", "ResourceType", "Schema"])(
    "RFC 7643 §8.7.2: the schema of %s itself can be read",
    async (name) => {
      const schema = (await read(directory.at, `/Schemas/${CORE}:${name}`)) as unknown as Schema;
      for (const each of schema.attributes)
        expect(each).toMatchObject({ name: expect.any(String), mutability: "readOnly" });
    },
  );

  test("RFC 7643 §8.5 and §8.6: the representations have the members of the figures", async () => {
    const config = await read(directory.at, "/ServiceProviderConfig");
    for (const name of [
      "schemas",
      "patch",
      "bulk",
      "filter",
      "changePassword",
      "sort",
      "etag",
      "authenticationSchemes",
      "meta",
    ])
      expect(config).toHaveProperty(name);
    const type = await read(directory.at, "/ResourceTypes/User");
    for (const name of ["schemas", "id", "name", "endpoint", "description", "schema", "schemaExtensions", "meta"])
      expect(type).toHaveProperty(name);
  });
});

describe("RFC 7643 §9: security considerations", () => {
  test("RFC 7643 §9.2: a password is not stored, in cleartext or otherwise", async () => {
    const { id } = await createUser(directory.at, { password: "t1meMa$heen" });
    const { rows } = await server.ctx.db.checkOut(directory.at.organization).then(async (client) => {
      const found = await client.query("select to_jsonb(u)::text as text from directory_users u where id = $1", [id]);
      client.release();
      return found;
    });
    expect(rows[0].text).toContain(id);
    expect(rows[0].text).not.toMatch(/t1meMa|password/);
  });

  test("RFC 7643 §9.3: an identifier is bound to one tenant: the same person in two directories has two ids", async () => {
    const other = await server.directory(directory.at.organization, "sibling");
    const more = { externalId: "same" };
    const [mine, theirs] = [await createUser(directory.at, more), await createUser(other, more)];
    expect(mine.id).not.toBe(theirs.id);
    expect((await directory.at.send("GET", `/Users/${theirs.id}`)).status).toBe(404);
  });
});
