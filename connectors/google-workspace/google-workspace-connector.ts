import type { CompletenessProof, Connector, Page, PulledMembers } from "../connector.ts";
import { readGroups, type Sources } from "./groups.ts";
import { inOrderOfEnd } from "./in-order-of-end.ts";
import { type MemberSource, type Members, memberReader } from "./members.ts";
import { capped } from "./pages.ts";
import { confirmPlace, readPlace, scopesFor } from "./place.ts";
import { selectionOf } from "./selection.ts";
import { parseServiceAccount, type ServiceAccount } from "./service-account.ts";
import { type GoogleSession, openSession } from "./session.ts";
import { type GoogleWorkspaceSettings, parseGoogleWorkspaceSettings } from "./settings.ts";
import { emptySnapshot, type Snapshot } from "./snapshot.ts";
import { testGoogleWorkspace } from "./test.ts";
import { readUsers } from "./users.ts";

/** Member ids in one page at most. */
const MEMBERS_IN_PAGE = 2000;

/**
 * Reads people, groups and members of a Google Workspace customer through the Directory API as one snapshot: people
 * first, then groups, then the members of each wanted group, several groups at once.
 *
 * Complete means: every page token was followed to the end and none came twice, no id came twice, the lists that Google
 * sorts hold nobody else when they are read from their end, the others were read twice where an end was in doubt,
 * everybody who stands in a group under an address of the customer was in the lists, no cap was met, and the same
 * administrator with the same rights was confirmed before and after. Everything else throws.
 *
 * @param settings as `googleWorkspaceSettings` (settings.ts) describes them; unknown keys are refused.
 * @param secret the text of the service account's JSON key file.
 * @throws ConnectorError `configuration` naming the setting; nothing is connected yet.
 */
export function googleWorkspaceConnector(settings: unknown, secret: string | null): Connector {
  const parsed = parseGoogleWorkspaceSettings(settings);
  const account = parseServiceAccount(secret);
  return {
    read: (signal) => read(parsed, account, signal),
    test: (signal) => testGoogleWorkspace(parsed, account, signal),
  };
}

async function* read(
  settings: GoogleWorkspaceSettings,
  account: ServiceAccount,
  signal: AbortSignal,
): AsyncGenerator<Page, CompletenessProof, void> {
  const session = await openSession(settings, account, scopesFor(settings), signal);
  try {
    const pages = readPages(session, settings);
    for (;;) {
      const next = await pages.next();
      session.check();
      if (next.done) return next.value;
      yield next.value;
    }
  } finally {
    session.close();
  }
}

async function* readPages(
  session: GoogleSession,
  settings: GoogleWorkspaceSettings,
): AsyncGenerator<Page, CompletenessProof, void> {
  const snapshot = emptySnapshot();
  const place = await readPlace(session, settings);
  const selection = selectionOf(settings);
  yield* readUsers(session, settings, snapshot, place, selection);
  const sources: Sources = { wanted: [], unwanted: new Map() };
  yield* readGroups(session, settings, snapshot, place, selection, sources);
  const members = memberReader(session, snapshot, settings, place.customer, sources.unwanted);
  yield* readMembers(settings, snapshot, sources.wanted, members);
  await confirmPlace(session, settings, place);
  return {
    users: snapshot.users.given.size,
    groups: snapshot.groups.given.size,
    memberships: snapshot.memberships,
    pages: snapshot.pages,
    boundAs: place.boundAs,
    oddities: snapshot.oddities,
    oddityCount: snapshot.oddityCount,
  };
}

/** Several groups at once; each is given out as soon as it is whole. */
async function* readMembers(
  settings: GoogleWorkspaceSettings,
  snapshot: Snapshot,
  sources: readonly MemberSource[],
  read: (source: MemberSource) => Promise<Members>,
): AsyncGenerator<Page> {
  let members: PulledMembers[] = [];
  let count = 0;
  for await (const { group, users, groups } of inOrderOfEnd(sources, settings.concurrency, read)) {
    snapshot.memberships += users.size + groups.size;
    if (snapshot.memberships > settings.maxMemberships)
      throw capped("maxMemberships", settings.maxMemberships, "listing members");
    const waiting = { users: [...users], groups: [...groups] };
    while (waiting.users.length + waiting.groups.length > 0) {
      const part = {
        group,
        users: waiting.users.splice(0, MEMBERS_IN_PAGE),
        groups: waiting.groups.splice(0, MEMBERS_IN_PAGE),
      };
      members.push(part);
      count += part.users.length + part.groups.length;
      if (count < MEMBERS_IN_PAGE) continue;
      yield { members };
      members = [];
      count = 0;
    }
  }
  if (members.length > 0) yield { members };
}
