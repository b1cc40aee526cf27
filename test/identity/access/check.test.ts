import { beforeAll, describe, expect, test } from "vitest";
import type { DirectoryId, GroupId, ProductId, SpaceId } from "../../../src/db/id.ts";
import { type AccessQuestion, checkAccess, type PersonSelector } from "../../../src/identity/access/check.ts";
import { restoreAccount, suspendAccount } from "../../../src/identity/accounts/suspend.ts";
import type { DirectoryUser } from "../../../src/identity/directory-users/directory-user.ts";
import { assignGuest } from "../../../src/identity/guests.ts";
import { createSpace } from "../../../src/identity/spaces.ts";
import { testContext } from "../../harness/postgres.ts";
import { makeOrganization, type Organization } from "./organization.ts";

const ctx = await testContext();
let org: Organization;
let wiki: ProductId;
let c: DirectoryId;
let p: DirectoryId;
let users: GroupId;
let guests: GroupId;
let docs: SpaceId;

beforeAll(async () => {
  org = await makeOrganization(ctx, "check");
  wiki = await org.product("wiki", { hasGuests: true });
  [c, p] = [await org.directory("c"), await org.directory("p")];
  [users, guests] = [await org.group(c, "users"), await org.group(c, "guests")];
  await org.grant(users, wiki, "user");
  await org.grant(guests, wiki, "guest");
  docs = (await org.alone((tx) => createSpace(tx, wiki, { key: "docs" }))).id;
  await org.alone((tx) => createSpace(tx, wiki, { key: "plans" }));
});

const ask = (user: PersonSelector, more: Partial<AccessQuestion> = {}) =>
  checkAccess(ctx, org.actor, { product: wiki, user, ...more });
const unknown = { allowed: false, role: null, permission: null, status: null, reason: "unknown", until: null };

async function member(userName: string, facts: Parameters<Organization["person"]>[2] = {}): Promise<DirectoryUser> {
  const user = await org.person(c, userName, facts);
  await org.join(c, users, user.id);
  return user;
}

async function guest(userName: string, expiresAt: Date | null): Promise<DirectoryUser> {
  const user = await org.person(c, userName);
  await org.join(c, guests, user.id);
  await org.shared((tx) =>
    assignGuest(tx, { account: user.account, space: docs, permission: "read-only", expiresAt, sponsor: null }),
  );
  return user;
}

const moveLastAccess = (user: DirectoryUser, by: string) =>
  org.shared((tx) =>
    tx.query({
      text: "update accounts set last_access_at = last_access_at + $3::interval where organization = $1 and id = $2",
      values: [org.id, user.account, by],
    }),
  );

async function accessFacts(user: DirectoryUser) {
  const [row] = await org.db.query<{ first: Date | null; last: Date | null; version: string; audits: number }>({
    text: `select first_access_at as first, last_access_at as last, a.xmin::text as version,
        (select count(*) from outbox o where o.organization = $1 and o.subject = a.id and o.kind = 'account.first-access') as audits
      from accounts a where organization = $1 and id = $2`,
    values: [org.id, user.account],
  });
  if (!row) throw new Error("no account");
  return row;
}

describe("who is meant", () => {
  test("id, user name in any case, address in any case and external id find the same person", async () => {
    const ada = await member("ada", { email: "Ada.Lovelace@Example.com", externalId: "00u1" });
    const allowed = {
      allowed: true,
      role: "user",
      permission: null,
      status: "invited-not-sent",
      reason: null,
      until: null,
    };
    for (const user of [
      { id: ada.account },
      { id: ada.account.toUpperCase() },
      { userName: "ADA" },
      { email: "ada.lovelace@example.com" },
      { externalId: "00u1" },
    ])
      expect(await ask(user)).toEqual(allowed);
  });

  test("nobody: allowed false, unknown, whatever the form of the name", async () => {
    for (const user of [
      { id: "0190c8e2-0000-7000-8000-000000000000" },
      { id: "no id at all" },
      { userName: "nobody" },
      { email: "nobody@example.com" },
      { email: "no address" },
      { externalId: "nothing" },
    ])
      expect(await ask(user)).toEqual(unknown);
  });

  test("an address or external id of several people opens nothing", async () => {
    await member("one", { email: "shared@example.com", externalId: "twice" });
    const two = await org.person(p, "two", { email: "shared@example.com", externalId: "twice" });
    expect(two.userName).toBe("two");
    expect(await ask({ email: "shared@example.com" })).toEqual(unknown);
    expect(await ask({ externalId: "twice" })).toEqual(unknown);
    expect((await ask({ userName: "one" })).allowed).toBe(true);
  });

  test("two records of one person with one external id are one person", async () => {
    await member("both", { externalId: "same" });
    await org.person(p, "both", { externalId: "same" });
    expect(await ask({ externalId: "same" })).toMatchObject({ allowed: true });
  });

  test("another organization's people and products are unknown", async () => {
    const other = await makeOrganization(ctx, "check-other");
    const grace = await member("grace");
    const question = { product: wiki, user: { id: grace.account } };
    expect(await checkAccess(ctx, other.actor, question)).toEqual(unknown);
  });
});

describe("the answer", () => {
  test("no grant, deactivated, suspended", async () => {
    const user = await org.person(c, "plain");
    expect(await ask({ userName: "plain" })).toMatchObject({ allowed: false, role: null, reason: "no-grant" });
    await org.join(c, users, user.id);
    await org.shared((tx) => suspendAccount(tx, user.account, "left the project"));
    expect(await ask({ userName: "plain" })).toMatchObject({
      allowed: false,
      role: null,
      reason: "suspended",
      status: "suspended",
    });
    await org.shared((tx) => restoreAccount(tx, user.account));
    expect(await ask({ userName: "plain" })).toMatchObject({ allowed: true, role: "user", reason: null });
    await org.update(user, { active: false });
    expect(await ask({ userName: "plain" })).toMatchObject({
      allowed: false,
      role: null,
      reason: "deactivated",
      status: "deactivated",
    });
  });

  test("R6, R127, R129, R135: a guest is allowed in the space he has, and nowhere else", async () => {
    const until = new Date(Date.now() + 3_600_000);
    await guest("gast", until);
    const inDocs = { allowed: true, role: "guest", permission: "read-only", reason: null, until: until.toISOString() };
    expect(await ask({ userName: "gast" })).toMatchObject(inDocs);
    expect(await ask({ userName: "gast" }, { space: "docs" })).toMatchObject(inDocs);
    const elsewhere = { allowed: false, role: "guest", permission: null, reason: "no-space", until: null };
    expect(await ask({ userName: "gast" }, { space: "plans" })).toMatchObject(elsewhere);
    expect(await ask({ userName: "gast" }, { space: "no-such-space" })).toMatchObject(elsewhere);
  });

  test("a guest without a space, and a member in any space", async () => {
    const user = await org.person(c, "spaceless");
    await org.join(c, guests, user.id);
    expect(await ask({ userName: "spaceless" })).toMatchObject({ allowed: false, role: "guest", reason: "no-space" });
    await member("ordinary");
    expect(await ask({ userName: "ordinary" }, { space: "docs" })).toMatchObject({
      allowed: true,
      role: "user",
      permission: null,
    });
  });

  test("R153: past its end a guest is out at that instant, without any job", async () => {
    const user = await guest("brief", null);
    const live = () =>
      org.db.query({
        text: "select role from live_access where organization = $1 and account = $2",
        values: [org.id, user.account],
      });
    expect(await live()).toEqual([{ role: "guest" }]);
    await org.shared((tx) =>
      tx.query({
        text: `with a as (update access set live_until = now() where organization = $1 and account = $2)
          update guest_assignments set expires_at = now() where organization = $1 and account = $2`,
        values: [org.id, user.account],
      }),
    );
    expect(await live()).toEqual([]);
    expect(await ask({ userName: "brief" })).toMatchObject({ allowed: false, role: "guest", reason: "expired" });
    expect(await ask({ userName: "brief" }, { space: "docs" })).toMatchObject({ allowed: false, reason: "expired" });
  });
});

describe("first and last access", () => {
  test("R80: only an allowed check with seen is the first access, and it is one event", async () => {
    const user = await org.person(c, "newcomer");
    const seen = () => ask({ userName: "newcomer" }, { seen: true });
    expect(await seen()).toMatchObject({ allowed: false, status: "invited-not-sent" });
    await org.join(c, users, user.id);
    expect(await ask({ userName: "newcomer" })).toMatchObject({ allowed: true, status: "invited-not-sent" });
    expect(await accessFacts(user)).toMatchObject({ first: null, last: null, audits: 0 });
    expect(await seen()).toMatchObject({ allowed: true, status: "active" });
    const after = await accessFacts(user);
    expect(after).toMatchObject({ first: expect.any(Date), audits: 1 });
    expect(after.last?.getUTCMinutes()).toBe(0);
    // The hour can end before it is seen again.
    await moveLastAccess(user, "1 hour");
    const kept = await accessFacts(user);
    expect(await seen()).toMatchObject({ status: "active" });
    expect(await accessFacts(user)).toEqual(kept);
  });

  test("twenty first checks at once are one first access", async () => {
    const user = await member("crowd");
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask({ userName: "crowd" }, { seen: true })));
    expect(answers.every((answer) => answer.allowed && answer.status === "active")).toBe(true);
    expect(await accessFacts(user)).toMatchObject({ audits: 1 });
  });

  test("last access moves once an hour", async () => {
    const user = await member("regular");
    await ask({ userName: "regular" }, { seen: true });
    await moveLastAccess(user, "-3 hours");
    const before = await accessFacts(user);
    await ask({ userName: "regular" }, { seen: true });
    const after = await accessFacts(user);
    expect(after.last?.getTime()).toBeGreaterThan(before.last?.getTime() ?? 0);
    expect(after).toMatchObject({ first: before.first, audits: 1 });
  });
});
