import type { FakeEntry } from "../harness/fake-ldap.ts";
import type { Goal } from "./two-companies.ts";
import { BASE, ldapPerson } from "./two-companies.ts";

/** A company in which every round somebody comes, goes, is renamed and switched off, within what the guard lets pass. */
export class GrowingCompany {
  readonly people = new Map<number, { name: string; active: boolean }>();
  readonly groups = new Map<number, Set<number>>();
  readonly #next: () => number;
  #born = 0;

  constructor(people: number, groups: number, next: () => number) {
    this.#next = next;
    for (let number = 0; number < people; number++) this.#join();
    for (let number = 0; number < groups; number++) this.groups.set(number, new Set(this.#some(25)));
  }

  #join(): void {
    const number = ++this.#born;
    this.people.set(number, { name: `p${number}`, active: true });
  }

  #some(count: number): number[] {
    const all = [...this.people.keys()];
    return Array.from({ length: count }, () => all[Math.floor(this.#next() * all.length)] ?? 0);
  }

  change(round: number): void {
    for (const number of this.#some(4)) {
      this.people.delete(number);
      for (const members of this.groups.values()) members.delete(number);
    }
    for (const number of this.#some(3))
      this.people.set(number, { name: this.people.get(number)?.name ?? "", active: false });
    for (const number of this.#some(20))
      this.people.set(number, { active: this.people.get(number)?.active ?? true, name: `p${number}-${round}` });
    for (let number = 0; number < 20; number++) this.#join();
    for (const members of this.groups.values()) {
      for (const number of [...members].slice(0, 2)) members.delete(number);
      for (const number of this.#some(4)) members.add(number);
    }
  }

  entries(): { users: FakeEntry[]; groups: FakeEntry[] } {
    const users = new Map(
      [...this.people].map(([number, { name, active }]) => [number, ldapPerson(number, name, !active)]),
    );
    return {
      users: [...users.values()],
      groups: [...this.groups].map(([number, members]) => ({
        dn: `cn=g${number},ou=groups,${BASE}`,
        attributes: {
          entryUUID: [groupId(number)],
          cn: [`g${number}`],
          member: [...members].flatMap((member) => users.get(member)?.dn ?? []),
        },
      })),
    };
  }

  goal(): Omit<Goal, "leaving"> {
    const { users } = this.entries();
    const ids = new Map([...this.people.keys()].map((number, at) => [number, String(users[at]?.attributes.entryUUID)]));
    return {
      people: Object.fromEntries(
        [...this.people].map(([number, { name, active }]) => [
          ids.get(number) ?? "",
          { name, active, mail: `${name}@example.com` },
        ]),
      ),
      members: [...this.groups]
        .flatMap(([number, members]) => [...members].map((member) => `${groupId(number)}/${ids.get(member)}`))
        .sort(),
    };
  }
}

function groupId(number: number): string {
  return `11111111-0000-4000-8000-${String(number).padStart(12, "0")}`;
}
