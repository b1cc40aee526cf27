import { beforeEach, describe, expect, test } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { createProduct } from "../../src/identity/products.ts";
import { listRemovalBudgets } from "../../src/identity/removal-budget.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { commands } from "../cli/world.ts";
import { listeningLogger } from "../harness/log.ts";
import { testContext } from "../harness/postgres.ts";
import { type Answer, type Endpoint, patchOf, serveScim, system, userOf } from "./endpoint.ts";

const { logger, lines } = listeningLogger();
const ctx = await testContext({ logger });
const server = await serveScim(ctx);
const cli = commands(ctx.database.environment);

let okta: Endpoint;
let group: string;
let people: string[];
let names = 0;

const off = patchOf({ op: "replace", path: "active", value: false });
const deactivate = (id: string, at = okta) => at.send("PATCH", `/Users/${id}`, off);
const db = () => ctx.db.of(okta.organization);

/** A directory with so many people in a group that gives access. */
async function fill(at: Endpoint, name: string, count: number): Promise<{ group: string; people: string[] }> {
  const answers = await Promise.all(
    Array.from({ length: count }, () => at.send("POST", "/Users", userOf(`${name}-${++names}@example.com`))),
  );
  const made = answers.map((answer) => answer.id);
  const members = made.map((value) => ({ value }));
  const answer = await at.send("POST", "/Groups", { displayName: `${name} people`, members });
  expect(answer.status).toBe(201);
  return { group: answer.id, people: made };
}

async function withAccess(): Promise<number> {
  const [row] = await db().query<{ count: number }>({
    text: "select count(distinct account) as count from live_access where organization = $1",
    values: [okta.organization],
  });
  return row?.count ?? -1;
}

function expectHeld(answer: Answer, directory = "okta"): void {
  expect(answer.body).toMatchObject({
    schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
    status: "503",
    detail: expect.stringContaining(`muster directory release ${directory} --for 1h --reason TEXT --org org-`),
  });
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(3_000);
}

beforeEach(async () => {
  const organization = await server.organization();
  okta = await server.directory(organization);
  await inTransaction(
    ctx,
    system(organization),
    async (tx) => {
      const product = await createProduct(tx, await resolveSite(tx, undefined), { key: "wiki" });
      for (const name of ["okta people", "second"])
        await grantRole(tx, { group: { directory: okta.directory, name }, product: product.id, role: "user" });
    },
    { lock: "exclusive" },
  );
  ({ group, people } = await fill(okta, "okta", 60));
});

describe("60 people, of whom 50 may lose their access in an hour (design §7)", () => {
  test("the 51st PATCH is refused, nothing of it is done, and the command in its detail opens the directory", async () => {
    for (const id of people.slice(0, 50)) expect((await deactivate(id)).status).toBe(200);
    const last = people[50]!;
    const before = await okta.send("GET", `/Users/${last}`);
    expectHeld(await deactivate(last));
    expect((await okta.send("GET", `/Users/${last}`)).text).toBe(before.text);
    expect(await withAccess()).toBe(10);
    expect(lines.find((line) => line.message === "removals are held")).toMatchObject({
      level: "error",
      directory: okta.directory,
    });

    // Everything else goes on.
    expect((await okta.send("POST", "/Users", userOf("new@example.com"))).status).toBe(201);
    const renamed = patchOf({ op: "replace", path: "displayName", value: "Still here" });
    expect((await okta.send("PATCH", `/Users/${last}`, renamed)).status).toBe(200);

    const { detail } = (await deactivate(last)).body as { detail: string };
    const command = /muster (directory release .*)$/.exec(detail)?.[1]?.replace("TEXT", "'the sale is over'") ?? "";
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map((word) => word[1] ?? word[2] ?? "");
    const { releasedUntil } = await cli.answer<{ releasedUntil: string }>(...words);
    expect(Date.parse(releasedUntil)).toBeGreaterThan(Date.now());
    for (const id of people.slice(50)) expect((await deactivate(id)).status).toBe(200);
    expect(await withAccess()).toBe(0);
    expect(await listRemovalBudgets(db())).toMatchObject([{ lost: 60, gone: 60, heldAt: expect.any(Date) }]);
  });

  test.each<[string, (id: string) => Promise<unknown>]>([
    ["DELETE", (id) => okta.send("DELETE", `/Users/${id}`)],
    [
      "a PUT that deactivates",
      async (id) => {
        const { body } = await okta.send("GET", `/Users/${id}`);
        return okta.send("PUT", `/Users/${id}`, { ...(body as object), active: false });
      },
    ],
    [
      "a member taken out",
      (id) => okta.send("PATCH", `/Groups/${group}`, patchOf({ op: "remove", path: `members[value eq "${id}"]` })),
    ],
    [
      "an operation of a Bulk request",
      (id) =>
        okta.send("POST", "/Bulk", {
          schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
          Operations: [{ method: "DELETE", path: `/Users/${id}` }],
        }),
    ],
  ])("%s counts", async (_, take) => {
    await take(people[0]!);
    expect(await listRemovalBudgets(db())).toMatchObject([{ lost: 1, gone: 1 }]);
    const rest = people.slice(1, 50);
    await Promise.all(rest.map((id) => deactivate(id)));
    await take(people[50]!);
    expect(await listRemovalBudgets(db())).toMatchObject([{ lost: 50, gone: 50, heldAt: expect.any(Date) }]);
    expect(await withAccess()).toBe(10);
  });

  test.each<[string, () => Promise<Answer>]>([
    ["members: [] by PUT", () => okta.send("PUT", `/Groups/${group}`, { displayName: "okta people" })],
    [
      "members: [] by PATCH",
      () => okta.send("PATCH", `/Groups/${group}`, patchOf({ op: "replace", path: "members", value: [] })),
    ],
    ["all members removed", () => okta.send("PATCH", `/Groups/${group}`, patchOf({ op: "remove", path: "members" }))],
    ["the group deleted", () => okta.send("DELETE", `/Groups/${group}`)],
  ])("%s is one request too much", async (_, empty) => {
    expectHeld(await empty());
    expect(await withAccess()).toBe(60);
    const { body } = await okta.send("GET", `/Groups/${group}`);
    expect((body as { members: unknown[] }).members).toHaveLength(60);
    expect(await listRemovalBudgets(db())).toMatchObject([{ lost: 0, heldAt: expect.any(Date) }]);
  });

  test("64 at the same moment: 50 are done, the others are told so", async () => {
    const more = await fill(okta, "second", 4);
    await okta.send(
      "PATCH",
      `/Groups/${group}`,
      patchOf({ op: "add", path: "members", value: more.people.map((value) => ({ value })) }),
    );
    expect(await withAccess()).toBe(64);
    const answers = await Promise.all([...people, ...more.people].map((id) => deactivate(id)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(50);
    for (const answer of answers.filter((each) => each.status !== 200)) expectHeld(answer);
    expect(await withAccess()).toBe(14);
  });

  test("people moved to another group one after the other, each out before in, are not held", async () => {
    const second = (await okta.send("POST", "/Groups", { displayName: "second" })).id;
    for (const value of people) {
      const out = patchOf({ op: "remove", path: `members[value eq "${value}"]` });
      expect((await okta.send("PATCH", `/Groups/${group}`, out)).status).toBe(204);
      const into = patchOf({ op: "add", path: "members", value: [{ value }] });
      expect((await okta.send("PATCH", `/Groups/${second}`, into)).status).toBe(204);
    }
    expect(await withAccess()).toBe(60);
  });

  test("what an administrator sees: muster directory list and muster doctor", async () => {
    const { key } = (
      await db().query<{ key: string }>({
        text: "select key from organizations where id = $1",
        values: [okta.organization],
      })
    )[0]!;
    const listed = async () => {
      const all = await cli.answer<{ name: string; removals?: object }[]>("directory", "list", "--org", key);
      return all.find((each) => each.name === "okta")?.removals;
    };
    const warnings = async () =>
      (await cli.answer<{ checks: { name: string; detail: string }[] }>("doctor")).checks
        .filter((check) => check.name === `${key}: directory okta`)
        .map((check) => check.detail);
    expect(await listed()).toMatchObject({ lost: 0, gone: 0, base: 60, budget: 50, releasedUntil: null, heldAt: null });
    expect(await warnings()).toEqual([]);
    await Promise.all(people.slice(0, 30).map((id) => deactivate(id)));
    expect(await listed()).toMatchObject({ lost: 30, gone: 30, base: 60, budget: 50 });
    const release = `muster directory release okta --for 1h --reason TEXT --org ${key}`;
    expect(await warnings()).toEqual([expect.stringContaining(`if more is to come: ${release}`)]);
    expectHeld(await okta.send("DELETE", `/Groups/${group}`));
    expect(await warnings()).toEqual([expect.stringContaining(release)]);
    await cli.answer("directory", "release", "okta", "--for", "30m", "--reason", "x", "--org", key);
    expect(await warnings()).toEqual([expect.stringContaining("nothing holds it until")]);
    expect((await cli.words("directory", "list", "--org", key)).out).toContain("30 of 50, released until");
    expect(
      await cli.failure("directory", "release", "okta", "--for", "2d", "--reason", "x", "--org", key),
    ).toMatchObject({
      exit: 6,
      code: "invalid",
    });
  });
});

test("another directory's budget is its own", async () => {
  const entra = await server.directory(okta.organization, "entra");
  await Promise.all(people.slice(0, 50).map((id) => deactivate(id)));
  expectHeld(await deactivate(people[50]!));
  const other = await fill(entra, "entra", 2);
  await inTransaction(
    ctx,
    system(okta.organization),
    async (tx) => {
      const [wiki] = await tx.query<{ id: never }>({
        text: "select id from products where organization = $1",
        values: [tx.organization],
      });
      await grantRole(tx, {
        group: { directory: entra.directory, name: "entra people" },
        product: wiki!.id,
        role: "user",
      });
    },
    { lock: "exclusive" },
  );
  expect((await deactivate(other.people[0]!, entra)).status).toBe(200);
  const budgets = await listRemovalBudgets(db());
  expect(budgets.map((each) => [each.directory, each.gone])).toEqual([
    [okta.directory, 50],
    [entra.directory, 1],
  ]);
});
