import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROFILES } from "../../src/identity/profiles.ts";
import { WARNING_NAMES } from "../../src/scim/dialect.ts";
import { type ExchangeFile, exchangeFolders, readExchangeFiles, replay } from "./replay.ts";

const files = exchangeFolders().flatMap((folder) =>
  [...readExchangeFiles(folder)].map(([name, file]) => ({ vendor: basename(folder), name, file })),
);

/** No provider sends Bulk requests without bulkId, as far as anybody has told; test/scim/bulk.test.ts shows it. */
const SHOWN_ELSEWHERE = new Set(["bulk-id-missing"]);

describe("the recorded exchanges", () => {
  test.each(files)("$vendor/$name captures what it names before it names it", ({ file }) => {
    const captured = new Set(["baseUrl"]);
    for (const { name, request, expect: expected } of file.exchanges) {
      const used = [...JSON.stringify(request).matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? "");
      expect(
        used.filter((placeholder) => !captured.has(placeholder)),
        name,
      ).toEqual([]);
      for (const placeholder of Object.keys(expected.capture ?? {})) captured.add(placeholder);
    }
  });

  test("hold the story of the demo for both vendors", () => {
    expect(files.filter(({ name }) => name === "demo-company.json")).toHaveLength(2);
  });

  test("show every profile, and every warning that any of them gives", () => {
    expect(new Set(files.map(({ file }) => file.source.profile))).toEqual(new Set(PROFILES));
    const shown = files.flatMap(({ file }) => file.exchanges.flatMap((exchange) => exchange.expect.warnings ?? []));
    expect(WARNING_NAMES.filter((name) => !shown.includes(name) && !SHOWN_ELSEWHERE.has(name))).toEqual([]);
  });

  test.each(exchangeFolders().map((folder) => basename(folder)))("of %s create nobody of another file's", (vendor) => {
    const owners = new Map<string, string>();
    for (const { name, file } of files.filter((each) => each.vendor === vendor))
      for (const { request, expect: expected } of file.exchanges) {
        const { userName, displayName } = (request.body ?? {}) as { userName?: string; displayName?: string };
        const key = `${request.path} ${userName ?? displayName}`;
        if (request.method !== "POST" || ![expected.status].flat().includes(201)) continue;
        expect(owners.get(key) ?? name, key).toBe(name);
        owners.set(key, name);
      }
  });
});

describe("replaying", () => {
  let server: Server;
  let target: { baseUrl: string; token: string };
  const seen: { method: string; url: string; token: string; type: string; body: string }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const { authorization, "content-type": type } = request.headers;
        seen.push({
          method: request.method ?? "",
          url: request.url ?? "",
          token: authorization ?? "",
          type: type ?? "",
          body,
        });
        response.writeHead(request.method === "POST" ? 201 : 200, {
          "content-type": "application/scim+json",
          "x-request-id": `request-${seen.length}`,
        });
        response.end(JSON.stringify({ id: "7", "a/b": { list: [1, { x: "y", z: 1 }] }, gone: null }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    target = { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`, token: "secret" };
  });
  afterAll(() => {
    server.close();
  });

  const file = (exchanges: ExchangeFile["exchanges"]): ExchangeFile => ({
    source: { vendor: "v", document: "d", section: "s", fidelity: "inferred", profile: "generic" },
    description: "made here",
    exchanges,
  });

  test("fills in what earlier answers gave, sends it as the vendor would, and finds nothing to complain of", async () => {
    seen.length = 0;
    const outcomes = await replay(
      file([
        {
          name: "create",
          request: { method: "POST", path: "/Users", body: { userName: "a" } },
          expect: {
            status: [200, 201],
            capture: { user: "/id" },
            body: { "a/b": { list: [{ x: "y" }] } },
            absent: ["/gone", "/a~1b/list/2"],
          },
        },
        {
          name: "get",
          request: { method: "GET", path: '/Users/{{user}}?filter=id eq "{{user}}"' },
          expect: { status: 200, body: { id: "{{user}}" } },
        },
      ]),
      target,
    );
    expect(outcomes.map(({ status, requestId, problems }) => ({ status, requestId, problems }))).toEqual([
      { status: 201, requestId: "request-1", problems: [] },
      { status: 200, requestId: "request-2", problems: [] },
    ]);
    expect(seen).toEqual([
      {
        method: "POST",
        url: "/base/Users",
        token: "Bearer secret",
        type: "application/scim+json; charset=utf-8",
        body: '{"userName":"a"}',
      },
      { method: "GET", url: "/base/Users/7?filter=id%20eq%20%227%22", token: "Bearer secret", type: "", body: "" },
    ]);
  });

  test("sends the headers of the exchange before those of the file before its own, and none that is null", async () => {
    seen.length = 0;
    await replay(
      {
        ...file([
          {
            name: "own",
            request: { method: "POST", path: "/Users", headers: { AUTHORIZATION: "Bearer none" }, body: {} },
            expect: { status: 201 },
          },
          {
            name: "none",
            request: { method: "POST", path: "/Users", headers: { "content-TYPE": null }, body: {} },
            expect: { status: 201 },
          },
        ]),
        headers: { "Content-Type": "application/json", Authorization: "Bearer file" },
      },
      target,
    );
    expect(seen.map(({ token, type }) => [token, type])).toEqual([
      ["Bearer none", "application/json"],
      ["Bearer file", ""],
    ]);
  });

  test.each([
    ["another status", { status: 204 }, "status 200 instead of 204"],
    ["another value", { status: 200, body: { id: "8" } }, '/id is "7" instead of "8"'],
    ["a missing key", { status: 200, body: { name: { givenName: "x" } } }, "/name is no object but absent"],
    [
      "a missing element",
      { status: 200, body: { "a/b": { list: [{ x: "other" }] } } },
      '/a~1b/list lacks {"x":"other"}',
    ],
    ["something that should not be there", { status: 200, absent: ["/a~1b/list/1"] }, "/a~1b/list/1 should be absent"],
    ["nothing to capture", { status: 200, capture: { user: "/nowhere" } }, "/nowhere is no text to capture as user"],
  ])("reports %s", async (_, wanted, problem) => {
    const [outcome] = await replay(
      file([{ name: "get", request: { method: "GET", path: "/Users/7" }, expect: wanted }]),
      target,
    );
    expect(outcome?.problems).toHaveLength(1);
    expect(outcome?.problems[0]).toContain(problem);
  });

  test("does not send what it cannot fill in", async () => {
    seen.length = 0;
    const [outcome] = await replay(
      file([{ name: "get", request: { method: "GET", path: "/Users/{{user}}" }, expect: { status: 200 } }]),
      target,
    );
    expect(outcome).toMatchObject({ status: 0, requestId: null, problems: ["not sent: nothing captured as user"] });
    expect(seen).toEqual([]);
  });
});
