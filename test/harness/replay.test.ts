import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ExchangeFile, readExchangeFiles, replay } from "./replay.ts";

const folders = ["okta", "entra"].map((vendor) => `${import.meta.dirname}/../fixtures/idp/${vendor}`);
const files = folders.flatMap((folder) => [...readExchangeFiles(folder)].map(([name, file]) => ({ name, file })));

describe("the recorded exchanges", () => {
  test.each(files)("$name captures what it names before it names it", ({ file }) => {
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
        response.writeHead(request.method === "POST" ? 201 : 200, { "content-type": "application/scim+json" });
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
    source: { vendor: "v", document: "d", section: "s", fidelity: "inferred" },
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
    expect(outcomes.map(({ status, problems }) => ({ status, problems }))).toEqual([
      { status: 201, problems: [] },
      { status: 200, problems: [] },
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
    expect(outcome).toMatchObject({ status: 0, problems: ["not sent: nothing captured as user"] });
    expect(seen).toEqual([]);
  });
});
