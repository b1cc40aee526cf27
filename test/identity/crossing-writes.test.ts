import { expect, test } from "vitest";
import type { Tx } from "../../src/db/transaction.ts";
import { changeMembers } from "../../src/identity/directory-groups/members.ts";
import { removeDirectoryGroups } from "../../src/identity/directory-groups/remove.ts";
import {
  getDirectoryUser,
  groupsOfDirectoryUsers,
  lockDirectoryUser,
} from "../../src/identity/directory-users/read.ts";
import { removeDirectoryUsers, restoreDirectoryUsers } from "../../src/identity/directory-users/remove.ts";
import { updateDirectoryUsers } from "../../src/identity/directory-users/update.ts";
import { testContext } from "../harness/postgres.ts";
import { makeOrganization, type Organization } from "./access/organization.ts";
import { expectModel } from "./access/stored.ts";

const ctx = await testContext();

/** Runs `second` while `first` has written but not yet committed, and waits for both. */
async function overlapping(
  org: Organization,
  first: (tx: Tx) => Promise<unknown>,
  second: (tx: Tx) => Promise<unknown>,
): Promise<void> {
  let other: Promise<unknown> = Promise.resolve();
  await org.shared(async (tx) => {
    await first(tx);
    other = org.shared(second);
    await Promise.race([other, blocked(org)]);
  });
  await other;
}

/** Resolves when a backend of this database waits for a lock. */
async function blocked(org: Organization): Promise<void> {
  for (;;) {
    const waiting = await org.db.query({
      text: `select l.pid from pg_locks l join pg_stat_activity a on a.pid = l.pid
        where not l.granted and a.datname = current_database()`,
    });
    if (waiting.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test.each(["leave first", "restore first"])(
  "a membership taken from a removed record while that record is restored gives nothing: %s",
  async (order) => {
    const org = await makeOrganization(ctx, order.replace(" ", "-"));
    const wiki = await org.product("wiki");
    const directory = await org.directory("c");
    const group = await org.group(directory, "g");
    await org.grant(group, wiki, "user");
    const ada = await org.person(directory, "ada");
    await org.join(directory, group, ada.id);
    await org.remove(ada);
    const leave = (tx: Tx) => changeMembers(tx, directory, { add: [], remove: [{ group, member: ada.id }] });
    const restore = (tx: Tx) => restoreDirectoryUsers(tx, directory, [ada.id]);
    await (order === "leave first" ? overlapping(org, leave, restore) : overlapping(org, restore, leave));
    await expectModel(org.db, order);
    expect((await org.access(ada.account, "wiki")).allowed).toBe(false);
  },
);

test.each(["join first", "rename first"])(
  "who joins a group while the record is renamed onto another account brings the role there: %s",
  async (order) => {
    const org = await makeOrganization(ctx, order.replace(" ", "-"));
    const wiki = await org.product("wiki");
    const [c, p] = [await org.directory("c"), await org.directory("p")];
    const group = await org.group(c, "g");
    await org.grant(group, wiki, "user");
    const [ada, taken] = [await org.person(c, "ada"), await org.person(p, "augusta")];
    const join = (tx: Tx) => changeMembers(tx, c, { add: [{ group, member: ada.id }], remove: [] });
    const rename = (tx: Tx) => updateDirectoryUsers(tx, c, [{ ...ada, userName: "augusta" }]);
    await (order === "join first" ? overlapping(org, join, rename) : overlapping(org, rename, join));
    await expectModel(org.db, order);
    expect((await org.access(taken.account, "wiki")).allowed).toBe(true);
  },
);

test("both records of a person removed at the same moment leave no canonical record", async () => {
  const org = await makeOrganization(ctx, "both-removed");
  const [c, p] = [await org.directory("c"), await org.directory("p")];
  const [first, second] = [await org.person(c, "ada"), await org.person(p, "ada")];
  await overlapping(
    org,
    (tx) => removeDirectoryUsers(tx, c, [first.id]),
    (tx) => removeDirectoryUsers(tx, p, [second.id]),
  );
  await expectModel(org.db, "after both");
  expect(await org.db.query({ text: "select canonical from accounts where user_name_key = 'ada'" })).toEqual([
    { canonical: null },
  ]);
});

test("of two changes that each read the record under its lock, the second one reads what the first one wrote", async () => {
  const org = await makeOrganization(ctx, "two-changes");
  const directory = await org.directory("c");
  const ada = await org.person(directory, "ada", { displayName: "" });
  const append = (letter: string) => async (tx: Tx) => {
    const held = await lockDirectoryUser(tx, directory, ada.id);
    if (held) await updateDirectoryUsers(tx, directory, [{ ...held, displayName: `${held.displayName}${letter}` }]);
  };
  await overlapping(org, append("a"), append("b"));
  expect((await getDirectoryUser(org.db, directory, ada.id))?.displayName).toBe("ab");
});

test("a user is in no group that only a deleted group leads to (RFC 7643 §4.1.2)", async () => {
  const org = await makeOrganization(ctx, "through-deleted");
  const directory = await org.directory("c");
  const [low, middle, high] = [
    await org.group(directory, "low"),
    await org.group(directory, "middle"),
    await org.group(directory, "high"),
  ];
  await org.nest(directory, middle, low);
  await org.nest(directory, high, middle);
  const ada = await org.person(directory, "ada");
  await org.join(directory, low, ada.id);
  const names = async () =>
    ((await groupsOfDirectoryUsers(org.db, directory, [ada.id])).get(ada.id) ?? []).map((group) => group.displayName);
  expect((await names()).sort()).toEqual(["high", "low", "middle"]);
  await org.alone((tx) => removeDirectoryGroups(tx, directory, [middle]));
  expect(await names()).toEqual(["low"]);
});
