import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DirectoryUserId, newId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { type Endpoint, oneDirectory, scimServer, system, userOf } from "./endpoint.ts";
import { declare } from "./schema/declare.ts";
import { BADGE, everything, TEAM } from "./schema/everything.ts";

const server = await scimServer();
const okta = oneDirectory(server);

/** scimmy-routers serving the same schemas: what it says of them is what we say, but for what we know better. */
const oracle = express();
let oracleUrl = "";
const http = createServer(oracle);

beforeAll(async () => {
  SCIMMY.Resources.declare(SCIMMY.Resources.User, "User");
  SCIMMY.Resources.declare(SCIMMY.Resources.Group, "Group");
  SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);
  oracle.use("/scim", new SCIMMYRouters({ type: "bearer", handler: () => "" }));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  oracleUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}/scim`;
});

afterAll(() => {
  http.closeAllConnections();
  http.close();
});

type Attribute = { name: string; canonicalValues?: string[]; subAttributes?: Attribute[] };
type Schema = { id: string; attributes: Attribute[] };

async function theirs<T>(path: string): Promise<T> {
  return (await (await fetch(oracleUrl + path)).json()) as T;
}

/** What we say differently: no password, no empty list of allowed values, names of groups are unique. */
function corrected(attributes: Attribute[], schema = ""): Attribute[] {
  return attributes
    .filter((attribute) => attribute.name !== "password")
    .map(({ canonicalValues, subAttributes, ...rest }) => ({
      ...rest,
      ...(schema.endsWith(":Group") && rest.name === "displayName" ? { uniqueness: "server" } : {}),
      ...(canonicalValues?.length ? { canonicalValues } : {}),
      ...(subAttributes ? { subAttributes: corrected(subAttributes) } : {}),
    }));
}

const SERVICE = ["ServiceProviderConfig", "ResourceType", "Schema"].map(
  (name) => `urn:ietf:params:scim:schemas:core:2.0:${name}`,
);

describe("RFC 7644 §4: discovery", () => {
  test("the schemas are scimmy's, at this directory's locations", async () => {
    const list = await theirs<{ Resources: Schema[] }>("/Schemas");
    const ours = await okta.at.send("GET", "/Schemas");
    expect(ours.body).toMatchObject({ totalResults: 6, itemsPerPage: 6, startIndex: 1 });
    const ofResources = (schemas: Schema[]) => schemas.filter(({ id }) => !SERVICE.includes(id));
    const attributesById = (schemas: Schema[]) => new Map(schemas.map((schema) => [schema.id, schema.attributes]));
    expect(attributesById(ofResources(ours.resources as unknown as Schema[]))).toEqual(
      attributesById(
        ofResources(list.Resources).map(({ id, attributes }) => ({ id, attributes: corrected(attributes, id) })),
      ),
    );
    for (const schema of ours.resources) {
      const location = `${okta.at.baseUrl}/Schemas/${schema.id}`;
      expect(schema).toMatchObject({
        schemas: ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        meta: { resourceType: "Schema", location },
      });
      expect((await okta.at.send("GET", `/Schemas/${schema.id}`)).body).toEqual(schema);
    }
  });

  test("the resource types are scimmy's, at this directory's locations", async () => {
    const ours = await okta.at.send("GET", "/ResourceTypes");
    for (const name of ["User", "Group"]) {
      const wanted = await theirs<Record<string, unknown>>(`/ResourceTypes/${name}`);
      const found = await okta.at.send("GET", `/ResourceTypes/${name}`);
      expect(found.body).toEqual({
        ...wanted,
        meta: { resourceType: "ResourceType", location: `${okta.at.baseUrl}/ResourceTypes/${name}` },
      });
      expect(ours.resources).toContainEqual(found.body);
    }
  });

  test("RFC 7643 §8.7.2: every attribute of what discovery answers stands in the schema that the answer names", async () => {
    const { resources } = await okta.at.send("GET", "/Schemas");
    const schemas = new Map((resources as unknown as Schema[]).map((schema) => [schema.id, schema]));
    const places: string[] = [];
    // Sub-attributes are described as attributes are (RFC 7643 §7), which no document can say to the end.
    const partsOf = (name: string, { subAttributes = [] }: Attribute, around: Attribute[]) =>
      name === "subAttributes" ? around : subAttributes;
    const check = (value: object, attributes: Attribute[], place: string): void => {
      for (const [name, inner] of Object.entries(value)) {
        if (place.split(".").length === 1 && ["schemas", "meta", "id"].includes(name)) continue;
        const attribute = attributes.find((each) => each.name === name) as Attribute & { multiValued: boolean };
        places.push(`${place}.${name}`);
        expect(attribute, `${place}.${name}`).toMatchObject({
          mutability: "readOnly",
          multiValued: Array.isArray(inner),
        });
        for (const each of [inner].flat())
          if (typeof each === "object") check(each as object, partsOf(name, attribute, attributes), `${place}.${name}`);
      }
    };
    const answers = [
      (await okta.at.send("GET", "/ServiceProviderConfig")).body,
      ...(await okta.at.send("GET", "/ResourceTypes")).resources,
      ...resources,
    ] as { schemas: [string] }[];
    for (const answer of answers)
      check(answer, schemas.get(answer.schemas[0])?.attributes ?? [], answer.schemas[0].split(":").at(-1) ?? "");
    expect(places).toEqual(
      expect.arrayContaining(["ServiceProviderConfig.pagination.cursor", "Schema.attributes.subAttributes.name"]),
    );
  });

  test("the configuration tells the truth about this server", async () => {
    const { body } = await okta.at.send("GET", "/ServiceProviderConfig");
    const wanted = await theirs<Record<string, unknown>>("/ServiceProviderConfig");
    expect(Object.keys(body as object)).toEqual(expect.arrayContaining(Object.keys(wanted)));
    expect(body).toMatchObject({
      documentationUri: `${server.origin}/`,
      patch: { supported: true },
      bulk: { supported: true, maxOperations: 1_000, maxPayloadSize: server.ctx.config.limits.bodyBytes },
      filter: { supported: true, maxResults: 1_000 },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
      pagination: {
        cursor: true,
        index: true,
        defaultPaginationMethod: "index",
        defaultPageSize: 100,
        maxPageSize: 1_000,
        cursorTimeout: 3_600,
      },
      authenticationSchemes: [
        { type: "oauthbearertoken", primary: true },
        { type: "oauth2", primary: false, description: expect.stringContaining(`/oauth/${okta.at.directory}/token`) },
      ],
      meta: { location: `${okta.at.baseUrl}/ServiceProviderConfig` },
    });
  });

  test("Bulk takes as many operations and bytes, a page has as many resources as it says", async () => {
    const { body } = await okta.at.send("GET", "/ServiceProviderConfig");
    const { bulk, pagination, filter } = body as Record<string, Record<string, number>>;
    const operations = (count = 0) => ({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
      failOnErrors: 1,
      Operations: Array.from({ length: count }, () => ({ method: "DELETE", path: "/Users/nobody" })),
    });
    expect((await okta.at.send("POST", "/Bulk", operations(bulk?.maxOperations))).status).toBe(200);
    expect((await okta.at.send("POST", "/Bulk", operations((bulk?.maxOperations ?? 0) + 1))).status).toBe(413);
    const large = "x".repeat((bulk?.maxPayloadSize ?? 0) + 1);
    expect((await okta.at.send("POST", "/Bulk", large)).status).toBe(413);
    const here = await server.directory(okta.at.organization, "pages");
    await manyUsers(here, 1_002);
    const size = async (query: string) => (await here.send("GET", `/Users?${query}`)).resources.length;
    expect(await size("attributes=id")).toBe(pagination?.defaultPageSize);
    expect(await size("attributes=id&count=5000")).toBe(pagination?.maxPageSize);
    expect(await size(`attributes=id&cursor=&count=${pagination?.maxPageSize}`)).toBe(pagination?.maxPageSize);
    expect(await size("attributes=id&cursor=")).toBe(pagination?.defaultPageSize);
    expect(await size("attributes=id&count=5000&filter=active eq true")).toBe(filter?.maxResults);
  });

  test("each directory sees its own locations, also when two ask at once", async () => {
    const other = await server.directory(okta.at.organization, "entra");
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const endpoint = index % 2 === 0 ? okta.at : other;
        const { text } = await endpoint.send("GET", "/Schemas");
        expect(text).toContain(endpoint.directory);
        expect(text).not.toContain(endpoint === other ? okta.at.directory : other.directory);
      }),
    );
  });

  test("a filter is forbidden, what does not exist is 404, HEAD answers as GET without a body", async () => {
    for (const path of [
      "/Schemas",
      `/Schemas/${SERVICE[0]}`,
      "/ResourceTypes",
      "/ResourceTypes/User",
      "/ServiceProviderConfig",
    ])
      expect((await okta.at.send("GET", `${path}?filter=id eq "x"`)).body, path).toMatchObject({ status: "403" });
    expect((await okta.at.send("GET", "/Schemas?count=1&startIndex=2&sortBy=id")).body).toMatchObject({
      itemsPerPage: 6,
    });
    expect((await okta.at.send("GET", "/Schemas/urn:nothing")).status).toBe(404);
    expect((await okta.at.send("GET", "/ResourceTypes/Nothing")).status).toBe(404);
    const head = await okta.at.send("HEAD", "/ServiceProviderConfig");
    expect([head.status, head.text]).toEqual([200, ""]);
  });
});

async function manyUsers({ organization, directory }: Endpoint, count: number): Promise<void> {
  const empty = { immutableId: null, externalId: null, email: null, displayName: null, contentHash: null };
  const users = Array.from({ length: count }, (_, index) => {
    const id = newId<DirectoryUserId>();
    return { ...empty, id, userName: `many-${index}`, active: true, resource: {} };
  });
  await inTransaction(server.ctx, system(organization), (tx) => insertDirectoryUsers(tx, directory, users));
}

describe("an organization's own schemas", () => {
  test("are listed with the type that they extend, and told as they were declared", async () => {
    const here = await server.directory(await server.organization());
    await declare(server.ctx, here.organization, everything);
    const { resources } = await here.send("GET", "/Schemas");
    expect(resources.map(({ id }) => id)).toEqual([
      "urn:ietf:params:scim:schemas:core:2.0:User",
      "urn:ietf:params:scim:schemas:core:2.0:Group",
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
      BADGE,
      TEAM,
      ...SERVICE,
    ]);
    const badge = await here.send("GET", `/Schemas/${BADGE.toUpperCase()}`);
    expect(badge.body).toEqual({
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
      id: BADGE,
      name: "Badge",
      description: "What opens doors",
      attributes: everything[0]?.attributes,
      meta: { resourceType: "Schema", location: `${here.baseUrl}/Schemas/${BADGE}` },
    });
    expect((await here.send("GET", "/ResourceTypes/User")).body).toMatchObject({
      schemaExtensions: [{ required: false }, { schema: BADGE, required: false }],
    });
    expect((await here.send("GET", "/ResourceTypes/Group")).body).toMatchObject({
      schemaExtensions: [{ schema: TEAM, required: false }],
    });
    expect((await okta.at.send("GET", "/Schemas")).text).not.toContain(BADGE);
  });
});

describe("the schemas tell the truth about this server", () => {
  type Described = Attribute & {
    type: string;
    multiValued: boolean;
    caseExact?: boolean;
    mutability: string;
    uniqueness?: string;
    required: boolean;
  };
  /** A value of the attribute's type, of which no other is part. */
  const sample = ({ name, type, subAttributes, multiValued }: Described, seed: string): unknown => {
    const value =
      type === "boolean"
        ? true
        : type === "integer" || type === "decimal"
          ? 7
          : type === "dateTime"
            ? "2026-01-31T12:00:00Z"
            : type === "binary"
              ? Buffer.from(`${name}${seed}`).toString("base64url")
              : type === "complex"
                ? Object.fromEntries(
                    (subAttributes as Described[]).map((part) => [part.name, sample(part, `${name}${seed}`)]),
                  )
                : `${name}Aa${seed}`;
    return multiValued ? [value] : value;
  };

  test("attribute by attribute: what can be written is served, what is read-only is not taken, case counts as it says", async () => {
    const here = await server.directory(await server.organization());
    await declare(server.ctx, here.organization, everything);
    const { resources } = await here.send("GET", "/Schemas");
    const schemas = resources.filter(({ id }) => !SERVICE.includes(String(id))) as unknown as (Schema & {
      attributes: Described[];
    })[];
    let compared = 0;
    for (const schema of schemas) {
      const isGroup = schema.id === TEAM || schema.id.endsWith(":Group");
      const isCore = schema.id.includes(":core:");
      const path = isGroup ? "/Groups" : "/Users";
      for (const attribute of schema.attributes) {
        // Members and groups are rows; what they are worth stands in tests of their own.
        if (isCore && ["members", "groups"].includes(attribute.name)) continue;
        const seed = `${schema.id.length}`;
        const given = { [attribute.name]: sample(attribute, seed) };
        const body = {
          ...(isGroup
            ? { displayName: `g-${schema.id}-${attribute.name}` }
            : userOf(`u-${schema.id}-${attribute.name}`)),
          ...(isCore ? given : { [schema.id]: given }),
        };
        const { id, status, text } = await here.send("POST", path, body);
        expect(status, `${attribute.name}: ${text}`).toBe(201);
        const served = (await here.send("GET", `${path}/${id}`)).body as Record<string, object>;
        const holder = (isCore ? served : (served[schema.id] ?? {})) as Record<string, unknown>;
        expect(holder[attribute.name], attribute.name).toEqual(withoutReadOnly(attribute, given[attribute.name]));
        // Each text, by itself or as a part, in its own case and in another.
        const texts = [attribute, ...((attribute.subAttributes ?? []) as Described[])].filter(
          (each) => ["string", "reference", "binary"].includes(each.type) && each.mutability !== "readOnly",
        );
        for (const part of texts) {
          const name = part === attribute ? attribute.name : `${attribute.name}.${part.name}`;
          const value = [sample(part, part === attribute ? seed : `${attribute.name}${seed}`)].flat()[0] as string;
          const swapped = value.replace(/[a-z]/gi, (letter) =>
            letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
          );
          const ids = async (wanted: string) => {
            const filter = encodeURIComponent(`${schema.id}:${name} eq "${wanted}"`);
            return (await here.send("GET", `${path}?attributes=id&filter=${filter}`)).resources.map((each) => each.id);
          };
          expect(await ids(value), name).toEqual([id]);
          expect(await ids(swapped), `${name} in another case`).toEqual(part.caseExact ? [] : [id]);
          compared++;
        }
        if (attribute.uniqueness === "server")
          expect((await here.send("POST", path, body)).status, attribute.name).toBe(409);
        if (attribute.required) {
          const { [attribute.name]: _, ...lacking } = body as Record<string, unknown>;
          expect((await here.send("POST", path, lacking)).status, attribute.name).toBe(400);
        }
      }
    }
    expect(compared).toBeGreaterThan(50);
  });

  function withoutReadOnly({ subAttributes }: Described, value: unknown): unknown {
    const hidden = (subAttributes as Described[] | undefined)?.filter((part) => part.mutability === "readOnly") ?? [];
    if (hidden.length === 0) return value;
    return Object.fromEntries(
      Object.entries(value as object).filter(([name]) => !hidden.some((part) => part.name === name)),
    );
  }
});
