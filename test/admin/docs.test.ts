import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, describe, expect, it } from "vitest";
import { curlOf } from "../../src/admin/docs/curl.ts";
import { exampleOf } from "../../src/admin/docs/example.ts";
import { makeApp } from "../../src/http/app.ts";
import { doors } from "../../src/start/doors.ts";
import { document } from "../harness/api.ts";
import { testContext } from "../harness/postgres.ts";

const ctx = await testContext();
const server = createServer(makeApp(ctx, doors, { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
afterAll(() => void server.close());
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
ajv.addSchema(document, "api");
const named = document.components.schemas;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe("the reader", () => {
  it("shows every operation and schema on one page, each with an anchor of its own", async () => {
    const answer = await fetch(`${origin}/docs`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const text = await answer.text();
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations) expect(ids).toContain(operation.operationId);
    for (const name of Object.keys(named)) expect(ids).toContain(`schema-${name}`);
    for (const [, target] of text.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    expect((await (await fetch(origin)).text()).includes('href="/docs"')).toBe(true);
  });

  it("needs no script, no style but its own and nothing from elsewhere", async () => {
    const answer = await fetch(`${origin}/docs`);
    const text = await answer.text();
    expect(answer.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]+='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(text).not.toMatch(/<script|<img|<link|<iframe| style=| on\w+=|javascript:/i);
    const levels = [...text.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
    for (const [at, level] of levels.entries()) expect(level - (levels[at - 1] ?? 0)).toBeLessThanOrEqual(1);
  });

  it("is not sent to who has it already", async () => {
    const etag = (await fetch(`${origin}/docs`)).headers.get("etag") ?? "";
    expect((await fetch(`${origin}/docs`, { headers: { "if-none-match": etag } })).status).toBe(304);
  });
});

describe("examples", () => {
  it("are what the schemas allow: bodies, answers and parameters", () => {
    const wrong: string[] = [];
    const judge = (place: string, schema: object, example: unknown) => {
      const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/comp', '"api#/comp')));
      if (!validate(example)) wrong.push(`${place}: ${JSON.stringify(example)} ${ajv.errorsText(validate.errors)}`);
    };
    for (const [name, schema] of Object.entries(named)) judge(name, schema, exampleOf(schema, named));
    for (const { operation } of operations) {
      const { operationId: id, parameters = [], requestBody, responses } = operation;
      for (const { name, schema } of parameters)
        if (name !== "cursor") judge(`${id} ${name}`, schema, exampleOf(schema, named, name));
      const bodies = [requestBody, ...Object.values(responses)].flatMap((part) =>
        part && "content" in part ? Object.values(part.content ?? {}) : [],
      );
      for (const { schema } of bodies) judge(id, schema, exampleOf(schema, named));
    }
    expect(wrong).toEqual([]);
  });

  it("are requests that a shell takes as they are", () => {
    const suspend = document.paths["/users/{id}/suspend"]?.post;
    expect(suspend && curlOf("http://127.0.0.1:8080/api/v1", "post", "/users/{id}/suspend", suspend, named)).toBe(
      [
        "curl -X POST http://127.0.0.1:8080/api/v1/users/0198c0de-0000-7000-8000-000000000000/suspend",
        '-H "Authorization: Bearer $MUSTER_TOKEN"',
        "-H 'Content-Type: application/json'",
        `-d '{"reason":"asked for in ticket 4711"}'`,
      ].join(" \\\n  "),
    );
  });
});
