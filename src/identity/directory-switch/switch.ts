import { type AccountId, type DirectoryId, newId } from "../../db/id.ts";
import { requireExclusive, type Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { accountsUnder } from "../access/accounts-under.ts";
import { reconcile } from "../access/reconcile.ts";
import { reassignCanonical } from "../accounts/assign.ts";
import { refreshCanonical } from "../accounts/canonical.ts";
import { latestChange, recordChanges } from "../record.ts";
import { keepAnAdministrator } from "../rights/last-administrator.ts";
import { chooseAccounts, moveNames, takeOver } from "./accounts.ts";
import { copyGrants } from "./grants.ts";
import { carryFacts, carrySeats } from "./joined.ts";
import { type Match, parseMatch } from "./keys.ts";
import { matchRecords } from "./match.ts";
import { formerPairs, leaveObstructed, writePairs } from "./pairs.ts";
import { type End, hold, pause } from "./pause.ts";
import { exchangeRecords } from "./records.ts";
import { TOLD, tellAccess, tellParked, tellSwitched, tellUnmatched } from "./told.ts";

export type SwitchRequest = {
  from: DirectoryId;
  to: DirectoryId;
  /** userName, email or the path of an attribute. */
  match: string;
  /** Whether what FROM's groups give is copied to TO's groups of the same names. */
  groups: "by-name" | "none";
};

/** One switch under way: the two directories, the id under which its pairs are kept, and the place of TO in the order. */
export type Move = { from: End; to: End; switch: string; place: number };

/** What is left as it was, naming both sides. */
export type SwitchConflict = { reason: string; from: string[]; to: string[]; detail: string };
export type SwitchedPerson = { account: string; from: string; to: string; joined: string | null; rights: string[] };
export type Unmatched = {
  account: string;
  userName: string;
  email: string | null;
  access: { site: string; product: string; role: string | null; seat: boolean }[];
  rights: string[];
  guestAssignments: number;
  localMemberships: number;
};
export type SwitchedAccess = {
  account: string;
  userName: string;
  site: string;
  product: string;
  what: "lost" | "changed" | "gained";
  roleBefore: string | null;
  role: string | null;
};
export type CopiedGrant = { group: string } & ({ site: string; product: string; role: string } | { inside: string });

/** What a switch did. Of each list the first hundred. */
export type DirectorySwitch = {
  changed: boolean;
  from: { id: DirectoryId; name: string };
  to: { id: DirectoryId; name: string };
  match: string;
  counts: Record<(typeof COUNTS)[number], number>;
  switched: SwitchedPerson[];
  unmatched: Unmatched[];
  conflicts: SwitchConflict[];
  access: SwitchedAccess[];
  grants: CopiedGrant[];
  parked: { account: string; userName: string }[];
};
export const COUNTS = [
  "switched",
  "renamed",
  "joined",
  "unmatched",
  "conflicts",
  "leftBehind",
  "grantsCopied",
  "accessLost",
  "accessGained",
  "accessChanged",
  "parked",
] as const;

/**
 * Moves people from one directory to another, an administrator having said that they are the same: each record of FROM
 * that exactly one record of TO matches gives its account to that one. Ids, local memberships, guest assignments, rights,
 * invitations, first and last access stay and count on; the profile, and the roles by groups, are TO's from then on. Nobody
 * is mailed. Whoever has no partner, and whatever is in conflict, stays in FROM as it was.
 *
 * FROM rests afterwards, below TO, which takes its place in the order where that was above: it is neither synced nor pushed
 * to, so nothing of it undoes the switch. The way back is the switch from TO to FROM; who was switched comes back as it was.
 *
 * Before: the organization is locked exclusively. After: as said, with audit and events; a second time nothing is left to do.
 * @throws MusterError `not-found`; `invalid` (one directory twice, internal, no attribute's path, nobody known by it);
 * `conflict` when nobody matches, when either directory was switched elsewhere, or no administrator would stay.
 */
export async function switchDirectory(tx: Tx, request: SwitchRequest): Promise<DirectorySwitch> {
  requireExclusive(tx);
  const match = parseMatch(request.match);
  const ends = await hold(tx, request.from, request.to);
  const place = Math.min(ends.from.position, ends.to.position);
  const move: Move = { ...ends, switch: newId(), place };
  const since = await latestChange(tx);
  const isFirst = move.from.switchedTo !== move.to.id;

  await compareWholes(tx, true);
  const { pairs, ambiguous, ...found } = await findPairs(tx, move, match, isFirst);
  const { switched, renamed } = await countPairs(tx, move);
  if (isFirst && switched === 0)
    throw new MusterError("conflict", `nobody can be switched: ${found.conflicts[0]?.detail ?? "nobody matches"}`, {
      at: "match",
    });
  const done = await keepAnAdministrator(tx, () => apply(tx, move, { isFirst, switched, groups: request.groups }));
  const conflicts = [...found.conflicts, ...done.conflicts];

  const unmatched = await tellUnmatched(tx, move, [...ambiguous, ...pairs.map((pair) => pair.record)]);
  const access = await tellAccess(tx, move, since);
  const parked = await tellParked(tx, since);
  const counts = {
    switched,
    renamed,
    joined: done.joined,
    unmatched: unmatched.count,
    conflicts: conflicts.length,
    leftBehind: done.leftBehind,
    grantsCopied: done.grants.length,
    accessLost: access.lost,
    accessGained: access.gained,
    accessChanged: access.changed,
    parked: parked.count,
  };
  const changed = isFirst || switched > 0 || done.grants.length > 0;
  const names = { from: end(move.from), to: end(move.to), match: request.match };
  if (changed)
    await recordChanges(tx, [
      {
        action: "directory.switched",
        subjectKind: "directory",
        subject: move.from.id,
        detail: { ...names, groups: request.groups, counts },
      },
    ]);
  return {
    changed,
    ...names,
    counts,
    switched: await tellSwitched(tx, move),
    unmatched: unmatched.people,
    conflicts: conflicts.slice(0, TOLD),
    access: access.people,
    grants: done.grants.slice(0, TOLD),
    parked: parked.people,
  };
}

function end({ id, name }: End): { id: DirectoryId; name: string } {
  return { id, name };
}

/** Pairs as they are written down, and whoever is in none. @throws MusterError `invalid` when nobody is known by it. */
async function findPairs(tx: Tx, move: Move, match: Match, isFirst: boolean) {
  const former = await formerPairs(tx, move);
  const matched = await matchRecords(tx, move, match);
  // Whoever comes back is no live record yet, so of the other directory nothing can be asked then.
  const [from, to] = [matched.known.from, matched.known.to || former.length > 0];
  if (isFirst && !(from && to))
    throw new MusterError("invalid", `nobody in ${(from ? move.to : move.from).name} has a value of this`, {
      at: "match",
    });
  const [records, partners] = [new Set(former.map((one) => one.record)), new Set(former.map((one) => one.partner))];
  const pairs = [...former, ...matched.pairs.filter((one) => !records.has(one.record) && !partners.has(one.partner))];
  const taken = await writePairs(tx, move, pairs);
  return {
    pairs,
    ambiguous: matched.ambiguous,
    conflicts: [...matched.conflicts, ...taken, ...(await leaveObstructed(tx, move))],
  };
}

async function countPairs(tx: Tx, move: Move): Promise<{ switched: number; renamed: number }> {
  const [row] = await tx.query<{ switched: number; renamed: number }>({
    text: `select count(*) as switched, count(*) filter (where n.user_name_key <> o.user_name_key) as renamed
      from switched_records s
      join directory_users o on o.organization = $1 and o.id = s.record
      join directory_users n on n.organization = $1 and n.id = s.partner
      where s.organization = $1 and s.switch = $2`,
    values: [tx.organization, move.switch],
  });
  return row ?? { switched: 0, renamed: 0 };
}

async function apply(
  tx: Tx,
  move: Move,
  { isFirst, switched, groups }: { isFirst: boolean; switched: number; groups: SwitchRequest["groups"] },
) {
  const copied = groups === "by-name" ? await copyGrants(tx, move) : { grants: [], groups: [], conflicts: [] };
  const done = { ...copied, joined: 0, leftBehind: 0 };
  let accounts: AccountId[] = [];
  if (switched > 0) {
    done.joined = await chooseAccounts(tx, move);
    done.conflicts = [...copied.conflicts, ...(await carryFacts(tx, move))];
    await carrySeats(tx, move);
    await exchangeRecords(tx, move);
    ({ accounts, leftBehind: done.leftBehind } = await moveNames(tx, move));
    await takeOver(tx, move);
  }
  const reordered = isFirst && (await pause(tx, move));
  await compareWholes(tx, false);
  for (let from = 0; from < accounts.length; from += BATCH)
    await refreshCanonical(tx, accounts.slice(from, from + BATCH));
  const others = reordered ? await reassignCanonical(tx) : [];
  await reconcile(tx, [...accounts, ...others, ...(await accountsUnder(tx, done.groups))]);
  await compareWholes(tx, true);
  return done;
}

/** Accounts per statement, in the order of their ids: bounds how long one takes. */
const BATCH = 5_000;

/**
 * Whole sets are compared here, with rows that this transaction has just written and nobody has counted: a nested loop, guessed
 * to be of a few rows, would take hours for 100,000 people. What works account by account wants it otherwise.
 */
async function compareWholes(tx: Tx, wholes: boolean): Promise<void> {
  await tx.query({
    text: "select set_config('enable_nestloop', $1, true)",
    values: [wholes ? "off" : "on"],
  });
}
