import { ConnectorError, type Page, type PulledMembers } from "../connector.ts";
import { note } from "../oddities.ts";
import { canonicalDn } from "./dn.ts";
import type { LdapEntry } from "./entry.ts";
import { REFERRAL_HINT } from "./hints.ts";
import { immutableId, primaryGroupSid } from "./ids.ts";
import type { Layout } from "./layout.ts";
import { type Introduce, memberReader } from "./members.ts";
import { pulledGroup, pulledUser } from "./people.ts";
import type { LdapSession, PagedSearch, SearchPage } from "./session.ts";
import { remember, type Snapshot } from "./snapshot.ts";

/** Member ids in one page at most, but for the last chunk. */
const MEMBERS_IN_PAGE = 2000;

/** Groups without their members; `each` is told of every one that has an id. */
export async function* readGroups(
  session: LdapSession,
  layout: Layout,
  snapshot: Snapshot,
  search: PagedSearch = layout.groups,
  each: (entry: LdapEntry, id: string) => void = () => {},
): AsyncGenerator<Page> {
  for await (const page of noted(session.pages(search), snapshot, search)) {
    const groups = page.entries.flatMap((entry) => {
      const id = remember(snapshot, snapshot.groups, entry, layout.id);
      if (id === null) return [];
      const [sid] = entry.bytes("objectSid");
      if (sid !== undefined) snapshot.groupBySid.set(sid.toString("hex"), id);
      each(entry, id);
      return pulledGroup(entry, id, layout.groupName);
    });
    snapshot.groupCount += groups.length;
    if (groups.length > 0) yield { groups };
  }
}

/** People, and who is in which primary group; `before` sees the entries of a page first. */
export async function* readUsers(
  session: LdapSession,
  layout: Layout,
  snapshot: Snapshot,
  search: PagedSearch = layout.users,
  before?: (entries: readonly LdapEntry[]) => Promise<void>,
): AsyncGenerator<Page> {
  const now = Date.now();
  for await (const page of noted(session.pages(search), snapshot, search)) {
    if (before !== undefined) await before(page.entries);
    const members = new Map<string, string[]>();
    const users = page.entries.flatMap((entry) => {
      const id = remember(snapshot, snapshot.users, entry, layout.id);
      if (id === null) return [];
      const user = pulledUser(entry, id, layout.names, now);
      if (user === null) {
        withhold(snapshot, entry, id, layout.names.userName);
        return [];
      }
      if (layout.namesByUid) for (const uid of entry.texts("uid")) rememberUid(snapshot, uid, id);
      if (layout.hasPrimaryGroup) addPrimaryGroup(snapshot, entry, id, members);
      return user;
    });
    snapshot.userCount += users.length;
    if (users.length > 0)
      yield { users, members: [...members].map(([group, ids]) => ({ group, users: ids, groups: [] })) };
  }
}

/**
 * Once more through the groups, now that every id is known: a member may be a group that came later. With `introduce`
 * members need not be known, and a group that was changed in between is left to the next time.
 */
export async function* readMembers(
  session: LdapSession,
  layout: Layout,
  snapshot: Snapshot,
  groups: PagedSearch = layout.groups,
  introduce?: Introduce,
): AsyncGenerator<Page> {
  const reader = memberReader(session, snapshot, layout, introduce);
  const awaited = new Set(snapshot.groups.ids);
  const search = { ...groups, attributes: [layout.id.attribute, ...layout.members] };
  for await (const page of noted(session.pages(search), snapshot, search)) {
    let members: PulledMembers[] = [];
    let count = 0;
    for (const entry of page.entries) {
      const id = snapshot.groups.byName.get(canonicalDn(entry.dn) ?? "") ?? null;
      if (id === null || id !== immutableId(entry, layout.id) || !awaited.delete(id)) {
        if (introduce !== undefined) continue;
        throw changed(entry.dn);
      }
      for await (const chunk of reader.of(entry, id)) {
        members.push(chunk);
        count += chunk.users.length + chunk.groups.length;
        if (count < MEMBERS_IN_PAGE) continue;
        yield { members };
        members = [];
        count = 0;
      }
    }
    if (members.length > 0) yield { members };
  }
  if (awaited.size > 0 && introduce === undefined) throw changed(`a group (${layout.id.attribute} ${[...awaited][0]})`);
}

/** Counts pages and referrals. An answer of nothing but referrals says that the entries are elsewhere, not that there are none. */
export async function* noted(
  pages: AsyncGenerator<SearchPage>,
  snapshot: Snapshot,
  { base, narrowedBy }: PagedSearch,
): AsyncGenerator<SearchPage> {
  let entries = 0;
  const referrals = new Set<string>();
  for await (const page of pages) {
    snapshot.pages += 1;
    entries += page.entries.length;
    for (const referral of page.referrals) {
      if (!referrals.has(referral)) note(snapshot, { code: "referral", location: referral, detail: "not followed" });
      referrals.add(referral);
    }
    yield page;
  }
  if (entries === 0 && referrals.size > 0 && narrowedBy === undefined) {
    throw new ConnectorError(
      "incomplete",
      `below ${base} there are only referrals to other servers, first ${[...referrals][0]}`,
      { hint: REFERRAL_HINT },
    );
  }
}

/** The person stays in the directory and in the snapshot's names, so that nobody takes them for gone or for a stranger. */
function withhold(snapshot: Snapshot, entry: LdapEntry, id: string, attribute: string): void {
  const name = canonicalDn(entry.dn);
  if (name !== null) snapshot.users.byName.set(name, null);
  note(snapshot, { code: "no-user-name", location: entry.dn, detail: `has no ${attribute}`, id });
}

export function rememberUid(snapshot: Snapshot, uid: string, id: string): void {
  const key = uid.toLowerCase();
  const number = snapshot.users.ids.numberOf(id);
  if (number !== undefined && snapshot.byUid.add(key, number)) return;
  snapshot.byUid.set(key, snapshot.byUid.has(key) && snapshot.byUid.get(key) !== id ? null : id);
}

function addPrimaryGroup(snapshot: Snapshot, entry: LdapEntry, id: string, members: Map<string, string[]>): void {
  const group = snapshot.groupBySid.get(primaryGroupSid(entry) ?? "");
  if (group === undefined) return;
  members.set(group, [...(members.get(group) ?? []), id]);
  snapshot.memberships += 1;
}

function changed(what: string): ConnectorError {
  return new ConnectorError(
    "incomplete",
    `${what} was added, removed or renamed while the directory was read; the next run reads it`,
  );
}
