import { afterEach, describe, expect, it } from "vitest";
import {
  type FakeCompany,
  type FakeGoogle,
  type FakeOptions,
  startFakeGoogle,
} from "../../harness/fake-google-directory.ts";
import { seed } from "../../harness/scale.ts";
import { failureOf, membersByName, readAll } from "../ldap/read-all.ts";
import { admin, bigCompany, CUSTOMER, company, connectorFor, group, member, person } from "./company.ts";

let fake: FakeGoogle | undefined;
afterEach(async () => {
  await fake?.stop();
  fake = undefined;
});

async function read(held: FakeCompany, settings: object = {}, options: FakeOptions = {}) {
  fake = await startFakeGoogle(held, options);
  return await readAll(connectorFor(fake, settings));
}

describe("a company of thousands", () => {
  const big = bigCompany(3000, 400, seed);

  it("is read whole, each person and group as Google holds them", async () => {
    const whole = await read(big);
    expect(whole.users.size).toBe(3001);
    expect(whole.groups.size).toBe(400);
    for (const one of big.people) {
      expect(whole.users.get(one.id)).toEqual({
        id: one.id,
        userName: one.primaryEmail,
        active: !one.suspended && !one.archived,
        email: one.primaryEmail,
        displayName: one.name?.fullName,
        givenName: one.name?.givenName,
        familyName: one.name?.familyName,
        location: `${one.orgUnitPath === "/" ? "" : one.orgUnitPath}/${one.primaryEmail}`,
      });
    }
    let memberships = 0;
    for (const one of big.groups) {
      expect(whole.groups.get(one.id)).toEqual({ id: one.id, name: one.name, location: one.email });
      expect(whole.members.get(one.id) ?? new Set()).toEqual(new Set(one.members.map((held) => held.id)));
      memberships += one.members.length;
    }
    expect(whole.proof).toMatchObject({
      users: 3001,
      groups: 400,
      memberships,
      boundAs: `root@example.com (id ${admin.id}) of ${CUSTOMER}`,
      oddityCount: 0,
    });
    // 7 pages of people and 2 of groups, each list once more from its end; one or more of each group; a group that ends on a full page is read twice.
    const pages = big.groups.map(({ members }) => {
      const needed = Math.max(1, Math.ceil(members.length / 200));
      return members.length > 0 && members.length % 200 === 0 ? needed + Math.ceil(members.length / 199) : needed;
    });
    expect(whole.proof.pages).toBe(2 * (7 + 2) + pages.reduce((sum, count) => sum + count, 0));
  });

  it("gives out pages of a bounded size", async () => {
    const whole = await read(big);
    for (const page of whole.pages) {
      expect(page.users?.length ?? 0).toBeLessThanOrEqual(500);
      const members = (page.members ?? []).map(({ users, groups }) => users.length + groups.length);
      expect(members.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(4000);
    }
  });

  it("is the same through empty pages, small pages and one call at a time", async () => {
    const small = bigCompany(300, 30, seed);
    const plain = await read(small);
    await fake?.stop();
    const sizes = { userPageSize: 7, groupPageSize: 4, memberPageSize: 3, concurrency: 1 };
    const other = await read(small, sizes, { emptyPages: true });
    expect(other.users).toEqual(plain.users);
    expect(other.groups).toEqual(plain.groups);
    expect(membersByName(other)).toEqual(membersByName(plain));
    expect(fake?.mostAtOnce).toBe(1);
  });

  it("is read with no more calls at once than are allowed", async () => {
    await read(bigCompany(300, 100, seed), { concurrency: 3 }, { latency: 5 });
    expect(fake?.mostAtOnce).toBeGreaterThan(1);
    expect(fake?.mostAtOnce).toBeLessThanOrEqual(3);
  });

  it("is read from the beginning by each read of one connector", async () => {
    fake = await startFakeGoogle(bigCompany(50, 5, seed));
    const connector = connectorFor(fake);
    const [first, second] = await Promise.all([readAll(connector), readAll(connector)]);
    expect(second.proof).toEqual(first.proof);
    expect(fake.tokens).toBe(2);
  });
});

describe("who is active", () => {
  const people = [
    person(1),
    person(2, { suspended: true }),
    person(3, { archived: true }),
    person(4, { suspended: true, archived: true }),
  ];

  it("is neither suspended nor archived", async () => {
    const { users } = await read(company(people, []));
    expect(people.map(({ id }) => users.get(id)?.active)).toEqual([true, false, false, false]);
  });

  it("may be archived where the settings say so", async () => {
    const { users } = await read(company(people, []), { archivedIsInactive: false });
    expect(people.map(({ id }) => users.get(id)?.active)).toEqual([true, false, true, false]);
  });

  it("is not who was deleted: gone, or inactive where the settings say so, unless the address has a new owner", async () => {
    const again = person(8, { primaryEmail: "reused@example.com" });
    const deleted = [
      person(5, { deletionTime: "2026-11-01T00:00:00.000Z" }),
      person(6, { primaryEmail: "Reused@example.com", deletionTime: "2026-11-02T00:00:00.000Z" }),
      person(7, { primaryEmail: "twice@example.com", deletionTime: "2026-11-03T00:00:00.000Z" }),
      person(9, { primaryEmail: "twice@example.com", deletionTime: "2026-11-04T00:00:00.000Z" }),
    ];
    const held = company([...people, again], [], { deleted });
    const gone = await read(held);
    expect(deleted.map(({ id }) => gone.users.get(id)?.active)).toEqual([undefined, undefined, undefined, undefined]);
    expect(fake?.byPhase.deleted).toBeUndefined();
    await fake?.stop();
    const kept = await read(held, { deletedUsers: "inactive" });
    expect(deleted.map(({ id }) => kept.users.get(id)?.active)).toEqual([false, undefined, undefined, false]);
    expect(kept.users.get(again.id)?.active).toBe(true);
    expect(kept.proof.users).toBe(kept.users.size);
  });
});

describe("what people and groups are called", () => {
  it("is the primary address; without one the person is named by id and left as they are", async () => {
    const { primaryEmail: _, ...nameless } = person(2);
    const { proof, users } = await read(
      company([person(1), nameless], [group(1, [member(nameless), member(person(1))])]),
      { domains: ["example.com"] },
    );
    expect(users.size).toBe(2);
    expect(proof).toMatchObject({ users: 2, memberships: 1, oddityCount: 1 });
    expect(proof.oddities[0]).toEqual({
      code: "no-user-name",
      location: `/${nameless.id}`,
      detail: "has no primaryEmail",
      id: nameless.id,
    });
  });

  it("is the group's name, which may repeat, or its address", async () => {
    const groups = [group(1, [], { name: "Team" }), group(2, [], { name: "Team" }), group(3, [], { name: "" })];
    const names = async (settings: object) =>
      [...(await read(company([], groups), settings)).groups.values()].map(({ name }) => name).sort();
    expect(await names({})).toEqual(["Team", "Team", "g0003@example.com"]);
    await fake?.stop();
    expect(await names({ groupName: "email" })).toEqual([
      "g0001@example.com",
      "g0002@example.com",
      "g0003@example.com",
    ]);
  });
});

describe("members", () => {
  const [ada, bob, eve] = [person(1), person(2), person(3)];

  it("that are groups stay groups, cycles and a group inside itself included", async () => {
    const inner = group(2, [member(bob)]);
    const outer = group(1, [member(ada), member(inner)]);
    inner.members.push(member(outer), member(inner));
    const whole = await read(company([ada, bob], [outer, inner]));
    expect(membersByName(whole)).toEqual({
      "Group 1": ["Group 2", ada.primaryEmail],
      "Group 2": ["Group 1", bob.primaryEmail],
    });
  });

  it("of groups that are not wanted count as members of the wanted groups around them", async () => {
    const wantedInside = group(5, [member(eve)]);
    const deepest = group(4, [member(bob), member(wantedInside)]);
    const middle = group(3, [member(ada), member(deepest)]);
    const outer = group(1, [member(ada), member(middle)]);
    const beside = group(2, [member(deepest)]);
    deepest.members.push(member(middle), member(outer));
    const whole = await read(company([ada, bob, eve], [outer, beside, middle, deepest, wantedInside]), {
      groups: ["g0001@*", "G0002@example.com", "*5@example.com"],
    });
    const name = (one: { primaryEmail?: string }): string => one.primaryEmail ?? "";
    expect(membersByName(whole)).toEqual({
      "Group 1": ["Group 5", name(ada), name(bob)],
      "Group 2": ["Group 1", "Group 5", name(ada), name(bob)],
      "Group 5": [name(eve)],
    });
    expect(whole.proof.memberships).toBe(8);
    // Five groups, each asked once.
    expect(fake?.byPhase.members).toBe(5);
  });

  it("that mean everybody are everybody who is wanted, and nobody when another customer's everybody is meant", async () => {
    const everybody = { id: CUSTOMER, type: "CUSTOMER" };
    const groups = [group(1, [everybody]), group(2, [{ id: "C0other99", type: "CUSTOMER" }, member(ada)])];
    const whole = await read(company([ada, { ...bob, primaryEmail: "bob@example.org" }], groups), {
      domains: ["example.com"],
    });
    expect(membersByName(whole)).toEqual({
      "Group 1": [ada.primaryEmail, "root@example.com"],
      "Group 2": [ada.primaryEmail],
    });
    expect(whole.proof.oddities).toEqual([
      {
        code: "unresolved-member",
        location: "g0002@example.com",
        detail: "C0other99 means everybody of another customer",
      },
    ]);
  });

  it("from outside are odd and nothing else: of type EXTERNAL, or people and groups of other domains, without status", async () => {
    const outside = [
      { id: "900", email: "x@other.example", type: "EXTERNAL" },
      { id: "901", email: "y@other.example", type: "USER" },
      { id: "902", email: "team@other.example", type: "GROUP" },
      { id: "903", email: "unmanaged@example.com", type: "USER" },
    ];
    const whole = await read(company([ada], [group(1, [...outside, member(ada)])]));
    expect(membersByName(whole)).toEqual({ "Group 1": [ada.primaryEmail] });
    expect(whole.proof).toMatchObject({ memberships: 1, oddityCount: 4 });
    expect(whole.proof.oddities.map(({ code, detail }) => [code, detail.split(" ")[0]])).toEqual(
      outside.map(({ email }) => ["unresolved-member", email]),
    );
    // Only the one with an address of the customer is asked for.
    expect(fake?.byPhase.lookup).toBe(1);
  });

  it("more odd ones than are listed are counted", async () => {
    const many = Array.from({ length: 1100 }, (_, number) => ({
      id: `9${number}`,
      email: `x${number}@other.example`,
      type: "USER",
    }));
    const { proof } = await read(company([], [group(1, many)]));
    expect(proof.oddityCount).toBe(1100);
    expect(proof.oddities.length).toBe(1000);
  });

  it.each([
    ["a person", { ...person(50), primaryEmail: "hidden@example.com" }],
    ["a group", group(50, [])],
  ])("who no list held although the customer has them make the read incomplete: %s", async (_, hidden) => {
    fake = await startFakeGoogle(company([ada], [group(1, [member(hidden)])], { hidden: [hidden] }));
    expect(await failureOf(connectorFor(fake))).toMatchObject({ code: "incomplete" });
  });

  it("who are newer than the read are left to the next one", async () => {
    const fresh = person(50, { creationTime: new Date(Date.now() + 5000).toISOString() });
    const { proof } = await read(company([ada], [group(1, [member(fresh)])], { hidden: [fresh] }));
    expect(proof).toMatchObject({ memberships: 0, oddityCount: 1 });
  });

  it("of a group whose number Google counts too high are read twice and then believed", async () => {
    const whole = await read(company([ada, bob], [group(1, [member(ada), member(bob)], { directMembersCount: "3" })]));
    expect(whole.proof.memberships).toBe(2);
    expect(fake?.byPhase.members).toBe(2);
  });
});

describe("what the settings leave out", () => {
  const people = [
    person(1, { orgUnitPath: "/Engineering" }),
    person(2, { orgUnitPath: "/Engineering/Backend" }),
    person(3, { orgUnitPath: "/Engineering Sales" }),
    person(4, { orgUnitPath: "/", primaryEmail: "four@example.org" }),
  ];
  const units = [
    { orgUnitId: "id:1", orgUnitPath: "/Engineering" },
    { orgUnitId: "id:2", orgUnitPath: "/Engineering/Backend" },
    { orgUnitId: "id:3", orgUnitPath: "/Engineering Sales" },
  ];
  const held = (): FakeCompany =>
    company(people, [group(1, people.map(member)), group(2, [], { email: "g@example.org" })], { units });
  const ids = (whole: Awaited<ReturnType<typeof read>>): string[] => [...whole.users.keys()].sort();

  it("people outside the units and those below them, as members too and without a word", async () => {
    const whole = await read(held(), { organizationalUnits: ["/Engineering"] });
    expect(ids(whole)).toEqual([people[0]?.id, people[1]?.id]);
    expect(whole.members.get("02g0001")).toEqual(new Set([people[0]?.id, people[1]?.id]));
    expect(whole.proof).toMatchObject({ users: 2, memberships: 2, oddityCount: 0 });
  });

  it("nobody when the root is among the units", async () => {
    expect((await read(held(), { organizationalUnits: ["/Engineering", "/"] })).users.size).toBe(5);
  });

  it("people and groups of other domains", async () => {
    const whole = await read(held(), { domains: ["Example.org"] });
    expect(ids(whole)).toEqual([people[3]?.id]);
    expect([...whole.groups.values()].map(({ location }) => location)).toEqual(["g@example.org"]);
  });

  it("the scope for units when none are chosen", async () => {
    const scopes = ["user", "group"].map((name) => `https://www.googleapis.com/auth/admin.directory.${name}.readonly`);
    expect((await read(held(), {}, { scopes })).users.size).toBe(5);
    await fake?.stop();
    fake = await startFakeGoogle(held(), { scopes });
    const error = await failureOf(connectorFor(fake, { organizationalUnits: ["/Engineering"] }));
    expect(error.code).toBe("credentials");
    expect(error.message).toContain("admin.directory.orgunit.readonly");
  });
});
