import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createConnection } from "node:net";
import type { Response as ExpressResponse } from "express";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { limitRequests } from "../../src/http/limit-requests.ts";
import { newTokenText } from "../../src/identity/token-form.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { type Answer, oneDirectory, patchOf, sender, serveScim, system, userOf } from "./endpoint.ts";

const ERROR = { schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"], status: "429" };

describe("a token that sends too fast", async () => {
  const ctx = await testContext();
  // So slow that the machine's speed cannot matter: a token is put back once in 1,000 s.
  Object.assign(ctx.config.limits.scim, { perSecond: 0.001, burst: 3 });
  const server = await serveScim(ctx);
  const okta = oneDirectory(server);

  it("is told what is left, and then to wait, in SCIM's words", async () => {
    const begun = performance.now();
    const answers = [];
    for (let number = 0; number < 4; number++) answers.push(await okta.at.send("GET", "/Users"));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    const passed = Math.ceil((performance.now() - begun) / 1_000);
    for (const [number, { headers }] of answers.entries()) {
      const taken = Math.min(number + 1, 3);
      const [, left, reset] = /^"rate";r=(\d);t=(\d+)$/.exec(headers.get("ratelimit") ?? "") ?? [];
      expect(Number(left)).toBe(3 - taken);
      // It counts down from the first request on.
      expect(Number(reset)).toBeLessThanOrEqual(1_000 * taken);
      expect(Number(reset)).toBeGreaterThanOrEqual(1_000 * taken - passed);
      expect(headers.get("ratelimit-policy")).toBe('"rate";q=3;w=3000, "in-flight";q=64;qu="concurrent-requests"');
    }
    const refused = answers[3];
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(900);
    expect(refused?.headers.get("content-type")).toBe("application/scim+json; charset=utf-8");
    expect(refused?.body).toMatchObject(ERROR);
  });

  it("does not slow another token of the same directory", async () => {
    const { token } = await inTransaction(ctx, system(okta.at.organization), (tx) =>
      createToken(tx, { directory: okta.at.directory }),
    );
    expect((await sender(okta.at.baseUrl, token)("GET", "/Users")).status).toBe(200);
    expect((await okta.at.send("GET", "/Users")).status).toBe(429);
  });
});

describe("requests of one token that run at once", async () => {
  const ctx = await testContext();
  Object.assign(ctx.config.limits.scim, { waiting: 10 });
  const server = await serveScim(ctx);
  const okta = oneDirectory(server);

  it("are 64: the next ten wait for their turn, those beyond are refused", async () => {
    const { id } = await okta.at.send("POST", "/Users", userOf("ann"));
    const change = patchOf({ op: "replace", path: "displayName", value: "Ann" });
    const [held, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    // Whoever changes a person waits for the organization, which is held.
    const holder = inTransaction(
      ctx,
      system(okta.at.organization),
      async () => {
        held.resolve();
        await release.promise;
      },
      { lock: "exclusive" },
    );
    await held.promise;
    const running = Array.from({ length: 75 }, () => okta.at.send("PATCH", `/Users/${id}`, change));
    const first = await Promise.race(running);
    expect(first.status).toBe(429);
    expect(first.headers.get("retry-after")).toBe("1");
    expect(first.headers.get("ratelimit")).toBe('"in-flight";r=0;t=1');
    expect(first.body).toMatchObject(ERROR);
    release.resolve();
    await holder;
    const statuses = (await Promise.all(running)).map((answer) => answer.status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(74);
    await until("it is let in", 15, async () => (await okta.at.send("GET", "/Users")).status === 200);
  });

  it("do not count those whose callers have gone", async () => {
    const { port } = new URL(server.origin);
    const path = `${new URL(okta.at.baseUrl).pathname}/Users`;
    // Twice as many as may run, each cut off before its answer.
    for (let number = 0; number < 128; number++)
      await new Promise<void>((gone) => {
        const socket = createConnection(Number(port), "127.0.0.1", () => {
          socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${okta.at.token}\r\n\r\n`, () => {
            socket.destroy();
          });
        });
        socket.on("close", () => gone());
      });
    await until("a request is let in", 15, async () => (await okta.at.send("GET", "/Users")).status === 200);
    const answers = await Promise.all(Array.from({ length: 64 }, () => okta.at.send("GET", "/Users")));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
  });
});

it("a request whose caller left before it was let in runs no longer than it takes to notice", async () => {
  const letIn = limitRequests({ perSecond: 1_000, burst: 1_000, inFlight: 1, waiting: 10 });
  const noticed = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    // As while the token is looked up.
    if (request.url === "/leave") await once(response, "close");
    try {
      await letIn(response as ExpressResponse, "key");
      response.end("in");
    } catch {
      response.end("refused");
    }
    noticed.resolve();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  try {
    const leaver = createConnection(port, "127.0.0.1", () => {
      leaver.write("GET /leave HTTP/1.1\r\nHost: x\r\n\r\n");
      setTimeout(() => leaver.destroy(), 100);
    });
    await noticed.promise;
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("in");
  } finally {
    await new Promise((closed) => server.close(closed));
  }
});

it("of those that wait for a turn no one is forgotten when the first of them comes too fast", async () => {
  const letIn = limitRequests({ perSecond: 0.001, burst: 1, inFlight: 1, waiting: 10 });
  const release = Promise.withResolvers<void>();
  const server = createServer(async (_request, response) => {
    try {
      await letIn(response as ExpressResponse, "key");
      await release.promise;
      response.end("in");
    } catch {
      response.end("refused");
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  try {
    const asked = Array.from({ length: 5 }, async () => (await fetch(`http://127.0.0.1:${port}/`)).text());
    await once(server, "request");
    while ((await connections(server)) < 5) await new Promise((soon) => setTimeout(soon, 10));
    release.resolve();
    // Who is forgotten is answered only when it has waited for fifteen seconds.
    expect((await Promise.all(asked)).sort()).toEqual(["in", "refused", "refused", "refused", "refused"]);
  } finally {
    await new Promise((closed) => server.close(closed));
  }
}, 10_000);

function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

describe("tokens that nobody has", async () => {
  const guessed = await testContext();
  const okta = oneDirectory(await serveScim(guessed));

  it("are not the first requests of a provider, however many come at once before its token is known here", async () => {
    const { token } = await inTransaction(guessed, system(okta.at.organization), (tx) =>
      createToken(tx, { directory: okta.at.directory }),
    );
    const first = sender(okta.at.baseUrl, token);
    const answers = await Promise.all(Array.from({ length: 300 }, () => first("GET", "/ServiceProviderConfig")));
    expect(answers.filter((answer) => answer.status !== 200).map((answer) => answer.text)).toEqual([]);
  });

  it("are refused with 429 after a while, without slowing callers of the same address that are known", async () => {
    const guess = () => sender(okta.at.baseUrl, newTokenText("scim"))("GET", "/Users");
    expect((await okta.at.send("GET", "/Users")).status).toBe(200);
    const answers: Answer[] = [];
    await until("a guess is told to wait", 60, async () => {
      answers.push(...(await Promise.all(Array.from({ length: 300 }, guess))));
      return answers.some((answer) => answer.status === 429);
    });
    expect(answers.filter((answer) => answer.status === 401).length).toBeGreaterThanOrEqual(100);
    for (const { status, headers, body } of answers.filter((answer) => answer.status !== 401)) {
      expect([status, headers.get("retry-after")]).toEqual([429, "1"]);
      expect(body).toMatchObject(ERROR);
    }
    expect((await okta.at.send("GET", "/Users")).status).toBe(200);
    // What has not the form of a token costs nothing, and is told the same as ever.
    const malformed = await sender(okta.at.baseUrl, "mst_scim_wrong")("GET", "/Users");
    expect(malformed.status).toBe(401);
    await until("the next guess is refused as such", 60, async () => (await guess()).status === 401);
  });
});
