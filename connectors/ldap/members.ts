import { ConnectorError, type PulledMembers } from "../connector.ts";
import { note } from "../oddities.ts";
import { canonicalDn, isWithin } from "./dn.ts";
import type { LdapEntry, LdapValues } from "./entry.ts";
import { immutableId } from "./ids.ts";
import { isUidAttribute, type Layout } from "./layout.ts";
import { missedBy, moved } from "./missed.ts";
import type { LdapSession } from "./session.ts";
import type { Snapshot } from "./snapshot.ts";

/** Members given out at once. */
const CHUNK = 1000;
/** Each asks the server once; beyond this many, members that are not in the read are only counted. */
const MAX_LOOKUPS = 1000;
/** Of one list: a server that gives a value at a time, or never ends, would otherwise be asked for ever. Ranges mostly hold 1,500. */
const MAX_RANGES = 10_000;
/** Of one list that changes while it is read. */
const MAX_READINGS = 5;

type Member = { kind: "users" | "groups"; id: string };

export type MemberReader = {
  /** The members of one group, in chunks of at most 1,000. */
  of(entry: LdapEntry, group: string): AsyncGenerator<PulledMembers, void, void>;
};

/** Makes members known that a snapshot does not hold: called with the values of each answer before they are looked at. */
export type Introduce = (attribute: string, values: readonly string[]) => Promise<void>;

/**
 * Turns what groups say of their members into ids of the same snapshot. Call it once users and groups are all known,
 * or with `introduce`, which makes known what is missing.
 */
export function memberReader(
  session: LdapSession,
  snapshot: Snapshot,
  layout: Layout,
  introduce?: Introduce,
): MemberReader {
  const lookedUp = new Set<string>();
  const isMissed = missedBy(session, layout);
  const bases = [layout.users.base, layout.groups.base].flatMap((base) => canonicalDn(base) ?? []);

  /** Why a name is not in the read: filtered out, dangling, or moved meanwhile, which makes the read untrustworthy. */
  const resolveByServer = async (dn: string, name: string): Promise<Member | null> => {
    if (lookedUp.has(name) || lookedUp.size >= MAX_LOOKUPS || !bases.some((base) => isWithin(name, base))) return null;
    lookedUp.add(name);
    const entry = await session.entry(dn, [layout.id.attribute]);
    const id = entry === null ? null : immutableId(entry, layout.id);
    if (entry === null || id === null) return null;
    const own = canonicalDn(entry.dn);
    for (const kind of ["users", "groups"] as const) {
      if (!snapshot[kind].ids.has(id)) continue;
      // The server takes two names for one that differ to us; it knows its attribute types better.
      if (own !== null && snapshot[kind].byName.get(own) === id) {
        snapshot[kind].byName.set(name, id);
        return { kind, id };
      }
      throw moved(entry);
    }
    if (introduce === undefined && (await isMissed(entry))) throw moved(entry);
    return null;
  };

  const known = (name: string): Member | "withheld" | undefined => {
    const user = snapshot.users.byName.get(name);
    if (user !== undefined) return user === null ? "withheld" : { kind: "users", id: user };
    const child = snapshot.groups.byName.get(name);
    if (child !== undefined) return child === null ? "withheld" : { kind: "groups", id: child };
    return undefined;
  };

  const unresolved = (group: LdapEntry, detail: string): "withheld" => {
    note(snapshot, { code: "unresolved-member", location: group.dn, detail });
    return "withheld";
  };

  const byUid = (uid: string, group: LdapEntry): Member | "withheld" => {
    const id = snapshot.byUid.get(uid.toLowerCase());
    if (id !== undefined && id !== null) return { kind: "users", id };
    return unresolved(
      group,
      `memberUid ${uid} ${id === null ? "is the uid of several people" : "is no uid of this read"}`,
    );
  };

  const byName = (dn: string, values?: LdapValues): Member | "withheld" | undefined => {
    const name = canonicalDn(dn);
    if (name === null) return undefined;
    if (values !== undefined) snapshot.users.byName.learn(values.frame, values.from, values.to, name);
    return known(name);
  };

  const byAsking = async (dn: string, group: LdapEntry): Promise<Member | "withheld"> => {
    const name = canonicalDn(dn);
    const found = name === null ? null : await resolveByServer(dn, name);
    return found ?? unresolved(group, `${dn} is no person or group of this read`);
  };

  /** Of each person by number the group that they were met in last: a set for each group would cost more than its members. */
  let metIn = new Int32Array(0);
  let groups = 0;
  const isMetBefore = (number: number, turn: number): boolean => {
    if (number >= metIn.length) {
      const before = metIn;
      metIn = new Int32Array(Math.max(snapshot.users.ids.size, number + 1));
      metIn.set(before);
    }
    if (metIn[number] === turn) return true;
    metIn[number] = turn;
    return false;
  };

  return {
    async *of(entry, group) {
      groups += 1;
      const turn = groups;
      const seen = { users: new Set<string>(), groups: new Set([group]) };
      let chunk: PulledMembers & { users: string[]; groups: string[] } = { group, users: [], groups: [] };
      let given = false;
      const take = (member: Member): void => {
        const number = member.kind === "users" ? snapshot.users.ids.numberOf(member.id) : undefined;
        if (number === undefined ? seen[member.kind].has(member.id) : isMetBefore(number, turn)) return;
        if (number === undefined) seen[member.kind].add(member.id);
        chunk[member.kind].push(member.id);
        snapshot.memberships += 1;
      };
      /** What has been gathered, once it is as much as is given out at once; then the next begins. */
      const whenFull = (): PulledMembers | undefined => {
        if (chunk.users.length + chunk.groups.length < CHUNK) return undefined;
        const full = chunk;
        given = true;
        chunk = { group, users: [], groups: [] };
        return full;
      };
      for (const attribute of layout.members) {
        const [isUid, isUnique] = [isUidAttribute(attribute), attribute.toLowerCase() === "uniquemember"];
        // Of the attributes that may name members a group has one; each wait for nothing would cost more than its members.
        const isWhole = rangeOf(entry, attribute) === null;
        if (isWhole && introduce === undefined) {
          const values = entry.values(attribute);
          while (values.next()) {
            const { byName: people, ids } = snapshot.users;
            const number = isUid || isUnique ? undefined : people.numberOf(values.frame, values.from, values.to);
            if (number !== undefined) {
              if (isMetBefore(number, turn)) continue;
              chunk.users.push(ids.at(number));
              snapshot.memberships += 1;
            } else {
              const text = nameOf(values, entry, attribute);
              if (text === null) continue;
              const name = isUnique ? withoutBits(text) : text;
              const member = (isUid ? byUid(name, entry) : byName(name, values)) ?? (await byAsking(name, entry));
              if (member === "withheld") continue;
              take(member);
            }
            const full = whenFull();
            if (full) yield full;
          }
          continue;
        }
        if (isWhole && !entry.has(attribute)) continue;
        for await (const values of allValues(session, entry, attribute)) {
          const called = isUnique ? values.map(withoutBits) : values;
          if (introduce !== undefined) await introduce(attribute, called);
          for (const name of called) {
            const member = (isUid ? byUid(name, entry) : byName(name)) ?? (await byAsking(name, entry));
            if (member === "withheld") continue;
            take(member);
            const full = whenFull();
            if (full) yield full;
          }
        }
      }
      if (given || chunk.users.length + chunk.groups.length > 0) yield { ...chunk, isLast: true };
    },
  };
}

/** RFC 4517 §3.3.21: a name may be followed by bits that tell two holders of the same name apart. */
function withoutBits(value: string): string {
  return value.replace(/#'[01]*'B$/, "");
}

/**
 * Every value of an attribute, some perhaps twice: a list in ranges that changes meanwhile is read anew, since whoever
 * stands behind one that goes would slip from one range into another.
 * @throws ConnectorError `incomplete` when a range is missing or the list does not stand still, `limit` when there are
 * too many ranges.
 */
async function* allValues(
  session: LdapSession,
  entry: LdapEntry,
  attribute: string,
): AsyncGenerator<string[], void, void> {
  for (let reading = 1; !(yield* ranges(session, entry, attribute)); reading++) {
    const again = reading < MAX_READINGS ? await session.entry(entry.dn, [attribute]) : null;
    if (again === null)
      throw new ConnectorError(
        "incomplete",
        `${attribute} of ${entry.dn} was changed while it was read; the next run reads it`,
      );
    entry = again;
  }
}

/**
 * Active Directory gives a long list in ranges ([MS-ADTS] §3.1.1.3.1.3.3): the attribute itself then looks empty and
 * `member;range=0-1499` stands beside it, to be asked for until the range ends in `*`. Each range is asked for from the
 * last value of the one before: where that stands somewhere else by now, the answer is false.
 */
async function* ranges(
  session: LdapSession,
  entry: LdapEntry,
  attribute: string,
): AsyncGenerator<string[], boolean, void> {
  yield names(entry, attribute);
  let range = rangeOf(entry, attribute);
  let next = 0;
  let last: Buffer | null = null;
  for (let count = 1; range !== null; count++) {
    if (count > MAX_RANGES)
      throw new ConnectorError(
        "limit",
        `the server gives ${attribute} of ${entry.dn} in more than ${MAX_RANGES} ranges, ${next} values so far`,
        { hint: "raise MaxValRange of the domain, or leave the group out by groupFilter" },
      );
    const values = entry.bytes(range.description);
    const [first] = values;
    const expected = range.end === null ? values.length : range.end - range.start + 1;
    if (range.start !== next || values.length !== expected || first === undefined) throw gap(entry, attribute, next);
    if (last !== null && !first.equals(last)) return false;
    const found = names(entry, range.description);
    yield last === null || isBlank(last) ? found : found.slice(1);
    if (range.end === null) return true;
    // Where a range is one value, the next could only be the same again.
    last = values.length > 1 ? (values.at(-1) ?? null) : null;
    next = last === null ? range.end + 1 : range.end;
    const more = await session.entry(entry.dn, [`${attribute};range=${next}-*`]);
    range = more === null ? null : rangeOf(more, attribute);
    if (more === null || range === null) throw gap(entry, attribute, next);
    entry = more;
  }
  return true;
}

/** The members that an entry shows at first sight, `most` of them: of a short list all, else of the first range. */
export function namesIn(entry: LdapEntry, attribute: string, most: number): string[] {
  const range = rangeOf(entry, attribute);
  const values = [
    ...names(entry, attribute, most),
    ...(range === null ? [] : names(entry, range.description, most)),
  ].slice(0, most);
  return attribute.toLowerCase() === "uniquemember" ? values.map(withoutBits) : values;
}

/** The empty name (RFC 4514 §2) is nobody's: OpenLDAP's groups that must have a member are given it when they have none. */
function isBlank(value: Buffer): boolean {
  return value.every((byte) => byte === 0x20);
}

/** @throws ConnectorError when a value is no text: it would be a member that nobody sees. */
function names(entry: LdapEntry, description: string, most = Number.POSITIVE_INFINITY): string[] {
  const texts: string[] = [];
  const values = entry.values(description);
  while (texts.length < most && values.next()) {
    const text = nameOf(values, entry, description);
    if (text !== null) texts.push(text);
  }
  return texts;
}

/** The name that a value is, or null for the blank one. @throws ConnectorError when it is no text. */
function nameOf(values: LdapValues, entry: LdapEntry, description: string): string | null {
  const text = values.text();
  if (text === null && !isBlank(values.frame.subarray(values.from, values.to)))
    throw new ConnectorError("protocol", `${entry.dn} has a value of ${description} that is no text`);
  return text;
}

function rangeOf(
  entry: LdapEntry,
  attribute: string,
): { description: string; start: number; end: number | null } | null {
  for (const description of entry.descriptions()) {
    if (!description.includes(";")) continue;
    const [name, ...options] = description.toLowerCase().split(";");
    if (name !== attribute.toLowerCase()) continue;
    const match = options.map((option) => /^range=(\d+)-(\d+|\*)$/.exec(option)).find((found) => found !== null);
    if (match) return { description, start: Number(match[1]), end: match[2] === "*" ? null : Number(match[2]) };
  }
  return null;
}

function gap(entry: LdapEntry, attribute: string, at: number): ConnectorError {
  return new ConnectorError(
    "incomplete",
    `the values of ${attribute} of ${entry.dn} from number ${at} on did not come`,
  );
}
