import { type BerReader, BerWriter, Control, type Filter } from "ldapts";
import { ConnectorError } from "../connector.ts";
import { canonicalDn, isWithin } from "./dn.ts";
import { ldapEntry } from "./entry.ts";
import { either, equals, parsed } from "./filter.ts";
import type { Layout } from "./layout.ts";
import type { Lane } from "./mark.ts";
import { LdapRefusal, Result, resultError } from "./result.ts";
import type { LdapSession, PagedSearch } from "./session.ts";
import { holding } from "./timestamps.ts";

const DIR_SYNC = "1.2.840.113556.1.4.841";
/** Changes that the reader may see, so that no special right is needed; of long lists only what changed ([MS-ADTS] §3.1.1.3.4.1.3). */
const FLAGS = 0x1 | 0x80000000;
const MAX_BYTES = 1_000_000;
/** Beyond these a full read costs less. */
const MAX_ROUNDS = 1_000;
const MAX_CHANGED = 10_000;
/** Ids in one filter. */
const IDS_AT_ONCE = 100;
/** No entry has no object class: what is wanted is where the changes end, not what they are. */
const NOTHING = parsed({ filter: "(!(objectClass=*))" });

type Round = { hasMore: boolean; cookie: Buffer };

/** [MS-ADTS] §3.1.1.3.4.1.3; the answer has the same shape. */
class DirSync extends Control {
  answer: Round | null = null;
  readonly #cookie: Buffer;

  constructor(cookie: Buffer) {
    super(DIR_SYNC, { critical: true });
    this.#cookie = cookie;
  }

  override writeControl(writer: BerWriter): void {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(FLAGS);
    value.writeInt(MAX_BYTES);
    value.writeBuffer(this.#cookie, 0x04);
    value.endSequence();
    writer.writeBuffer(value.buffer, 0x04);
  }

  override parseControl(reader: BerReader): void {
    reader.readSequence();
    const more = reader.readInt() ?? 0;
    reader.readInt();
    this.answer = { hasMore: more !== 0, cookie: reader.readString(0x04, true) ?? Buffer.alloc(0) };
  }
}

/** Where the changes of the domain end now. */
export async function directoryMark(session: LdapSession, layout: Layout): Promise<Lane> {
  if (layout.isGlobalCatalog) return none("the Global Catalog does not tell changes");
  const domain = holding(session, layout.users.base);
  const groups = canonicalDn(layout.groups.base) ?? "";
  if (domain === null || !isWithin(groups, canonicalDn(domain) ?? "-"))
    return none("changes are told of one whole domain, and people and groups are not in the same one");
  try {
    let cookie: Buffer = Buffer.alloc(0);
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      const { answer } = await ask(session, domain, NOTHING, [layout.id.attribute], cookie);
      ({ cookie } = answer);
      if (!answer.hasMore) return { lane: "dir-sync", cookie: cookie.toString("base64") };
    }
    return none("the server does not come to the end of its changes");
  } catch (error) {
    // A refused control is no reason not to read: only the delta lane is closed.
    if (error instanceof LdapRefusal && error.code !== "unreachable") return none(refused(error));
    throw error;
  }
}

/**
 * What changed since the mark, as searches: a move or a rename is a change, a deletion is none.
 * @throws ConnectorError `incomplete` when the server refuses or too much has changed.
 */
export async function changedSince(
  session: LdapSession,
  layout: Layout,
  mark: Extract<Lane, { lane: "dir-sync" }>,
): Promise<{ narrowed(search: PagedSearch): PagedSearch[]; lane: Lane }> {
  const ids = new Map<string, Buffer>();
  const domain = holding(session, layout.users.base) ?? layout.users.base;
  const filter = either([parsed(layout.users), parsed(layout.groups)]);
  const attributes = [
    ...new Set([...layout.users.attributes, ...layout.groups.attributes, ...layout.members, "name", "objectGUID"]),
  ];
  let cookie: Buffer = Buffer.from(mark.cookie, "base64");
  for (let round = 1; ; round++) {
    const { entries, answer } = await ask(session, domain, filter, attributes, cookie).catch((error: unknown) => {
      if (!(error instanceof LdapRefusal) || error.code === "unreachable") throw error;
      throw new ConnectorError("incomplete", `${refused(error)}: a full read is due`, { cause: error });
    });
    for (const received of entries) {
      const [id] = ldapEntry(received).bytes("objectGUID");
      if (id !== undefined) ids.set(id.toString("hex"), id);
    }
    if (ids.size > MAX_CHANGED || round > MAX_ROUNDS)
      throw new ConnectorError("incomplete", `more than ${MAX_CHANGED} entries have changed: a full read is due`);
    ({ cookie } = answer);
    if (!answer.hasMore) break;
  }
  const all = [...ids.values()];
  const parts = Array.from({ length: Math.ceil(all.length / IDS_AT_ONCE) }, (_, part) =>
    either(all.slice(part * IDS_AT_ONCE, (part + 1) * IDS_AT_ONCE).map((id) => equals("objectGUID", id))),
  );
  return {
    narrowed: (search) => parts.map((part) => ({ ...search, narrowedBy: part })),
    lane: { lane: "dir-sync", cookie: cookie.toString("base64") },
  };
}

async function ask(session: LdapSession, domain: string, filter: Filter, attributes: string[], cookie: Buffer) {
  const doing = `asking for changes of ${domain}`;
  const control = new DirSync(cookie);
  const found = await session.search({ baseDN: domain, scope: "sub", filter, attributes, controls: [control] }, doing);
  if (found.status !== Result.success) throw resultError(found.status, doing, found.errorMessage);
  const { answer } = control;
  if (answer === null || answer.cookie.length === 0)
    throw new ConnectorError("incomplete", `the server does not say where its changes end (${doing})`);
  return { entries: found.searchEntries, answer };
}

function none(why: string): Lane {
  return { lane: "none", why };
}

function refused(error: LdapRefusal): string {
  return `the server does not tell this reader what changed (LDAP result ${error.result})`;
}
