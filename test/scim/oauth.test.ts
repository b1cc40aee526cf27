import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { createClient, type NewClient, revokeClient } from "../../src/identity/oauth-clients.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { newTokenText, tokenKind } from "../../src/identity/token-form.ts";
import { doors } from "../../src/start/doors.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { scaled, seed } from "../harness/scale.ts";
import { sender, system, userOf } from "./endpoint.ts";

const ctx = await testContext();
const server = createServer(makeApp(ctx, doors, { draining: false }));
// As Muster's own: a connection that the client keeps must not end while a long test computes.
server.keepAliveTimeout = 65_000;
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
ctx.config.publicUrl = origin;

const organization = newId<OrganizationId>();
const write = <T>(work: (tx: Tx) => Promise<T>) =>
  inTransaction(ctx, system(organization), work, { lock: "exclusive" });
const [okta, entra] = await write(async (tx) => {
  await createOrganization(tx, { key: "acme" });
  return [
    await addDirectory(tx, { name: "okta", kind: "scim" }),
    await addDirectory(tx, { name: "entra", kind: "scim" }),
  ] as const;
});
let client: NewClient;
beforeAll(async () => {
  client = await write((tx) => createClient(tx, okta.id, { scopes: ["users:read", "users:write", "groups:read"] }));
});

type Form = Record<string, string> | string;
const tokenUrl = `${origin}/oauth/${okta.id}/token`;

function ask(form: Form, headers: Record<string, string> = {}, url = tokenUrl): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: typeof form === "string" ? form : new URLSearchParams(form).toString(),
  });
}

function basic(id: string, secret: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` };
}

const GRANT = { grant_type: "client_credentials" };
const posted = () => ({ ...GRANT, client_id: client.id, client_secret: client.secret });

/** Status, error and the headers that every refusal has (RFC 6749 §5.2). */
async function refusal(answer: Response): Promise<[number, string]> {
  const body = (await answer.json()) as { error: string; error_description: string };
  expect(Object.keys(body)).toEqual(["error", "error_description"]);
  expect(body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("pragma")).toBe("no-cache");
  expect(answer.headers.get("www-authenticate")).toBe(
    answer.status === 401 ? 'Basic realm="Muster", charset="UTF-8"' : null,
  );
  return [answer.status, body.error];
}

describe("RFC 6749 §4.4: a client fetches a token with its own credentials", () => {
  it.each([
    ["§2.3.1 in the form", () => ask(posted())],
    ["§2.3.1 in the header", () => ask(GRANT, basic(client.id, client.secret))],
    [
      "§2.3.1 in the header, and its id in the form too",
      () => ask({ ...GRANT, client_id: client.id }, basic(client.id, client.secret)),
    ],
    ["its id in capitals", () => ask({ ...posted(), client_id: client.id.toUpperCase() })],
    [
      "§3.2 with parameters that nobody knows and one without a value",
      () => ask({ ...posted(), resource: "x", scope: "" }),
    ],
    ["with a charset", () => ask(posted(), { "content-type": "application/x-www-form-urlencoded; charset=UTF-8" })],
  ])("%s", async (_how, send) => {
    const answer = await send();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect([answer.headers.get("cache-control"), answer.headers.get("pragma")]).toEqual(["no-store", "no-cache"]);
    const body = (await answer.json()) as { access_token: string };
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: "Bearer",
      expires_in: 3_600,
      scope: "users:read users:write groups:read",
    });
    expect(tokenKind(body.access_token)).toBe("scim");
    const scim = sender(`${origin}/scim/v2/${okta.id}`, body.access_token);
    expect((await scim("GET", "/Users")).status).toBe(200);
  });

  it("§3.3 may ask for less than it has, and the token can do no more", async () => {
    const answer = await ask({ ...posted(), scope: "groups:read users:read" });
    const { access_token, scope } = (await answer.json()) as { access_token: string; scope: string };
    expect(scope).toBe("users:read groups:read");
    const scim = sender(`${origin}/scim/v2/${okta.id}`, access_token);
    expect((await scim("GET", "/Groups")).status).toBe(200);
    const refused = await scim("POST", "/Users", userOf("nobody"));
    expect(refused.status).toBe(403);
    expect(refused.headers.get("www-authenticate")).toBe(
      'Bearer realm="Muster", error="insufficient_scope", scope="users:write"',
    );
  });

  it("gets tokens of its own directory alone", async () => {
    const { access_token } = (await (await ask(posted())).json()) as { access_token: string };
    expect((await sender(`${origin}/scim/v2/${entra.id}`, access_token)("GET", "/Users")).status).toBe(401);
  });

  it("gets none once it is revoked, and those that it has end", async () => {
    const gone = await write((tx) => createClient(tx, okta.id, {}));
    const form = { ...GRANT, client_id: gone.id, client_secret: gone.secret };
    const { access_token } = (await (await ask(form)).json()) as { access_token: string };
    const scim = sender(`${origin}/scim/v2/${okta.id}`, access_token);
    expect((await scim("GET", "/Users")).status).toBe(200);
    await write((tx) => revokeClient(tx, gone.id));
    await until("its token is refused", 60, async () => (await scim("GET", "/Users")).status === 401);
    expect(await refusal(await ask(form))).toEqual([401, "invalid_client"]);
  });

  it("waits when it fetches more than it can need", async () => {
    const eager = await write((tx) => createClient(tx, okta.id, {}));
    const form = { ...GRANT, client_id: eager.id, client_secret: eager.secret };
    let refused: Response | undefined;
    await until("it is told to wait", 60, async () => {
      const answers = await Promise.all(Array.from({ length: 150 }, () => ask(form)));
      refused = answers.find((answer) => answer.status !== 200);
      return refused !== undefined;
    });
    expect(refused?.headers.get("retry-after")).toBe("1");
    expect(await refusal(refused as Response)).toEqual([429, "temporarily_unavailable"]);
    expect((await ask(posted())).status).toBe(200);
  });
});

describe("RFC 6749 §5.2: a token request is refused", () => {
  const stranger = newId();
  it.each<[string, () => Promise<Response>, number, string]>([
    ["without credentials", () => ask(GRANT), 401, "invalid_client"],
    ["without a body", () => ask(""), 401, "invalid_client"],
    ["without a secret", () => ask({ ...GRANT, client_id: client.id }), 401, "invalid_client"],
    ["without an id", () => ask({ ...GRANT, client_secret: client.secret }), 401, "invalid_client"],
    ["of an unknown client", () => ask({ ...posted(), client_id: stranger }), 401, "invalid_client"],
    ["of an id that is none", () => ask({ ...posted(), client_id: "admin" }), 401, "invalid_client"],
    ["with another secret", () => ask({ ...posted(), client_secret: newTokenText("cli") }), 401, "invalid_client"],
    [
      "with a secret cut short",
      () => ask({ ...posted(), client_secret: client.secret.slice(0, -1) }),
      401,
      "invalid_client",
    ],
    ["at another directory", () => ask(posted(), {}, `${origin}/oauth/${entra.id}/token`), 401, "invalid_client"],
    ["at an unknown directory", () => ask(posted(), {}, `${origin}/oauth/${stranger}/token`), 401, "invalid_client"],
    ["at no directory", () => ask(posted(), {}, `${origin}/oauth/x/token`), 401, "invalid_client"],
    [
      "with credentials in the URL alone",
      () => ask(GRANT, {}, `${tokenUrl}?${new URLSearchParams(posted())}`),
      401,
      "invalid_client",
    ],
    [
      "with a bearer token",
      () => ask(GRANT, { authorization: `Bearer ${newTokenText("scim")}` }),
      401,
      "invalid_client",
    ],
    ["with a broken header", () => ask(GRANT, { authorization: "Basic %%%" }), 401, "invalid_client"],
    ["with a header without a colon", () => ask(GRANT, { authorization: `Basic ${btoa("x")}` }), 401, "invalid_client"],
    ["with a header that cannot be decoded", () => ask(GRANT, basic("%zz", "%")), 401, "invalid_client"],
    [
      "with credentials in header and form",
      () => ask(posted(), basic(client.id, client.secret)),
      400,
      "invalid_request",
    ],
    [
      "with another id in header and form",
      () => ask({ ...GRANT, client_id: stranger }, basic(client.id, client.secret)),
      400,
      "invalid_request",
    ],
    [
      "with a parameter twice",
      () => ask(`${new URLSearchParams(posted())}&grant_type=client_credentials`),
      400,
      "invalid_request",
    ],
    ["without a grant type", () => ask({ client_id: client.id, client_secret: client.secret }), 400, "invalid_request"],
    ["of another grant type", () => ask({ ...posted(), grant_type: "password" }), 400, "unsupported_grant_type"],
    [
      "for a scope that the client has not",
      () => ask({ ...posted(), scope: "users:read groups:write" }),
      400,
      "invalid_scope",
    ],
    ["for a scope that there is not", () => ask({ ...posted(), scope: 'every"thing\\\u00e9' }), 400, "invalid_scope"],
    ["for a person's scope", () => ask({ ...posted(), scope: "me" }), 400, "invalid_scope"],
    ["as JSON", () => ask(JSON.stringify(posted()), { "content-type": "application/json" }), 400, "invalid_request"],
    ["without a media type", () => ask("x", { "content-type": "" }), 400, "invalid_request"],
    [
      "in a charset that nobody knows",
      () => ask(posted(), { "content-type": "application/x-www-form-urlencoded; charset=x" }),
      400,
      "invalid_request",
    ],
    ["compressed", () => ask(posted(), { "content-encoding": "gzip" }), 400, "invalid_request"],
    ["that is too long", () => ask({ ...posted(), more: "x".repeat(9_000) }), 413, "invalid_request"],
    ["to another path", () => ask(posted(), {}, `${tokenUrl}/x`), 404, "invalid_request"],
    ["to a path that cannot be decoded", () => ask(posted(), {}, `${origin}/oauth/%ff/token`), 400, "invalid_request"],
  ])("%s", async (_what, send, status, error) => {
    expect(await refusal(await send())).toEqual([status, error]);
  });

  it("with the same bytes whichever part of a guess is wrong", async () => {
    const wrong = await Promise.all([
      ask({ ...posted(), client_id: newId() }),
      ask({ ...posted(), client_secret: newTokenText("cli") }),
      ask(posted(), {}, `${origin}/oauth/${entra.id}/token`),
      ask(posted(), {}, `${origin}/oauth/${newId()}/token`),
      ask({ ...posted(), client_secret: "x" }),
    ]);
    expect(new Set(await Promise.all(wrong.map((answer) => answer.text()))).size).toBe(1);
  });

  it("by any other method than POST", async () => {
    for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
      const answer = await fetch(tokenUrl, { method });
      expect(answer.headers.get("allow")).toBe("POST");
      expect(await refusal(answer)).toEqual([405, "invalid_request"]);
    }
  });

  it("with no answer but RFC 6749's, whatever the body is", async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "grant_type",
        "client_credentials",
        "client_id",
        "client_secret",
        "scope",
        "=",
        "&",
        "%",
        "+",
        "%00",
      ),
      fc.constantFrom("__proto__", "constructor", "%ff", "%zz", "users:read", "[]", "[a]=1"),
      fc.string({ unit: "binary", maxLength: 40 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.boolean(), async (pieces, withClient) => {
        const body = `${withClient ? new URLSearchParams(posted()) : ""}${pieces.join("")}`;
        const answer = await ask(body);
        const parsed = (await answer.json()) as Record<string, unknown>;
        expect([200, 400, 401, 413, 429]).toContain(answer.status);
        expect(Object.keys(parsed)).toContain(answer.status === 200 ? "access_token" : "error");
        expect(JSON.stringify(parsed)).not.toContain(client.secret);
      }),
      { numRuns: scaled(2_000), seed },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe("failures of an address", () => {
  it("come to an end, without locking out a client behind it that is known", async () => {
    // What was tried before may have spent the address's budget.
    await until("the client is known here", 60, async () => (await ask(posted())).status === 200);
    const guess = () => ask({ ...posted(), client_secret: newTokenText("cli") });
    let refused: Response | undefined;
    await until("a guess is told to wait", 60, async () => {
      const answers = await Promise.all(Array.from({ length: 300 }, guess));
      refused = answers.find((answer) => answer.status === 429);
      return refused !== undefined;
    });
    expect(refused?.headers.get("retry-after")).toBe("1");
    expect(await refusal(refused as Response)).toEqual([429, "temporarily_unavailable"]);
    expect((await ask(posted())).status).toBe(200);
  });
});

describe("RFC 8414: what a client can learn by itself", () => {
  it("§3.1 stands between host and path of the issuer", async () => {
    const answer = await fetch(`${origin}/.well-known/oauth-authorization-server/oauth/${okta.id}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toEqual({
      issuer: `${origin}/oauth/${okta.id}`,
      token_endpoint: tokenUrl,
      grant_types_supported: ["client_credentials"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
      scopes_supported: ["users:read", "users:write", "groups:read", "groups:write"],
    });
  });

  it("is the same for a directory that is not there, and nothing for what is no id", async () => {
    const known = await (await fetch(`${origin}/.well-known/oauth-authorization-server/oauth/${okta.id}`)).text();
    const other = newId();
    const unknown = await (await fetch(`${origin}/.well-known/oauth-authorization-server/oauth/${other}`)).text();
    expect(unknown.replaceAll(other, okta.id)).toBe(known);
    for (const path of ["", "/", "/oauth", "/oauth/x", "/x"])
      expect((await fetch(`${origin}/.well-known/oauth-authorization-server${path}`)).status).toBe(404);
    const posted = await fetch(`${origin}/.well-known/oauth-authorization-server/oauth/${okta.id}`, { method: "POST" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("follows a public URL that has a path of its own", async () => {
    const { oauthMetadataRouter } = await import("../../src/scim/oauth/metadata.ts");
    const under = { ...ctx, config: { ...ctx.config, publicUrl: "https://idm.example.com/muster" } };
    const app = makeApp(under, [{ path: "/.well-known/oauth-authorization-server", router: oauthMetadataRouter }], {
      draining: false,
    });
    const other = createServer(app);
    await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
    const at = `http://127.0.0.1:${(other.address() as AddressInfo).port}/.well-known/oauth-authorization-server`;
    for (const path of [`/muster/oauth/${okta.id}`, `/oauth/${okta.id}`])
      expect(await (await fetch(at + path)).json()).toMatchObject({
        issuer: `https://idm.example.com/muster/oauth/${okta.id}`,
        token_endpoint: `https://idm.example.com/muster/oauth/${okta.id}/token`,
      });
    other.closeAllConnections();
    await new Promise((closed) => other.close(closed));
  });
});
