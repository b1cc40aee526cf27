import { beforeAll, describe, expect, test } from "vitest";
import {
  type AccountId,
  type AssignmentId,
  type DirectoryId,
  newId,
  type ProductId,
  type SpaceId,
} from "../../src/db/id.ts";
import { restoreAccount, suspendAccount } from "../../src/identity/accounts/suspend.ts";
import {
  assignGuest,
  changeGuestPermission,
  extendGuest,
  listGuestAssignments,
  removeGuest,
} from "../../src/identity/guests.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { testContext } from "../harness/postgres.ts";
import { makeOrganization, type Organization } from "./access/organization.ts";
import { expectModel } from "./access/stored.ts";

const ctx = await testContext();
let org: Organization;
let wiki: ProductId;
let c: DirectoryId;
let docs: SpaceId;
let plans: SpaceId;
let guestOf: (userName: string) => Promise<AccountId>;

beforeAll(async () => {
  org = await makeOrganization(ctx, "guests");
  wiki = await org.product("wiki", { hasGuests: true });
  c = await org.directory("c");
  const group = await org.group(c, "guests");
  await org.grant(group, wiki, "guest");
  docs = (await org.alone((tx) => createSpace(tx, wiki, { key: "docs" }))).id;
  plans = (await org.alone((tx) => createSpace(tx, wiki, { key: "plans" }))).id;
  guestOf = async (userName) => {
    const user = await org.person(c, userName);
    await org.join(c, group, user.id);
    return user.account;
  };
});

const assign = (account: AccountId, space: SpaceId, expiresAt: Date | null = null) =>
  org.shared((tx) => assignGuest(tx, { account, space, permission: "read-only", expiresAt, sponsor: null }));

describe("a guest's space", () => {
  test("R128, R129, R147, R157: role and space together are access; without the space it ends", async () => {
    const account = await guestOf("gast");
    expect(await org.access(account, "wiki")).toMatchObject({
      role: "guest",
      allowed: false,
      reason: "no-space",
      spaces: [],
    });
    const assignment = await assign(account, docs);
    expect(assignment).toMatchObject({ product: wiki, expiresAt: null, parked: false });
    expect(await org.access(account, "wiki")).toMatchObject({
      role: "guest",
      allowed: true,
      reason: null,
      spaces: [{ space: "docs", permission: "read-only", expiresAt: null }],
    });
    await org.shared((tx) => removeGuest(tx, assignment.id));
    expect(await org.access(account, "wiki")).toMatchObject({ role: "guest", allowed: false, reason: "no-space" });
    await expectModel(org.db, "guest");
  });

  test("R130, R131, R133: one space of a product, also when two are given at once", async () => {
    const account = await guestOf("single");
    const results = await Promise.allSettled([assign(account, docs), assign(account, plans)]);
    expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(results.find((result) => result.status === "rejected")).toMatchObject({
      reason: { code: "conflict", at: "space" },
    });
    expect(await listGuestAssignments(org.db, account)).toHaveLength(1);
  });

  test("R136: another permission at any time", async () => {
    const account = await guestOf("reader");
    const { id } = await assign(account, docs);
    expect(await org.shared((tx) => changeGuestPermission(tx, id, "can-create-and-edit"))).toMatchObject({
      permission: "can-create-and-edit",
    });
  });

  test("R148 to R150: an end, moved at any time, and taken away", async () => {
    const account = await guestOf("brief");
    const week = new Date(Date.now() + 7 * 86_400_000);
    const { id } = await assign(account, docs, new Date(Date.now() + 30 * 86_400_000));
    expect(await org.shared((tx) => extendGuest(tx, id, week))).toMatchObject({ expiresAt: week });
    expect((await org.access(account, "wiki")).spaces).toEqual([
      { space: "docs", permission: "read-only", expiresAt: week.toISOString() },
    ]);
    await expectModel(org.db, "week");
    expect(await org.shared((tx) => extendGuest(tx, id, null))).toMatchObject({ expiresAt: null });
    await expectModel(org.db, "unlimited");
  });

  test("what is refused leaves nothing behind", async () => {
    const account = await guestOf("refused");
    const past = new Date(Date.now() - 1_000);
    const tracker = await org.product("tracker");
    const issues = (await org.alone((tx) => createSpace(tx, tracker, { key: "issues" }))).id;
    await expect(assign(account, docs, past)).rejects.toMatchObject({ code: "invalid", at: "expiresAt" });
    await expect(assign(account, issues)).rejects.toMatchObject({ code: "invalid", at: "space" });
    await expect(assign(account, newId<SpaceId>())).rejects.toMatchObject({ code: "not-found", at: "space" });
    await expect(assign(newId<AccountId>(), docs)).rejects.toMatchObject({ code: "not-found", at: "account" });
    await expect(org.shared((tx) => removeGuest(tx, newId<AssignmentId>()))).rejects.toMatchObject({
      code: "not-found",
    });
    expect(await listGuestAssignments(org.db, account)).toEqual([]);
  });
});

test("R82: suspension takes access and keeps what it rests on; restoring gives it back", async () => {
  const account = await guestOf("paused");
  await assign(account, docs);
  await org.shared((tx) => suspendAccount(tx, account, "on leave"));
  expect(await org.access(account, "wiki")).toMatchObject({ role: null, allowed: false, reason: "suspended" });
  expect(await listGuestAssignments(org.db, account)).toHaveLength(1);
  await expect(org.shared((tx) => suspendAccount(tx, account, null))).rejects.toMatchObject({ code: "conflict" });
  await org.shared((tx) => restoreAccount(tx, account));
  expect(await org.access(account, "wiki")).toMatchObject({ role: "guest", allowed: true, reason: null });
  await expect(org.shared((tx) => restoreAccount(tx, account))).rejects.toMatchObject({ code: "conflict" });
  await expect(org.shared((tx) => suspendAccount(tx, newId<AccountId>(), null))).rejects.toMatchObject({
    code: "not-found",
  });
});
