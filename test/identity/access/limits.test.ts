import { describe, expect, test } from "vitest";
import { type AccountId, newId, type ProductId, type SpaceId } from "../../../src/db/id.ts";
import { followUpExpired } from "../../../src/identity/access/reconcile.ts";
import type { DirectoryUser } from "../../../src/identity/directory-users/directory-user.ts";
import { assignGuest, extendGuest } from "../../../src/identity/guests.ts";
import { listProducts, type ProductSettings, updateProduct } from "../../../src/identity/products.ts";
import { createSpace } from "../../../src/identity/spaces.ts";
import { testContext } from "../../harness/postgres.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { makeOrganization, type Organization } from "./organization.ts";
import { Random } from "./random.ts";

const ctx = await testContext();
let count = 0;

/** A product with a group for users and one for guests, a space, and as many people as asked, in no group. */
async function limited(settings: Partial<ProductSettings>, people: number) {
  const org = await makeOrganization(ctx, `limited-${++count}`);
  const product = await org.product("wiki", { hasGuests: true, ...settings });
  const directory = await org.directory("c");
  const [users, guests] = [await org.group(directory, "users"), await org.group(directory, "guests")];
  await org.grant(users, product, "user");
  await org.grant(guests, product, "guest");
  const space = await org.alone((tx) => createSpace(tx, product, { key: "docs" }));
  const persons: DirectoryUser[] = [];
  for (let n = 0; n < people; n++) persons.push(await org.person(directory, `person-${n}`));
  const change = (wanted: Partial<ProductSettings>) =>
    org.alone(async (tx) => {
      const before = (await listProducts(tx)).find((row) => row.id === product);
      if (before) await updateProduct(tx, product, { ...before, ...wanted });
    });
  const admit = async (person: DirectoryUser) => {
    await org.join(directory, guests, person.id);
    return assign(org, person.account, space.id);
  };
  return { org, product, directory, users, guests, space: space.id, persons, change, admit };
}

function assign(org: Organization, account: AccountId, space: SpaceId, expiresAt: Date | null = null) {
  return org.shared((tx) => assignGuest(tx, { account, space, permission: "read-only", expiresAt, sponsor: null }));
}

/** Per person, in the order given: allowed, or the reason. */
async function standing(org: Organization, persons: readonly DirectoryUser[]): Promise<(string | null)[]> {
  const answers: (string | null)[] = [];
  for (const person of persons) {
    const { allowed, reason } = await org.access(person.account, "wiki");
    answers.push(allowed ? "in" : reason);
  }
  return answers;
}

async function actionsOf(org: Organization, account: AccountId): Promise<string[]> {
  const rows = await org.db.query<{ action: string }>({
    text: "select action from audit where organization = $1 and subject = $2 and action like 'access.%' order by id",
    values: [org.id, account],
  });
  return rows.map((row) => row.action);
}

describe("seats", () => {
  test("a blocking limit lets the first ones in; the others wait in their order", async () => {
    const { org, directory, users, persons } = await limited({ seats: 2, seatEnforcement: "block" }, 4);
    for (const person of persons) await org.join(directory, users, person.id);
    expect(await standing(org, persons)).toEqual(["in", "in", "no-seat", "no-seat"]);
    await org.leave(directory, users, (persons[0] as DirectoryUser).id);
    expect(await standing(org, persons)).toEqual(["no-grant", "in", "in", "no-seat"]);
  });

  test("a limit that only warns lets everybody in", async () => {
    const { org, directory, users, persons } = await limited({ seats: 1, seatEnforcement: "warn" }, 3);
    for (const person of persons) await org.join(directory, users, person.id);
    expect(await standing(org, persons)).toEqual(["in", "in", "in"]);
  });

  test("R146: a limit below what is taken drops nobody, and lets nobody in", async () => {
    const { org, directory, users, persons, change } = await limited({}, 4);
    for (const person of persons.slice(0, 3)) await org.join(directory, users, person.id);
    await change({ seats: 1, seatEnforcement: "block" });
    await org.join(directory, users, (persons[3] as DirectoryUser).id);
    expect(await standing(org, persons)).toEqual(["in", "in", "in", "no-seat"]);
    await org.update(persons[1] as DirectoryUser, { displayName: "another name" });
    expect(await standing(org, persons)).toEqual(["in", "in", "in", "no-seat"]);
    await change({ seats: 4 });
    expect(await standing(org, persons)).toEqual(["in", "in", "in", "in"]);
  });

  test("who waited and is let in has one audit row for either", async () => {
    const { org, directory, users, persons } = await limited({ seats: 1, seatEnforcement: "block" }, 2);
    const [first, second] = persons as [DirectoryUser, DirectoryUser];
    await org.join(directory, users, first.id);
    await org.join(directory, users, second.id);
    await org.leave(directory, users, first.id);
    expect(await actionsOf(org, first.account)).toEqual(["access.granted", "access.revoked"]);
    expect(await actionsOf(org, second.account)).toEqual(["access.changed", "access.granted"]);
  });

  test("twenty at the same moment on five seats: five are in", async () => {
    const { org, directory, users, persons } = await limited({ seats: 5, seatEnforcement: "block" }, 20);
    await Promise.all(persons.map((person) => org.join(directory, users, person.id)));
    const words = await standing(org, persons);
    expect(words.filter((word) => word === "in")).toHaveLength(5);
    expect(words.filter((word) => word === "no-seat")).toHaveLength(15);
    await Promise.all(
      persons.filter((_, n) => words[n] === "in").map((person) => org.leave(directory, users, person.id)),
    );
    expect((await standing(org, persons)).filter((word) => word === "in")).toHaveLength(5);
  });
});

describe("guest slots", () => {
  test("R129: the role without a space opens nothing and takes no slot", async () => {
    const { org, directory, guests, persons, space } = await limited({ guestBasis: "fixed", guestRatio: 1 }, 2);
    const [first, second] = persons as [DirectoryUser, DirectoryUser];
    await org.join(directory, guests, first.id);
    expect(await org.access(first.account, "wiki")).toMatchObject({
      role: "guest",
      allowed: false,
      reason: "no-space",
    });
    await org.join(directory, guests, second.id);
    await assign(org, second.account, space);
    expect(await standing(org, persons)).toEqual(["no-space", "in"]);
    await assign(org, first.account, space);
    expect(await standing(org, persons)).toEqual(["over-quota", "in"]);
  });

  test.each([
    ["R141", "paid-seats", 5],
    ["R142", "members", 3],
  ] as const)("%s: guests counted from %s, and a new member lets waiters in", async (_, guestBasis, guestRatio) => {
    const { org, directory, users, persons, admit } = await limited({ guestBasis, guestRatio }, guestRatio + 3);
    const [member, second, ...others] = persons as [DirectoryUser, DirectoryUser, ...DirectoryUser[]];
    await org.join(directory, users, member.id);
    for (const guest of others) await admit(guest);
    const words = [...Array(guestRatio).fill("in"), "over-quota"];
    expect(await standing(org, others)).toEqual(words);
    await org.join(directory, users, second.id);
    expect(await standing(org, others)).toEqual(others.map(() => "in"));
    // R146: fewer members than before, and nobody is dropped.
    await org.leave(directory, users, second.id);
    await org.leave(directory, users, member.id);
    expect(await standing(org, others)).toEqual(others.map(() => "in"));
  });

  test("R156: a guest who becomes a member frees the slot at once", async () => {
    const { org, directory, users, persons, admit } = await limited({ guestBasis: "fixed", guestRatio: 1 }, 2);
    const [first, second] = persons as [DirectoryUser, DirectoryUser];
    await admit(first);
    await admit(second);
    expect(await standing(org, persons)).toEqual(["in", "over-quota"]);
    await org.join(directory, users, first.id);
    expect(await standing(org, persons)).toEqual(["in", "in"]);
    expect(await org.access(first.account, "wiki")).toMatchObject({ role: "user" });
  });

  test("R153: time ends access by itself; the follow-up gives the slot away, and extending asks for one again", async () => {
    const { org, persons, admit } = await limited({ guestBasis: "fixed", guestRatio: 1 }, 2);
    const [first, second] = persons as [DirectoryUser, DirectoryUser];
    const assignment = await admit(first);
    await admit(second);
    // The clock is the database's: the end is moved behind it as time would.
    await org.shared((tx) => extendGuest(tx, assignment.id, new Date(Date.now() + 3_600_000)));
    await org.shared((tx) =>
      tx.query({
        text: `with a as (update access set live_until = now() - interval '1 s' where organization = $1 and account = $2)
          update guest_assignments set expires_at = now() - interval '1 s' where organization = $1 and account = $2`,
        values: [org.id, first.account],
      }),
    );
    expect(await standing(org, persons)).toEqual(["expired", "over-quota"]);
    expect(await org.access(first.account, "wiki")).toMatchObject({ role: "guest" });
    await org.shared((tx) => followUpExpired(tx));
    expect(await standing(org, persons)).toEqual(["expired", "in"]);
    expect(await actionsOf(org, first.account)).toContain("access.expired");
    expect(await org.shared((tx) => followUpExpired(tx))).toEqual({ lost: [], changed: 0 });
    await org.shared((tx) => extendGuest(tx, assignment.id, null));
    expect(await standing(org, persons)).toEqual(["over-quota", "in"]);
  });
});

/** One person's place on the product, as the tables have it. */
type Place = { account: string; state: string; kind: "seat" | "slot"; admitted: boolean; since: number | null };

test("whatever happens, nobody waits beside a free place, nobody who is in is put out, and the order is kept", {
  timeout: 300_000,
}, async () => {
  for (let round = 0; round < scaled(30); round++) {
    const random = new Random(seed + round);
    const hint = `MUSTER_TEST_SEED=${seed + round}, first round`;
    const { org, product, directory, users, guests, space, persons, change } = await limited({}, 8);
    let before = new Map<string, Place>();
    for (let step = 0; step < 25; step++) {
      const person = random.pick(persons);
      await random.pick([
        () => org.join(directory, users, person.id),
        () => org.leave(directory, users, person.id),
        () => org.join(directory, guests, person.id),
        () => org.leave(directory, guests, person.id),
        () => assign(org, person.account, space).catch(() => {}),
        () =>
          change({
            seats: random.chance(0.3) ? null : random.below(5),
            seatEnforcement: random.pick(["warn", "block", "block"] as const),
            guestBasis: random.pick(["unlimited", "fixed", "paid-seats", "members"] as const),
            guestRatio: random.below(3),
            guestEnforcement: random.pick(["warn", "block", "block"] as const),
          }),
      ])();
      const after = await placesOf(org, product);
      for (const [account, place] of before) {
        const now = after.get(account);
        if (place.admitted && now?.kind === place.kind)
          expect(now.admitted, `${hint}, step ${step}: put out`).toBe(true);
      }
      for (const kind of ["seat", "slot"] as const) {
        const waiting = [...after.values()].filter((place) => place.kind === kind && !place.admitted);
        if (waiting.length > 0)
          expect(await room(org, product, kind), `${hint}, step ${step}: ${kind}`).toBeLessThanOrEqual(0);
        const passed = [...after.values()].filter((place) => {
          const was = before.get(place.account);
          return place.kind === kind && place.admitted && was?.kind === kind && !was.admitted;
        });
        for (const one of passed)
          for (const other of waiting) {
            const was = before.get(other.account);
            if (was?.kind === kind && !was.admitted)
              expect(earlier(before.get(one.account) as Place, was), `${hint}, step ${step}: order`).toBe(true);
          }
      }
      before = after;
    }
  }
});

function earlier(a: Place, b: Place): boolean {
  return (a.since ?? 0) < (b.since ?? 0) || (a.since === b.since && a.account < b.account);
}

async function placesOf(org: Organization, product: ProductId): Promise<Map<string, Place>> {
  const rows = await org.db.query<Place>({
    text: `select account, state, case role when 'guest' then 'slot' else 'seat' end as kind, admitted_at is not null as admitted,
        extract(epoch from waiting_since)::float8 as since
      from access where organization = $1 and product = $2 and state in ('live', 'no-seat', 'over-quota')`,
    values: [org.id, product],
  });
  return new Map(rows.map((row) => [row.account, row]));
}

/** How many more the limit would let in; infinite without one. Counted here in the words of R141, R142 and C1. */
async function room(org: Organization, product: ProductId, kind: "seat" | "slot"): Promise<number> {
  const settings = (await listProducts(org.db)).find((row) => row.id === product);
  const places = [...(await placesOf(org, product)).values()];
  const inside = (which: string) => places.filter((place) => place.kind === which && place.admitted).length;
  if (!settings) throw new Error("no product");
  if (kind === "seat")
    return settings.seats === null || settings.seatEnforcement === "warn"
      ? Number.POSITIVE_INFINITY
      : settings.seats - inside("seat");
  if (settings.guestEnforcement === "warn" || settings.guestBasis === "unlimited") return Number.POSITIVE_INFINITY;
  const basis = {
    fixed: 1,
    "paid-seats": inside("seat"),
    members: places.filter((place) => place.kind === "seat").length,
  }[settings.guestBasis];
  return settings.guestRatio * basis - inside("slot");
}

test("a limit on one product makes nobody of another wait", async () => {
  const { org, directory, persons } = await limited({ seats: 0, seatEnforcement: "block" }, 1);
  const tracker = await org.product("tracker");
  const group = await org.group(directory, newId());
  await org.grant(group, tracker, "user");
  const [person] = persons as [DirectoryUser];
  await org.join(directory, group, person.id);
  expect(await org.access(person.account, "tracker")).toMatchObject({ allowed: true, role: "user" });
});
