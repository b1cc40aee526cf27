import type { PulledUser } from "../../connectors/connector.ts";
import type { Db } from "../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../db/id.ts";
import { hashMembers, hashUser } from "./map.ts";

/** The members of one group, complete and each named once. */
export type WholeGroup = { group: string; users: readonly string[]; groups: readonly string[] };

/** Lets through what differs from what is held; of the rest only ids are staged. */
export type Sieve = {
  users(users: readonly PulledUser[]): Promise<readonly PulledUser[]>;
  members(groups: readonly WholeGroup[]): Promise<readonly WholeGroup[]>;
  /** How many people were held back so far. */
  readonly heldBack: number;
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
  let heldBack = 0;
  return {
    async users(users) {
      if (!knowsUsers) return users;
      const asked: PulledUser[] = [];
      const hashes: Buffer[] = [];
      // What cannot be written as it is must be told of in every run.
      const others: PulledUser[] = [];
      for (const user of users) {
        const hash = hashUser(user);
        if (hash === null) others.push(user);
        else {
          asked.push(user);
          hashes.push(hash);
        }
      }
      const [row] = await db.query<{ different: number[] }>({
        name: "sieve-users",
        text: "select sieve_users($1, $2, $3, $4::json, $5) as different",
        values: [...common, JSON.stringify(asked.map((user) => user.id)), Buffer.concat(hashes)],
      });
      const different = taken(asked, row?.different);
      heldBack += asked.length - different.length;
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
    async sawTwice() {
      if (heldBack === 0) return false;
      const [row] = await db.query<{ twice: boolean }>({
        text: `select count(*) > count(distinct held) or exists (
              select from sync_staged_users s
              join directory_users h on h.organization = $1 and h.directory = $3 and h.immutable_id = s.immutable_id
                and h.deleted_at is null and h.immutable_id is not null
              join sync_unchanged_users u on u.organization = $1 and u.run = $2 and u.held = h.id
              where s.organization = $1 and s.run = $2) as twice
          from sync_unchanged_users where organization = $1 and run = $2`,
        values: common,
      });
      return row?.twice !== false;
    },
  };
}

/** The items at these places, which count from 1. */
function taken<Item>(items: readonly Item[], places: readonly number[] = []): Item[] {
  return places.flatMap((place) => items[place - 1] ?? []);
}
