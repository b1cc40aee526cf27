import { beforeAll, describe, expect, test } from "vitest";
import { type AccountId, type DirectoryId, type GroupId, newId, type ProductId } from "../../src/db/id.ts";
import { insertDirectoryGroups } from "../../src/identity/directory-groups/write.ts";
import {
  addLocalMembers,
  createLocalGroup,
  listGroups,
  localMembersOf,
  nestGroups,
  removeLocalMembers,
  resolveGroup,
  unnestGroups,
} from "../../src/identity/groups.ts";
import { testContext } from "../harness/postgres.ts";
import { effective, groupInput, makeOrganization, type Organization } from "./access/organization.ts";
import { expectModel } from "./access/stored.ts";

const ctx = await testContext();
let org: Organization;
let wiki: ProductId;
let c: DirectoryId;

beforeAll(async () => {
  org = await makeOrganization(ctx, "groups");
  wiki = await org.product("wiki");
  c = await org.directory("c");
});

const local = async (name: string) => (await org.shared((tx) => createLocalGroup(tx, name))).id;

describe("local groups", () => {
  test("R46, T15: members that an administrator adds, of any directory, and no directory removes", async () => {
    const group = await local("contractors");
    await org.grant(group, wiki, "user");
    const ada = await org.person(c, "ada");
    expect(await org.shared((tx) => addLocalMembers(tx, group, [ada.account, ada.account]))).toBe(1);
    expect(await org.shared((tx) => addLocalMembers(tx, group, [ada.account]))).toBe(0);
    expect(await localMembersOf(org.db, group)).toEqual([{ account: ada.account, userName: "ada", counts: true }]);
    expect(await org.access(ada.account, "wiki")).toMatchObject({
      role: "user",
      trace: [{ directory: "local", group: "contractors", counts: true }],
    });
    await org.remove(ada);
    expect(await org.access(ada.account, "wiki")).toMatchObject({ role: null, reason: "deactivated" });
    expect(await org.shared((tx) => removeLocalMembers(tx, group, [ada.account]))).toBe(1);
    expect(await localMembersOf(org.db, group)).toEqual([]);
    await expectModel(org.db, "T15");
  });

  test("a name twice, no name, an unknown account", async () => {
    const group = await local("Once");
    await expect(local("ONCE")).rejects.toMatchObject({ code: "uniqueness" });
    await expect(local("  ")).rejects.toMatchObject({ code: "invalid" });
    const nobody = newId<AccountId>();
    await expect(org.shared((tx) => addLocalMembers(tx, group, [nobody]))).rejects.toMatchObject({
      code: "not-found",
      at: nobody,
    });
    await expect(org.shared((tx) => addLocalMembers(tx, newId<GroupId>(), []))).rejects.toMatchObject({
      code: "not-found",
    });
  });

  test("a member whose name passed to another record counts again when he is added again", async () => {
    const group = await local("parked");
    await org.grant(group, wiki, "user");
    const first = await org.person(c, "recycled");
    await org.shared((tx) => addLocalMembers(tx, group, [first.account]));
    await org.remove(first);
    const second = await org.person(c, "recycled");
    expect(second.account).toBe(first.account);
    expect(await org.access(second.account, "wiki")).toMatchObject({ role: null, trace: [{ counts: false }] });
    expect(await localMembersOf(org.db, group)).toMatchObject([{ counts: false }]);
    expect(await org.shared((tx) => addLocalMembers(tx, group, [second.account]))).toBe(1);
    expect(await org.access(second.account, "wiki")).toMatchObject({ role: "user" });
  });
});

describe("groups in local groups", () => {
  test("of any directory pass the role down, until they are taken out", async () => {
    const [parent, child] = [await local("everybody"), await org.group(c, "staff")];
    await org.grant(parent, wiki, "user");
    const grace = await org.person(c, "grace");
    await org.join(c, child, grace.id);
    expect(await org.alone((tx) => nestGroups(tx, parent, [child]))).toBe(1);
    expect(effective(await org.access(grace.account, "wiki"))).toEqual(["everybody"]);
    await expectModel(org.db, "nested");
    expect(await org.alone((tx) => unnestGroups(tx, parent, [child]))).toBe(1);
    expect(await org.access(grace.account, "wiki")).toMatchObject({ role: null });
  });

  test("a circle is refused, and so is a parent that a directory owns", async () => {
    const [a, b, remote] = [await local("a"), await local("b"), await org.group(c, "owned")];
    await org.alone((tx) => nestGroups(tx, a, [b]));
    await expect(org.alone((tx) => nestGroups(tx, b, [a]))).rejects.toMatchObject({ code: "invalid", at: `id:${a}` });
    await expect(org.alone((tx) => nestGroups(tx, a, [a]))).rejects.toMatchObject({ code: "invalid" });
    await expect(org.alone((tx) => nestGroups(tx, remote, [a]))).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("what a text means", () => {
  test("DIRECTORY/NAME, split at the first slash, in any case; local/NAME; id:UUID", async () => {
    const [plain, slashed, own] = [await org.group(c, "Team"), await org.group(c, "Team/Core"), await local("Team")];
    expect(await resolveGroup(org.db, "c/team")).toEqual({ id: plain, name: "Team", directory: "c" });
    expect(await resolveGroup(org.db, "c/Team/Core")).toMatchObject({ id: slashed });
    expect(await resolveGroup(org.db, "local/team")).toEqual({ id: own, name: "Team", directory: null });
    expect(await resolveGroup(org.db, `id:${slashed.toUpperCase()}`)).toMatchObject({ id: slashed });
    expect(
      (await listGroups(org.db)).filter((group) => group.name.startsWith("Team")).map((group) => group.directory),
    ).toEqual(["c", "c", null]);
  });

  test("a name that the directory has not created yet can be waited for", async () => {
    expect(await resolveGroup(org.db, "c/Later")).toEqual({ directory: c, name: "Later" });
  });

  test("nothing, several, no form", async () => {
    for (const text of ["local/none", "nowhere/none", `id:${newId()}`, "id:no-uuid"])
      await expect(resolveGroup(org.db, text), text).rejects.toMatchObject({ code: "not-found" });
    for (const text of ["staff", "/staff", "c/", ""])
      await expect(resolveGroup(org.db, text), text).rejects.toMatchObject({ code: "invalid" });
    const twins = [newId<GroupId>(), newId<GroupId>()].sort() as GroupId[];
    await org.shared((tx) =>
      insertDirectoryGroups(
        tx,
        c,
        twins.map((id) => ({ ...groupInput(id, "twin"), uniqueName: false })),
      ),
    );
    await expect(resolveGroup(org.db, "c/twin")).rejects.toMatchObject({
      code: "conflict",
      candidates: twins.map((id) => `id:${id}`),
    });
  });
});
