import { ConnectorError } from "../connector.ts";
import { note } from "../oddities.ts";
import { type GoogleMember, GROUP, MEMBERS, PERSON } from "./answers.ts";
import { changed, type List, wholeList } from "./pages.ts";
import type { GoogleSession } from "./session.ts";
import type { GoogleWorkspaceSettings } from "./settings.ts";
import { domainOf, isKnown, type Snapshot } from "./snapshot.ts";

/** A group whose members are to be read. `count` is Google's own number of its members, which may be old. */
export type MemberSource = { id: string; address: string; count: number };

/** What a group holds directly, by ids of the customer. */
type Direct = { users: string[]; groups: string[]; everybody: boolean };

export type Members = { group: string; users: ReadonlySet<string>; groups: ReadonlySet<string> };

/** Each costs a call; beyond this many, members that no list held are only counted. */
const MAX_LOOKUPS = 1000;

/**
 * Reads what groups hold. A group inside a group stays that when both are wanted; what stands in a group that is not
 * wanted counts as held by the wanted groups around it, cycles included. (Google's own `includeDerivedMembership` has
 * been seen to leave members out.) Call it when users and groups are all known.
 */
export function memberReader(
  session: GoogleSession,
  snapshot: Snapshot,
  settings: GoogleWorkspaceSettings,
  customer: string,
  unwanted: ReadonlyMap<string, MemberSource>,
): (group: MemberSource) => Promise<Members> {
  const lookedUp = new Set<string>();
  const cap = { setting: "maxMembersOfGroup", most: settings.maxMembersOfGroup };

  const outsider = (group: MemberSource, member: GoogleMember, why: string): void =>
    note(snapshot, {
      code: "unresolved-member",
      location: group.address,
      detail: `${member.email || member.id || member.type} ${why}`,
    });

  /** Somebody with an address of the customer whom no list held: not of the customer after all, or the lists are not whole. */
  const lookUp = async (group: MemberSource, member: GoogleMember, id: string): Promise<void> => {
    const kind = member.type === "GROUP" ? "group" : "person";
    const isOurs = snapshot.domains.has(domainOf(member.email));
    if (!isOurs) return outsider(group, member, `is no ${kind} of this customer (external member)`);
    if (lookedUp.has(id) || lookedUp.size >= MAX_LOOKUPS) return outsider(group, member, `is no ${kind} of this read`);
    lookedUp.add(id);
    const doing = `looking for ${member.email ?? id}, a member of ${group.address}`;
    if (kind === "group") {
      const request = { groupKey: id, fields: GROUP.fields };
      const found = await session.find({ doing, request: (api) => api.groups.get(request), shape: GROUP.shape });
      if (found !== null) throw changed(`the group ${member.email ?? id}`, "added or renamed");
    } else {
      const request = { userKey: id, fields: PERSON.fields };
      const found = await session.find({ doing, request: (api) => api.users.get(request), shape: PERSON.shape });
      // Whoever is newer than the read is missed by nobody: the next read has them.
      const isNew = Date.parse(found?.creationTime ?? "") >= session.began();
      if (found !== null && !isNew) throw changed(member.email ?? id, "added, restored or renamed");
    }
    outsider(group, member, `is no ${kind} of this customer, or newer than this read`);
  };

  const direct = async (group: MemberSource): Promise<Direct> => {
    const key = (member: GoogleMember): string => member.id ?? member.email ?? member.type;
    const found: Direct = { users: [], groups: [], everybody: false };
    for (const [id, member] of await wholeList(session, snapshot, membersOf(group, settings), key, cap, group.count)) {
      if (member.type === "EXTERNAL") {
        outsider(group, member, "is not of this customer (external member)");
      } else if (member.id === null || member.id === undefined) {
        throw new ConnectorError("protocol", `a member of ${group.address} has no id`);
      } else if (member.type === "CUSTOMER") {
        if (id === customer) found.everybody = true;
        else outsider(group, member, "means everybody of another customer");
      } else {
        const kind = member.type === "GROUP" ? "groups" : "users";
        if (isKnown(snapshot[kind], id)) found[kind].push(id);
        else await lookUp(group, member, id);
      }
    }
    return found;
  };

  /** What unwanted groups hold is needed once for each wanted group around them. */
  const cache = new Map<string, Promise<Direct>>();
  const directOfUnwanted = (group: MemberSource): Promise<Direct> => {
    const known = cache.get(group.id) ?? direct(group);
    cache.set(group.id, known);
    return known;
  };

  return async (group) => {
    const users = new Set<string>();
    const groups = new Set<string>();
    const visited = new Set([group.id]);
    const waiting: Direct[] = [await direct(group)];
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      for (const id of part.everybody ? snapshot.users.given : part.users)
        if (snapshot.users.given.has(id)) users.add(id);
      for (const id of part.groups) {
        if (visited.has(id)) continue;
        visited.add(id);
        const inner = unwanted.get(id);
        if (inner === undefined) groups.add(id);
        else waiting.push(await directOfUnwanted(inner));
      }
    }
    return { group: group.id, users, groups };
  };
}

/** What one group holds directly. */
export function membersOf(group: MemberSource, settings: GoogleWorkspaceSettings): List<GoogleMember> {
  return {
    of: `members of ${group.address}`,
    pageSize: settings.memberPageSize,
    page: (at) => ({
      request: (api) => api.members.list({ groupKey: group.id, ...at, fields: MEMBERS.fields }),
      shape: MEMBERS.shape,
      unless: { status: [404], error: changed(`the group ${group.address}`, "deleted") },
    }),
  };
}
