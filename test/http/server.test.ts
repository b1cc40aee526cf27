import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { join } from "node:path";
import { Router } from "express";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { MusterError } from "../../src/errors.ts";
import { loggedPath } from "../../src/http/access-log.ts";
import type { Door } from "../../src/http/app.ts";
import { serve } from "../../src/http/server.ts";
import { listeningLogger } from "../harness/log.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { statements } from "../harness/server.ts";

const { logger, lines } = listeningLogger();
const scim = { perSecond: 3_000, burst: 6_000, inFlight: 64, waiting: 1_000 };
const fast = { bodyBytes: 1024, requestTimeout: 2_000, drainTimeout: 300, scim, api: scim };
const ctx = await testContext({ logger, config: { listen: "127.0.0.1:0", limits: fast, trustedProxies: [] } });
const held: { finish(): void }[] = [];

/** A door that answers as told: what stands before every door is under test here. */
const door: Door = {
  path: "/door",
  router: () => {
    const router = Router();
    router.get("/ok", (_request, response) => response.json({ ok: true }));
    router.get("/whence", (request, response) =>
      response.json({ ip: request.ip, protocol: request.protocol, query: request.query }),
    );
    router.get("/storage", () => {
      throw new MusterError("unavailable", "the database cannot answer at the moment; try again", { retryAfter: 7 });
    });
    router.get("/fault", () => {
      throw new Error("relation users does not exist");
    });
    router.get("/slow", (_request, response) => {
      held.push({ finish: () => response.json({ ok: true }) });
    });
    return router;
  },
};

const server = await serve(ctx, [door]);
const base = `http://127.0.0.1:${server.port}`;
afterAll(() => server.drain());

test("every answer carries a request id: the caller's when it is sane, else a new one, and so does its log line", async () => {
  const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7/;
  for (const [given, expected] of [
    [undefined, UUID],
    ["okta-4711:a/b", /^okta-4711:a\/b$/],
    ["two words", UUID],
    ["x".repeat(129), UUID],
    ["mst_scim_4711", UUID],
    ["trace/MST_cli_4711", UUID],
    ["", UUID],
  ] as const)
    for (const path of ["/door/ok", "/door/fault", "/livez", "/nowhere"]) {
      const answer = await fetch(base + path, { headers: given === undefined ? {} : { "x-request-id": given } });
      const id = answer.headers.get("x-request-id") ?? "";
      expect(id).toMatch(expected);
      await until("its log line", 5, () => lines.some((line) => line.requestId === id && line.path === path));
    }
});

test("what no door serves is a 404 problem, also for a path that cannot be decoded", async () => {
  const unknown = await fetch(`${base}/nowhere`, { method: "POST", body: "x" });
  expect(unknown.status).toBe(404);
  expect(unknown.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  expect(await unknown.json()).toEqual({
    type: "about:blank",
    title: "Not Found",
    status: 404,
    detail: "there is nothing at this path",
    code: "not-found",
    errors: [],
    requestId: unknown.headers.get("x-request-id"),
  });
});

test("a failure of storage is 503 with Retry-After; an unforeseen one is 500, keeps its text for the log and the connection open", async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const storage = await get("/door/storage", agent);
  expect([storage.status, storage.headers["retry-after"]]).toEqual([503, "7"]);
  const fault = await get("/door/fault", agent);
  expect(fault.status).toBe(500);
  expect(fault.body).not.toContain("relation");
  expect(lines.some((line) => line.level === "error" && String(line.error).includes("relation users"))).toBe(true);
  expect((await get("/door/ok", agent)).status).toBe(200);
  expect(Object.values(agent.sockets).concat(Object.values(agent.freeSockets)).flat().length).toBe(1);
  agent.destroy();
});

test("answers have the protective headers and say nothing of what serves them", async () => {
  const answer = await fetch(`${base}/door/ok`);
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(answer.headers.get("x-powered-by")).toBeNull();
  expect(answer.headers.get("strict-transport-security")).toBeNull();
});

test("forwarded headers count only from a proxy that is named", async () => {
  const headers = { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" };
  const [stranger] = [(await (await fetch(`${base}/door/whence?a[b]=1`, { headers })).json()) as object];
  expect(stranger).toEqual({ ip: "127.0.0.1", protocol: "http", query: {} });
  const trusting = await serve({ ...ctx, config: { ...ctx.config, trustedProxies: ["10.0.0.0/8", "loopback"] } }, [
    door,
  ]);
  const answer = await fetch(`http://127.0.0.1:${trusting.port}/door/whence`, { headers });
  expect(await answer.json()).toEqual({ ip: "203.0.113.9", protocol: "https", query: {} });
  await trusting.drain();
  await expect(serve({ ...ctx, config: { ...ctx.config, trustedProxies: ["no-address"] } }, [])).rejects.toMatchObject({
    code: "configuration",
    at: "trustedProxies",
  });
});

test("the log has neither query strings nor tokens", async () => {
  await fetch(`${base}/door/ok?filter=userName+eq+%22ann%22`);
  await fetch(`${base}/i/mst_inv_secret1`);
  await until("the last line", 5, () => lines.some((line) => line.path === "/i/***"));
  expect(JSON.stringify(lines)).not.toMatch(/ann|filter|secret1/);
  fc.assert(
    fc.property(
      fc.constantFrom("/i/", "//i/", "/I/"),
      fc.stringMatching(/^[A-Za-z0-9_-]{8,40}$/),
      fc.constantFrom("", "/", "?x=1", "/more"),
      (prefix, token, rest) => {
        expect(loggedPath(prefix + token + rest)).not.toContain(token);
        expect(loggedPath(`/api/v1/x/mst_api_${token}${rest}`)).not.toContain(token);
      },
    ),
  );
});

test("the parser's own refusals have an id and a problem too", async () => {
  const broken = await raw("GET / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n");
  expect(broken).toMatch(/^HTTP\/1\.1 400 .*\r\nX-Request-Id: [0-9a-f-]{36}\r\n.*"code":"invalid"/s);
  expect(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  expect(await raw("GET / HTTP/1.1\r\nHost: x\r\n")).toMatch(/^HTTP\/1\.1 408 /);
});

test("livez never asks the database, readyz does, and both recover", async () => {
  expect(await (await fetch(`${base}/readyz`)).json()).toEqual({ status: "ok" });
  const { superuserUrl, ownerUrl } = ctx.database;
  const name = new URL(superuserUrl).pathname.slice(1);
  const elsewhere = new URL(superuserUrl);
  elsewhere.pathname = "/postgres";
  await statements(elsewhere.toString(), [
    `alter database ${name} with allow_connections false`,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
  ]);
  const stopped = await fetch(`${base}/readyz`);
  expect([stopped.status, stopped.headers.get("retry-after"), await stopped.json()]).toEqual([
    503,
    "5",
    { status: "unavailable", reason: "database" },
  ]);
  expect((await fetch(`${base}/livez`)).status).toBe(200);
  await statements(elsewhere.toString(), [`alter database ${name} with allow_connections true`]);
  expect((await fetch(`${base}/readyz`)).status).toBe(200);
  await statements(ownerUrl, ["update muster.migrations set name = 'other' where name = '0004-record'"]);
  expect(await (await fetch(`${base}/readyz`)).json()).toEqual({ status: "unavailable", reason: "migrations" });
  await statements(ownerUrl, ["update muster.migrations set name = '0004-record' where name = 'other'"]);
});

test("metrics count requests by door, never by path", async () => {
  await fetch(`${base}/scim/v2/some-directory/Users`);
  const text = await (await fetch(`${base}/metrics`)).text();
  expect(text).toMatch(/muster_http_request_duration_seconds_count\{door="scim",method="GET",status="404"\} 1/);
  expect(text).toMatch(/muster_database_connections\{state="open"\} \d/);
  expect(text).not.toContain("some-directory");
});

test("answers of the SCIM door, which are data and never pages, have the protective headers that concern data, alike", async () => {
  const [data, other] = await Promise.all([fetch(`${base}/scim/v2/nobody/Users`), fetch(`${base}/door/ok`)]);
  for (const name of [
    "content-security-policy",
    "cross-origin-resource-policy",
    "x-content-type-options",
    "strict-transport-security",
  ])
    expect(data.headers.get(name), name).toBe(other.headers.get(name));
  expect(data.headers.get("x-content-type-options")).toBe("nosniff");
});

test("draining lets a running request end, is not ready any more, and refuses new connections", async () => {
  const draining = await serve(ctx, [door]);
  const socket = net.connect(draining.port, "127.0.0.1");
  let said = "";
  socket.setEncoding("utf8").on("data", (part: string) => {
    said += part;
  });
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.write("GET /door/slow HTTP/1.1\r\nHost: x\r\n\r\n");
  await until("the request has arrived", 5, () => held.length === 1);
  const done = draining.drain();
  await expect(fetch(`http://127.0.0.1:${draining.port}/livez`)).rejects.toThrow();
  socket.write("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
  held.pop()?.finish();
  await done;
  await closed;
  expect(said).toMatch(/^HTTP\/1\.1 200 .*HTTP\/1\.1 503 .*Connection: close.*"reason":"draining"/s);
});

test("draining cuts off what does not end in time", async () => {
  const draining = await serve(ctx, [door]);
  const slow = fetch(`http://127.0.0.1:${draining.port}/door/slow`);
  const outcome = expect(slow).rejects.toThrow();
  await until("the request has arrived", 5, () => held.length === 1);
  await draining.drain();
  await outcome;
  held.pop();
});

test("a taken port, an impossible address and files that are no certificate are wrong configuration", async () => {
  const taken = { ...ctx, config: { ...ctx.config, listen: `127.0.0.1:${server.port}` } };
  await expect(serve(taken, [])).rejects.toMatchObject({
    code: "configuration",
    message: expect.stringContaining("is taken"),
  });
  const impossible = { ...ctx, config: { ...ctx.config, listen: "127.0.0.1:99999" } };
  await expect(serve(impossible, [])).rejects.toMatchObject({ code: "configuration", at: "MUSTER_LISTEN" });
  const here = import.meta.filename;
  await expect(
    serve({ ...ctx, config: { ...ctx.config, tls: { certFile: here, keyFile: here } } }, []),
  ).rejects.toMatchObject({
    code: "configuration",
    at: "tls",
  });
});

test("with certificate files it speaks TLS, and asks for it from then on", async () => {
  const files = join(import.meta.dirname, "..", "fixtures", "tls");
  const environment = {
    MUSTER_LISTEN: "127.0.0.1:0",
    MUSTER_TLS_CERT_FILE: join(files, "localhost.crt"),
    MUSTER_TLS_KEY_FILE: join(files, "localhost.key"),
  };
  const secure = await serve({ ...ctx, config: { ...ctx.config, ...loadConfig(environment) } }, [door]);
  const agent = new https.Agent({ ca: readFileSync(environment.MUSTER_TLS_CERT_FILE) });
  const answer = await get("/door/ok", agent, `https://127.0.0.1:${secure.port}`);
  expect([answer.status, answer.headers["strict-transport-security"]]).toEqual([
    200,
    expect.stringContaining("max-age"),
  ]);
  agent.destroy();
  await secure.drain();
});

type Got = { status: number; headers: http.IncomingHttpHeaders; body: string };

function get(path: string, agent: http.Agent, from = base): Promise<Got> {
  return new Promise((resolve, reject) => {
    const client = from.startsWith("https:") ? https : http;
    client
      .get(from + path, { agent }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      })
      .on("error", reject);
  });
}

function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const socket = net.connect(server.port, "127.0.0.1", () => socket.write(text));
    socket.setEncoding("utf8").on("data", (part: string) => {
      said += part;
    });
    socket.on("close", () => resolve(said)).on("error", reject);
  });
}
