import type { Oddities } from "../oddities.ts";

/** Ids of one kind: what pages hold, and what is there but was left out by a setting or for want of a name. */
export type Known = { given: Set<string>; others: Set<string> };

/** What is remembered of a read: ids and domains, no records. */
export type Snapshot = Oddities & {
  users: Known;
  groups: Known;
  /** Domains of the addresses of people and groups, in lower case: whoever else has one may belong to the customer. */
  domains: Set<string>;
  memberships: number;
  pages: number;
};

export function emptySnapshot(): Snapshot {
  return {
    users: { given: new Set(), others: new Set() },
    groups: { given: new Set(), others: new Set() },
    domains: new Set(),
    memberships: 0,
    pages: 0,
    oddities: [],
    oddityCount: 0,
  };
}

export function isKnown(known: Known, id: string): boolean {
  return known.given.has(id) || known.others.has(id);
}

/** The part behind the last @, in lower case; empty when there is none. */
export function domainOf(address: string | null | undefined): string {
  const at = address?.lastIndexOf("@") ?? -1;
  return at < 0 ? "" : (address ?? "").slice(at + 1).toLowerCase();
}
