import { expect, test } from "vitest";
import type { AccountId, GroupId } from "../../../src/db/id.ts";
import { suspendAccount } from "../../../src/identity/accounts/suspend.ts";
import { addLocalMembers, createLocalGroup } from "../../../src/identity/groups.ts";
import { assignGuest } from "../../../src/identity/guests.ts";
import { createSpace } from "../../../src/identity/spaces.ts";
import { testContext } from "../../harness/postgres.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { Random } from "../access/random.ts";
import { expectModel, readAccess } from "../access/stored.ts";
import { company } from "./company.ts";

const ctx = await testContext();
const ROLES = ["admin", "user", "guest"] as const;

/** Role, state and end of everybody's access by account and product; by which path is no matter. */
async function accessOf(c: Awaited<ReturnType<typeof company>>) {
  const all = await readAccess(c.org.db);
  return [...all].map(([key, { role, state, liveUntil }]) => `${key} ${role} ${state} ${liveUntil}`).sort();
}

type Person = { account: AccountId; oldName: string; newName: string };

/** A world in which both directories say the same of everybody, under names of their own. */
async function world(random: Random) {
  const c = await company(ctx, "random");
  if (random.chance(0.3)) await c.org.mode("masking");
  const hr = random.chance(0.5) ? await c.org.directory("hr") : undefined;
  const products = [await c.org.product("wiki", { hasGuests: true }), await c.org.product("desk", { hasGuests: true })];
  const space = await c.org.alone((tx) => createSpace(tx, products[0] as never, { key: "docs" }));
  const pairs: [GroupId, GroupId][] = [];
  for (const name of ["one", "two", "three"]) {
    const pair: [GroupId, GroupId] = [await c.org.group(c.corp, name), await c.org.group(c.entra, `${name} there`)];
    for (const product of random.some(products, 0.6)) {
      const role = random.pick(ROLES);
      for (const group of pair) await c.org.grant(group, product, role);
    }
    pairs.push(pair);
  }
  const local = await c.org.alone((tx) => createLocalGroup(tx, "local"));
  await c.org.grant(local.id, random.pick(products), random.pick(ROLES));

  const count = 3 + random.below(5);
  const names = Array.from({ length: count }, (_, index) => `p${index}`);
  // Of some the name is another one there, and some of those were somebody else's here.
  const mixed = random.shuffled(names);
  const newNames = names.map((name, index) => {
    const chance = random.next();
    return chance < 0.4 ? name : chance < 0.7 ? `${name}@example.com` : (mixed[index] as string);
  });
  const taken = new Set<string>();
  const people: Person[] = [];
  for (const [index, oldName] of names.entries()) {
    const wanted = newNames[index] as string;
    const newName = taken.has(wanted) ? `${oldName}@there` : wanted;
    taken.add(newName);
    const account = (
      await c.org.person(c.corp, oldName, { email: `${oldName}@mail.example`, active: !random.chance(0.1) })
    ).account;
    people.push({ account, oldName, newName });
  }
  if (hr)
    for (const { oldName } of random.some(people, 0.2)) await c.org.person(hr, oldName, { email: "hr@example.com" });
  for (const { account } of random.some(people, 0.4))
    await c.org.shared((tx) => addLocalMembers(tx, local.id, [account]));
  for (const { account } of random.some(people, 0.4))
    await c.org.shared((tx) =>
      assignGuest(tx, { account, space: space.id, permission: "read-only", expiresAt: null, sponsor: null }),
    );
  for (const { account } of random.some(people, 0.15)) await c.org.shared((tx) => suspendAccount(tx, account, "away"));
  const inactive = new Set(
    (
      await c.org.db.query<{ name: string }>({
        text: "select user_name as name from directory_users where organization = $1 and directory = $2 and not active",
        values: [c.org.id, c.corp],
      })
    ).map((row) => row.name),
  );
  const memberships = new Map(people.map(({ oldName }) => [oldName, random.some(pairs, 0.5)]));
  for (const { oldName } of people) {
    const [record] = await c.org.db.query<{ id: never }>({
      text: "select id from directory_users where organization = $1 and directory = $2 and user_name = $3",
      values: [c.org.id, c.corp, oldName],
    });
    for (const [old] of memberships.get(oldName) ?? []) await c.org.join(c.corp, old, record?.id as never);
  }
  const before = await accessOf(c);
  /** The company's identity provider comes: everybody once more, in the groups that are the same there. */
  const arrive = async () => {
    for (const { oldName, newName } of people) {
      const record = await c.org.person(c.entra, newName, {
        email: `${oldName}@mail.example`,
        active: !inactive.has(oldName),
      });
      for (const [, there] of memberships.get(oldName) ?? []) await c.org.join(c.entra, there, record.id);
    }
  };
  return { c, people, before, arrive, hasHr: hr !== undefined };
}

test("whoever is the same in both directories has the same access after the switch, and again after the way back", {
  timeout: 1_800_000,
}, async () => {
  for (let round = 0; round < scaled(200); round++) {
    const hint = `world ${round} of seed ${seed}`;
    const random = new Random(seed + round);
    const { c, people, before, arrive, hasHr } = await world(random);
    await arrive();
    const preview = await c.preview("email");
    const done = await c.switch("email");
    expect(done, hint).toEqual(preview);
    expect(done.counts, hint).toMatchObject({ switched: people.length, conflicts: 0, unmatched: 0 });
    await expectModel(c.org.db, hint);
    for (const { account, newName } of people)
      expect(await c.account(newName), hint).toMatchObject({ id: account, directory: "entra" });
    // Whoever is left in a third directory under an old name is an account of their own, without groups.
    expect(await accessOf(c), hint).toEqual(before);
    expect(await c.parked(), hint).toEqual([]);
    expect(await c.mails(), hint).toBe(0);
    expect((await c.switch("email")).changed, hint).toBe(false);

    const back = await c.switch("email", { from: c.entra, to: c.corp });
    expect(back.counts, hint).toMatchObject({ switched: people.length, conflicts: 0 });
    await expectModel(c.org.db, hint);
    expect(await accessOf(c), hint).toEqual(before);
    for (const { account, oldName } of people)
      expect(await c.account(oldName), hint).toMatchObject({ id: account, directory: "corp" });
    expect(await c.parked(), hint).toEqual([]);
    expect(hasHr || back.counts.leftBehind === 0, hint).toBe(true);
  }
});
