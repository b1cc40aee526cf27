import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Router } from "express";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openApiDocument } from "../../src/admin/openapi/document.ts";
import { route } from "../../src/admin/route.ts";
import { adminRouter } from "../../src/admin/router.ts";
import { routes } from "../../src/admin/routes.ts";
import { makeApp } from "../../src/http/app.ts";
import { PERMISSIONS } from "../../src/identity/rights/permissions.ts";
import { apiFetch, checkAnswer, document } from "../harness/api.ts";
import { testContext } from "../harness/postgres.ts";

const ctx = await testContext();
const server = createServer(makeApp(ctx, [{ path: "/api/v1", router: adminRouter }], { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
afterAll(() => void server.close());
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
ctx.config.publicUrl = origin;

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe("the document", () => {
  it("is OpenAPI 3.1 by the schema of the OpenAPI Initiative", () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addFormat("media-range", /^[\w*]+\/[\w*+.-]+$/);
    const file = join(import.meta.dirname, "..", "fixtures", "openapi", "schema-3.1.json");
    const validate = ajv.compile(JSON.parse(readFileSync(file, "utf8")));
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ ...document, paths: { "/x": { get: { responses: { ok: {} } } } } })).toBe(false);
  });

  it("has schemas that are JSON Schema, and no reference into nothing", () => {
    const ajv = new Ajv2020({ strict: true, allErrors: true, strictTypes: false, strictRequired: false });
    addFormats.default(ajv);
    for (const schema of Object.values(document.components.schemas)) expect(ajv.validateSchema(schema)).toBe(true);
    const names = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)];
    expect(names.length).toBeGreaterThan(0);
    for (const [, kind = "", name = ""] of names)
      expect(Object.keys(document.components[kind as keyof typeof document.components])).toContain(name);
    expect(JSON.stringify(document)).not.toContain("$defs");
  });

  it("has every route that is mounted, and nothing else", () => {
    const mounted = mountedIn(adminRouter(ctx));
    expect(mounted.length).toBeGreaterThan(0);
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(mounted.sort());
  });

  it("names each operation once, with what it needs and where its parameters stand", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.sort()).toEqual(routes.map(({ id }) => id).sort());
    for (const { path, method, operation } of operations) {
      const permission = operation["x-permission"];
      if (permission !== null) {
        expect(PERMISSIONS).toContain(permission);
        expect(operation.description).toContain(permission);
      }
      const names = (operation.parameters ?? []).map((parameter) => `${parameter.in} ${parameter.name}`);
      expect(new Set(names).size).toBe(names.length);
      expect(names.filter((name) => name.startsWith("path "))).toEqual(
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `path ${name}`),
      );
      if (operation.security === undefined && method !== "get") expect(names).toContain("query dryRun");
      for (const status of ["429", "500", "503"]) expect(Object.keys(operation.responses)).toContain(status);
    }
  });

  it("is the same whatever the order of the routes", () => {
    const text = JSON.stringify(openApiDocument(routes, "/api/v1"));
    expect(JSON.stringify(openApiDocument([...routes].reverse(), "/api/v1"))).toBe(text);
  });

  it("refuses two schemas of one name", () => {
    const one = (path: string, answer: z.ZodType) =>
      route({
        id: `x${path}`,
        method: "GET",
        path,
        summary: "x",
        guard: "known",
        answer: z.object({ x: answer }),
        read: async () => ({ x: "" }),
      });
    const named = [z.string(), z.number()].map((schema) => schema.meta({ id: "SameName" }));
    expect(() =>
      openApiDocument([one("/a", named[0] as z.ZodType), one("/b", named[1] as z.ZodType)], "/api/v1"),
    ).toThrow();
  });

  it("is served to anyone, whole, with an ETag", async () => {
    const url = `${origin}/api/v1/openapi.json`;
    const answer = await apiFetch(url);
    expect(await answer.json()).toEqual({ ...document, servers: [{ url: `${origin}/api/v1` }] });
    expect(answer.headers.get("cache-control")).toBe("no-cache");
    const etag = answer.headers.get("etag") ?? "";
    const again = await apiFetch(url, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect((await apiFetch(`${url}?x=1`)).status).toBe(422);
  });
});

describe("apiFetch", () => {
  const url = new URL(`${origin}/api/v1/users/0198c0de-0000-7000-8000-000000000000`);
  const user = {
    id: "0198c0de-0000-7000-8000-000000000000",
    userName: "ada",
    email: null,
    status: "active",
    firstAccessAt: "2026-01-01T00:00:00.000Z",
    invitedAt: null,
    signedUpAt: null,
    sites: [{ site: "acme", status: "has-site-access" }],
    displayName: null,
    kind: "member",
    source: "scim",
    lastAccessAt: null,
    expiresAt: null,
    access: [],
    records: [],
  };
  const headers = { "content-type": "application/json; charset=utf-8", etag: '"x"', "x-request-id": "1" };
  const judge = (body: unknown, more: { status?: number; headers?: Record<string, string>; method?: string } = {}) => {
    const text = JSON.stringify(body);
    const answer = new Response(text, { status: more.status ?? 200, headers: more.headers ?? headers });
    checkAnswer(more.method ?? "GET", url, {}, answer, text);
  };

  it("lets pass what the document allows", () => {
    expect(() => judge(user)).not.toThrow();
  });

  it("throws at what the document does not allow", () => {
    const { etag: _, ...without } = headers;
    for (const wrong of [
      () => judge({ ...user, more: 1 }),
      () => judge({ ...user, email: undefined }),
      () => judge({ ...user, status: "gone" }),
      () => judge({ ...user, firstAccessAt: "yesterday" }),
      () => judge(user, { status: 201 }),
      () => judge(user, { headers: without }),
      () => judge(user, { headers: { ...headers, location: "/x" } }),
      () => judge(user, { headers: { ...headers, "content-type": "text/plain" } }),
      () => judge(user, { method: "PUT" }),
      () => judge({ code: "conflict" }, { status: 404 }),
    ])
      expect(wrong).toThrow(/→/);
  });
});

/** Every operation of an Express router, as `method /path/{parameter}`. */
function mountedIn(router: Router): string[] {
  return router.stack.flatMap(({ route: place, handle }) => {
    if (place === undefined) return "stack" in handle ? mountedIn(handle as unknown as Router) : [];
    const path = place.path.replaceAll(/:(\w+)/g, "{$1}");
    const methods = new Set(place.stack.map(({ method }) => method).filter((method) => method !== undefined));
    return [...methods].map((method) => `${method} ${path}`);
  });
}
