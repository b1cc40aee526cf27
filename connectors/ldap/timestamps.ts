import { type Filter, GreaterThanEqualsFilter } from "ldapts";
import { canonicalDn, isWithin } from "./dn.ts";
import { either } from "./filter.ts";
import type { Layout } from "./layout.ts";
import type { Lane } from "./mark.ts";
import type { LdapSession, SearchPage } from "./session.ts";

/** Where entries say when they were changed (RFC 4512 §3.4). */
const CHANGED = "modifyTimestamp";
/** A server that stands for others learns of their changes late, and writes down when they were made. */
const OVERLAP_SECONDS = 300;

/**
 * Where the directory stands, by the server's clock alone: what the server says that the time is, or of its last change;
 * else the latest change that any person or group shows, for which their times are read once.
 */
export async function timeMark(session: LdapSession, layout: Layout): Promise<Lane> {
  const watch = new Watch(0);
  const now = await serverTime(session, layout);
  if (now === null)
    for (const search of [layout.users, layout.groups])
      for await (const _ of watch.over(session.pages({ ...search, attributes: [CHANGED] })));
  const from = now === null ? watch.next() : now - OVERLAP_SECONDS;
  return from > 0
    ? { lane: "times", from }
    : { lane: "none", why: `no entry shows the reader its ${CHANGED}, so changes cannot be told` };
}

/** Entries changed since then; where the vendor is not known some may never have been changed since they were made. */
export function sinceFilter({ vendor }: Layout, from: number): Filter {
  const value = generalizedTime(from);
  const since = new GreaterThanEqualsFilter({ attribute: CHANGED, value });
  if (vendor !== "other") return since;
  return either([since, new GreaterThanEqualsFilter({ attribute: "createTimestamp", value })]);
}

/** Watches entries go by for the latest change among them. */
export class Watch {
  readonly #from: number;
  #latest = 0;

  /** @param from seconds since 1970 from which on changes were asked for. */
  constructor(from: number) {
    this.#from = from;
  }

  among(attributes: readonly string[]): string[] {
    return [...attributes, CHANGED];
  }

  async *over(pages: AsyncGenerator<SearchPage, void, void>): AsyncGenerator<SearchPage, void, void> {
    for await (const page of pages) {
      for (const entry of page.entries) this.#latest = Math.max(this.#latest, secondsOf(entry.text(CHANGED)) ?? 0);
      yield page;
    }
  }

  /** From when on to ask the next time: never earlier than this time. */
  next(): number {
    return Math.max(this.#from, this.#latest - OVERLAP_SECONDS);
  }
}

/** The server's time, or that of its last change, in seconds since 1970; null when it tells neither. */
async function serverTime(session: LdapSession, layout: Layout): Promise<number | null> {
  if (layout.vendor === "openldap") {
    // Of a server that replicates: one value of each server that takes writes (draft-chu-ldap-csn).
    const suffix = holding(session, layout.users.base);
    const entry = suffix === null ? null : await session.entry(suffix, ["contextCSN"]);
    const times = (entry?.texts("contextCSN") ?? []).flatMap((csn) => secondsOf(csn.split("#")[0] ?? null) ?? []);
    return times.length === 0 ? null : Math.max(...times);
  }
  if (layout.vendor === "other") return null;
  const monitor = await session.entry("cn=monitor", ["currentTime"]).catch(() => null);
  return secondsOf(monitor?.text("currentTime") ?? null);
}

/** The naming context that the base is in, as the server spells it. */
export function holding({ root }: LdapSession, base: string): string | null {
  const name = canonicalDn(base) ?? "";
  const contexts = root.texts("namingContexts").filter((context) => isWithin(name, canonicalDn(context) ?? "-"));
  return contexts.sort((one, other) => other.length - one.length)[0] ?? null;
}

/** A generalized time (RFC 4517 §3.3.13) in seconds since 1970; fractions of a second are let go. Null when it is none. */
export function secondsOf(text: string | null): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:[.,]\d+)?Z$/.exec(text ?? "");
  if (match === null) return null;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

function generalizedTime(second: number): string {
  return `${new Date(second * 1000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
}
