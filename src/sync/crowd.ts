import { ConnectorError, type PulledMembers } from "../../connectors/connector.ts";
import type { WholeGroup } from "./sieve.ts";
import type { StagedMembers } from "./staging.ts";

/** Ids of groups that are not complete yet, at most; what comes beyond that is compared one by one. */
const MOST_PENDING = 100_000;

/** Members of one group in one piece, so that a statement never holds all of a large one. */
const MOST_AT_ONCE = 5_000;

type Pending = { users: string[]; groups: string[] };

/** Members on their way into staging: gathered by groups until these are complete, as far as that is told. */
export type Crowd = {
  add(part: PulledMembers): void;
  /** Members in groups that are complete, one more for each group. */
  readonly whole: number;
  /** Complete groups of about so many members. */
  takeWhole(most: number): WholeGroup[];
  /** Rows that wait to be written one by one. */
  readonly rows: number;
  /** Before: each is named once. */
  addRows(group: { group: string; users: readonly string[]; groups: readonly string[] }): void;
  /** About so many rows. */
  takeRows(most: number): StagedMembers[];
  /** No group becomes complete any more. */
  giveUp(): void;
};

/** @param gathers whether anybody asks for complete groups. */
export function makeCrowd(gathers: boolean): Crowd {
  const pending = new Map<string, Pending>();
  /** Groups of which a part is on its way one by one, so that all of them must be. */
  const scattered = new Set<string>();
  const ended = new Set<string>();
  const complete: WholeGroup[] = [];
  const rows: StagedMembers[] = [];
  let [held, whole, written] = [0, 0, 0];

  const addRows: Crowd["addRows"] = ({ group, users, groups }) => {
    for (const [kind, ids] of [["user", users] as const, ["group", groups] as const])
      for (let from = 0; from < ids.length; from += MOST_AT_ONCE)
        rows.push({ group, kind, members: ids.length <= MOST_AT_ONCE ? ids : ids.slice(from, from + MOST_AT_ONCE) });
    written += users.length + groups.length;
  };
  const scatter = (): void => {
    for (const [group, { users, groups }] of pending) {
      scattered.add(group);
      addRows({ group, users: distinct(users), groups: distinct(groups) });
    }
    pending.clear();
    held = 0;
  };
  return {
    add(part) {
      const { group, users, groups, isLast } = part;
      const before = pending.get(group);
      if (gathers && ended.has(group))
        throw new ConnectorError("protocol", `members of the group ${group} came after its last`);
      if (isLast) ended.add(group);
      if (!gathers || scattered.has(group)) addRows({ group, users: distinct(users), groups: distinct(groups) });
      else if (isLast) {
        pending.delete(group);
        held -= (before?.users.length ?? 0) + (before?.groups.length ?? 0);
        const together = {
          group,
          users: distinct(before ? [...before.users, ...users] : users),
          groups: distinct(before ? [...before.groups, ...groups] : groups),
        };
        complete.push(together);
        whole += sizeOf(together);
      } else {
        if (before) {
          for (const user of users) before.users.push(user);
          for (const child of groups) before.groups.push(child);
        } else pending.set(group, { users: [...users], groups: [...groups] });
        held += users.length + groups.length;
        if (held > MOST_PENDING) scatter();
      }
    },
    get whole() {
      return whole;
    },
    takeWhole(most) {
      const some = complete.splice(0, countUpTo(most, complete, sizeOf));
      for (const group of some) whole -= sizeOf(group);
      return some;
    },
    get rows() {
      return written;
    },
    addRows,
    takeRows(most) {
      const some = rows.splice(
        0,
        countUpTo(most, rows, ({ members }) => members.length),
      );
      for (const { members } of some) written -= members.length;
      return some;
    },
    giveUp: scatter,
  };
}

/** In order, as their digest takes them: so a repetition shows without a set of them all. */
function distinct(ids: readonly string[]): readonly string[] {
  const sorted = ids.toSorted();
  return sorted.some((id, place) => id === sorted[place - 1]) ? [...new Set(sorted)] : sorted;
}

function sizeOf({ users, groups }: WholeGroup): number {
  return 1 + users.length + groups.length;
}

/** How many items it takes to reach this size. */
function countUpTo<Item>(most: number, items: readonly Item[], size: (item: Item) => number): number {
  let [count, reached] = [0, 0];
  for (const item of items) {
    count += 1;
    reached += size(item);
    if (reached >= most) break;
  }
  return count;
}
