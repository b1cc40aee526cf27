import { googleWorkspaceConnector } from "../../../connectors/google-workspace/google-workspace-connector.ts";
import type {
  FakeCompany,
  FakeGoogle,
  FakeGroup,
  FakeMember,
  FakePerson,
} from "../../harness/fake-google-directory.ts";
import { keyFile } from "../../harness/fake-google-directory-token.ts";
import { random } from "../../harness/random.ts";

export const CUSTOMER = "C0muster1";
export const ADMIN = "root@example.com";

export function person(number: number, more: Partial<FakePerson> = {}): FakePerson {
  return {
    id: `1000${String(number).padStart(8, "0")}`,
    primaryEmail: `p${String(number).padStart(5, "0")}@example.com`,
    name: { givenName: `Given${number}`, familyName: `Family${number}`, fullName: `Given${number} Family${number}` },
    orgUnitPath: "/",
    suspended: false,
    archived: false,
    creationTime: "2020-01-01T00:00:00.000Z",
    ...more,
  };
}

export const admin: FakePerson = { ...person(0), primaryEmail: ADMIN, isAdmin: true };

export function group(number: number, members: FakeMember[], more: Partial<FakeGroup> = {}): FakeGroup {
  const name = `g${String(number).padStart(4, "0")}`;
  return { id: `02${name}`, email: `${name}@example.com`, name: `Group ${number}`, members, ...more };
}

export function member(of: FakePerson | FakeGroup): FakeMember {
  return "members" in of
    ? { id: of.id, email: of.email, type: "GROUP", role: "MEMBER" }
    : { id: of.id, ...(of.primaryEmail === undefined ? {} : { email: of.primaryEmail }), type: "USER", role: "MEMBER" };
}

export function company(people: FakePerson[], groups: FakeGroup[], more: Partial<FakeCompany> = {}): FakeCompany {
  return {
    ...{ customer: CUSTOMER, domains: ["example.com", "example.org"], people: [{ ...admin }, ...people], groups },
    ...{ deleted: [], units: [], hidden: [] },
    ...more,
  };
}

/** Thousands of people in units and two domains, groups of many sizes, some inside others; decided by the seed. */
export function bigCompany(users: number, groups: number, seed: number): FakeCompany {
  const next = random(seed);
  const below = (most: number): number => Math.floor(next() * most);
  const units = ["/", "/Engineering", "/Engineering/Backend", "/Sales", "/Engineering Sales"];
  const people = Array.from({ length: users }, (_, index) =>
    person(index + 1, {
      orgUnitPath: units[below(units.length)] ?? "/",
      suspended: next() < 0.05,
      archived: next() < 0.03,
      ...(next() < 0.2 ? { primaryEmail: `q${index}@example.org` } : {}),
    }),
  );
  const all: FakeGroup[] = [];
  for (let number = 0; number < groups; number++) {
    const chosen = new Map<string, FakeMember>();
    const size = number === 0 ? Math.min(users, 1201) : number === 1 ? Math.min(users, 400) : below(40);
    for (let tries = 0; tries < size * 2 && chosen.size < size; tries++) {
      const one = people[below(users)];
      if (one !== undefined) chosen.set(one.id, member(one));
    }
    const inner = all[below(Math.max(1, all.length))];
    if (inner !== undefined && next() < 0.3) chosen.set(inner.id, member(inner));
    all.push(group(number, [...chosen.values()]));
  }
  return company(people, all, {
    units: units.slice(1).map((orgUnitPath, index) => ({ orgUnitId: `id:${index}`, orgUnitPath })),
  });
}

/** Settings that wait for nothing that a test does not wait for. */
export const QUICK = { admin: ADMIN, quotaPerMinute: 10_000_000, retryDelaySeconds: 0.001 };

export function connectorFor(fake: FakeGoogle, settings: object = {}) {
  return googleWorkspaceConnector({ ...QUICK, endpoint: fake.url, ...settings }, keyFile());
}
