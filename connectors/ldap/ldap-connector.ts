import { readFile } from "node:fs/promises";
import { type CompletenessProof, type Connector, ConnectorError, type Page, type PulledMembers } from "../connector.ts";
import { note } from "../oddities.ts";
import type { Target } from "./channel.ts";
import { canonicalDn } from "./dn.ts";
import type { LdapEntry } from "./entry.ts";
import { immutableId, primaryGroupSid } from "./ids.ts";
import { memberReader } from "./members.ts";
import { pulledGroup, pulledUser } from "./people.ts";
import { type LdapSession, openSession, type SearchPage } from "./session.ts";
import { isPem, type LdapSettings, parseLdapSettings, parseLdapUrl } from "./settings.ts";
import { emptySnapshot, remember, requireIds, type Snapshot } from "./snapshot.ts";
import { detectVendor, idFormat, VENDORS, type Vendor } from "./vendors.ts";

/** Member ids in one page at most, but for the last chunk. */
const MEMBERS_IN_PAGE = 2000;

/**
 * Reads people, groups and members of an LDAP directory (RFC 4511) as one snapshot over one connection. Groups come
 * first, then people, then members, so that every member can be named by id; a group inside a group stays that, cycles included.
 *
 * Complete means: each search ended with an empty cookie (RFC 2696), each list of members was read to its last range,
 * no id came twice and none was missing, the server named the same reader at the beginning and at the end, and nothing
 * was moved between the searches. Everything else throws.
 *
 * @param settings as `ldapSettings` (settings.ts) describes them; unknown keys are refused.
 * @param secret the password of `bindDn`.
 * @throws ConnectorError `configuration` naming the setting; nothing is connected yet.
 */
export function ldapConnector(settings: unknown, secret: string | null): Connector {
  const parsed = parseLdapSettings(settings);
  if (secret === null || secret === "") {
    throw new ConnectorError(
      "configuration",
      "LDAP settings: the password of bindDn is missing, and Muster does not read anonymously",
    );
  }
  return { read: (signal) => read(parsed, secret, signal) };
}

async function* read(
  settings: LdapSettings,
  password: string,
  signal: AbortSignal,
): AsyncGenerator<Page, CompletenessProof, void> {
  const target = await targetOf(settings);
  const session = await openSession(target, { name: settings.bindDn, password }, signal);
  try {
    const snapshot = emptySnapshot();
    const vendor = vendorOf(settings, session.root);
    yield* readGroups(session, settings, vendor, snapshot);
    yield* readUsers(session, settings, vendor, snapshot);
    requireIds(snapshot, vendor.id.attribute);
    yield* readMembers(session, settings, vendor, snapshot);
    await session.confirm();
    return {
      users: snapshot.userCount,
      groups: snapshot.groupCount,
      memberships: snapshot.memberships,
      pages: snapshot.pages,
      boundAs: session.boundAs,
      oddities: snapshot.oddities,
      oddityCount: snapshot.oddityCount,
    };
  } finally {
    await session.close();
  }
}

async function* readGroups(
  session: LdapSession,
  settings: LdapSettings,
  vendor: Vendor,
  snapshot: Snapshot,
): AsyncGenerator<Page> {
  const { groupName } = settings.attributes;
  const attributes = [vendor.id.attribute, groupName, ...(vendor.hasPrimaryGroup ? ["objectSid"] : [])];
  for await (const page of searchGroups(session, settings, vendor, attributes, snapshot)) {
    const groups = page.entries.flatMap((entry) => {
      const id = remember(snapshot, snapshot.groups, entry, vendor.id);
      if (id === null) return [];
      const [sid] = entry.bytes("objectSid");
      if (sid !== undefined) snapshot.groupBySid.set(sid.toString("hex"), id);
      return pulledGroup(entry, id, groupName);
    });
    snapshot.groupCount += groups.length;
    if (groups.length > 0) yield { groups };
  }
}

async function* readUsers(
  session: LdapSession,
  settings: LdapSettings,
  vendor: Vendor,
  snapshot: Snapshot,
): AsyncGenerator<Page> {
  const { email, givenName, familyName } = settings.attributes;
  const names = {
    userName: settings.attributes.userName ?? vendor.userName,
    email,
    displayName:
      settings.attributes.displayName === undefined ? ["displayName", "cn"] : [settings.attributes.displayName],
    givenName,
    familyName,
  };
  const namesByUid = vendor.members.includes("memberUid");
  const attributes = new Set([
    ...[vendor.id.attribute, names.userName, email, ...names.displayName, givenName, familyName, ...vendor.disabledBy],
    ...(namesByUid ? ["uid"] : []),
    ...(vendor.hasPrimaryGroup ? ["objectSid", "primaryGroupID"] : []),
  ]);
  const search = {
    base: settings.userBase ?? settings.base,
    filter: settings.userFilter ?? vendor.userFilter,
    attributes: [...attributes],
    pageSize: settings.pageSize,
  };
  const now = Date.now();
  for await (const page of counted(session.pages(search), snapshot, search.base)) {
    const members = new Map<string, string[]>();
    const users = page.entries.flatMap((entry) => {
      const id = remember(snapshot, snapshot.users, entry, vendor.id);
      if (id === null) return [];
      const user = pulledUser(entry, id, names, now);
      if (user === null) {
        withhold(snapshot, entry, id, names.userName);
        return [];
      }
      if (namesByUid) for (const uid of entry.texts("uid")) rememberUid(snapshot, uid, id);
      if (vendor.hasPrimaryGroup) addPrimaryGroup(snapshot, entry, id, members);
      return user;
    });
    snapshot.userCount += users.length;
    if (users.length > 0)
      yield { users, members: [...members].map(([group, ids]) => ({ group, users: ids, groups: [] })) };
  }
}

/** Once more through the groups, now that every id is known: a member may be a group that came later. */
async function* readMembers(
  session: LdapSession,
  settings: LdapSettings,
  vendor: Vendor,
  snapshot: Snapshot,
): AsyncGenerator<Page> {
  const bases = [settings.userBase ?? settings.base, settings.groupBase ?? settings.base].flatMap(
    (base) => canonicalDn(base) ?? [],
  );
  const reader = memberReader(session, snapshot, vendor, bases);
  const awaited = new Set(snapshot.groups.ids);
  const attributes = [vendor.id.attribute, ...vendor.members];
  for await (const page of searchGroups(session, settings, vendor, attributes, snapshot)) {
    let members: PulledMembers[] = [];
    let count = 0;
    for (const entry of page.entries) {
      const id = snapshot.groups.byName.get(canonicalDn(entry.dn) ?? "") ?? null;
      if (id === null || id !== immutableId(entry, vendor.id) || !awaited.delete(id)) throw changed(entry.dn);
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
  if (awaited.size > 0) throw changed(`a group (${vendor.id.attribute} ${[...awaited][0]})`);
}

function searchGroups(
  session: LdapSession,
  settings: LdapSettings,
  vendor: Vendor,
  attributes: readonly string[],
  snapshot: Snapshot,
): AsyncGenerator<SearchPage> {
  const base = settings.groupBase ?? settings.base;
  const filter = settings.groupFilter ?? vendor.groupFilter;
  return counted(session.pages({ base, filter, attributes, pageSize: settings.pageSize }), snapshot, base);
}

/** Counts pages and referrals. An answer of nothing but referrals says that the entries are elsewhere, not that there are none. */
async function* counted(
  pages: AsyncGenerator<SearchPage>,
  snapshot: Snapshot,
  base: string,
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
  if (entries === 0 && referrals.size > 0) {
    throw new ConnectorError(
      "incomplete",
      `below ${base} there are only referrals to other servers, first ${[...referrals][0]}`,
    );
  }
}

/** The person stays in the directory and in the snapshot's names, so that nobody takes them for gone or for a stranger. */
function withhold(snapshot: Snapshot, entry: LdapEntry, id: string, attribute: string): void {
  const name = canonicalDn(entry.dn);
  if (name !== null) snapshot.users.byName.set(name, null);
  note(snapshot, { code: "no-user-name", location: entry.dn, detail: `has no ${attribute}`, id });
}

function rememberUid(snapshot: Snapshot, uid: string, id: string): void {
  const key = uid.toLowerCase();
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

function vendorOf(settings: LdapSettings, root: LdapEntry): Vendor {
  const vendor = VENDORS[settings.vendor ?? detectVendor(root)];
  const { id } = settings.attributes;
  return id === undefined ? vendor : { ...vendor, id: { attribute: id, format: idFormat(id) } };
}

async function targetOf(settings: LdapSettings): Promise<Target> {
  const url = parseLdapUrl(settings.url);
  if (url === null) throw new ConnectorError("configuration", "LDAP settings: url");
  return {
    host: url.host,
    port: url.port,
    encryption: url.secure ? "tls" : settings.startTls ? "start-tls" : "none",
    ca: settings.ca ?? (settings.caFile === undefined ? null : await readCa(settings.caFile)),
    serverName: settings.serverName ?? null,
    connectSeconds: settings.connectSeconds,
    answerSeconds: settings.pageSeconds,
  };
}

async function readCa(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new ConnectorError("configuration", `LDAP settings: caFile: ${path} cannot be read${code}`, { cause: error });
  });
  if (isPem(text)) return text;
  throw new ConnectorError("configuration", `LDAP settings: caFile: ${path} holds no certificate in PEM form`);
}
