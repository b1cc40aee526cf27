import { ConnectorError } from "../connector.ts";
import { canonicalDn, isWithin } from "./dn.ts";
import { either, equals } from "./filter.ts";
import { immutableId } from "./ids.ts";
import { isUidAttribute, type Layout } from "./layout.ts";
import type { Introduce } from "./members.ts";
import { rememberUid } from "./read.ts";
import type { LdapSession } from "./session.ts";
import type { Snapshot } from "./snapshot.ts";

/** Questions under way at once, and names in one question. */
const AT_ONCE = 16;

/**
 * Asks the server who the members are that the snapshot does not hold: each by its name, those named by uid together. Who
 * is no person and no group of the directory is remembered as such.
 * @param most names that may be asked for. @throws ConnectorError `incomplete` beyond it: a full read costs less.
 */
export function introducer(session: LdapSession, layout: Layout, snapshot: Snapshot, most: number): Introduce {
  const { users, groups } = snapshot;
  const bases = { users: canonicalDn(layout.users.base) ?? "", groups: canonicalDn(layout.groups.base) ?? "" };
  /** Of a uid that somebody is known by it is not known yet who else has it. */
  const askedUids = new Set<string>();
  let asked = 0;

  const find = async (dn: string, name: string): Promise<void> => {
    const { id, names } = layout;
    if (isWithin(name, bases.users)) {
      const found = await session.entry(dn, [id.attribute, names.userName], layout.users.filter);
      const own = found === null ? null : immutableId(found, id);
      if (own !== null) {
        users.byName.set(name, found?.text(names.userName) == null ? null : own);
        return;
      }
    }
    const found = isWithin(name, bases.groups) ? await session.entry(dn, [id.attribute], layout.groups.filter) : null;
    groups.byName.set(name, found === null ? null : immutableId(found, id));
  };

  const findByUid = async (uids: readonly string[]): Promise<void> => {
    const narrowedBy = either(uids.map((uid) => equals("uid", uid)));
    for await (const { entries } of session.pages({ ...layout.users, narrowedBy }))
      for (const entry of entries) {
        const id = immutableId(entry, layout.id);
        if (id === null || entry.text(layout.names.userName) === null) continue;
        for (const uid of entry.texts("uid")) rememberUid(snapshot, uid, id);
      }
  };

  return async (attribute, values) => {
    const isUid = isUidAttribute(attribute);
    const wanted = new Map<string, string>();
    for (const value of values) {
      const name = isUid ? value.toLowerCase() : canonicalDn(value);
      if (name === null) continue;
      if (isUid ? askedUids.has(name) : users.byName.has(name) || groups.byName.has(name)) continue;
      if (isUid) askedUids.add(name);
      wanted.set(name, value);
    }
    asked += wanted.size;
    if (asked > most)
      throw new ConnectorError("incomplete", `more than ${most} members are to be looked up one by one`);
    const questions = [...wanted];
    for (let from = 0; from < questions.length; from += AT_ONCE) {
      const some = questions.slice(from, from + AT_ONCE);
      if (isUid) await findByUid(some.map(([, uid]) => uid));
      else await Promise.all(some.map(([name, dn]) => find(dn, name)));
    }
  };
}
