import type { FakeGoogle, Phase } from "../harness/fake-google-directory.ts";
import { FAULTS, type Fault } from "../harness/fake-google-directory-faults.ts";
import type { End } from "./matrix.ts";

/** One row of the matrix of Google faults: the nth call of a phase, from 1, goes wrong. */
export type GoogleCell = {
  phase: Phase;
  page: number;
  what: string;
  kind?: Fault;
  /** The company or the administrator's rights change when that call comes. */
  change?: (fake: FakeGoogle) => void;
  settings?: Record<string, unknown>;
  ends: readonly End[];
};

/** Everything that is asked for, in order; each list with its first, a middle and its last page. */
const PLACES: readonly [Phase, number][] = [
  ["token", 1],
  ["reader", 1],
  ["units", 1],
  ["domain", 1],
  ["users", 1],
  ["users", 2],
  ["users", 3],
  ["users-end", 1],
  ["deleted", 1],
  ["groups", 1],
  ["groups", 2],
  ["groups", 3],
  ["groups-end", 1],
  ["members", 1],
  ["members", 3],
  ["members", 6],
  ["lookup", 1],
  ["reader-again", 1],
  ["units-again", 1],
];
const LISTS: readonly Phase[] = ["users", "groups", "members"];
/** Where every kind is tried; the other places take the kinds in turn. */
const MAIN: readonly string[] = ["token 1", "users 1", "users 2", "users 3", "groups 2", "members 6", "reader-again 1"];
const WAITING: readonly Fault[] = ["hang", "slow-drip"];

/**
 * Where a fault takes nothing away the read may be proven, and must then have brought everything: a token has no type
 * that matters, and a stranger may be one whom the administrator must not see (403) or who is not there (404).
 */
function endsOf(kind: Fault, phase: Phase): readonly End[] {
  if (FAULTS.lists.some((known) => known === kind)) return ["failed", "done"];
  if (kind === "wrong-content-type" && phase === "token") return ["done"];
  if (phase === "lookup" && (kind === "404" || kind.startsWith("403"))) return ["failed", "done"];
  return ["failed"];
}

const answers = PLACES.flatMap(([phase, page], place) =>
  FAULTS.answers
    .filter((_, at) => MAIN.includes(`${phase} ${page}`) || at % 5 === place % 5)
    .map(
      (kind): GoogleCell => ({
        ...{ phase, page, what: kind, kind, ends: endsOf(kind, phase) },
        settings: WAITING.includes(kind) ? { answerSeconds: 0.1, maxAttempts: 1 } : { maxAttempts: 2 },
      }),
    ),
);
/** These do nothing to the last page, or to one of which only the first item counts. */
const lists = PLACES.filter(([phase]) => LISTS.includes(phase)).flatMap(([phase, page]) =>
  FAULTS.lists.map((kind): GoogleCell => ({ phase, page, what: kind, kind, ends: endsOf(kind, phase) })),
);

const changes: readonly [string, Phase, number, (fake: FakeGoogle) => void][] = [
  [
    "a group is deleted before its members are read",
    "groups-end",
    1,
    ({ company }) => {
      company.groups = company.groups.slice(1);
    },
  ],
  [
    "a person is renamed in front of the pages that are still to come",
    "users",
    2,
    ({ company }) => {
      company.people = company.people.map((one) =>
        one.primaryEmail === "p6@example.com" ? { ...one, primaryEmail: "a6@example.com" } : one,
      );
    },
  ],
  [
    "a person is renamed behind them",
    "users",
    2,
    ({ company }) => {
      company.people = company.people.map((one) =>
        one.primaryEmail === "p1@example.com" ? { ...one, primaryEmail: "z1@example.com" } : one,
      );
    },
  ],
  [
    "the administrator is one no more",
    "members",
    2,
    ({ company }) => {
      company.people = company.people.map((one) => ({ ...one, isAdmin: false }));
    },
  ],
  [
    "the unit is deleted and made again",
    "members",
    2,
    ({ company }) => {
      company.units = [{ orgUnitId: "id:9", orgUnitPath: "/Staff" }];
    },
  ],
];

export const GOOGLE_CELLS: readonly GoogleCell[] = [
  ...answers,
  ...lists,
  ...changes.map(([what, phase, page, change]): GoogleCell => ({ phase, page, what, change, ends: ["failed"] })),
  ...[{ maxUsers: 5 }, { maxGroups: 2 }, { maxMembersOfGroup: 1 }, { maxMemberships: 3 }].map(
    (settings): GoogleCell => ({
      phase: "users",
      page: 1,
      what: `the cap ${JSON.stringify(settings)}`,
      settings,
      ends: ["failed"],
    }),
  ),
];
