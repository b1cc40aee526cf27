import { company, group, member, person } from "../connectors/google-workspace/company.ts";
import type { FakeCompany, FakePerson } from "../harness/fake-google-directory.ts";
import type { FakeEntry } from "../harness/fake-ldap.ts";
import type { Held } from "./held.ts";

type Said = {
  people: Record<number, { name: string; inactive?: true }>;
  groups: Record<number, { name: string; people: number[]; groups: number[] }>;
};

/**
 * What a directory says in turn. Each step from one to the other adds, renames, disables or enables, removes or brings
 * back somebody and a group, and changes members and nesting; both have as many pages.
 */
const SAID: readonly [Said, Said] = [
  {
    people: {
      1: { name: "p1" },
      2: { name: "p2" },
      3: { name: "p3" },
      4: { name: "p4" },
      5: { name: "p5" },
      6: { name: "p6" },
      7: { name: "p7" },
    },
    groups: {
      1: { name: "staff", people: [1, 7], groups: [] },
      2: { name: "editors", people: [2], groups: [3] },
      3: { name: "writers", people: [3], groups: [] },
    },
  },
  {
    people: {
      1: { name: "p1" },
      2: { name: "renamed" },
      3: { name: "p3" },
      4: { name: "p4" },
      5: { name: "p5" },
      6: { name: "p6", inactive: true },
      8: { name: "p8" },
    },
    groups: {
      1: { name: "crew", people: [1, 8], groups: [] },
      2: { name: "editors", people: [4], groups: [4] },
      4: { name: "authors", people: [3], groups: [] },
    },
  },
];

/** Whoever one of the two companies takes away or switches off, by number. Nobody else may ever be lost. */
const LEAVING: readonly [readonly number[], readonly number[]] = [[8], [6, 7]];

export const BASE = "dc=example,dc=com";

function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

/** What is held once everything was taken over; `leaving` are the ids of those that this step may take away. */
export type Goal = Held & { leaving: readonly string[] };

function goalOf(
  turn: 0 | 1,
  of: {
    person: (number: number) => string;
    group: (number: number) => string;
    mail: (name: string) => string;
    userName: (name: string) => string;
  },
): Goal {
  const { people, groups } = SAID[turn];
  return {
    leaving: LEAVING[turn].map(of.person),
    people: Object.fromEntries(
      Object.entries(people).map(([number, { name, inactive }]) => [
        of.person(Number(number)),
        { name: of.userName(name), active: inactive !== true, mail: of.mail(name) },
      ]),
    ),
    members: Object.entries(groups)
      .flatMap(([number, said]) => [
        ...said.people.map((id) => `${of.group(Number(number))}/${of.person(id)}`),
        ...said.groups.map((id) => `${of.group(Number(number))}/${of.group(id)}`),
      ])
      .sort(),
  };
}

export type LdapCompany = { users: FakeEntry[]; groups: FakeEntry[] };

function ldapPerson(number: number, name: string, inactive = false): FakeEntry {
  return {
    dn: `uid=${name},ou=people,${BASE}`,
    attributes: {
      entryUUID: [uuid(number)],
      uid: [name],
      cn: [`Person ${number}`],
      mail: [`${name}@example.com`],
      ...(inactive ? { nsAccountLock: ["TRUE"] } : {}),
    },
  };
}

/** Read with two entries a page: two pages of groups, four of people, two of members. */
export const LDAP_PAGES = 8;

export function ldapCompany(turn: 0 | 1): LdapCompany & { goal: Goal } {
  const { people, groups } = SAID[turn];
  const dnOf = (number: number): string => `cn=${groups[number]?.name},ou=groups,${BASE}`;
  return {
    users: Object.entries(people).map(([number, said]) => ldapPerson(Number(number), said.name, said.inactive)),
    groups: Object.entries(groups).map(([number, said]) => ({
      dn: dnOf(Number(number)),
      attributes: {
        entryUUID: [uuid(1000 + Number(number))],
        cn: [said.name],
        member: [...said.people.map((id) => `uid=${people[id]?.name},ou=people,${BASE}`), ...said.groups.map(dnOf)],
      },
    })),
    goal: goalOf(turn, {
      person: uuid,
      group: (number) => uuid(1000 + number),
      mail: (name) => `${name}@example.com`,
      userName: (name) => name,
    }),
  };
}

export { ldapPerson };

const UNIT = "/Staff";
const DELETED = [11, 12, 13];

/** Read by `GOOGLE_SETTINGS` every list has a first, a middle and a last page. */
export const GOOGLE_SETTINGS = {
  ...{ userPageSize: 3, groupPageSize: 1, memberPageSize: 1, deletedUsers: "inactive", concurrency: 3 },
  ...{ organizationalUnits: [UNIT], domains: ["example.com"] },
};

export function googleCompany(turn: 0 | 1): FakeCompany & { goal: Goal } {
  const { people, groups } = SAID[turn];
  const own = (number: number, said: { name: string; inactive?: true }): FakePerson =>
    person(number, { primaryEmail: `${said.name}@example.com`, orgUnitPath: UNIT, suspended: said.inactive === true });
  const everybody = new Map(
    Object.entries(people).map(([number, said]) => [Number(number), own(Number(number), said)]),
  );
  // Newer than any read, so that no list need hold them; they are asked for by id.
  const newcomer = person(900, { creationTime: "2999-01-01T00:00:00.000Z" });
  const shells = new Map(
    Object.entries(groups).map(([number, said]) => [Number(number), group(Number(number), [], { name: said.name })]),
  );
  for (const [number, shell] of shells) {
    const said = groups[number];
    shell.members = [
      ...(said?.people ?? []).flatMap((id) => everybody.get(id) ?? []).map(member),
      ...(said?.groups ?? []).flatMap((id) => shells.get(id) ?? []).map(member),
      ...(number === 2 ? [member(newcomer)] : []),
    ];
  }
  const deleted = DELETED.map((number) => person(number, { orgUnitPath: UNIT }));
  const goal = goalOf(turn, {
    person: (number) => person(number).id,
    group: (number) => group(number, []).id,
    mail: (name) => `${name}@example.com`,
    userName: (name) => `${name}@example.com`,
  });
  for (const { id, primaryEmail } of deleted)
    goal.people[id] = { name: primaryEmail ?? "", active: false, mail: primaryEmail ?? null };
  return {
    ...company([...everybody.values()], [...shells.values()], {
      units: [{ orgUnitId: "id:1", orgUnitPath: UNIT }],
      deleted,
      hidden: [newcomer],
    }),
    goal,
  };
}
