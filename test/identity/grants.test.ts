import { describe, expect, test } from "vitest";
import { type GrantId, type GroupId, newId, type ProductId } from "../../src/db/id.ts";
import { removeDirectoryGroups, restoreDirectoryGroups } from "../../src/identity/directory-groups/remove.ts";
import { insertDirectoryGroups, updateDirectoryGroups } from "../../src/identity/directory-groups/write.ts";
import { confirmGrant, listGrants, revokeGrant } from "../../src/identity/grants.ts";
import { testContext } from "../harness/postgres.ts";
import { effective, groupInput, makeOrganization } from "./access/organization.ts";
import { expectModel } from "./access/stored.ts";

const ctx = await testContext();
let count = 0;

async function withWiki() {
  const org = await makeOrganization(ctx, `grants-${++count}`);
  const wiki = await org.product("wiki");
  const [c, p] = [await org.directory("c"), await org.directory("p")];
  return { org, wiki, c, p };
}

describe("a grant", () => {
  test("R51: changes the role of all members, and tells how many", async () => {
    const { org, wiki, c } = await withWiki();
    const [outer, inner] = [await org.group(c, "outer"), await org.group(c, "inner")];
    await org.nest(c, outer, inner);
    const people = [await org.person(c, "ada"), await org.person(c, "grace"), await org.person(c, "joan")];
    await org.join(c, outer, people[0]!.id);
    for (const person of people) await org.join(c, inner, person.id);
    expect(await org.grant(outer, wiki, "user")).toMatchObject({
      state: "in-force",
      accountsChanged: 3,
      product: "wiki",
    });
    expect(await org.grant(outer, wiki, "admin")).toMatchObject({ accountsChanged: 3 });
    expect(await org.grant(inner, wiki, "user")).toMatchObject({ accountsChanged: 0 });
    expect(await org.access(people[1]!.account, "wiki")).toMatchObject({ role: "admin", allowed: true });
    await expectModel(org.db, "R51");
  });

  test("that stands already is a conflict", async () => {
    const { org, wiki, c } = await withWiki();
    const group = await org.group(c, "staff");
    await org.grant(group, wiki, "user");
    await expect(org.grant(group, wiki, "user")).rejects.toMatchObject({ code: "conflict" });
  });

  test("R8: guest on a product without guests is refused", async () => {
    const { org, wiki, c } = await withWiki();
    const group = await org.group(c, "staff");
    await expect(org.grant(group, wiki, "guest")).rejects.toMatchObject({ code: "invalid", at: "role" });
  });

  test("of an unknown group, product or grant is not found", async () => {
    const { org, wiki, c } = await withWiki();
    const group = await org.group(c, "staff");
    await expect(org.grant(newId<GroupId>(), wiki, "user")).rejects.toMatchObject({ code: "not-found", at: "group" });
    await expect(org.grant(group, newId<ProductId>(), "user")).rejects.toMatchObject({
      code: "not-found",
      at: "product",
    });
    await expect(org.alone((tx) => revokeGrant(tx, newId<GrantId>()))).rejects.toMatchObject({ code: "not-found" });
  });

  test("revoked: access ends at once", async () => {
    const { org, wiki, c } = await withWiki();
    const group = await org.group(c, "staff");
    const ada = await org.person(c, "ada");
    await org.join(c, group, ada.id);
    const { id } = await org.grant(group, wiki, "user");
    await org.alone((tx) => revokeGrant(tx, id));
    expect(await org.access(ada.account, "wiki")).toMatchObject({
      role: null,
      allowed: false,
      reason: "no-grant",
      trace: [],
    });
  });
});

describe("a grant that waits for its group", () => {
  test("binds to the first group of that name of that directory, and to no other directory's", async () => {
    const { org, wiki, c, p } = await withWiki();
    expect(await org.grant({ directory: c, name: "Staff" }, wiki, "user")).toMatchObject({
      group: { id: null, name: "Staff" },
      state: "waiting",
      accountsChanged: 0,
    });
    const foreign = await org.group(p, "staff");
    expect((await listGrants(org.db))[0]).toMatchObject({ state: "waiting" });
    const group = await org.group(c, "STAFF");
    expect((await listGrants(org.db))[0]).toMatchObject({ state: "in-force", group: { id: group } });
    const [ada, joan] = [await org.person(c, "ada"), await org.person(p, "joan")];
    await org.join(c, group, ada.id);
    await org.join(p, foreign, joan.id);
    expect(await org.access(ada.account, "wiki")).toMatchObject({ role: "user" });
    expect(await org.access(joan.account, "wiki")).toMatchObject({ role: null, reason: "no-grant" });
  });

  test("is held by id from then on: a rename keeps it, and no group can be renamed into it", async () => {
    const { org, wiki, c } = await withWiki();
    await org.grant({ directory: c, name: "staff" }, wiki, "user");
    await org.grant({ directory: c, name: "admins" }, wiki, "user");
    const group = await org.group(c, "staff");
    await org.shared((tx) => updateDirectoryGroups(tx, c, [groupInput(group, "admins")]));
    expect((await listGrants(org.db)).filter((grant) => grant.state === "in-force")).toMatchObject([
      { group: { id: group } },
    ]);
  });

  test("of admin counts only after an administrator confirmed the group", async () => {
    const { org, wiki, c } = await withWiki();
    const { id } = await org.grant({ directory: c, name: "admins" }, wiki, "admin");
    await expect(org.alone((tx) => confirmGrant(tx, id))).rejects.toMatchObject({ code: "conflict" });
    const group = await org.group(c, "admins");
    const ada = await org.person(c, "ada");
    await org.join(c, group, ada.id);
    expect(await org.access(ada.account, "wiki")).toMatchObject({
      role: null,
      reason: "no-grant",
      trace: [{ group: "admins", grant: id, role: "admin", counts: false }],
    });
    await org.alone((tx) => confirmGrant(tx, id));
    expect(await org.access(ada.account, "wiki")).toMatchObject({ role: "admin", allowed: true });
    await expect(org.alone((tx) => confirmGrant(tx, id))).rejects.toMatchObject({ code: "conflict" });
  });

  test("of two groups with one name in one batch the first gets it", async () => {
    const { org, wiki, c } = await withWiki();
    await org.grant({ directory: c, name: "staff" }, wiki, "user");
    const [first, second] = [newId<GroupId>(), newId<GroupId>()].sort() as [GroupId, GroupId];
    const twin = (id: GroupId) => ({ ...groupInput(id, "staff"), uniqueName: false });
    await org.shared((tx) => insertDirectoryGroups(tx, c, [twin(second), twin(first)]));
    expect(await listGrants(org.db)).toMatchObject([{ group: { id: first } }]);
    await expect(org.grant({ directory: c, name: "staff" }, wiki, "admin")).rejects.toMatchObject({
      code: "conflict",
      candidates: [`id:${first}`, `id:${second}`],
    });
  });
});

test("a deleted group gives nothing and its grant comes back with it", async () => {
  const { org, wiki, c } = await withWiki();
  const group = await org.group(c, "staff");
  const ada = await org.person(c, "ada");
  await org.join(c, group, ada.id);
  await org.grant(group, wiki, "user");
  await org.alone((tx) => removeDirectoryGroups(tx, c, [group]));
  expect(await org.access(ada.account, "wiki")).toMatchObject({ role: null, reason: "no-grant", trace: [] });
  await expectModel(org.db, "deleted");
  await org.alone((tx) => restoreDirectoryGroups(tx, c, [group]));
  expect(effective(await org.access(ada.account, "wiki"))).toEqual(["staff"]);
  await expectModel(org.db, "restored");
});
