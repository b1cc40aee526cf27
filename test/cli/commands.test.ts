import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { hashToken } from "../../src/identity/token-form.ts";
import { testContext } from "../harness/postgres.ts";
import { commands, errorOf, UUID7 } from "./world.ts";

const ctx = await testContext();
const environment = {
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
  MUSTER_PUBLIC_URL: "https://muster.example/",
};
const { answer, failure, words } = commands(environment);
const id = expect.stringMatching(UUID7);

// One story in the order in which an administrator would do it; each test stands on those before it.
describe("the first organization", () => {
  it("must exist before anything else", async () => {
    expect(await failure("user", "list")).toMatchObject({ exit: 2, code: "usage", at: "--org" });
  });

  it("is made with a site of its key and the directory internal; again it is a conflict", async () => {
    expect(await answer("org", "create", "acme")).toEqual({ id, key: "acme" });
    expect(await answer("site", "list")).toEqual([{ id, key: "acme", name: "acme" }]);
    expect(await answer("directory", "list")).toMatchObject([{ name: "internal", kind: "internal", position: 1 }]);
    expect(await failure("org", "create", "acme")).toMatchObject({ exit: 5, code: "uniqueness", at: "key" });
    expect(await failure("org", "create", "Acme Corp")).toMatchObject({ exit: 6, code: "invalid", at: "key" });
  });

  it("gets products and spaces in the shapes of the design", async () => {
    expect(await answer("product", "add", "wiki", "--guests", "--seats", "50")).toEqual({
      id,
      key: "wiki",
      site: "acme",
      hasGuests: true,
      seats: 50,
    });
    expect(await answer("product", "add", "tracker")).toEqual({
      id,
      key: "tracker",
      site: "acme",
      hasGuests: false,
      seats: null,
    });
    expect(await answer("space", "add", "docs", "--product", "wiki")).toEqual({ id, key: "docs", product: "wiki" });
    expect(await failure("product", "add", "wiki")).toMatchObject({ exit: 5, code: "uniqueness" });
    expect(await failure("space", "add", "docs", "--product", "wiki")).toMatchObject({ exit: 5, code: "uniqueness" });
    expect(await failure("space", "add", "x", "--product", "nope")).toMatchObject({ exit: 3, code: "not-found" });
    expect(await failure("product", "add", "p", "--seats", "many")).toMatchObject({
      exit: 2,
      code: "usage",
      at: "--seats",
    });
  });
});

describe("directories", () => {
  const password = join(ctx.config.dataDirectory, "passwords", "company");
  const ldap = [
    "--kind",
    "ldap",
    "--url",
    "ldap://127.0.0.1:1",
    "--bind-dn",
    "cn=muster,dc=example,dc=com",
    "--base",
    "dc=example,dc=com",
  ];

  it("are added before internal, a SCIM one with its token and base URL", async () => {
    const okta = await answer<{ id: string; token: string }>("directory", "add", "okta", "--kind", "scim");
    expect(okta).toEqual({
      id,
      name: "okta",
      kind: "scim",
      position: 1,
      baseUrl: `https://muster.example/scim/v2/${okta.id}`,
      token: expect.stringMatching(/^mst_scim_[0-9A-Za-z]{49}$/),
    });
    const [found] = await ctx.db.lookUp<{ directory: string }>({
      text: "select directory from find_token($1)",
      values: [hashToken(okta.token)],
    });
    expect(found?.directory).toBe(okta.id);
    expect(await failure("directory", "add", "okta", "--kind", "scim")).toMatchObject({
      exit: 5,
      code: "uniqueness",
      at: "name",
    });
    expect(await failure("directory", "add", "local", "--kind", "scim")).toMatchObject({
      exit: 6,
      code: "invalid",
      at: "name",
    });
  });

  it("of kind ldap read their password from a file relative to where the person stands, and keep it sealed", async () => {
    mkdirSync(join(ctx.config.dataDirectory, "passwords"));
    writeFileSync(password, "swordfish\n");
    const typed = commands({ ...environment, INIT_CWD: join(ctx.config.dataDirectory, "passwords") });
    expect(await typed.answer("directory", "add", "company", ...ldap, "--bind-password-file", "company")).toEqual({
      id,
      name: "company",
      kind: "ldap",
      position: 2,
    });
    const [organization] = await ctx.db.lookUp<{ id: OrganizationId }>({ text: "select id from list_organizations()" });
    const [row] = await ctx.db.of(organization?.id ?? newId()).query<{ row: string; secret: Buffer }>({
      text: "select d::text as row, secret from directories d where name = 'company'",
    });
    expect(row?.secret.includes("swordfish")).toBe(false);
    expect(row?.row).not.toContain("swordfish");
  });

  it("are refused with the flag that is wrong", async () => {
    const file = ["--bind-password-file", password];
    expect(await failure("directory", "add", "c", ...ldap)).toMatchObject({ exit: 2, at: "--bind-password-file" });
    expect(await failure("directory", "add", "c", "--kind", "ldap")).toMatchObject({ exit: 2, at: "--url" });
    expect(await failure("directory", "add", "c", "--kind", "scim", "--base", "dc=x")).toMatchObject({
      exit: 2,
      at: "--base",
    });
    expect(await failure("directory", "add", "c", ...ldap, ...file, "--url", "http://x")).toMatchObject({
      exit: 6,
      at: "--url",
    });
    expect(await failure("directory", "add", "c", ...ldap, ...file, "--url", "ldap://ldap.example.com")).toMatchObject({
      exit: 6,
      message: expect.stringContaining("unencrypted"),
    });
    expect(await failure("directory", "add", "c", ...ldap, ...file, "--every", "often")).toMatchObject({
      exit: 2,
      at: "--every",
    });
    for (const [every, at] of [
      [["--every", "1s"], "syncEvery"],
      [["--every", "366d"], "syncEvery"],
      [["--delta-every", "59s"], "deltaEvery"],
    ] as const)
      expect(await failure("directory", "add", "c", ...ldap, ...file, ...every)).toMatchObject({
        ...{ exit: 6, at, message: expect.stringContaining("once a minute at most") },
      });
    expect(await failure("directory", "add", "c", ...ldap, "--bind-password-file", "/nowhere")).toMatchObject({
      exit: 6,
      at: "--bind-password-file",
    });
  });

  it("are ordered as a whole", async () => {
    expect(await answer("directory", "order", "company", "okta", "internal")).toMatchObject({
      changed: true,
      directories: [
        { name: "company", position: 1 },
        { name: "okta", position: 2 },
        { name: "internal", position: 3 },
      ],
      consequences: { canonical: { total: 0, named: [] }, locksOutCaller: false },
      writeTarget: { directory: "internal", refusal: null },
    });
    expect(await failure("directory", "order", "company", "okta")).toMatchObject({
      exit: 6,
      message: expect.stringContaining("internal"),
    });
    expect(await failure("directory", "order", "company", "okta", "okta")).toMatchObject({ exit: 6, at: "okta" });
  });

  it("tell that they cannot be read: the run's answer on standard output, the error on the last line", async () => {
    const { code, out, err } = await words("directory", "sync", "company", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      runId: id,
      state: "failed",
      counts: { read: 0, added: 0, updated: 0, deactivated: 0, removed: 0, unchanged: 0, conflicts: 0 },
      rowsWritten: 0,
    });
    expect(errorOf(err)).toMatchObject({ code: "unavailable", message: expect.stringContaining("127.0.0.1:1") });
    expect(await answer("sync", "runs")).toMatchObject([{ directory: "company", state: "failed" }]);
    expect(await failure("sync", "show", "nonsense")).toMatchObject({ exit: 3, code: "not-found" });
    expect(await failure("directory", "sync", "okta")).toMatchObject({ exit: 6, code: "invalid" });
    expect(await failure("directory", "sync", "nope")).toMatchObject({ exit: 3, code: "not-found" });
    expect(await failure("directory", "sync", "company", "--dry-run", "--approve")).toMatchObject({
      exit: 2,
      code: "usage",
    });
  });

  it("get a new token beside the old one", async () => {
    const rotated = await answer<{ token: string }>("directory", "token", "rotate", "okta");
    expect(rotated.token).toMatch(/^mst_scim_/);
    expect(await answer<{ scope: string }[]>("token", "list")).toHaveLength(2);
    expect(await failure("directory", "token", "rotate", "company")).toMatchObject({ exit: 6, code: "invalid" });
  });
});

describe("people and their access", () => {
  it("an administrator is made from a stranger's address, once", async () => {
    expect(await answer("admin", "add", "Ada@Example.com")).toEqual({
      id,
      userName: "ada@example.com",
      rights: ["organization-administrator"],
    });
    expect(await failure("admin", "add", "ada@example.com")).toMatchObject({ exit: 5, code: "uniqueness" });
    expect(await failure("admin", "add", "ada")).toMatchObject({ exit: 6, code: "invalid", at: "email" });
  });

  it("a person is shown by e-mail, user name or id; anybody else is not found", async () => {
    const shown = await answer<{ id: string }>("user", "show", "ADA@example.com");
    expect(shown).toEqual({
      id,
      userName: "ada@example.com",
      email: "ada@example.com",
      displayName: null,
      status: "invited-not-sent",
      kind: "member",
      source: "internal",
      firstAccessAt: null,
      lastAccessAt: null,
      expiresAt: null,
      invitedAt: null,
      signedUpAt: null,
      sites: [{ site: "acme", status: "no-site-access" }],
      access: [],
      records: [{ directory: "internal", id, externalId: null, canonical: true, active: true }],
    });
    expect(await answer("user", "show", shown.id)).toEqual(shown);
    const unknown = await failure("user", "show", newId());
    expect(unknown).toMatchObject({ exit: 3, code: "not-found" });
    expect(await failure("user", "show", "no-uuid")).toMatchObject({ exit: 3, message: unknown.message });
  });

  it("a grant waits for a group that its directory has not created, and is in force for one that stands", async () => {
    const waiting = await answer("grant", "okta/Site/Admins", "tracker", "admin");
    expect(waiting).toEqual({
      id,
      group: { id: null, name: "Site/Admins" },
      product: "tracker",
      role: "admin",
      state: "waiting",
      accountsChanged: 0,
    });
    const group = await answer<{ id: string }>("group", "create", "editors");
    expect(await answer("group", "add", "local/editors", "ada@example.com")).toMatchObject({ added: 1 });
    const grant = ["grant", `id:${group.id}`, "wiki", "guest"];
    expect(await answer(...grant)).toEqual({
      id,
      group: { id: group.id, name: "editors" },
      product: "wiki",
      role: "guest",
      state: "in-force",
      accountsChanged: 1,
    });
    expect(await failure(...grant)).toMatchObject({ exit: 5, code: "conflict" });
    expect(await failure("grant", "local/editors", "tracker", "guest")).toMatchObject({
      exit: 6,
      code: "invalid",
      at: "role",
    });
    expect(await failure("grant", "local/nope", "wiki", "user")).toMatchObject({ exit: 3, code: "not-found" });
    expect(await failure("grant", "editors", "wiki", "user")).toMatchObject({ exit: 6, code: "invalid" });
    expect(await failure("grant", "local/editors", "wiki", "owner")).toMatchObject({ exit: 2, code: "usage" });
  });

  it("access is told with its reason, before and after a space is given", async () => {
    const before = await answer<{ access: unknown[] }>("access", "ada@example.com");
    const trace = [{ directory: "local", group: "editors", grant: id, role: "guest", counts: true }];
    expect(before).toEqual({
      account: { id, userName: "ada@example.com", email: "ada@example.com", status: "invited-not-sent" },
      access: [
        { site: "acme", product: "tracker", role: null, allowed: false, reason: "no-grant", spaces: [], trace: [] },
        { site: "acme", product: "wiki", role: "guest", allowed: false, reason: "no-space", spaces: [], trace },
      ],
    });
    await answer(
      "guest",
      "assign",
      "ada@example.com",
      "docs",
      "--product",
      "wiki",
      "--permission",
      "read-only",
      "--for",
      "30d",
    );
    const after = await answer<{ access: { allowed: boolean; spaces: unknown[] }[] }>("access", "ada@example.com");
    expect(after.access[1]).toMatchObject({
      allowed: true,
      reason: null,
      spaces: [{ space: "docs", permission: "read-only", expiresAt: expect.stringMatching(/^\d{4}-.*Z$/) }],
    });
  });

  it("the last administrator is neither suspended nor removed; with another one that works", async () => {
    for (const words of [
      ["user", "suspend"],
      ["admin", "remove"],
    ])
      expect(await failure(...words, "ada@example.com")).toMatchObject({
        exit: 5,
        code: "conflict",
        message: expect.stringMatching(/last administrator; make somebody else/),
      });
    await answer("admin", "add", "eve@example.com");
    expect(await answer("admin", "remove", "ada@example.com")).toEqual({ id, removed: true });
    expect(await failure("admin", "remove", "ada@example.com")).toMatchObject({ exit: 3, code: "not-found" });
    expect(await answer("admin", "list")).toEqual([
      {
        id,
        user: { id, userName: "eve@example.com" },
        bundle: "organization-administrator",
        scope: "organization",
        inForce: true,
        parkedAt: null,
      },
    ]);
  });

  it("suspending takes all access away, restoring gives it back", async () => {
    expect(await answer("user", "suspend", "ada@example.com")).toMatchObject({ status: "suspended" });
    const suspended = await answer<{ access: { reason: string }[] }>("access", "ada@example.com");
    expect(suspended.access.map((row) => row.reason)).toEqual(["suspended", "suspended"]);
    expect(await failure("user", "suspend", "ada@example.com")).toMatchObject({ exit: 5, code: "conflict" });
    expect(await answer("user", "restore", "ada@example.com")).toMatchObject({ status: "invited-not-sent" });
  });

  it("an invitation is resent once, then comes the cool-down", async () => {
    expect(await answer("invite", "resend", "ada@example.com")).toEqual({
      accountId: id,
      invitationId: id,
      mailId: id,
      status: "invited",
    });
    expect(await failure("invite", "resend", "ada@example.com")).toMatchObject({ exit: 5, code: "cool-down" });
    expect(await answer("user", "list", "--status", "invited")).toMatchObject([{ userName: "ada@example.com" }]);
    expect(await answer("user", "list", "--status", "active")).toEqual([]);
  });

  it("sign-up domains are set as a whole list", async () => {
    expect(await answer("domain", "set", "*.Example.com", "example.com")).toMatchObject({
      domains: ["example.com", "*.example.com"],
    });
    expect(await failure("domain", "set", "com")).toMatchObject({ exit: 6, code: "invalid", at: "com" });
    expect(await answer("domain", "list")).toEqual(["example.com", "*.example.com"]);
  });
});

describe("tokens", () => {
  it("of the administration and of a product are shown once with scope and end", async () => {
    for (const scope of ["admin", "product:wiki"])
      expect(await answer("token", "create", "--scope", scope)).toEqual({
        id,
        token: expect.stringMatching(/^mst_api_[0-9A-Za-z]{49}$/),
        scope,
        expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      });
    expect(await failure("token", "create", "--scope", "product:nope")).toMatchObject({ exit: 3, code: "not-found" });
    expect(await failure("token", "create", "--scope", "everything")).toMatchObject({ exit: 2, at: "--scope" });
    expect(await failure("token", "revoke", "x")).toMatchObject({ exit: 3, code: "not-found" });
    expect(JSON.stringify(await answer("token", "list"))).not.toContain("mst_");
  });

  it("are limited to permissions, a place and a person, and rotated with an overlap", async () => {
    const limited = ["--scope", "products:read,access:read", "--at", "product:wiki", "--owner", "eve@example.com"];
    const made = await answer<{ id: string; token: string }>("token", "create", ...limited, "--name", "dashboard");
    type Listed = { id: string; expiresAt: string };
    const listed = async (wanted: string) => (await answer<Listed[]>("token", "list")).find((one) => one.id === wanted);
    expect(await listed(made.id)).toMatchObject({
      name: "dashboard",
      scope: "access:read,products:read",
      at: "product:acme/wiki",
      owner: "eve@example.com",
    });
    const next = await answer<{ id: string; token: string }>("token", "rotate", made.id, "--overlap", "2");
    expect(next).toEqual({ id, token: expect.stringMatching(/^mst_api_/), expiresAt: expect.any(String) });
    const { expiresAt, ...facts } = (await listed(made.id)) as Listed & Record<string, unknown>;
    expect(await listed(next.id)).toMatchObject({
      name: facts.name,
      scope: facts.scope,
      at: facts.at,
      owner: facts.owner,
    });
    expect(Date.parse(expiresAt)).toBeLessThan(Date.now() + 3 * 3_600_000);
    expect(await answer("token", "revoke", next.id)).toEqual({ id: next.id, revoked: true });
    for (const [words, error] of [
      [["--scope", "users:read,nonsense"], { exit: 2, at: "--scope" }],
      [["--scope", "product:wiki", "--at", "site:acme"], { exit: 2, at: "--scope" }],
      [["--scope", "admin", "--at", "planet:acme"], { exit: 2 }],
      [["--scope", "admin", "--at", "site:nope"], { exit: 3 }],
      [["--scope", "admin", "--owner", "nobody@example.com"], { exit: 3 }],
    ] as const)
      expect(await failure("token", "create", ...words)).toMatchObject(error);
  });
});

describe("every command", () => {
  it.each([
    [[]],
    [["frobnicate"]],
    [["user"]],
    [["user", "show"]],
    [["user", "show", "a", "b"]],
    [["user", "list", "--bogus"]],
    [["apply"]],
    [["directory", "add", "x", "--kind", "carrier-pigeon"]],
  ])("tells wrong usage in the same form before anything is opened: %j", async (typed) => {
    const nowhere = commands({ DATABASE_URL: "postgres://nowhere.invalid/x" });
    expect(await nowhere.failure(...typed)).toMatchObject({ exit: 2, code: "usage" });
  });

  it("tells a wrong configuration with exit code 78, naming the key", async () => {
    const wrong = commands({ ...environment, MUSTER_LISTEN: "nowhere" });
    expect(await wrong.failure("check-config")).toMatchObject({ exit: 78, code: "configuration", at: "listen" });
    const unreachable = commands({ ...environment, MUSTER_SECRET_KEY_FILE: "/nowhere/key" });
    expect(await unreachable.failure("check-config")).toMatchObject({ exit: 78, at: "secretKeyFile" });
    for (const url of ["muster", "mysql://127.0.0.1/muster", "postgres://muster:50%@127.0.0.1/muster"])
      expect(await commands({ ...environment, DATABASE_URL: url }).failure("check-config")).toMatchObject({
        exit: 78,
        at: "database.url",
      });
    const folder = commands({ ...environment, MUSTER_CONFIG: ctx.config.dataDirectory });
    expect(await folder.failure("check-config")).toMatchObject({
      exit: 78,
      message: `the file ${ctx.config.dataDirectory} cannot be read (EISDIR)`,
      at: "MUSTER_CONFIG",
    });
  });

  it("fails when its answer cannot be written: a token that nobody has seen was not given", async () => {
    const readOnly = openSync(import.meta.filename, "r");
    const main = join(import.meta.dirname, "..", "..", "src", "main.ts");
    const child = spawn(process.execPath, [main, "--help"], { stdio: ["ignore", readOnly, "pipe"] });
    const err = text(child.stderr as Readable);
    const [code] = await once(child, "exit");
    closeSync(readOnly);
    expect([code, await err]).toEqual([1, "muster: the answer could not be written (EBADF)\n"]);
  });

  it("says the same to a person: the answer on standard output, the error in one line on the other", async () => {
    expect(await words("user", "show", "nobody")).toEqual({
      code: 3,
      out: "",
      err: "muster: nobody has this id, user name or e-mail address (nobody)\n",
    });
    const typed = await words("grant", "local/nope", "wiki", "user", "--json");
    expect(typed).toMatchObject({ code: 3, out: "" });
    expect(errorOf(typed.err)).toMatchObject({ code: "not-found" });
    const listed = await words("directory", "list");
    expect(listed.out.split("\n")[0]).toMatch(/^POSITION {2}NAME/);
    expect(await answer("--version")).toEqual({ help: "0.1.0\n" });
  });

  it("needs --org once there are two organizations, and names them", async () => {
    await answer("org", "create", "beta");
    expect(await failure("user", "list")).toMatchObject({ exit: 2, at: "--org", candidates: ["acme", "beta"] });
    expect(await answer("user", "list", "--org", "beta")).toEqual([]);
    expect(await failure("user", "show", "ada@example.com", "--org", "beta")).toMatchObject({ exit: 3 });
    expect(await failure("user", "list", "--org", "gamma")).toMatchObject({ exit: 3, code: "not-found" });
    await answer("site", "add", "14west", "--org", "acme");
    expect(await failure("product", "add", "chat", "--org", "acme")).toMatchObject({
      exit: 2,
      at: "--site",
      candidates: ["14west", "acme"],
    });
    await answer("product", "add", "wiki", "--org", "acme", "--site", "14west");
    expect(await failure("space", "add", "x", "--product", "wiki", "--org", "acme")).toMatchObject({
      exit: 5,
      candidates: ["14west/wiki", "acme/wiki"],
    });
  });
});
