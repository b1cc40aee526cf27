import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { createToken, revokeToken } from "../../src/identity/tokens.ts";
import { oneDirectory, scimServer, sender, system } from "../scim/endpoint.ts";
import { createUser, expectError, fresh, senderFor, userBody } from "./client.ts";

const server = await scimServer();
const directory = oneDirectory(server);

/** A challenge by its parameters; fails when it is none of RFC 6750 §3: scheme, then parameters, each once. */
function challenge(header: string | null): Map<string, string> {
  const [, parameters] = /^Bearer (.+)$/.exec(header ?? "") ?? [];
  expect(parameters, `WWW-Authenticate: ${header}`).toBeDefined();
  const found = new Map<string, string>();
  for (const part of String(parameters).split(/, */)) {
    const [, name, value] = /^([a-z_]+)="([\x20\x21\x23-\x5b\x5d-\x7e]*)"$/.exec(part) ?? [];
    expect(name, part).toBeDefined();
    expect(found.has(String(name)), `${name} twice`).toBe(false);
    found.set(String(name), String(value));
  }
  return found;
}

const anonymous = () => sender(directory.at.baseUrl, null);

/** A request whose headers may come twice. */
function sendRaw(path: string, headers: Record<string, string | string[]>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(directory.at.baseUrl + path, { method: "GET", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

describe("RFC 6750 §2: authenticated requests", () => {
  test.each(["Bearer", "bearer", "BEARER"])(
    "RFC 6750 §2.1: the Authorization header with the scheme %s",
    async (scheme) => {
      for (const spaces of [" ", "   "]) {
        const answer = await anonymous()("GET", "/Users", undefined, {
          authorization: scheme + spaces + directory.at.token,
        });
        expect(answer.status).toBe(200);
      }
    },
  );

  test.each(["Bearer", "Bearer ", "Token x", "Bearer a b", "Bearer {x}", 'Bearer "x"', "x"])(
    "RFC 6750 §2.1: %s is no credentials: 401",
    async (authorization) => {
      expectError(await anonymous()("GET", "/Users", undefined, { authorization }), 401);
    },
  );

  test("RFC 6750 §2.2: a token in a form is not taken", async () => {
    const answer = await anonymous()("POST", "/Users", `access_token=${directory.at.token}`, {
      "content-type": "application/x-www-form-urlencoded",
    });
    expectError(answer, 401);
  });

  test("RFC 6750 §2.3: a token in the URL is not taken", async () => {
    expectError(await anonymous()("GET", `/Users?access_token=${directory.at.token}`), 401);
  });

  test("RFC 6750 §2: two different tokens are never both believed", async () => {
    const { status } = await sendRaw("/Users", { authorization: ["Bearer wrong", `Bearer ${directory.at.token}`] });
    expect([400, 401]).toContain(status);
  });
});

describe("RFC 6750 §3: the WWW-Authenticate header", () => {
  test("RFC 6750 §3: without credentials a challenge without an error", async () => {
    const answer = await anonymous()("GET", "/Users");
    expectError(answer, 401);
    const parameters = challenge(answer.headers.get("www-authenticate"));
    expect(parameters.size).toBeGreaterThan(0);
    for (const name of ["error", "error_description", "error_uri"]) expect(parameters.has(name)).toBe(false);
  });

  test("RFC 6750 §3.1: another scheme is no token: no error code", async () => {
    const answer = await anonymous()("GET", "/Users", undefined, { authorization: "Basic eDp5" });
    expect(challenge(answer.headers.get("www-authenticate")).has("error")).toBe(false);
  });

  test.each([
    ["malformed", () => "wrong"],
    ["of the right form, but nobody's", () => `${directory.at.token.slice(0, -8)}AAAAAAAA`],
    ["cut short", () => directory.at.token.slice(0, -1)],
    ["longer than any", () => `${directory.at.token}${"x".repeat(4_000)}`],
  ])("RFC 6750 §3.1: a token that is %s is invalid_token with 401", async (_, token) => {
    const answer = await sender(directory.at.baseUrl, token())("GET", "/Users");
    expectError(answer, 401);
    expect(challenge(answer.headers.get("www-authenticate")).get("error")).toBe("invalid_token");
  });

  test("RFC 6750 §3.1: a token that is revoked is invalid_token within a second", async () => {
    const actor = system(directory.at.organization);
    const made = await inTransaction(server.ctx, actor, (tx) => createToken(tx, { directory: directory.at.directory }));
    const send = sender(directory.at.baseUrl, made.token);
    expect((await send("GET", "/Users")).status).toBe(200);
    await inTransaction(server.ctx, actor, (tx) => revokeToken(tx, made.id));
    await expect.poll(async () => (await send("GET", "/Users")).status, { interval: 50 }).toBe(401);
    expect(challenge((await send("GET", "/Users")).headers.get("www-authenticate")).get("error")).toBe("invalid_token");
  });

  test("RFC 6750 §3.1: a token that has expired is invalid_token", async () => {
    const actor = system(directory.at.organization);
    const made = await inTransaction(server.ctx, actor, (tx) =>
      createToken(tx, { directory: directory.at.directory }, { seconds: 3_600 }),
    );
    const send = sender(directory.at.baseUrl, made.token);
    expect((await send("GET", "/Users")).status).toBe(200);
    await server.ctx.db.of(directory.at.organization).query({
      text: "update tokens set expires_at = now() where organization = $1 and id = $2",
      values: [directory.at.organization, made.id],
    });
    await expect.poll(async () => (await send("GET", "/Users")).status, { interval: 100 }).toBe(401);
    expect(challenge((await send("GET", "/Users")).headers.get("www-authenticate")).get("error")).toBe("invalid_token");
  });

  test("RFC 6750 §3.1: a token that may not do it is insufficient_scope with 403", async () => {
    const send = await senderFor(server, directory.at, { scopes: ["users:read"] });
    for (const answer of [await send("POST", "/Users", userBody(fresh())), await send("GET", "/Groups")]) {
      expectError(answer, 403);
      const parameters = challenge(answer.headers.get("www-authenticate"));
      expect(parameters.get("error")).toBe("insufficient_scope");
      expect(parameters.get("scope") ?? "x").toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/);
    }
  });

  test("RFC 6750 §3: an answer that is none of this has no challenge", async () => {
    expect((await directory.at.send("GET", "/Users")).headers.get("www-authenticate")).toBeNull();
    expect((await directory.at.send("GET", "/Users/nobody")).headers.get("www-authenticate")).toBeNull();
  });
});

describe("RFC 6750 §5: security considerations", () => {
  test("RFC 6750 §5.2: a token cannot be guessed: 128 bits and more, and no two alike", async () => {
    const other = await server.directory(directory.at.organization, fresh("guess"));
    for (const { token } of [directory.at, other]) expect(token.replace(/^.*_/, "").length).toBeGreaterThanOrEqual(22);
    expect(directory.at.token).not.toBe(other.token);
  });

  test("RFC 6750 §5.3: answers with personal data are not stored by caches, no cookie is set, no token is shown", async () => {
    const { id } = await createUser(directory.at);
    for (const path of ["/Users", `/Users/${id}`, "/Users/nobody"]) {
      const answer = await directory.at.send("GET", path);
      expect(answer.headers.get("cache-control")).toMatch(/no-store|private/);
      expect(answer.headers.get("set-cookie")).toBeNull();
      expect(answer.text).not.toContain(directory.at.token);
    }
  });
});
