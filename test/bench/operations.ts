import type { Player } from "./compare.ts";
import { requestsFor } from "./compare.ts";
import type { GoalName } from "./goals.ts";
import type { BareSide } from "./load-bare.ts";
import type { MusterSide } from "./load-muster.ts";
import {
  addMembers,
  createUser,
  filterOf,
  getUser,
  list,
  pairOf,
  random,
  removeMember,
  scattered,
  setActive,
  userNameOf,
} from "./traffic.ts";

/** Two players and how many requests each gets in a round. */
export type Match = { one: Player; other: Player; requests: number };

export type Sizing = { users: number; rounds: number; requests: number; connections: number };

type Population = { client: Player["client"]; users: readonly string[] };
type OnUsers = Exclude<GoalName, "memberOf50k" | "add100" | "search">;

const PAGE = 100;
/** Members that one PATCH adds. */
export const ADDED = 100;
/** A profile round comes after the measured ones and the one before them. */
const EXTRA_ROUNDS = 2;

/**
 * Deactivations that the removal budget lets pass in an hour: a tenth of the people, and some room left for whoever
 * counts differently.
 */
function deactivationsFor(users: number): number {
  return Math.floor(Math.max(50, users / 10) * 0.8);
}

/** The requests of one round; slow ones are sent less often, so that every round takes about as long. */
export function requestsOf(name: GoalName, sizing: Sizing): number {
  const { requests, connections, rounds } = sizing;
  const share = { post: 1, get: 1, filter: 1, page: 0.08, patch: 0.5, memberOf50k: 0.25, add100: 0.06, search: 0.16 };
  const wished = requestsFor(requests * share[name], connections);
  if (name !== "patch") return wished;
  const rarest = requestsFor(0, connections);
  const allowed = Math.floor((2 * deactivationsFor(sizing.users)) / (rounds + EXTRA_ROUNDS) / rarest) * rarest;
  if (allowed === 0)
    throw new Error(`${sizing.users} users are too few for ${rounds} rounds of deactivations: the removal budget`);
  return Math.min(wished, allowed);
}

/** Boards needed so that nobody joins the teams of one board twice. */
export function boardsFor(sizing: Sizing): number {
  const members = requestsOf("add100", sizing) * (sizing.rounds + EXTRA_ROUNDS) * ADDED;
  return Math.ceil(members / membersOfBoard(sizing.users));
}

function membersOfBoard(users: number): number {
  return Math.floor(users / ADDED) * ADDED;
}

/** The same requests for both sides, each with its own ids. */
export function usersMatch(name: OnUsers, muster: MusterSide, bare: BareSide, sizing: Sizing): Match {
  const player = ({ client, users }: Population): Player => ({ client, ...onUsers[name](users, sizing.connections) });
  return { one: player(muster), other: player(bare), requests: requestsOf(name, sizing) };
}

type Rule = (users: readonly string[], connections: number) => Omit<Player, "client">;

const at = (ids: readonly string[], place: number) => ids[place % ids.length] as string;

const onUsers: Record<OnUsers, Rule> = {
  post: (users) => ({ status: 201, call: (place) => createUser(users.length + place) }),
  get: (users) => ({ status: 200, call: (place) => getUser(at(users, random(place))) }),
  filter: (users) => ({
    status: 200,
    rows: 1,
    call: (place) => list({ filter: filterOf("userName", [userNameOf(random(place) % users.length)]) }),
  }),
  page: (users) => ({
    status: 200,
    rows: PAGE,
    call: (place) => list({ startIndex: 1 + (random(place) % (users.length - PAGE)), count: PAGE }),
  }),
  // Deactivated, then active again, over one connection: the answer to the first has come when the second is sent.
  patch: (users, connections) => ({
    status: 200,
    call: (place) => {
      const { pair, second } = pairOf(place, connections);
      return setActive(at(users, scattered(pair, users.length)), second);
    },
  }),
};

/** One member more, then the same one less, in a large and in a small group, of people who are in neither. */
export function memberMatch(
  muster: MusterSide,
  groups: { large: string; small: string; others: readonly string[] },
  sizing: Sizing,
): Match {
  const player = (group: string): Player => ({
    client: muster.client,
    status: 204,
    call: (place) => {
      const { pair, second } = pairOf(place, sizing.connections);
      const member = at(groups.others, scattered(pair, groups.others.length));
      return second ? removeMember(group, member) : addMembers(group, [member]);
    },
  });
  return { one: player(groups.large), other: player(groups.small), requests: requestsOf("memberOf50k", sizing) };
}

/** A hundred members more, everybody once on a board; connections seldom meet in a group. */
export function add100Match(
  muster: MusterSide,
  bare: BareSide,
  boards: readonly (readonly string[])[],
  sizing: Sizing,
): Match {
  const player = ({ client, users }: Population): Player => ({
    client,
    status: 204,
    call: (place) => {
      const slot = place * ADDED;
      const board = boards[Math.floor(slot / membersOfBoard(users.length))] ?? [];
      const first = slot % membersOfBoard(users.length);
      return addMembers(at(board, place), users.slice(first, first + ADDED));
    },
  });
  return { one: player(muster), other: player(bare), requests: requestsOf("add100", sizing) };
}
