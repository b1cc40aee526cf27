import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../../src/cli/run.ts";
import { testContext } from "../harness/postgres.ts";
import { sender, serveScim, userOf } from "../scim/endpoint.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const environment = {
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
  MUSTER_PUBLIC_URL: "https://muster.example",
};
const { failure } = commands(environment);
const server = await serveScim(ctx);

/** The answer of a command that succeeds, run in this process; `commands.test.ts` shows that a process says the same. */
// biome-ignore lint/suspicious/noExplicitAny: what is asked of it is what the test is about.
async function answer<T = any>(...typed: string[]): Promise<T> {
  return JSON.parse(await said(...typed, "--json")) as T;
}

async function said(...typed: string[]): Promise<string> {
  const [out, err]: [string[], string[]] = [[], []];
  const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const exit = await runCommand(typed, environment, output);
  expect([exit, err.join("")]).toEqual([0, ""]);
  return out.join("");
}

let okta: { id: string; token: string };
let entra: { id: string; token: string };
beforeAll(async () => {
  await answer("org", "create", "acme");
  okta = await answer("directory", "add", "okta", "--kind", "scim");
  entra = await answer("directory", "add", "entra", "--kind", "scim");
  for (const { id, token } of [okta, entra]) {
    const scim = sender(`${server.origin}/scim/v2/${id}`, token);
    expect((await scim("POST", "/Users", userOf("ada"))).status).toBe(201);
  }
  await answer("product", "add", "wiki");
  await answer("group", "create", "users");
  await answer("group", "add", "local/users", "ada");
  await answer("grant", "local/users", "wiki", "user");
});

describe("muster directory order", () => {
  it("--dry-run tells whose record, role and right changes and changes nothing; the order itself tells the same", async () => {
    const before = await answer("directory", "list");
    const would = await answer("directory", "order", "entra", "okta", "internal", "--dry-run");
    expect(would).toMatchObject({
      dryRun: true,
      changed: true,
      consequences: {
        canonical: { total: 1, named: [{ user: { userName: "ada" }, from: "okta", to: "entra", parked: true }] },
        roles: { total: 1, named: [{ product: "wiki", from: { role: "user" }, to: { role: null } }] },
        products: [{ product: "wiki", seats: { gained: 0, lost: 1 } }],
      },
      writeTarget: { directory: "internal", refusal: null },
    });
    expect(await answer("directory", "list")).toEqual(before);
    expect(await said("directory", "order", "entra", "okta", "internal", "--dry-run")).toMatch(
      /1 people get another canonical record, or none[\s\S]*ada +okta +entra +parked[\s\S]*ada +acme\/wiki +user +none[\s\S]*acme\/wiki +\+0 -1/,
    );
    expect(await answer("directory", "order", "entra", "okta", "internal")).toEqual({ ...would, dryRun: false });
    await answer("user", "confirm", "ada");
    await answer("directory", "order", "okta", "entra", "internal");
    await answer("user", "confirm", "ada");
  });
});

describe("permissions and external user management", () => {
  it("say in the list where new people are written; refusals name the command that helps", async () => {
    expect(
      (await answer("directory", "list")).map((one: Record<string, unknown>) => [
        one.name,
        one.permissions,
        one.newPeople,
      ]),
    ).toEqual([
      ["okta", "read-only-local-groups", false],
      ["entra", "read-only-local-groups", false],
      ["internal", "read-write", true],
    ]);
    expect(await failure("user", "edit", "ada", "--name", "Ada")).toMatchObject({
      exit: 4,
      code: "read-only",
      message: expect.stringContaining("muster directory policy okta --permissions read-write"),
    });
    await answer("directory", "policy", "okta", "--permissions", "read-write");
    await answer("user", "edit", "ada", "--name", "Ada", "--email", "ada@acme.example");
    expect(await answer("user", "show", "ada")).toMatchObject({ email: "ada@acme.example" });
    expect(await answer("user", "add", "grace@acme.example", "--name", "Grace")).toMatchObject({
      status: "invited-not-sent",
      records: [{ directory: "okta" }],
    });
    expect(await said("directory", "list")).toMatch(
      /okta +scim +read-write +here[\s\S]*new people are written to okta/,
    );
    await answer("directory", "policy", "okta", "--permissions", "read-only");
    expect(await failure("group", "add", "local/users", "grace@acme.example")).toMatchObject({
      exit: 4,
      code: "read-only",
    });
    await answer("directory", "policy", "okta", "--permissions", "read-only-local-groups");
  });

  it("believe a directory about domains as addresses have them, however they are typed, and about nothing else", async () => {
    const believed = async () => (await answer("directory", "list"))[0].authoritativeDomains;
    expect(
      await answer("directory", "policy", "okta", "--authoritative", "Bücher.Example., acme.example"),
    ).toMatchObject({
      authoritativeDomains: ["xn--bcher-kva.example", "acme.example"],
    });
    expect(await believed()).toEqual(["xn--bcher-kva.example", "acme.example"]);
    expect(await failure("directory", "policy", "okta", "--authoritative", "@acme.example")).toMatchObject({
      exit: 6,
      at: "authoritativeDomains",
      message: expect.stringContaining("@acme.example is no domain"),
    });
    const file = join(ctx.config.dataDirectory, "domains.yaml");
    const apply = (domain: string) => {
      const list = `authoritativeDomains: ["${domain}"]`;
      writeFileSync(file, `organizations: [{ key: acme, directories: [{ name: okta, kind: scim, ${list} }] }]\n`);
    };
    apply("ACME.Example");
    expect(await answer("apply", "-f", file)).toMatchObject({ updated: 1 });
    expect(await believed()).toEqual(["acme.example"]);
    expect(await answer("apply", "-f", file)).toMatchObject({ updated: 0 });
    apply("*.acme.example");
    expect(await failure("apply", "-f", file)).toMatchObject({ exit: 6, at: "authoritativeDomains" });
    await answer("directory", "policy", "okta", "--authoritative", "");
  });

  it("are a setting of the organization, by command and by file", async () => {
    expect(await answer("org", "show")).toMatchObject({ key: "acme", externalUserManagement: false });
    await answer("org", "set", "--external-user-management");
    expect(await failure("user", "add", "late@acme.example")).toMatchObject({
      exit: 4,
      code: "externally-managed",
      message: expect.stringContaining("muster org set --no-external-user-management"),
    });
    expect(await said("directory", "list")).toContain("Another order of the directories does not change that");
    await answer("admin", "add", "rescue@acme.example");
    const file = join(ctx.config.dataDirectory, "acme.yaml");
    const apply = (outside: boolean, permissions: string) => {
      writeFileSync(
        file,
        `organizations:\n  - key: acme\n    externalUserManagement: ${outside}\n    directories:\n      - { name: okta, kind: scim, permissions: ${permissions} }\n`,
      );
      return answer("apply", "-f", file);
    };
    expect(await apply(true, "read-only")).toMatchObject({ updated: 1, unchanged: 1 });
    expect(await apply(false, "read-only")).toMatchObject({ updated: 1, unchanged: 1 });
    expect(await answer("user", "add", "late@acme.example")).toMatchObject({ records: [{ directory: "internal" }] });
    // What the file does not name stays as it is.
    await answer("org", "set", "--membership-mode", "masking");
    expect(await apply(false, "read-only-local-groups")).toMatchObject({ updated: 1 });
    expect(await answer("org", "show")).toMatchObject({ membershipMode: "masking" });
    await answer("org", "set", "--membership-mode", "aggregating");
  });
});

describe("muster group", () => {
  it("remove tells what remains through other groups; a directory's group is renamed only where that is permitted", async () => {
    await answer("group", "create", "more");
    await answer("group", "add", "local/more", "ada");
    await answer("grant", "local/more", "wiki", "admin");
    expect(await answer("group", "remove", "local/users", "ada")).toMatchObject({
      removed: 1,
      kept: [],
      remaining: [{ user: { userName: "ada" }, product: "wiki", role: "admin", directory: "local", group: "more" }],
    });
    expect(await said("group", "add", "local/users", "ada")).toContain("1 added");
    expect(await said("group", "remove", "local/users", "ada")).toMatch(
      /1 removed\nstill effective:[\s\S]*local\/more/,
    );
    const scim = sender(`${server.origin}/scim/v2/${okta.id}`, okta.token);
    expect(
      (
        await scim("POST", "/Groups", {
          displayName: "staff",
          schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        })
      ).status,
    ).toBe(201);
    expect(await failure("group", "rename", "okta/staff", "team")).toMatchObject({ exit: 4, code: "read-only" });
    expect(await failure("group", "delete", "okta/staff")).toMatchObject({ exit: 4, code: "read-only" });
    await answer("directory", "policy", "okta", "--permissions", "read-write");
    expect(await answer("group", "rename", "okta/staff", "team")).toMatchObject({ name: "team", changed: true });
    await answer("group", "delete", "okta/team");
    expect((await answer("group", "list")).map(({ name }: { name: string }) => name)).toEqual(["more", "users"]);
  });
});

describe("muster directory remove", () => {
  it("asks: --dry-run tells, --yes or the name does it; then neither token nor endpoint is known", async () => {
    const scim = sender(`${server.origin}/scim/v2/${okta.id}`, okta.token);
    expect(await failure("directory", "remove", "okta")).toMatchObject({
      exit: 2,
      at: "--yes",
      message: expect.stringContaining("--dry-run"),
    });
    expect(await failure("directory", "remove", "okta", "--confirm", "entra")).toMatchObject({
      exit: 6,
      at: "confirm",
    });
    expect(await failure("directory", "remove", "internal", "--yes")).toMatchObject({ exit: 5, code: "conflict" });
    const would = await answer("directory", "remove", "okta", "--dry-run");
    expect(would).toMatchObject({
      dryRun: true,
      name: "okta",
      consequences: { canonical: { named: expect.arrayContaining([]) } },
    });
    expect((await scim("GET", "/Users")).status).toBe(200);
    expect(await said("directory", "remove", "okta", "--dry-run")).toMatch(
      /would remove okta: 2 people[\s\S]*ada +okta +entra/,
    );
    expect(await answer("directory", "remove", "okta", "--confirm", "okta")).toEqual({ ...would, dryRun: false });
    // The server hears of it from the database, a moment after the command has ended.
    await expect.poll(async () => (await scim("GET", "/Users")).status).toBe(401);
    expect((await scim("POST", "/Users", userOf("late"))).status).toBe(401);
    expect((await answer("directory", "list")).map(({ name }: { name: string }) => name)).toEqual([
      "entra",
      "internal",
    ]);
    expect(await failure("directory", "remove", "okta", "--yes")).toMatchObject({ exit: 3 });
    expect(await answer("directory", "remove", "entra", "--yes")).toMatchObject({ users: 1 });
  });
});
