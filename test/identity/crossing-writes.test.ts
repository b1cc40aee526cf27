import { expect, test } from "vitest";
import type { DirectoryId, GroupId } from "../../src/db/id.ts";
import type { Tx } from "../../src/db/transaction.ts";
import { changeMembers } from "../../src/identity/directory-groups/members.ts";
import { removeDirectoryGroups } from "../../src/identity/directory-groups/remove.ts";
import type { DirectoryUser } from "../../src/identity/directory-users/directory-user.ts";
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

const joins = (directory: DirectoryId, group: GroupId, user: DirectoryUser) => (tx: Tx) =>
  changeMembers(tx, directory, { add: [{ group, member: user.id }], remove: [] });

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

test.each(["lower role first", "higher role first"])(
  "who joins two groups at the same moment has the higher of their roles: %s",
  async (order) => {
    const org = await makeOrganization(ctx, order.replaceAll(" ", "-"));
    const wiki = await org.product("wiki");
    const [c, p] = [await org.directory("c"), await org.directory("p")];
    const [users, admins] = [await org.group(c, "users"), await org.group(p, "admins")];
    await org.grant(users, wiki, "user");
    await org.grant(admins, wiki, "admin");
    const [one, other] = [await org.person(c, "ada"), await org.person(p, "ada")];
    const asUser = joins(c, users, one);
    const asAdmin = joins(p, admins, other);
    await (order === "lower role first" ? overlapping(org, asUser, asAdmin) : overlapping(org, asAdmin, asUser));
    await expectModel(org.db, order);
    expect((await org.access(one.account, "wiki")).role).toBe("admin");
  },
);

test("of two people who come for the last seat at the same moment one has it", async () => {
  const org = await makeOrganization(ctx, "last-seat");
  const wiki = await org.product("wiki", { seats: 1, seatEnforcement: "block" });
  const c = await org.directory("c");
  const [one, two] = [await org.group(c, "one"), await org.group(c, "two")];
  for (const group of [one, two]) await org.grant(group, wiki, "user");
  const [ada, bob] = [await org.person(c, "ada"), await org.person(c, "bob")];
  await overlapping(org, joins(c, one, ada), joins(c, two, bob));
  const reasons = [await org.access(ada.account, "wiki"), await org.access(bob.account, "wiki")].map(
    (row) => row.reason,
  );
  expect(reasons).toEqual([null, "no-seat"]);
});

test("who waits for a seat, is given it and leaves at the same moment, is told to have lost access", async () => {
  const org = await makeOrganization(ctx, "given-and-left");
  const wiki = await org.product("wiki", { seats: 1, seatEnforcement: "block" });
  const c = await org.directory("c");
  const [one, two] = [await org.group(c, "one"), await org.group(c, "two")];
  for (const group of [one, two]) await org.grant(group, wiki, "user");
  const [ada, bob] = [await org.person(c, "ada"), await org.person(c, "bob")];
  await org.join(c, one, ada.id);
  await org.join(c, two, bob.id);
  expect((await org.access(bob.account, "wiki")).reason).toBe("no-seat");
  await overlapping(
    org,
    (tx) => changeMembers(tx, c, { add: [], remove: [{ group: one, member: ada.id }] }),
    (tx) => changeMembers(tx, c, { add: [], remove: [{ group: two, member: bob.id }] }),
  );
  const events = await org.db.query<{ kind: string }>({
    text: "select kind from outbox where organization = $1 and subject = $2 and kind like 'access.%' order by id",
    values: [org.id, bob.account],
  });
  expect(events.map((event) => event.kind)).toEqual(["access.changed", "access.granted", "access.revoked"]);
});

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
