import { describe, expect, test } from "vitest";
import { ENTERPRISE, oneDirectory, scimServer } from "../scim/endpoint.ts";
import { expectError, GROUP, LIST_RESPONSE, list, read, USER } from "./client.ts";

const server = await scimServer();
const directory = oneDirectory(server);

const CORE = "urn:ietf:params:scim:schemas:core:2.0";

describe("RFC 7644 §4: discovery", () => {
  test("RFC 7644 §4: /ServiceProviderConfig is one object of its schema, at its location", async () => {
    expect(await read(directory.at, "/ServiceProviderConfig")).toMatchObject({
      schemas: [`${CORE}:ServiceProviderConfig`],
      meta: { resourceType: "ServiceProviderConfig", location: `${directory.at.baseUrl}/ServiceProviderConfig` },
    });
  });

  test("RFC 7644 §4: /Schemas is a ListResponse of all schemas, each to be had by its URI", async () => {
    const { body, resources } = await list(directory.at, "/Schemas", {});
    expect(body).toMatchObject({ schemas: [LIST_RESPONSE], totalResults: resources.length });
    const ids = resources.map((schema) => schema.id);
    for (const urn of [USER, GROUP, ENTERPRISE]) expect(ids).toContain(urn);
    expect(new Set(ids).size).toBe(ids.length);
    for (const schema of resources) {
      expect(await read(directory.at, `/Schemas/${schema.id}`)).toEqual(schema);
      expect(schema).toMatchObject({
        meta: { resourceType: "Schema", location: `${directory.at.baseUrl}/Schemas/${schema.id}` },
      });
    }
  });

  test("RFC 7644 §4: /ResourceTypes is a ListResponse of all types, each to be had by its name", async () => {
    const { body, resources } = await list(directory.at, "/ResourceTypes", {});
    expect(body).toMatchObject({ schemas: [LIST_RESPONSE], totalResults: 2 });
    expect(resources.map((type) => type.name).sort()).toEqual(["Group", "User"]);
    for (const type of resources) expect(await read(directory.at, `/ResourceTypes/${type.id}`)).toEqual(type);
  });

  test.each(["/ServiceProviderConfig", "/Schemas", "/ResourceTypes"])(
    "RFC 7644 §4: a filter on %s is 403",
    async (path) => {
      expectError(await directory.at.send("GET", `${path}?filter=id%20pr`), 403);
    },
  );

  test.each([`/Schemas/${USER}`, "/ResourceTypes/User"])("RFC 7644 §4: a filter on %s is 403 too", async (path) => {
    expectError(await directory.at.send("GET", `${path}?filter=id%20pr`), 403);
  });

  test("RFC 7644 §4: sorting and paging are ignored", async () => {
    for (const path of ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"]) {
      const plain = await directory.at.send("GET", path);
      const asked = await directory.at.send("GET", `${path}?sortBy=name&sortOrder=descending&startIndex=2&count=1`);
      expect([asked.status, asked.body]).toEqual([200, plain.body]);
      expect((await directory.at.send("GET", `${path}?count=0&startIndex=abc&sortBy=nothing&cursor`)).body).toEqual(
        plain.body,
      );
    }
  });

  test("RFC 7644 §4: what is not there is 404, and nothing can be written", async () => {
    for (const path of ["/Schemas/urn:example:none", "/ResourceTypes/Device", "/ServiceProviderConfig/x"])
      expectError(await directory.at.send("GET", path), 404);
    for (const method of ["POST", "PUT", "PATCH", "DELETE"])
      for (const path of ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig", `/Schemas/${USER}`])
        expectError(await directory.at.send(method, path), 405);
  });

  test("RFC 7644 §4: what it says of operations is what this server does", async () => {
    const config = (await read(directory.at, "/ServiceProviderConfig")) as unknown as Record<
      string,
      { supported: boolean }
    >;
    const probes: Record<string, [string, string]> = {
      bulk: ["POST", "/Bulk"],
      patch: ["PATCH", "/Users/x"],
    };
    for (const [feature, [method, path]] of Object.entries(probes)) {
      const answer = await directory.at.send(method, path, {});
      expect([feature, answer.status !== 501]).toEqual([feature, config[feature]?.supported]);
    }
    expect((await directory.at.send("GET", "/Users?filter=title%20pr")).status === 200).toBe(config.filter?.supported);
    expect((await directory.at.send("GET", "/Users?sortBy=userName")).status === 200).toBe(config.sort?.supported);
    expect((await directory.at.send("GET", "/Users?cursor")).body).toMatchObject({ schemas: [LIST_RESPONSE] });
  });
});
