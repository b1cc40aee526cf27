import { ConnectorError, type TestStep } from "../connector.ts";
import { SAMPLES, type Seen } from "../test-steps.ts";
import { canonicalDn } from "./dn.ts";
import type { LdapEntry } from "./entry.ts";
import { immutableId } from "./ids.ts";
import { introducer } from "./introduce.ts";
import type { Layout } from "./layout.ts";
import { isUidAttribute } from "./layout.ts";
import { namesIn } from "./members.ts";
import { pulledGroup, pulledUser } from "./people.ts";
import { noted } from "./read.ts";
import type { LdapSession, PagedSearch } from "./session.ts";
import { emptySnapshot } from "./snapshot.ts";

/** Entries that a test looks at, of each kind. */
const LOOKED_AT = 50;
/** Entries that a test counts, of each kind; beyond it says "at least". */
const COUNTED = 20_000;
/** Members that a test resolves, and of one group at most. */
const MEMBERS = 200;
const MEMBERS_OF_ONE = 50;

/** The first people, as a sync would take them. */
export async function usersSeen(session: LdapSession, layout: Layout): Promise<Seen> {
  const entries = await firstOf(session, layout.users);
  if (entries.length === 0) return nobody("people", "userFilter", layout.users);
  const people = withIds(entries, layout).map(([entry, id]) => ({
    entry,
    user: pulledUser(entry, id, layout.names, 0),
  }));
  const taken = people.flatMap(({ user }) => user ?? []);
  const samples = taken.slice(0, SAMPLES).map(({ id, userName, location }) => ({ id, name: userName, location }));
  const nameless = people.length - taken.length;
  const { userName, email } = layout.names;
  if (nameless > 0) {
    const first = people.find(({ user }) => user === null)?.entry.dn ?? "";
    return {
      verdict: "warned",
      detail: `${nameless} of the first ${people.length} people have no ${userName} and are left as they are, first ${first}`,
      hint: "set attributes.userName to an attribute that everybody has, or leave such entries out by userFilter",
      samples,
    };
  }
  const silent = taken.filter((user) => user.email === null).length;
  const words = silent === 0 ? "" : `; ${silent} of the first ${taken.length} have no ${email}`;
  return { detail: `these are among the people to take${words}`, samples };
}

/** The first groups, as a sync would take them. */
export async function groupsSeen(session: LdapSession, layout: Layout): Promise<Seen> {
  const entries = await firstOf(session, layout.groups);
  if (entries.length === 0) return nobody("groups", "groupFilter", layout.groups);
  const samples = withIds(entries, layout)
    .slice(0, SAMPLES)
    .map(([entry, id]) => pulledGroup(entry, id, layout.groupName));
  if (!layout.isGlobalCatalog) return { detail: "these are among the groups to take", samples };
  return {
    verdict: "warned",
    detail: "of the Global Catalog universal groups alone are taken: it does not know the members of the others",
    hint: "give roles to universal groups, or read each domain by itself at port 636",
    samples,
  };
}

/** How many there are, by reading nothing but names of entries, up to a bound that is told. */
export async function counted(session: LdapSession, layout: Layout): Promise<Seen> {
  const [people, groups] = [await countOf(session, layout.users), await countOf(session, layout.groups)];
  const words = ({ count, isAll }: { count: number; isAll: boolean }): string => `${isAll ? "" : "at least "}${count}`;
  const referrals = people.referrals + groups.referrals;
  const detail = `${words(people)} people and ${words(groups)} groups`;
  return { detail: referrals === 0 ? detail : `${detail}; ${referrals} referrals to other servers are not followed` };
}

/** Which share of the members of the first groups are people and groups of this directory. */
export async function membersSeen(session: LdapSession, layout: Layout): Promise<Seen> {
  const snapshot = emptySnapshot();
  const introduce = introducer(session, layout, snapshot, MEMBERS);
  const groups = await firstOf(session, { ...layout.groups, attributes: [layout.id.attribute, ...layout.members] });
  const strangers: TestStep["samples"][number][] = [];
  let met = 0;
  let taken = 0;
  for (const group of groups)
    for (const attribute of layout.members) {
      const values = namesIn(group, attribute, Math.min(MEMBERS_OF_ONE, MEMBERS - met));
      met += values.length;
      await introduce(attribute, values);
      for (const value of values) {
        const name = canonicalDn(value) ?? "";
        const id = isUidAttribute(attribute)
          ? snapshot.byUid.get(value.toLowerCase())
          : (snapshot.users.byName.get(name) ?? snapshot.groups.byName.get(name));
        if (typeof id === "string") taken += 1;
        else strangers.push({ id: "", name: value, location: group.dn });
      }
    }
  const places = layout.members.join(", ");
  if (met === 0) {
    const hint = `let the reader see ${places}, or set attributes.member to what names the members here`;
    return groups.length === 0
      ? { verdict: "skipped", detail: "there are no groups" }
      : { verdict: "warned", detail: `the first ${groups.length} groups show no member in ${places}`, hint };
  }
  const detail = `of ${met} members of the first ${groups.length} groups ${taken} (${Math.round((100 * taken) / met)} %) are people and groups to take`;
  if (taken * 10 >= met * 9) return { detail };
  const hint =
    "the others, first these, are outside userBase and groupBase, or left out by a filter, or hidden from the reader";
  return { verdict: "warned", detail, hint, samples: strangers.slice(0, SAMPLES) };
}

/** Entries of the first pages, at most `LOOKED_AT`. @throws ConnectorError `incomplete` when there are referrals only. */
async function firstOf(session: LdapSession, search: PagedSearch): Promise<LdapEntry[]> {
  const small = { ...search, pageSize: Math.min(search.pageSize, LOOKED_AT) };
  const entries: LdapEntry[] = [];
  for await (const page of noted(session.pages(small), emptySnapshot(), search)) {
    entries.push(...page.entries);
    if (entries.length >= LOOKED_AT) break;
  }
  return entries.slice(0, LOOKED_AT);
}

async function countOf(session: LdapSession, search: PagedSearch) {
  let count = 0;
  let referrals = 0;
  // "1.1" asks for no attribute at all (RFC 4511 §4.5.1.8).
  for await (const page of session.pages({ ...search, attributes: ["1.1"] })) {
    count += page.entries.length;
    referrals += page.referrals.length;
    if (count >= COUNTED) return { count, referrals, isAll: false };
  }
  return { count, referrals, isAll: true };
}

/** @throws ConnectorError `configuration` when entries have none that the reader may see. */
function withIds(entries: readonly LdapEntry[], layout: Layout): (readonly [LdapEntry, string])[] {
  const { attribute } = layout.id;
  return entries.map((entry) => {
    const id = immutableId(entry, layout.id);
    if (id !== null) return [entry, id] as const;
    throw new ConnectorError("configuration", `${entry.dn} has no valid ${attribute} that the reader may see`, {
      hint: `let the reader see ${attribute}, or set attributes.id to an attribute that never changes`,
    });
  });
}

function nobody(what: string, setting: string, { base, filter }: PagedSearch): Seen {
  return {
    verdict: "warned",
    detail: `below ${base} no entry matches ${filter}: there are no ${what} that the reader may see`,
    hint: `see whether ${setting} fits the entries there, and whether the reader may see them`,
  };
}
