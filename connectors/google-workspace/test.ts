import { ConnectorError, type ConnectorErrorCode, type TestStep } from "../connector.ts";
import { SAMPLES, type Seen, type Trial, tryInOrder } from "../test-steps.ts";
import type { GoogleGroup, GoogleUser } from "./answers.ts";
import { groupsOf } from "./groups.ts";
import { pulledGroup, pulledUser } from "./people.ts";
import { type Place, readPlace, scopesFor } from "./place.ts";
import { type Selection, selectionOf } from "./selection.ts";
import type { ServiceAccount } from "./service-account.ts";
import { type GoogleSession, openSession, SHARE } from "./session.ts";
import type { GoogleWorkspaceSettings } from "./settings.ts";
import { domainOf, emptySnapshot, type Snapshot } from "./snapshot.ts";
import { type Listed, listed } from "./test-lists.ts";
import { membersSeen } from "./test-members.ts";
import { peopleOf } from "./users.ts";

/** A test has somebody waiting: it does not try for as long as a read. */
const PATIENCE = { maxAttempts: 2, retrySeconds: 5, answerSeconds: 20 } as const;
/** Minutes that a read may take before something is said about it. */
const LONG_READ = 10;

const HINTS: Readonly<Record<ConnectorErrorCode, string>> = {
  unreachable:
    "this machine must reach oauth2.googleapis.com and admin.googleapis.com on port 443; if it does, try again later",
  tls: "nobody in between may open the connections to oauth2.googleapis.com and admin.googleapis.com",
  credentials: "see what the service account and the administrator may do",
  configuration: "correct the setting",
  limit: "wait, or raise the setting that is named",
  incomplete: "try again",
  protocol: "see who answers in Google's place: a proxy, perhaps",
  cancelled: "try again",
};

/** Tries the settings of a Google Workspace directory (`test` of the contract). */
export async function* testGoogleWorkspace(
  settings: GoogleWorkspaceSettings,
  account: ServiceAccount,
  signal: AbortSignal,
): AsyncGenerator<TestStep, void, void> {
  if (signal.aborted) throw new ConnectorError("cancelled", "the test was cancelled");
  const patient = {
    ...settings,
    maxAttempts: Math.min(settings.maxAttempts, PATIENCE.maxAttempts),
    retrySeconds: Math.min(settings.retrySeconds, PATIENCE.retrySeconds),
    answerSeconds: Math.min(settings.answerSeconds, PATIENCE.answerSeconds),
  };
  const session = await openSession(patient, account, scopesFor(settings), signal);
  try {
    for await (const step of tryInOrder(trials(session, settings, account), HINTS)) {
      session.check();
      yield step;
    }
  } finally {
    session.close();
  }
}

function trials(session: GoogleSession, settings: GoogleWorkspaceSettings, account: ServiceAccount): Trial[] {
  const snapshot = emptySnapshot();
  const selection = selectionOf(settings);
  // Each is there when the step that needs the one before it is tried.
  let place: Place;
  let people: Listed<GoogleUser>;
  let groups: Listed<GoogleGroup>;
  return [
    {
      name: "settings",
      attempt: () => ({
        detail: `reads as ${settings.admin} through the service account ${account.email}, with its key ${account.keyId}`,
      }),
    },
    ...trialsOfToken(session, settings),
    {
      name: "base",
      needs: ["bind"],
      attempt: async () => {
        place = await readPlace(session, settings);
        return { detail: `${place.boundAs}, rights: ${place.rights}` };
      },
    },
    {
      name: "users",
      needs: ["base"],
      attempt: async () => {
        people = listedPeople(session, settings, snapshot, place, selection);
        await people.readUntil(() => people.samples.length >= SAMPLES);
        if (people.wanted > 0) return { detail: "these are among the people to take", samples: people.samples };
        return {
          verdict: "warned",
          detail: `of ${people.amount()} people none would be taken`,
          hint: "see domains and organizationalUnits",
        };
      },
    },
    {
      name: "groups",
      needs: ["base"],
      attempt: async () => {
        groups = listedGroups(session, settings, snapshot, place, selection);
        await groups.readUntil(() => groups.samples.length >= SAMPLES);
        if (groups.wanted > 0) return { detail: "these are among the groups to take", samples: groups.samples };
        return {
          verdict: "warned",
          detail: `of ${groups.amount()} groups none would be taken`,
          hint: "see groups and domains; without groups nobody gets a role through this directory",
        };
      },
    },
    {
      name: "count",
      needs: ["users", "groups"],
      attempt: async () => {
        await people.readUntil(() => false);
        await groups.readUntil(() => false);
        return countSeen(people, groups, settings);
      },
    },
    {
      name: "members",
      needs: ["users", "groups"],
      attempt: () => membersSeen(session, settings, snapshot, place, groups.kept, people.isWhole() && groups.isWhole()),
    },
  ];
}

/** One question tells all three: whether anybody answers, who it is, and whether the account may act for the administrator. */
function trialsOfToken(session: GoogleSession, settings: GoogleWorkspaceSettings): Trial[] {
  let refusal: ConnectorError | undefined;
  return [
    {
      name: "connect",
      attempt: async () => {
        refusal = await session.authorize().then(
          () => undefined,
          (error: unknown) => {
            if (error instanceof ConnectorError) return error;
            throw error;
          },
        );
        if (refusal !== undefined && ["cancelled", "unreachable", "protocol"].includes(refusal.code)) throw refusal;
        return { detail: "Google answers" };
      },
    },
    {
      name: "tls",
      needs: ["connect"],
      attempt: () => {
        if (refusal?.code === "tls") throw refusal;
        return { detail: settings.endpoint === undefined ? "the server proves to be Google's" : "none: a stand-in" };
      },
    },
    {
      name: "bind",
      needs: ["tls"],
      attempt: () => {
        if (refusal !== undefined) throw refusal;
        return { detail: `may act for ${settings.admin} with the scopes ${scopesFor(settings).join(", ")}` };
      },
    },
  ];
}

function listedPeople(
  session: GoogleSession,
  settings: GoogleWorkspaceSettings,
  snapshot: Snapshot,
  place: Place,
  selection: Selection,
): Listed<GoogleUser> {
  return listed(session, snapshot, {
    list: peopleOf(place, settings, "ASCENDING"),
    known: snapshot.users,
    cap: { setting: "maxUsers", most: settings.maxUsers },
    look: (user) => {
      snapshot.domains.add(domainOf(user.primaryEmail));
      const pulled = selection.wantsUser(user) ? pulledUser(user, settings) : null;
      return pulled && { id: pulled.id, name: pulled.userName, location: pulled.location };
    },
  });
}

function listedGroups(
  session: GoogleSession,
  settings: GoogleWorkspaceSettings,
  snapshot: Snapshot,
  place: Place,
  selection: Selection,
): Listed<GoogleGroup> {
  return listed(session, snapshot, {
    list: groupsOf(place, settings, "ASCENDING"),
    known: snapshot.groups,
    cap: { setting: "maxGroups", most: settings.maxGroups },
    look: (group) => {
      snapshot.domains.add(domainOf(group.email));
      return selection.wantsGroup(group) ? pulledGroup(group, settings) : null;
    },
    callsFor: (group) => Math.max(1, Math.ceil(Number(group.directMembersCount ?? 0) / settings.memberPageSize)),
  });
}

function countSeen(people: Listed<GoogleUser>, groups: Listed<GoogleGroup>, settings: GoogleWorkspaceSettings): Seen {
  const counted =
    `${people.wanted} of ${people.amount()} people and ${groups.wanted} of ${groups.amount()} groups would be taken` +
    (people.isWhole() && groups.isWhole() ? "" : " of those that a test looks at");
  if (!groups.isWhole()) return { detail: counted };
  // A read goes through both lists in both directions.
  const calls = 2 * (people.pages() + groups.pages()) + groups.calls();
  const minutes = calls / (settings.quotaPerMinute * SHARE);
  const duration = minutes < 1 ? "less than a minute" : `about ${Math.ceil(minutes)} minutes`;
  const detail = `${counted}; a whole read asks Google some ${calls} times, which takes ${duration} at quotaPerMinute`;
  return minutes > LONG_READ
    ? { detail, hint: "each group costs a call: name those that matter with groups" }
    : { detail };
}
