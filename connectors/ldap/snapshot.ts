import { ConnectorError } from "../connector.ts";
import type { Oddities } from "../oddities.ts";
import { canonicalDn } from "./dn.ts";
import type { LdapEntry } from "./entry.ts";
import { immutableId } from "./ids.ts";
import { KnownIds, KnownNames } from "./known.ts";
import type { IdFormat } from "./vendors.ts";

/** What one kind of entry is known by. `byName` holds null for an entry that is there but could not be given out. */
export type Known = { ids: KnownIds; byName: KnownNames };

/** What is remembered of a read: names and ids, no entries. */
export type Snapshot = Oddities & {
  users: Known;
  groups: Known;
  /** uid of a person, folded, to id; null when two people have it. Only where groups name members so. */
  byUid: KnownNames;
  /** Active Directory: objectSid of a group, in hex, to id. */
  groupBySid: Map<string, string>;
  memberships: number;
  userCount: number;
  groupCount: number;
  pages: number;
  withoutId: { count: number; first: string[] };
};

export function emptySnapshot(): Snapshot {
  const users = new KnownIds();
  const groups = new KnownIds();
  return {
    users: { ids: users, byName: new KnownNames(users) },
    groups: { ids: groups, byName: new KnownNames(groups) },
    byUid: new KnownNames(users),
    groupBySid: new Map(),
    memberships: 0,
    userCount: 0,
    groupCount: 0,
    pages: 0,
    oddities: [],
    oddityCount: 0,
    withoutId: { count: 0, first: [] },
  };
}

/**
 * The id of an entry met for the first time, remembered with its name; null (and counted) when it has none.
 * @throws ConnectorError `incomplete` when the id or the name was met before: then pages overlap, an entry moved while
 * it was read, or the attribute is no id, and what else was missed cannot be known.
 */
export function remember(
  snapshot: Snapshot,
  known: Known,
  entry: LdapEntry,
  id: { attribute: string; format: IdFormat },
): string | null {
  const name = canonicalDn(entry.dn);
  if (name === null) throw new ConnectorError("protocol", `the server named an entry by what is no name: ${entry.dn}`);
  const found = immutableId(entry, id);
  if (found === null) {
    snapshot.withoutId.count += 1;
    if (snapshot.withoutId.first.length < 3) snapshot.withoutId.first.push(entry.dn);
    return null;
  }
  const number = known.ids.add(found);
  if (number === undefined) {
    throw new ConnectorError(
      "incomplete",
      `${id.attribute} ${found} came twice, the second time at ${entry.dn}; the read cannot be trusted`,
    );
  }
  if (!known.byName.add(name, number)) {
    throw new ConnectorError("incomplete", `two entries are named ${entry.dn}; the read cannot be trusted`);
  }
  return found;
}

/**
 * Whether absence can be told from a hidden id.
 * @throws ConnectorError when entries had no id: they may be people that are held already, so nobody can be called absent.
 */
export function requireIds(snapshot: Snapshot, attribute: string): void {
  const { count, first } = snapshot.withoutId;
  if (count === 0) return;
  if (snapshot.users.ids.size + snapshot.groups.ids.size === 0) {
    throw new ConnectorError(
      "configuration",
      `no entry has a valid ${attribute} that the reader may see; set attributes.id`,
    );
  }
  throw new ConnectorError(
    "incomplete",
    `${count} ${count === 1 ? "entry has" : "entries have"} no valid ${attribute} that the reader may see, first ${first.join(" and ")}; ` +
      "let the reader see it, or leave them out by userFilter or groupFilter",
  );
}
