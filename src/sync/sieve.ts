import type { PulledUser } from "../../connectors/connector.ts";
import type { Db } from "../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../db/id.ts";
import { hashedContent, hashMembers } from "./map.ts";

/** The members of one group, complete, each named once and in order. */
export type WholeGroup = { group: string; users: readonly string[]; groups: readonly string[] };

/** Lets through what differs from what is held; of the rest only ids are staged. */
export type Sieve = {
  users(users: readonly PulledUser[]): Promise<readonly PulledUser[]>;
  members(groups: readonly WholeGroup[]): Promise<readonly WholeGroup[]>;
  /** How many people were held back so far. */
  readonly heldBack: number;
  /** How many of these are active. */
  readonly active: number;
  /** Whether an entry came more than once. Before: everything that was let through stands in staging. */
  sawTwice(): Promise<boolean>;
};

/** A sieve for one full read. In a directory that holds nobody everybody is new, and nobody is asked for. */
export async function makeSieve(db: Db, run: SyncRunId, directory: DirectoryId): Promise<Sieve> {
  const common = [db.organization, run, directory];
  const live = await db.query({
    text: `select 1 from directory_users
      where organization = $1 and directory = $2 and deleted_at is null and immutable_id is not null limit 1`,
    values: [db.organization, directory],
  });
  const knowsUsers = live.length > 0;
  let [heldBack, active] = [0, 0];
  return {
    async users(users) {
      if (!knowsUsers) return users;
      const asked: PulledUser[] = [];
      const contents: (readonly unknown[])[] = [];
      // What cannot be written as it is must be told of in every run.
      const others: PulledUser[] = [];
      for (const user of users) {
        const content = hashedContent(user);
        if (content === null) others.push(user);
        else {
          asked.push(user);
          contents.push(content);
        }
      }
      const [row] = await db.query<{ different: number[] }>({
        name: "sieve-users",
        text: "select sieve_users($1, $2, $3, $4::json, $5::json) as different",
        values: [...common, JSON.stringify(asked.map((user) => user.id)), JSON.stringify(contents)],
      });
      const different = taken(asked, row?.different);
      heldBack += asked.length - different.length;
      active += countActive(asked) - countActive(different);
      return [...others, ...different];
    },
    async members(groups) {
      const [row] = await db.query<{ different: number[] }>({
        name: "sieve-members",
        text: "select sieve_members($1, $2, $3, $4::json, $5, $6) as different",
        values: [
          ...common,
          JSON.stringify(groups.map(({ group }) => group)),
          groups.map((each) => each.users.length + each.groups.length),
          Buffer.concat(groups.map((each) => hashMembers(each.users, each.groups))),
        ],
      });
      return taken(groups, row?.different);
    },
    get heldBack() {
      return heldBack;
    },
    get active() {
      return active;
    },
    async sawTwice() {
      if (heldBack === 0) return false;
      const [row] = await db.query<{ twice: boolean }>({
        text: "select sieve_saw_twice($1, $2, $3) as twice",
        values: common,
      });
      return row?.twice !== false;
    },
  };
}

function countActive(users: readonly PulledUser[]): number {
  return users.reduce((count, user) => count + (user.active ? 1 : 0), 0);
}

/** The items at these places, which count from 1. */
function taken<Item>(items: readonly Item[], places: readonly number[] = []): Item[] {
  return places.flatMap((place) => items[place - 1] ?? []);
}
