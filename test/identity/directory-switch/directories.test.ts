import { describe, expect, test } from "vitest";
import { listDirectories, resolveDirectory } from "../../../src/identity/directories.ts";
import { removeDirectory } from "../../../src/identity/directory-remove.ts";
import { switchDirectory } from "../../../src/identity/directory-switch/switch.ts";
import type { DirectoryUserInput } from "../../../src/identity/directory-users/directory-user.ts";
import { createLocalGroup, nestGroups } from "../../../src/identity/groups.ts";
import { EVERYTHING } from "../../../src/identity/rights/held.ts";
import { giveRight } from "../../../src/identity/rights/rights.ts";
import { testContext } from "../../harness/postgres.ts";
import { expectModel } from "../access/stored.ts";
import { company } from "./company.ts";

const ctx = await testContext();
type Company = Awaited<ReturnType<typeof company>>;

const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const OWN = "urn:example:params:scim:schemas:extension:acme:1.0:Person";

const facts = (number: string, resource: Record<string, unknown>): Partial<DirectoryUserInput> => ({
  externalId: `x-${number}`,
  email: null,
  resource,
});

describe("what both know a person by", () => {
  test.each([
    ["externalId", {}],
    ["employeeNumber", { [ENTERPRISE]: { employeeNumber: "$" } }],
    [`${ENTERPRISE}:employeeNumber`, { [ENTERPRISE]: { employeeNumber: "$" } }],
    [`${ENTERPRISE.toUpperCase()}:EMPLOYEENUMBER`, { [ENTERPRISE]: { employeeNumber: "$" } }],
    [`${OWN}:badge`, { [OWN]: { badge: 7 } }],
    ["nickName", { nickName: "$" }],
    ["name.familyName", { name: { familyName: "$" } }],
    ["phoneNumbers.value", { phoneNumbers: [{ value: "$", type: "work" }, { value: "+1$" }] }],
    ["phoneNumbers", { phoneNumbers: [{ value: "$", type: "work" }] }],
  ])("may be %s", async (match, resource) => {
    const c = await company(ctx);
    const of = (number: string) =>
      JSON.parse(JSON.stringify(resource).replaceAll("$", number).replace(":7", `:${number}`));
    const one = await c.org.person(c.corp, "one", facts("1", of("1")));
    const two = await c.org.person(c.corp, "two", facts("2", of("2")));
    await c.org.person(c.entra, "uno", facts("1", of("1")));
    await c.org.person(c.entra, "dos", facts("2", of("2")));
    expect((await c.switch(match)).counts).toMatchObject({ switched: 2, conflicts: 0, unmatched: 0 });
    expect([(await c.account("uno")).id, (await c.account("dos")).id]).toEqual([one.account, two.account]);
  });

  test("has to be one person's alone on both sides: else all of them stay, and are named", async () => {
    const c = await company(ctx);
    const value = (nickName: string) => ({ email: null, resource: { nickName } });
    for (const name of ["a1", "a2"]) await c.org.person(c.corp, name, value("a"));
    await c.org.person(c.entra, "a3", value("a"));
    await c.org.person(c.corp, "b1", value("b"));
    for (const name of ["b2", "b3"]) await c.org.person(c.entra, name, value("b"));
    await c.org.person(c.corp, "c1", value("c"));
    await c.org.person(c.entra, "c2", value("c"));
    // The same letters in capitals are something else, and whoever has nothing is nobody.
    await c.org.person(c.corp, "d1", value("d"));
    await c.org.person(c.entra, "d2", value("D"));
    await c.org.person(c.corp, "e1", value(""));
    await c.org.person(c.entra, "e2", value(""));
    const done = await c.switch("nickName");
    expect(done).toMatchObject({
      counts: { switched: 1, conflicts: 2, unmatched: 2 },
      conflicts: [
        { reason: "ambiguous", from: ["a1", "a2"], to: ["a3"] },
        { reason: "ambiguous", from: ["b1"], to: ["b2", "b3"] },
      ],
      unmatched: [{ userName: "d1" }, { userName: "e1" }],
    });
    expect(await c.names(c.corp)).toEqual(["a1", "a2", "b1", "d1", "e1"]);
  });

  test("may not lead from one person to two", async () => {
    const c = await company(ctx);
    const phones = (...values: string[]) => ({
      email: null,
      resource: { phoneNumbers: values.map((value) => ({ value })) },
    });
    await c.org.person(c.corp, "both", phones("1", "2"));
    await c.org.person(c.corp, "clear", phones("3"));
    await c.org.person(c.entra, "first", phones("1"));
    await c.org.person(c.entra, "second", phones("2"));
    await c.org.person(c.entra, "third", phones("3"));
    expect(await c.switch("phoneNumbers")).toMatchObject({
      counts: { switched: 1, conflicts: 1, unmatched: 0 },
      conflicts: [{ reason: "ambiguous", from: ["both"], to: ["first", "second"] }],
    });
  });

  test.each(["", "a.b.c", "urn:x", "a b", "__proto__.x", 'emails[type eq "work"]', "x".repeat(400)])(
    "is no attribute: %j",
    async (match) => {
      const c = await company(ctx);
      await expect(c.switch(match)).rejects.toMatchObject({ code: "invalid", at: "match" });
    },
  );
});

describe("a switch is refused", () => {
  test("where nobody can be meant by it", async () => {
    const c = await company(ctx);
    await c.org.person(c.corp, "ada", { externalId: "1" });
    await expect(c.switch("userName")).rejects.toMatchObject({ code: "invalid" });
    await c.org.person(c.entra, "bob");
    await expect(c.switch("userName")).rejects.toMatchObject({ code: "conflict", at: "match" });
    await expect(c.switch("employeeNumber")).rejects.toMatchObject({ code: "invalid" });
    await expect(c.switch("userName", { to: c.corp })).rejects.toMatchObject({ code: "invalid" });
    const internal = (await resolveDirectory(c.org.db, "internal")).id;
    await expect(c.switch("userName", { to: internal })).rejects.toMatchObject({ code: "invalid" });
    await expect(c.switch("userName", { from: internal })).rejects.toMatchObject({ code: "invalid" });
    const other = await company(ctx);
    await expect(c.switch("userName", { to: other.entra })).rejects.toMatchObject({ code: "not-found" });
    expect(await c.names(c.corp)).toEqual(["ada"]);
    await expect(
      c.org.shared((tx) => switchDirectory(tx, { from: c.corp, to: c.entra, match: "userName", groups: "none" })),
    ).rejects.toMatchObject({ code: "internal" });
  });

  test("where it would leave nobody who is an administrator", async () => {
    const c = await company(ctx);
    const ada = await c.org.person(c.corp, "ada");
    await c.org.alone((tx) =>
      giveRight(tx, [EVERYTHING], {
        account: ada.account,
        bundle: "organization-administrator",
        scope: { kind: "organization" },
      }),
    );
    const record = await c.org.person(c.entra, "ada", { active: false });
    await expect(c.preview("userName")).rejects.toMatchObject({ code: "conflict" });
    await expect(c.switch("userName")).rejects.toMatchObject({ code: "conflict" });
    expect((await c.account("ada")).directory).toBe("corp");
    await c.org.update(record, { active: true });
    expect((await c.switch("userName")).counts.switched).toBe(1);
  });

  test("where people were switched elsewhere", async () => {
    const c = await company(ctx);
    const third = await c.org.directory("third");
    for (const directory of [c.corp, c.entra, third]) await c.org.person(directory, "ada");
    await c.switch("userName");
    await expect(c.switch("userName", { to: third })).rejects.toMatchObject({ code: "conflict", at: "directory" });
    await expect(c.switch("userName", { from: third, to: c.corp })).rejects.toMatchObject({
      code: "conflict",
      at: "to",
    });
    expect((await c.switch("userName", { from: c.entra, to: third })).counts.switched).toBe(1);
  });
});

describe("a third directory", () => {
  test("that stands first goes on giving the profile; nobody is renamed away from it", async () => {
    const c = await company(ctx);
    const hr = await c.org.directory("hr");
    await c.org.order("hr", "corp", "entra", "internal");
    for (const name of ["ada", "bob"]) {
      await c.org.person(hr, name);
      await c.org.person(c.corp, name, { email: `${name}@example.com` });
    }
    await c.org.person(c.corp, "carl", { email: "carl@example.com" });
    await c.org.person(hr, "carl@example.com", { email: "hr@example.com" });
    await c.org.person(c.entra, "carl@example.com", { email: "carl@example.com" });
    await c.org.person(c.entra, "ada", { email: "ada@example.com" });
    await c.org.person(c.entra, "bob@example.com", { email: "bob@example.com" });
    const done = await c.switch("email");
    expect(done).toMatchObject({
      counts: { switched: 1, conflicts: 2, parked: 0 },
      conflicts: [
        { reason: "not-canonical", from: ["bob"], to: ["bob@example.com"] },
        { reason: "not-canonical", from: ["carl"], to: ["carl@example.com"] },
      ],
    });
    expect((await c.account("ada")).directory).toBe("hr");
    expect(await c.names(c.corp)).toEqual(["bob", "carl"]);
    await expectModel(c.org.db, "hr first");
  });

  test("between the two stands below both afterwards", async () => {
    const c = await company(ctx);
    await c.org.directory("hr");
    await c.org.order("corp", "hr", "entra", "internal");
    await c.org.person(c.corp, "ada");
    await c.org.person(c.entra, "ada");
    await c.switch("userName");
    expect((await listDirectories(c.org.db)).map((one) => `${one.position} ${one.name}`)).toEqual([
      "1 entra",
      "2 corp",
      "3 hr",
      "4 internal",
    ]);
  });
});

describe("groups", () => {
  async function groups(c: Company) {
    const wiki = await c.org.product("wiki");
    const desk = await c.org.product("desk");
    const [staff, twins, lone] = [
      await c.org.group(c.corp, "staff"),
      await c.org.group(c.corp, "nest"),
      await c.org.group(c.corp, "lone"),
    ];
    const [hers, nest] = [await c.org.group(c.entra, "Staff"), await c.org.group(c.entra, "nest")];
    const local = await c.org.alone(async (tx) => {
      const group = await createLocalGroup(tx, "everybody");
      await nestGroups(tx, group.id, [twins]);
      return group.id;
    });
    await c.org.grant(staff, wiki, "user");
    await c.org.grant(staff, desk, "admin");
    await c.org.grant(hers, desk, "user");
    await c.org.grant(lone, wiki, "admin");
    await c.org.grant(local, desk, "user");
    const [ada, bob] = [await c.org.person(c.corp, "ada"), await c.org.person(c.corp, "bob")];
    const [adaNow, bobNow] = [await c.org.person(c.entra, "ada"), await c.org.person(c.entra, "bob")];
    await c.org.join(c.corp, staff, ada.id);
    await c.org.join(c.corp, twins, bob.id);
    await c.org.join(c.entra, hers, adaNow.id);
    await c.org.join(c.entra, nest, bobNow.id);
    const more = await c.org.person(c.entra, "more");
    await c.org.join(c.entra, hers, more.id);
    return { ada, bob, more };
  }

  test("of one name are two groups: without a word nothing of the one goes to the other, and who loses what is told", async () => {
    const c = await company(ctx);
    const { ada, bob } = await groups(c);
    const done = await c.switch("userName");
    expect(done.access).toMatchObject([
      { account: ada.account, product: "wiki", what: "lost", roleBefore: "user" },
      { account: bob.account, product: "desk", what: "lost", roleBefore: "user" },
      { account: ada.account, product: "desk", what: "changed", roleBefore: "admin", role: "user" },
    ]);
    expect(done).toMatchObject({ counts: { accessLost: 2, accessChanged: 1, grantsCopied: 0 }, grants: [] });
    await expectModel(c.org.db, "no grants");
  });

  test("get what their namesakes give when that is asked for, and everything of it is told before", async () => {
    const c = await company(ctx);
    const { ada, bob, more } = await groups(c);
    const preview = await c.preview("userName", { groups: "by-name" });
    expect(preview).toMatchObject({
      grants: [
        { group: "Staff", product: "wiki", role: "user" },
        { group: "nest", inside: "everybody" },
      ],
      access: [
        { account: ada.account, product: "desk", what: "changed", roleBefore: "admin", role: "user" },
        { account: more.account, product: "wiki", what: "gained", role: "user" },
      ],
    });
    expect(preview.conflicts.map(({ reason, from }) => [reason, from])).toEqual(
      expect.arrayContaining([
        ["group-has-another-role", ["staff"]],
        ["group-without-namesake", ["lone"]],
      ]),
    );
    expect((await c.org.access(more.account, "wiki")).allowed).toBe(false);
    expect(await c.switch("userName", { groups: "by-name" })).toEqual(preview);
    expect((await c.org.access(bob.account, "desk")).role).toBe("user");
    await expectModel(c.org.db, "by name");
    expect(await c.switch("userName", { groups: "by-name" })).toMatchObject({
      changed: false,
      counts: { switched: 0, grantsCopied: 0 },
    });
  });
});

describe("afterwards", () => {
  test("nothing is left to do, whatever comes new is taken by a second time, and the way back gives everything back", async () => {
    const c = await company(ctx);
    const wiki = await c.org.product("wiki");
    const staff = await c.org.group(c.corp, "staff");
    await c.org.grant(staff, wiki, "user");
    const ada = await c.org.person(c.corp, "ada", { email: "ada@example.com", displayName: "Ada L." });
    const bob = await c.org.person(c.corp, "bob", { email: "bob@example.com" });
    const zoe = await c.org.person(c.corp, "zoe", { email: "zoe@example.com" });
    for (const one of [ada, bob, zoe]) await c.org.join(c.corp, staff, one.id);
    await c.org.person(c.entra, "ada@example.com", { email: "ada@example.com", displayName: "Ada" });
    await c.org.person(c.entra, "bob", { email: "bob@example.com" });
    await c.switch("email");
    expect(await c.names(c.corp)).toEqual(["zoe"]);
    expect((await c.org.access(zoe.account, "wiki")).allowed).toBe(true);
    const again = await c.switch("email");
    expect(again).toMatchObject({ changed: false, counts: { switched: 0, unmatched: 1, accessLost: 0 } });
    expect(await c.audited()).toBe(1);

    await c.org.person(c.entra, "zoe@example.com", { email: "zoe@example.com" });
    expect((await c.switch("email")).counts).toMatchObject({ switched: 1, unmatched: 0 });
    expect((await c.account("zoe@example.com")).id).toBe(zoe.account);

    const left = await c.org.person(c.entra, "new@example.com", { email: "new@example.com" });
    const back = await c.switch("email", { from: c.entra, to: c.corp });
    expect(back.counts).toMatchObject({ switched: 3, renamed: 2, joined: 0, unmatched: 1, parked: 0, accessGained: 3 });
    for (const one of [ada, bob, zoe]) {
      expect((await c.account(one.userName)).id).toBe(one.account);
      expect(await c.org.access(one.account, "wiki")).toMatchObject({ role: "user", allowed: true });
    }
    expect((await c.account("ada")).email).toBe("ada@example.com");
    expect(await c.names(c.corp)).toEqual(["ada", "bob", "zoe"]);
    expect(await c.names(c.entra)).toEqual([left.userName]);
    expect((await listDirectories(c.org.db)).map((one) => one.name)).toEqual(["corp", "entra", "internal"]);
    await expectModel(c.org.db, "back");
    // And there once more.
    expect((await c.switch("email")).counts).toMatchObject({ switched: 3, joined: 0, unmatched: 0 });
    expect((await c.account("ada@example.com")).id).toBe(ada.account);
    await expectModel(c.org.db, "there again");
  });

  test("who left meanwhile does not come back with the way back", async () => {
    const c = await company(ctx);
    const [ada, bob] = [await c.org.person(c.corp, "ada"), await c.org.person(c.corp, "bob")];
    const [gone] = [await c.org.person(c.entra, "ada"), await c.org.person(c.entra, "bob")];
    await c.switch("userName");
    await c.org.remove(gone);
    expect((await c.switch("userName", { from: c.entra, to: c.corp })).counts.switched).toBe(1);
    expect(await c.names(c.corp)).toEqual(["bob"]);
    expect(await c.account("ada")).toMatchObject({ id: ada.account, directory: null });
    expect(await c.account("bob")).toMatchObject({ id: bob.account, directory: "corp" });
  });

  test("the one that was left is shown so and can be removed, which changes nobody; the other one not before it", async () => {
    const c = await company(ctx);
    const ada = await c.org.person(c.corp, "ada");
    await c.org.person(c.entra, "ada");
    await c.switch("userName");
    expect((await listDirectories(c.org.db)).map(({ name, switchedTo }) => [name, switchedTo])).toEqual([
      ["entra", null],
      ["corp", "entra"],
      ["internal", null],
    ]);
    const remove = (directory: typeof c.corp, name: string) =>
      c.org.alone((tx) => removeDirectory(tx, directory, name));
    await expect(remove(c.entra, "entra")).rejects.toMatchObject({ code: "conflict" });
    const before = await c.account("ada");
    expect(before).toMatchObject({ id: ada.account, directory: "entra" });
    expect(await remove(c.corp, "corp")).toMatchObject({ users: 0 });
    expect(await c.account("ada")).toEqual(before);
    await remove(c.entra, "entra");
  });

  test("masking: the profile and the groups are those of the other directory", async () => {
    const c = await company(ctx);
    await c.org.mode("masking");
    const wiki = await c.org.product("wiki");
    const [old, now] = [await c.org.group(c.corp, "staff"), await c.org.group(c.entra, "staff")];
    await c.org.grant(old, wiki, "user");
    await c.org.grant(now, wiki, "admin");
    const ada = await c.org.person(c.corp, "ada");
    const hers = await c.org.person(c.entra, "ada");
    await c.org.join(c.corp, old, ada.id);
    await c.org.join(c.entra, now, hers.id);
    expect((await c.org.access(ada.account, "wiki")).role).toBe("user");
    await c.switch("userName");
    expect((await c.org.access(ada.account, "wiki")).role).toBe("admin");
    await expectModel(c.org.db, "masking");
  });
});
