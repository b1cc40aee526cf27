import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../../src/cli/run.ts";
import type { DirectoryId, OAuthClientId } from "../../src/db/id.ts";
import { findClient } from "../../src/identity/oauth-clients.ts";
import { findToken } from "../../src/identity/tokens.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { sender, serveScim, userOf } from "../scim/endpoint.ts";
import { commands, UUID7 } from "./world.ts";

const ctx = await testContext();
const environment = {
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
  MUSTER_PUBLIC_URL: "https://muster.example",
};
const { failure } = commands(environment);
const id = expect.stringMatching(UUID7);
const server = await serveScim(ctx);

/** The answer of a command that succeeds, run in this process; `commands.test.ts` shows that a process says the same. */
async function answer<T = unknown>(...typed: string[]): Promise<T> {
  return JSON.parse(await said(...typed, "--json")) as T;
}

async function said(...typed: string[]): Promise<string> {
  const [out, err]: [string[], string[]] = [[], []];
  const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const exit = await runCommand(typed, environment, output);
  expect([exit, err.join("")]).toEqual([0, ""]);
  return out.join("");
}

let okta: { id: DirectoryId; token: string };
beforeAll(async () => {
  await answer("org", "create", "acme");
  okta = await answer("directory", "add", "okta", "--kind", "scim", "--profile", "okta");
});

type Token = { id: string; token: string };
type Listed = { id: string; name: string | null; lastUsedAt: string | null };

describe("muster directory token", () => {
  it("adds as many as are wanted, with a name, scopes and an end", async () => {
    const made = await answer<Token & { expiresAt: string }>(
      ...["directory", "token", "add", "okta", "--name", "Okta preview", "--expires", "20d"],
      ...["--scope", "groups:read", "users:read"],
    );
    expect(made).toEqual({
      id,
      directory: "okta",
      name: "Okta preview",
      scopes: ["users:read", "groups:read"],
      token: expect.stringMatching(/^mst_scim_[0-9A-Za-z]{49}$/),
      expiresAt: expect.any(String),
    });
    expect(Date.parse(made.expiresAt) - Date.now()).toBeCloseTo(20 * 86_400_000, -6);
    const scim = sender(`${server.origin}/scim/v2/${okta.id}`, made.token);
    expect((await scim("GET", "/Users")).status).toBe(200);
    expect((await scim("POST", "/Users", userOf("nobody"))).status).toBe(403);
    // The one that came with the directory goes on.
    expect((await sender(`${server.origin}/scim/v2/${okta.id}`, okta.token)("GET", "/Users")).status).toBe(200);
  });

  it("lists them without their texts, and says which end soon", async () => {
    const listed = await answer<Listed[]>("directory", "token", "list", "okta");
    expect(listed).toEqual([
      expect.objectContaining({ id, name: null, scopes: null, user: null, expiresSoon: false }),
      expect.objectContaining({ name: "Okta preview", scopes: ["users:read", "groups:read"], expiresSoon: true }),
    ]);
    const keys = ["id", "name", "scopes", "user", "createdAt", "expiresAt", "expiresSoon", "lastUsedAt"];
    for (const one of listed) expect(Object.keys(one)).toEqual(keys);
    expect(JSON.stringify(listed)).not.toContain("mst_");
    expect(await said("directory", "token", "list", "okta")).toMatch(/Okta preview .* make its successor now/);
    const { checks } = await answer<{ checks: { name: string; state: string; detail: string }[] }>("doctor");
    expect(checks.filter((check) => check.name.includes("token"))).toEqual([
      {
        name: "acme: token Okta preview",
        state: "warning",
        detail: expect.stringMatching(/^ends at .*; make its successor now$/),
      },
    ]);
  });

  it("ends one at once, while a server runs", async () => {
    const made = await answer<Token>("directory", "token", "add", "okta");
    const scim = sender(`${server.origin}/scim/v2/${okta.id}`, made.token);
    expect((await scim("GET", "/Users")).status).toBe(200);
    expect(await answer("directory", "token", "revoke", made.id)).toEqual({ id: made.id, revoked: true });
    await until("it is refused", 60, async () => (await scim("GET", "/Users")).status === 401);
    expect(await failure("directory", "token", "revoke", made.id)).toMatchObject({ exit: 3, code: "not-found" });
    expect(await failure("directory", "token", "revoke", "x")).toMatchObject({ exit: 3, code: "not-found" });
  });

  it("can be a person's of the directory", async () => {
    const scim = sender(`${server.origin}/scim/v2/${okta.id}`, okta.token);
    const ann = await scim("POST", "/Users", userOf("ann"));
    const made = await answer<Token>("directory", "token", "add", "okta", "--user", "ann", "--scope", "me");
    const me = await sender(`${server.origin}/scim/v2/${okta.id}`, made.token)("GET", "/Me");
    expect([me.status, me.id]).toEqual([200, ann.id]);
    expect(await answer<Listed[]>("directory", "token", "list", "okta")).toContainEqual(
      expect.objectContaining({ id: made.id, user: "ann", scopes: ["me"] }),
    );
    await answer("directory", "add", "entra", "--kind", "scim");
    for (const [directory, person] of [
      ["okta", "nobody"],
      ["entra", "ann"],
    ] as const)
      expect(await failure("directory", "token", "add", directory, "--user", person)).toMatchObject({
        exit: 3,
        code: "not-found",
      });
  });

  it("is refused what there is not, in one line that names what there is", async () => {
    const unknown = await failure("directory", "token", "add", "okta", "--scope", "users:read", "everything");
    expect(unknown).toMatchObject({ exit: 2, code: "usage", at: "--scope" });
    for (const scope of ["everything", "users:read", "users:write", "groups:read", "groups:write", "me"])
      expect(unknown.message).toContain(scope);
    expect(unknown.message).not.toContain("\n");
    expect(await failure("directory", "token", "add", "okta", "--scope", "me")).toMatchObject({
      exit: 6,
      code: "invalid-value",
    });
    for (const command of ["add", "list", "rotate"]) {
      expect(await failure("directory", "token", command, "internal")).toMatchObject({ exit: 6, code: "invalid" });
      expect(await failure("directory", "token", command, "nope")).toMatchObject({ exit: 3, code: "not-found" });
    }
    expect(await failure("directory", "token", "add", "okta", "--expires", "soon")).toMatchObject({ exit: 2 });
    expect(await failure("directory", "token", "add", "okta", "--expires", "2020-01-01")).toMatchObject({ exit: 6 });
    expect(await failure("directory", "token", "add", "okta", "--name", "x".repeat(257))).toMatchObject({ exit: 6 });
  });
});

describe("muster directory client", () => {
  it("adds one, whose secret is shown this once, with where it fetches its tokens", async () => {
    const made = await answer<{ clientId: string; clientSecret: string }>(
      ...["directory", "client", "add", "okta", "--name", "Ping", "--scope", "users:read", "users:write"],
    );
    expect(made).toEqual({
      clientId: id,
      clientSecret: expect.stringMatching(/^mst_cli_[0-9A-Za-z]{49}$/),
      tokenUrl: `https://muster.example/oauth/${okta.id}/token`,
      directory: "okta",
      name: "Ping",
      scopes: ["users:read", "users:write"],
    });
    const listed = await answer("directory", "client", "list", "okta");
    expect(listed).toEqual([
      {
        ...{ clientId: made.clientId, name: "Ping", scopes: ["users:read", "users:write"], liveTokens: 0 },
        ...{ createdAt: expect.any(String), lastUsedAt: null },
      },
    ]);
    expect(await said("directory", "client", "list", "okta")).toContain("users:read users:write");
  });

  it("ends one with its tokens", async () => {
    const made = await answer<{ clientId: OAuthClientId; clientSecret: string }>("directory", "client", "add", "okta");
    const found = () => findClient(ctx.db, okta.id, made.clientId, made.clientSecret);
    expect(await found()).toBeDefined();
    expect(await answer("directory", "client", "revoke", made.clientId)).toEqual({
      clientId: made.clientId,
      revoked: true,
    });
    expect(await found()).toBeUndefined();
    expect(await failure("directory", "client", "revoke", made.clientId)).toMatchObject({ exit: 3 });
    expect(await failure("directory", "client", "revoke", "x")).toMatchObject({ exit: 3, code: "not-found" });
  });

  it("has no scope of a person, and stands in no directory but a scim one", async () => {
    expect(await failure("directory", "client", "add", "okta", "--scope", "me")).toMatchObject({
      exit: 2,
      at: "--scope",
    });
    expect(await failure("directory", "client", "add", "internal")).toMatchObject({ exit: 6, code: "invalid" });
  });
});

describe("the profile of a directory", () => {
  const profiles = async () =>
    Object.fromEntries(
      (await answer<{ name: string; profile?: string }[]>("directory", "list")).map((one) => [one.name, one.profile]),
    );

  it("is given when it is made, changed later, and shown", async () => {
    expect(await profiles()).toEqual({ okta: "okta", entra: "generic", internal: undefined });
    expect(await answer("directory", "policy", "entra", "--profile", "entra")).toMatchObject({
      profile: "entra",
      changed: true,
    });
    expect(await profiles()).toMatchObject({ entra: "entra" });
    expect(await said("directory", "list")).toMatch(/entra +scim +read-only-local-groups +entra/);
    expect((await findToken(ctx.db, okta.token))?.profile).toBe("okta");
  });

  it("is one of those that there are, of a directory that is pushed", async () => {
    const wrong = await failure("directory", "add", "x", "--kind", "scim", "--profile", "azure");
    expect(wrong).toMatchObject({ exit: 2, code: "usage", at: "--profile" });
    expect(wrong.message).toContain("generic, strict, entra, okta, onelogin, jumpcloud, google, ping");
    expect(await failure("directory", "add", "x", "--kind", "ldap", "--profile", "okta")).toMatchObject({
      exit: 2,
      at: "--profile",
    });
    expect(await failure("directory", "policy", "internal", "--profile", "okta")).toMatchObject({
      exit: 6,
      code: "invalid",
    });
  });

  it("is a key of apply, and stays where the file leaves it out", async () => {
    const path = join(ctx.config.dataDirectory, "acme.yaml");
    const file = (profile: string) =>
      writeFileSync(
        path,
        `organizations:\n  - key: acme\n    directories:\n      - { name: okta, kind: scim }\n      - { name: entra, kind: scim }\n      - { name: ping, kind: scim${profile} }\n`,
      );
    file(", profile: ping");
    expect(await answer("apply", "-f", path)).toMatchObject({ created: 1, updated: 0 });
    expect(await profiles()).toMatchObject({ okta: "okta", entra: "entra", ping: "ping" });
    expect(await answer("apply", "-f", path)).toMatchObject({ created: 0, updated: 0 });
    file(", profile: strict");
    expect(await answer("apply", "-f", path)).toMatchObject({ updated: 1 });
    file("");
    expect(await answer("apply", "-f", path)).toMatchObject({ updated: 0 });
    expect(await profiles()).toMatchObject({ ping: "strict" });
    file(", profile: azure");
    expect(await failure("apply", "-f", path)).toMatchObject({ exit: 6, at: expect.stringContaining(":6:") });
  });
});
