import { ConnectorError } from "../connector.ts";
import { canonicalDn, isWithin } from "./dn.ts";
import type { LdapEntry } from "./entry.ts";
import { equals } from "./filter.ts";
import type { Layout } from "./layout.ts";
import { LdapRefusal } from "./result.ts";
import type { LdapSession, SearchPage } from "./session.ts";
import { secondsOf } from "./timestamps.ts";

/** Entries that match and that no search shows: what a reader may see and not search for. Each costs a search of all. */
const MOST_UNSHOWN = 10;
/** Seconds before members are read: the rest of the read takes some of them, and the server's clock is another one. */
const NEW = 3600;

/**
 * Whether an entry that the server shows by its name, and that the read has not met, is one that it should have met: it was
 * moved away while its page was read, and back. Whoever is new with the read is missed by nobody: the next one has them.
 */
export function missedBy(session: LdapSession, layout: Layout): (entry: LdapEntry) => Promise<boolean> {
  const began = Date.now() / 1000;
  let unshown = 0;
  return async (entry) => {
    const [id] = entry.bytes(layout.id.attribute);
    const name = canonicalDn(entry.dn);
    if (id === undefined || name === null) return false;
    for (const search of [layout.users, layout.groups]) {
      if (unshown >= MOST_UNSHOWN || !isWithin(name, canonicalDn(search.base) ?? "-")) continue;
      const found = await session.entry(entry.dn, [layout.id.attribute, "createTimestamp"], search.filter);
      if (found === null || (secondsOf(found.text("createTimestamp")) ?? 0) > began - NEW) continue;
      const narrowed = { ...search, attributes: [layout.id.attribute], narrowedBy: equals(layout.id.attribute, id) };
      if (await isShown(session.pages(narrowed))) return true;
      unshown += 1;
    }
    return false;
  };
}

/** What the server refuses to look for tells nothing, and is no reason to end a read. */
async function isShown(pages: AsyncGenerator<SearchPage, void, void>): Promise<boolean> {
  try {
    for await (const { entries } of pages) if (entries.length > 0) return true;
    return false;
  } catch (error) {
    if (!(error instanceof LdapRefusal) || error.code === "unreachable") throw error;
    return false;
  }
}

export function moved({ dn }: LdapEntry): ConnectorError {
  return new ConnectorError("incomplete", `${dn} was moved or renamed while the directory was read`);
}
