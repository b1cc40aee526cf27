import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oneDirectory, scimServer } from "./endpoint.ts";

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

/** Without the two things that we say differently: no password, no empty list of allowed values. */
function corrected(attributes: Attribute[]): Attribute[] {
  return attributes
    .filter((attribute) => attribute.name !== "password")
    .map(({ canonicalValues, subAttributes, ...rest }) => ({
      ...rest,
      ...(canonicalValues?.length ? { canonicalValues } : {}),
      ...(subAttributes ? { subAttributes: corrected(subAttributes) } : {}),
    }));
}

describe("RFC 7644 §4: discovery", () => {
  test("the schemas are scimmy's, at this directory's locations", async () => {
    const list = await theirs<{ Resources: Schema[] }>("/Schemas");
    const ours = await okta.at.send("GET", "/Schemas");
    expect(ours.body).toMatchObject({ totalResults: 3, itemsPerPage: 3, startIndex: 1 });
    const expected = list.Resources.filter((schema) => !/ServiceProviderConfig|ResourceType|:Schema$/.test(schema.id));
    const attributesById = (schemas: Schema[]) => new Map(schemas.map((schema) => [schema.id, schema.attributes]));
    expect(attributesById(ours.resources as unknown as Schema[])).toEqual(
      attributesById(expected.map((schema) => ({ ...schema, attributes: corrected(schema.attributes) }))),
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

  test("the configuration tells the truth about this server", async () => {
    const { body } = await okta.at.send("GET", "/ServiceProviderConfig");
    const wanted = await theirs<Record<string, unknown>>("/ServiceProviderConfig");
    expect(Object.keys(body as object)).toEqual(
      expect.arrayContaining(Object.keys(wanted).filter((key) => key !== "documentationUri")),
    );
    expect(body).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false },
      filter: { supported: true, maxResults: 1_000 },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
      pagination: { cursor: false, index: true, defaultPageSize: 100, maxPageSize: 1_000 },
      authenticationSchemes: [{ type: "oauthbearertoken", primary: true }],
      meta: { location: `${okta.at.baseUrl}/ServiceProviderConfig` },
    });
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
    expect((await okta.at.send("GET", '/Schemas?filter=id eq "x"')).body).toMatchObject({ status: "403" });
    expect((await okta.at.send("GET", "/Schemas/urn:nothing")).status).toBe(404);
    expect((await okta.at.send("GET", "/ResourceTypes/Nothing")).status).toBe(404);
    const head = await okta.at.send("HEAD", "/ServiceProviderConfig");
    expect([head.status, head.text]).toEqual([200, ""]);
  });
});
