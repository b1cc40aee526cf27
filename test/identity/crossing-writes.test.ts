import { expect, test } from "vitest";
import type { Tx } from "../../src/db/transaction.ts";
import { changeMembers } from "../../src/identity/directory-groups/members.ts";
import { removeDirectoryGroups } from "../../src/identity/directory-groups/remove.ts";
import { groupsOfDirectoryUsers } from "../../src/identity/directory-users/read.ts";
import { restoreDirectoryUsers } from "../../src/identity/directory-users/remove.ts";
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
