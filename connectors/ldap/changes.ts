import { type Connector, ConnectorError, type Page } from "../connector.ts";
import { changedSince, directoryMark } from "./dir-sync.ts";
import { either, equals } from "./filter.ts";
import { primaryGroupSid } from "./ids.ts";
import { introducer } from "./introduce.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { type Lane, type Mark, markText, readMark } from "./mark.ts";
import { placeOf } from "./place.ts";
import { readGroups, readMembers, readUsers } from "./read.ts";
import { LdapRefusal } from "./result.ts";
import { openFirst } from "./servers.ts";
import type { LdapSession, PagedSearch } from "./session.ts";
import type { LdapSettings } from "./settings.ts";
import { emptySnapshot, requireIds } from "./snapshot.ts";
import { sinceFilter, timeMark, Watch } from "./timestamps.ts";

/** Members that are looked up one by one; where more are new to a delta a full read costs less. */
const MAX_MEMBERS = 5_000;

/**
 * The delta lane: Active Directory's DirSync control, elsewhere the times of change that entries bear. Both give what
 * was added or changed, never what is gone. A mark is good at the server that gave it and for the settings that it was
 * taken with; anything else is `incomplete`.
 */
export function ldapChanges(settings: LdapSettings, secret: string | null): NonNullable<Connector["changes"]> {
  return {
    mark: async (signal) => {
      const session = await openFirst(await placeOf(settings, secret), signal);
      try {
        const layout = layoutOf(settings, session);
        return markText(session, layout, await laneNow(session, layout));
      } finally {
        await session.close();
      }
    },
    since: (mark, signal) => since(settings, secret, mark, signal),
  };
}

function laneNow(session: LdapSession, layout: Layout): Promise<Lane> {
  return layout.vendor === "active-directory" ? directoryMark(session, layout) : timeMark(session, layout);
}

async function* since(
  settings: LdapSettings,
  secret: string | null,
  text: string,
  signal: AbortSignal,
): AsyncGenerator<Page, string, void> {
  const session = await openFirst(await placeOf(settings, secret), signal);
  try {
    const layout = layoutOf(settings, session);
    const mark = readMark(session, layout, text);
    const next = yield* orFullRead(
      mark.lane === "dir-sync" ? throughDirSync(session, layout, mark) : throughTimes(session, layout, mark),
    );
    await session.confirm();
    return markText(session, layout, next);
  } finally {
    await session.close();
  }
}

/** What a server refuses to a search for changes, such as one that no index helps, it may yet give in a full read. */
async function* orFullRead(changes: AsyncGenerator<Page, Lane, void>): AsyncGenerator<Page, Lane, void> {
  try {
    return yield* changes;
  } catch (error) {
    if (!(error instanceof LdapRefusal) || error.code === "unreachable") throw error;
    throw new ConnectorError("incomplete", `${error.detail}: a full read is due`, { cause: error });
  }
}

async function* throughDirSync(
  session: LdapSession,
  layout: Layout,
  mark: Extract<Mark, { lane: "dir-sync" }>,
): AsyncGenerator<Page, Lane, void> {
  const { narrowed, lane } = await changedSince(session, layout, mark);
  yield* changed(session, layout, narrowed(layout.users), narrowed(layout.groups));
  return lane;
}

async function* throughTimes(
  session: LdapSession,
  layout: Layout,
  { from }: Extract<Mark, { lane: "times" }>,
): AsyncGenerator<Page, Lane, void> {
  const watch = new Watch(from);
  const narrowed = (search: PagedSearch): PagedSearch[] => [
    {
      ...search,
      narrowedBy: sinceFilter(layout, from),
      attributes: watch.among(search.attributes),
    },
  ];
  const watched: LdapSession = { ...session, pages: (search) => watch.over(session.pages(search)) };
  yield* changed(watched, layout, narrowed(layout.users), narrowed(layout.groups));
  return { lane: "times", from: watch.next() };
}

/** Groups, people and members of groups that these searches give; members that none of them gives are looked up. */
async function* changed(
  session: LdapSession,
  layout: Layout,
  users: readonly PagedSearch[],
  groups: readonly PagedSearch[],
): AsyncGenerator<Page, void, void> {
  const snapshot = emptySnapshot();
  const introduce = introducer(session, layout, snapshot, MAX_MEMBERS);
  for (const search of groups) yield* readGroups(session, layout, snapshot, search);
  for (const search of users)
    yield* readUsers(session, layout, snapshot, search, async (entries) => {
      const sids = new Set(entries.map((entry) => primaryGroupSid(entry)));
      await findPrimaryGroups(session, layout, snapshot.groupBySid, [...sids]);
    });
  requireIds(snapshot, layout.id.attribute);
  for (const search of groups) yield* readMembers(session, layout, snapshot, search, introduce);
}

/** Groups that only their members' numbers name, by objectSid in hex. */
async function findPrimaryGroups(
  session: LdapSession,
  layout: Layout,
  groupBySid: Map<string, string>,
  sids: readonly (string | null)[],
): Promise<void> {
  const unknown = sids.flatMap((sid) => (sid === null || groupBySid.has(sid) ? [] : sid));
  if (!layout.hasPrimaryGroup || unknown.length === 0) return;
  if (unknown.length > 100) throw new ConnectorError("incomplete", "people are in more than 100 primary groups");
  const narrowedBy = either(unknown.map((sid) => equals("objectSid", Buffer.from(sid, "hex"))));
  for await (const _ of readGroups(
    session,
    layout,
    { ...emptySnapshot(), groupBySid },
    { ...layout.groups, narrowedBy },
  ));
}
