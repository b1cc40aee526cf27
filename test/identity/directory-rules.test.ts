import { describe, expect, test } from "vitest";
import type { AccountId, DirectoryId, DirectoryUserId, GroupId } from "../../src/db/id.ts";
import { getAccount } from "../../src/identity/account-overview.ts";
import { addPerson } from "../../src/identity/accounts/add.ts";
import { editPerson } from "../../src/identity/accounts/edit.ts";
import { credentialsOf, setPassword } from "../../src/identity/credentials.ts";
import { updateDirectory } from "../../src/identity/directories.ts";
import type { DirectoryPermissions } from "../../src/identity/directory-permissions.ts";
import { removeDirectory } from "../../src/identity/directory-remove.ts";
import { removeGroup, renameGroup } from "../../src/identity/group-edits.ts";
import { removeMembers } from "../../src/identity/group-members.ts";
import { addLocalMembers, createLocalGroup } from "../../src/identity/groups.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { runSync } from "../../src/sync/run.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { silent } from "../sync/world.ts";
import { effective, makeOrganization, type Organization } from "./access/organization.ts";
import { expectModel } from "./access/stored.ts";

/*
 * The table of two directories, C (customers) before P (partners), row by row: T1 to T24, as the product's rules have
 * them. Groups of two directories are two groups, whatever they are called: C/G and P/G. Other tests ask the same rules of
 * other doors; here each stands once, so that one can be read beside the other.
 */

const ctx = await testContext({ logger: silent });
let count = 0;

/** jsmith in C/G1 (user of the wiki) and in P/G2 (administrator of the wiki). */
async function customersAndPartners(mode: "aggregating" | "masking" = "aggregating") {
  const org = await makeOrganization(ctx, `rules-${++count}`, mode);
  const wiki = await org.product("wiki", { hasGuests: true });
  const [c, p] = [await org.directory("c"), await org.directory("p")];
  const [g1, g2] = [await org.group(c, "G1"), await org.group(p, "G2")];
  await org.grant(g1, wiki, "user");
  await org.grant(g2, wiki, "admin");
  const inC = await org.person(c, "jsmith", { email: "c@example.com" });
  const inP = await org.person(p, "jsmith", { email: "p@example.com" });
  await org.join(c, g1, inC.id);
  await org.join(p, g2, inP.id);
  return { org, wiki, c, p, g1, g2, inC, inP, jsmith: inC.account };
}

/** The same with a group G in both directories, each of which gives a role on the wiki. */
async function twoGroupsG(mode: "aggregating" | "masking" = "aggregating") {
  const world = await customersAndPartners(mode);
  const { org, wiki, c, p } = world;
  const [inCustomers, inPartners] = [await org.group(c, "G"), await org.group(p, "G")];
  await org.grant(inCustomers, wiki, "user");
  await org.grant(inPartners, wiki, "user");
  await org.leave(c, world.g1, world.inC.id);
  await org.leave(p, world.g2, world.inP.id);
  return { ...world, cG: inCustomers, pG: inPartners };
}

const groups = async (org: Organization, account: AccountId) => effective(await org.access(account, "wiki"));
const email = async (org: Organization, account: AccountId) => (await getAccount(org.db, account)).email;
const permit = (org: Organization, directory: DirectoryId, permissions: DirectoryPermissions) =>
  org.alone((tx) => updateDirectory(tx, directory, { permissions }));
const remove = (org: Organization, group: GroupId, account: AccountId) =>
  org.shared((tx) => removeMembers(tx, group, [account]));
const add = (org: Organization, group: GroupId, account: AccountId) =>
  org.shared((tx) => addLocalMembers(tx, group, [account]));
const edit = (org: Organization, account: AccountId, address: string) =>
  org.shared((tx) => editPerson(tx, account, { email: address }, [EVERYTHING]));
const recordOf = async (org: Organization, id: DirectoryUserId) =>
  (
    await org.db.query<{ email: string; version: number }>({
      text: "select email, version from directory_users where organization = $1 and id = $2",
      values: [org.id, id],
    })
  )[0];

describe("who the person is, and what counts", () => {
  test("T1: aggregating, in C/G1 and P/G2: {G1, G2}", async () => {
    const { org, jsmith } = await customersAndPartners();
    expect(await groups(org, jsmith)).toEqual(["G1", "G2"]);
  });

  test("T2: the same with the order swapped: the same groups, the profile is P's", async () => {
    const { org, jsmith } = await customersAndPartners();
    expect(await email(org, jsmith)).toBe("c@example.com");
    await org.order("p", "c", "internal");
    expect(await groups(org, jsmith)).toEqual(["G1", "G2"]);
    expect(await email(org, jsmith)).toBe("p@example.com");
  });

  test("T3: masking: {G1}; swapped: {G2}", async () => {
    const { org, jsmith } = await customersAndPartners("masking");
    expect(await groups(org, jsmith)).toEqual(["G1"]);
    await org.order("p", "c", "internal");
    expect(await groups(org, jsmith)).toEqual(["G2"]);
  });

  test("T4: a password is of the first directory's record: what internal kept below C opens nothing", async () => {
    const org = await makeOrganization(ctx, `rules-${++count}`);
    const ada = await org.alone((tx) => addPerson(tx, { email: "ada@example.com" }));
    await org.alone((tx) => setPassword(tx, ada, "$argon2id$of-internal"));
    expect(await credentialsOf(org.db, ada)).toMatchObject({ password: "$argon2id$of-internal" });
    await org.person(await org.directory("c"), "ada@example.com");
    expect(await credentialsOf(org.db, ada)).toMatchObject({ account: ada, password: null });
  });

  test("T5: masking, only in P/G2: {G2}; the mask is of a person, not of a directory", async () => {
    const { org, p, g2 } = await customersAndPartners("masking");
    const other = await org.person(p, "ada");
    await org.join(p, g2, other.id);
    expect(await groups(org, other.account)).toEqual(["G2"]);
  });

  test("T6: JSmith in C and jsmith in P: one person, canonical in C", async () => {
    const { org, c, p } = await customersAndPartners();
    const inP = await org.person(p, "grace");
    const inC = await org.person(c, "GRACE");
    expect(inC.account).toBe(inP.account);
    expect(await getAccount(org.db, inC.account)).toMatchObject({
      userName: "GRACE",
      records: [
        { directory: "c", canonical: true },
        { directory: "p", canonical: false },
      ],
    });
  });

  test("T17: disabled in C, active in P: disabled; P is no fallback", async () => {
    const { org, inC, jsmith } = await customersAndPartners();
    await org.update(inC, { active: false });
    expect(await org.access(jsmith, "wiki")).toMatchObject({ role: null, allowed: false, reason: "deactivated" });
  });

  test("T21: G1 contains G2 in C, in P/G2 only: {P/G2}; a name of another directory gives nothing", async () => {
    const { org, wiki, c, p, g1, g2 } = await customersAndPartners();
    const other = await org.group(c, "G2");
    await org.nest(c, g1, other);
    await org.grant(other, wiki, "user");
    const ada = await org.person(p, "ada");
    await org.join(p, g2, ada.id);
    const { trace } = await org.access(ada.account, "wiki");
    expect(trace.map(({ directory, group }) => `${directory}/${group}`)).toEqual(["p/G2"]);
  });

  test("T22: one address under two user names: two people", async () => {
    const { org, c, p } = await customersAndPartners();
    const [one, two] = [
      await org.person(c, "a.l", { email: "a@x.org" }),
      await org.person(p, "al", { email: "a@x.org" }),
    ];
    expect(one.account).not.toBe(two.account);
  });

  test("T24: guest by one group and user by another: user, and both are told", async () => {
    const { org, wiki, c, inC, p, g2, inP, jsmith } = await customersAndPartners();
    await org.leave(p, g2, inP.id);
    const guests = await org.group(c, "guests");
    await org.grant(guests, wiki, "guest");
    await org.join(c, guests, inC.id);
    const access = await org.access(jsmith, "wiki");
    expect(access).toMatchObject({ role: "user", allowed: true });
    expect(access.trace.map(({ group, role, counts }) => [group, role, counts])).toEqual([
      ["G1", "user", true],
      ["guests", "guest", true],
    ]);
  });
});

describe("where an administrator's edit goes", () => {
  test("T7: C and P read-write: an edit changes C and leaves P", async () => {
    const { org, c, p, inC, inP, jsmith } = await customersAndPartners();
    await permit(org, c, "read-write");
    await permit(org, p, "read-write");
    const before = await recordOf(org, inP.id);
    expect(await edit(org, jsmith, "New@Example.com")).toBe(true);
    expect(await recordOf(org, inC.id)).toMatchObject({ email: "new@example.com" });
    expect(await recordOf(org, inP.id)).toEqual(before);
    expect(await email(org, jsmith)).toBe("new@example.com");
    expect(await edit(org, jsmith, "new@example.com")).toBe(false);
  });

  test.each(["read-only", "read-only-local-groups"] as const)(
    "T8: C %s, P read-write: refused, naming C and what helps; P is left too",
    async (permissions) => {
      const { org, c, p, inC, inP, jsmith } = await customersAndPartners();
      await permit(org, c, permissions);
      await permit(org, p, "read-write");
      const before = [await recordOf(org, inC.id), await recordOf(org, inP.id)];
      await expect(edit(org, jsmith, "new@example.com")).rejects.toMatchObject({
        code: "read-only",
        message: expect.stringContaining("canonical record is in c"),
        setting: {
          name: "permissions",
          value: permissions,
          path: "/directories/c",
          command: "muster directory policy c --permissions read-write",
        },
      });
      expect([await recordOf(org, inC.id), await recordOf(org, inP.id)]).toEqual(before);
    },
  );

  test("R162, C15, T9: C read-only, P read-write: a new person is created in P, whatever stands below", async () => {
    const { org, c, p } = await customersAndPartners();
    await permit(org, c, "read-only");
    await permit(org, p, "read-write");
    const made = await org.shared((tx) => addPerson(tx, { email: "new@example.com" }));
    expect((await getAccount(org.db, made)).records).toMatchObject([{ directory: "p", canonical: true }]);
    await org.order("internal", "c", "p");
    const next = await org.shared((tx) => addPerson(tx, { email: "next@example.com" }));
    expect((await getAccount(org.db, next)).records).toMatchObject([{ directory: "internal" }]);
  });

  test("T10: none may be written to: refused, and nothing is created", async () => {
    const { org, c, p } = await customersAndPartners();
    const [internal] = await org.db.query<{ id: DirectoryId }>({
      text: "select id from directories where organization = $1 and kind = 'internal'",
      values: [org.id],
    });
    for (const directory of [c, p, internal?.id as DirectoryId]) await permit(org, directory, "read-only");
    await expect(org.shared((tx) => addPerson(tx, { email: "new@example.com" }))).rejects.toMatchObject({
      code: "read-only",
      message: expect.stringContaining("c (read-only), p (read-only), internal (read-only)"),
      setting: { command: "muster directory policy internal --permissions read-write" },
    });
    expect(await org.db.query({ text: "select id from accounts where user_name_key like 'new%'" })).toEqual([]);
  });

  test("T11: added to C/G: effective is C/G alone, P/G is another group", async () => {
    const { org, cG, jsmith } = await twoGroupsG();
    expect(await add(org, cG, jsmith)).toBe(1);
    expect((await org.access(jsmith, "wiki")).trace).toMatchObject([{ directory: "c", group: "G", counts: true }]);
  });

  test("T12: in C/G and P/G, removed from C/G: gone there; the answer tells of P/G, from which it is removed by itself", async () => {
    const { org, p, cG, pG, inP, jsmith } = await twoGroupsG();
    await permit(org, p, "read-write");
    await add(org, cG, jsmith);
    await org.join(p, pG, inP.id);
    expect(await remove(org, cG, jsmith)).toEqual({
      removed: 1,
      kept: [],
      remaining: [
        {
          user: { id: jsmith, userName: "jsmith" },
          site: org.key,
          product: "wiki",
          role: "user",
          directory: "p",
          group: "G",
        },
      ],
    });
    expect(await remove(org, pG, jsmith)).toEqual({ removed: 1, kept: [], remaining: [] });
    expect(await groups(org, jsmith)).toEqual([]);
    expect(await remove(org, pG, jsmith)).toEqual({ removed: 0, kept: [], remaining: [] });
    await expectModel(org.db, "T12");
  });

  test("T13: masking, removed from C/G: P's row stays and is masked, so nothing remains", async () => {
    const { org, p, cG, pG, inP, jsmith } = await twoGroupsG("masking");
    await add(org, cG, jsmith);
    await org.join(p, pG, inP.id);
    expect(await remove(org, cG, jsmith)).toEqual({ removed: 1, kept: [], remaining: [] });
    expect((await org.access(jsmith, "wiki")).trace).toMatchObject([{ directory: "p", group: "G", counts: false }]);
  });

  test("T14: C read-only has C/G, P read-write has P/G: removed from P/G, still effective through C/G; C/G refuses", async () => {
    const { org, c, p, cG, pG, inC, inP, jsmith } = await twoGroupsG();
    await permit(org, c, "read-only");
    await permit(org, p, "read-write");
    await org.join(c, cG, inC.id);
    await org.join(p, pG, inP.id);
    expect(await remove(org, pG, jsmith)).toMatchObject({ removed: 1, remaining: [{ directory: "c", group: "G" }] });
    expect((await org.access(jsmith, "wiki")).trace).toMatchObject([{ directory: "c", group: "G", counts: true }]);
    await expect(remove(org, cG, jsmith)).rejects.toMatchObject({
      code: "read-only",
      message: expect.stringContaining("c itself keeps the person in its group"),
    });
    expect((await org.access(jsmith, "wiki")).role).toBe("user");
  });

  test("T14: whom the directory and an administrator put into a group stays by the directory, and the answer says so", async () => {
    const { org, c, cG, inC, jsmith } = await twoGroupsG();
    await org.join(c, cG, inC.id);
    await add(org, cG, jsmith);
    expect(await remove(org, cG, jsmith)).toMatchObject({
      removed: 1,
      kept: [{ user: { userName: "jsmith" }, directory: "c" }],
      remaining: [{ directory: "c", group: "G", role: "user" }],
    });
  });

  test("T15: C read-only-local-groups: into a local group; the next sync keeps that, being removed from C ends it", async () => {
    const { org, c, wiki } = await customersAndPartners();
    const local = (await org.shared((tx) => createLocalGroup(tx, "L"))).id;
    await org.grant(local, wiki, "user");
    const ada = await org.person(c, "ada");
    await add(org, local, ada.account);
    await org.update(ada, { displayName: "Ada, as the next sync has her" });
    expect(await groups(org, ada.account)).toEqual(["L"]);
    await org.remove(ada);
    expect(await org.access(ada.account, "wiki")).toMatchObject({ role: null, reason: "deactivated" });
  });

  test("T15: C read-only: neither its people nor its groups come into groups; who is in one stays and can be taken out", async () => {
    const { org, c, g1, wiki, jsmith } = await customersAndPartners();
    const local = (await org.shared((tx) => createLocalGroup(tx, "L"))).id;
    await org.grant(local, wiki, "user");
    await add(org, local, jsmith);
    await permit(org, c, "read-only");
    const bob = await org.person(c, "bob");
    for (const group of [local, g1])
      await expect(add(org, group, bob.account)).rejects.toMatchObject({
        code: "read-only",
        setting: { command: "muster directory policy c --permissions read-only-local-groups" },
      });
    expect(await groups(org, jsmith)).toContain("L");
    expect(await remove(org, local, jsmith)).toMatchObject({ removed: 1 });
  });

  test("T16: a group of C is not renamed or removed while C is closed; opened, it is, without anything else", async () => {
    const { org, c, g1, jsmith } = await customersAndPartners();
    const rename = () => org.shared((tx) => renameGroup(tx, g1, "Customers"));
    await expect(rename()).rejects.toMatchObject({ code: "read-only", setting: { path: "/directories/c" } });
    await expect(org.alone((tx) => removeGroup(tx, g1))).rejects.toMatchObject({ code: "read-only" });
    await permit(org, c, "read-write");
    expect([await rename(), await rename()]).toEqual([true, false]);
    expect(await groups(org, jsmith)).toEqual(["Customers", "G2"]);
    await org.alone((tx) => removeGroup(tx, g1));
    expect(await groups(org, jsmith)).toEqual(["G2"]);
    await expectModel(org.db, "T16");
  });
});

describe("when directories are read", () => {
  /** C and P as pulled directories. */
  async function pulled() {
    const org = await makeOrganization(ctx, `rules-${++count}`);
    const wiki = await org.product("wiki");
    const add = (name: string) => org.pulled(name);
    const [c, p] = [await add("c"), await add("p")];
    const customers = new ScriptedDirectory()
      .user("c1", { userName: "JSmith" })
      .user("c2")
      .user("c3")
      .group("g1", ["c1"]);
    const partners = new ScriptedDirectory().user("p1", { userName: "jsmith" }).user("p2").user("p3");
    const sync = (directory: DirectoryId, source: ScriptedDirectory, fault?: Parameters<typeof source.connector>[0]) =>
      runSync(ctx, directory, {
        mode: "run",
        trigger: "command",
        actor: org.actor,
        connector: source.connector(fault),
      });
    await sync(c, customers);
    await sync(p, partners);
    return { org, wiki, c, p, customers, partners, sync, jsmith: await org.account("jsmith") };
  }
  const directories = async (org: Organization, account: AccountId) =>
    (await getAccount(org.db, account)).records.map(
      ({ directory, canonical }) => `${directory}${canonical ? "*" : ""}`,
    );

  test("T18: C cannot be read this time, P can: C's last good state and place stand, P is applied, nobody changes record", async () => {
    const { org, c, p, customers, partners, sync, jsmith } = await pulled();
    const before = await org.db.query({
      text: `select id, version from directory_users where organization = $1 and directory = $2 order by id`,
      values: [org.id, c],
    });
    expect(await sync(c, customers.remove("c1", "c2", "c3"), { page: 1, kind: "cut" })).toMatchObject({
      state: "failed",
    });
    expect(await sync(p, partners.user("p4"))).toMatchObject({ state: "done", counts: { added: 1 } });
    expect(
      await org.db.query({
        text: `select id, version from directory_users where organization = $1 and directory = $2 and deleted_at is null order by id`,
        values: [org.id, c],
      }),
    ).toEqual(before);
    expect(await directories(org, jsmith)).toEqual(["c*", "p"]);
    await org.order("p", "c", "internal");
    expect(await directories(org, jsmith)).toEqual(["p*", "c"]);
  });

  test("T19: gone from C in a whole read: canonical in P, the same account, nobody is mailed", async () => {
    const { org, c, customers, sync, jsmith } = await pulled();
    expect(await sync(c, customers.remove("c1"))).toMatchObject({ state: "done", counts: { removed: 1 } });
    expect(await directories(org, jsmith)).toEqual(["p*"]);
    expect(await org.db.query({ text: "select id from mails where organization = $1", values: [org.id] })).toEqual([]);
  });

  test("T20: C is taken away: who moves on, who is left nowhere, which roles go", async () => {
    const { org, wiki, c, jsmith } = await pulled();
    const [g1] = await org.db.query<{ id: GroupId }>({
      text: "select id from groups where organization = $1 and name = 'g1'",
      values: [org.id],
    });
    await org.grant(g1?.id as GroupId, wiki, "user");
    const { consequences, ...removed } = await org.alone((tx) => removeDirectory(tx, c, "c"));
    expect(removed).toMatchObject({
      users: 3,
      groups: 1,
      grants: { total: 1, named: [{ group: "g1", role: "user" }] },
    });
    expect(
      consequences.canonical.named.map(({ user, from, to, deactivated }) => [user.userName, from, to, deactivated]),
    ).toEqual([
      ["c2", "c", null, true],
      ["c3", "c", null, true],
      ["jsmith", "c", "p", false],
    ]);
    expect(consequences.roles.named).toMatchObject([
      { user: { id: jsmith }, from: { role: "user", allowed: true }, to: { role: null, allowed: false } },
    ]);
    await expectModel(org.db, "T20");
  });

  test("T23: two entries of one user name in C: the first by id is kept, the other told, nobody is deactivated", async () => {
    const { org, c, customers, sync, jsmith } = await pulled();
    const run = await sync(c, customers.user("c0", { userName: "C3" }).user("c4", { userName: "jSMITH" }));
    expect(run).toMatchObject({ state: "partial", counts: { removed: 0, deactivated: 0, conflicts: 2 } });
    expect(await directories(org, jsmith)).toEqual(["c*", "p"]);
  });
});
