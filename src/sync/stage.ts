import {
  type CompletenessProof,
  type Connector,
  ConnectorError,
  type Page,
  type PulledUser,
} from "../../connectors/connector.ts";
import type { Db } from "../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../db/id.ts";
import { makeCrowd } from "./crowd.ts";
import { isStorableId, mapGroup, mapUser, type StagedGroup, storable } from "./map.ts";
import { makeSieve, type Sieve } from "./sieve.ts";
import { insert, insertGroups, insertMembers, insertUsers } from "./staging.ts";

/** What stands in staging when the read is over; planning refuses to start with less. */
export type Staged = {
  /** Null after a delta: who is absent from it is absent from nothing. */
  proof: CompletenessProof | null;
  /** How much was read. */
  users: number;
  groups: number;
  members: number;
  /** Of those who say what is held, how many are active. */
  active: number;
  /** How many rows tell of it. */
  rows: StagedRows;
};

export type StagedRows = { users: number; unchanged: number; groups: number; members: number; digests: number };

type Poured<End> = { end: End; staged: Omit<Staged, "proof">; arrived: Count };

/** Rows of one statement: with many more the parse costs more than the trips it saves. */
const ENTRIES = 1000;
const MEMBERS = 5000;
/** So many of them may wait while the next page is read: the directory and the database are seldom equally fast. */
const MOST_BACKLOG = 3;

/**
 * Reads the whole directory into staging, page by page, with no transaction open while the network is waited for.
 * Entries that say what is held stand there by their ids alone.
 * After: `run` has every entry of the snapshot in staging, or this threw; nothing that Muster holds has been touched.
 * @throws ConnectorError of the connector, or `incomplete` when what arrived is not what the proof says.
 */
export async function stage(
  db: Db,
  run: SyncRunId,
  directory: DirectoryId,
  connector: Connector,
  signal: AbortSignal,
  onPage: (entriesSoFar: number) => void,
): Promise<Staged> {
  const sieve = await makeSieve(db, run, directory);
  const { end: proof, staged, arrived } = await pour(db, run, connector.read(signal), signal, onPage, sieve);
  if (await sieve.sawTwice())
    throw new ConnectorError("incomplete", "the directory gave the same id to two entries, or one entry twice");
  staged.rows.unchanged = sieve.heldBack;
  staged.users += sieve.heldBack;
  staged.active = sieve.active;
  compare(proof, arrived, staged);
  const withheld = await withhold(db, run, directory, proof);
  staged.users += withheld;
  staged.rows.users += withheld;
  return { proof, ...staged };
}

/**
 * Writes pages into staging as they arrive, to their end; while some are written the next ones are read. A sieve holds
 * back what need not be staged.
 * @throws ConnectorError of the connector, or `cancelled`.
 */
export async function pour<End>(
  db: Db,
  run: SyncRunId,
  pages: AsyncGenerator<Page, End, void>,
  signal: AbortSignal,
  onPage: (entriesSoFar: number) => void,
  sieve?: Sieve,
): Promise<Poured<End>> {
  const basin = makeBasin(db, run, sieve);
  const lanes = makeLanes(basin.next);
  const arrived = { users: 0, groups: 0 };
  let next = pages.next();
  try {
    for (;;) {
      const page = await next;
      if (signal.aborted) throw new ConnectorError("cancelled", "the read was cancelled");
      if (page.done) {
        basin.end();
        await lanes.until(() => false);
        return { end: page.value, staged: basin.staged(), arrived };
      }
      next = pages.next();
      // Whether it came to anything is looked at when its turn comes, or never.
      next.catch(() => {});
      basin.take(page.value);
      await lanes.until(() => basin.backlog <= MOST_BACKLOG);
      arrived.users += page.value.users?.length ?? 0;
      arrived.groups += page.value.groups?.length ?? 0;
      onPage(arrived.users + arrived.groups);
    }
  } catch (error) {
    await lanes.ended();
    // It may wait for its network; it ends by itself then.
    pages.return(undefined as never).catch(() => {});
    throw error;
  }
}

/** Statements under way at the same time: what the next one sends is put together while the database is at one. */
const LANES = 2;

/** Does what `next` gives, some at a time; it gives nothing when there is nothing to do at this moment. */
function makeLanes(next: () => (() => Promise<void>) | undefined) {
  const underWay = new Set<Promise<void>>();
  let failed: { error: unknown } | undefined;
  const fill = (): void => {
    while (failed === undefined && underWay.size < LANES) {
      const work = next();
      if (work === undefined) return;
      const lane: Promise<void> = work()
        .catch((error: unknown) => {
          failed ??= { error };
        })
        .finally(() => {
          underWay.delete(lane);
          fill();
        });
      underWay.add(lane);
    }
  };
  return {
    /** Until this is so, or nothing is left to do. @throws what one of them threw. */
    async until(isEnough: () => boolean): Promise<void> {
      fill();
      while (failed === undefined && underWay.size > 0 && !isEnough()) await Promise.race(underWay);
      if (failed !== undefined) throw failed.error;
    },
    /** Nothing is begun any more, and what was is over. */
    async ended(): Promise<void> {
      failed ??= { error: undefined };
      await Promise.allSettled(underWay);
    },
  };
}

type Basin = {
  take(page: Page): void;
  /** No page comes any more. */
  end(): void;
  /** What is not written yet, in statements. */
  readonly backlog: number;
  /** Writes what fills a statement, or what is left at the end; undefined when there is nothing. */
  next(): (() => Promise<void>) | undefined;
  /** Counts it all. */
  staged(): Omit<Staged, "proof">;
};

function makeBasin(db: Db, run: SyncRunId, sieve: Sieve | undefined): Basin {
  const rows: StagedRows = { users: 0, unchanged: 0, groups: 0, members: 0, digests: 0 };
  let alike = 0;
  let isOver = false;
  const users: PulledUser[] = [];
  const groups: StagedGroup[] = [];
  const crowd = makeCrowd(sieve !== undefined);

  const writeUsers = async (): Promise<void> => {
    const some = users.splice(0, ENTRIES);
    const different = sieve === undefined ? some : await sieve.users(some);
    const count = different.length > 0 ? await insertUsers(db, run, different.map(mapUser)) : 0;
    rows.users += count;
  };
  const writeGroups = async (): Promise<void> => {
    const count = await insertGroups(db, run, groups.splice(0, ENTRIES));
    rows.groups += count;
  };
  const writeWhole = async (): Promise<void> => {
    const some = crowd.takeWhole(MEMBERS);
    const different = (await sieve?.members(some)) ?? some;
    rows.digests += some.length;
    for (const group of some) alike += group.users.length + group.groups.length;
    for (const group of different) {
      alike -= group.users.length + group.groups.length;
      crowd.addRows(group);
    }
  };
  const writeRows = async (): Promise<void> => {
    const count = await insertMembers(db, run, crowd.takeRows(MEMBERS));
    rows.members += count;
  };
  const fills = (waiting: number, statement: number): boolean => (isOver ? waiting > 0 : waiting >= statement);
  return {
    take(page) {
      for (const user of page.users ?? []) users.push(checked(user));
      for (const group of page.groups ?? []) groups.push(mapGroup(checked(group)));
      for (const part of page.members ?? []) crowd.add(part);
    },
    end() {
      crowd.giveUp();
      isOver = true;
    },
    get backlog() {
      return (users.length + groups.length) / ENTRIES + (crowd.whole + crowd.rows) / MEMBERS;
    },
    next() {
      if (fills(users.length, ENTRIES)) return writeUsers;
      if (fills(groups.length, ENTRIES)) return writeGroups;
      if (fills(crowd.whole, MEMBERS)) return writeWhole;
      return fills(crowd.rows, MEMBERS) ? writeRows : undefined;
    },
    staged: () => ({ users: rows.users, groups: rows.groups, members: rows.members + alike, active: 0, rows }),
  };
}

/**
 * Entries that are in the directory although no page could hold them: whoever Muster holds under their ids is staged
 * as a conflict, so that their absence from the pages is not taken for a departure. A list of them that was cut names
 * not all of them, and then nobody's absence says anything.
 */
async function withhold(db: Db, run: SyncRunId, directory: DirectoryId, proof: CompletenessProof): Promise<number> {
  const { oddities, oddityCount } = proof;
  if (oddityCount > oddities.length && oddities.every((oddity) => oddity.id !== undefined))
    throw new ConnectorError(
      "incomplete",
      `more than ${oddities.length} entries could not be taken (first ${oddities[0]?.location}: ${oddities[0]?.detail}); narrow the filter to people`,
    );
  const named = oddities.filter((oddity) => oddity.id !== undefined);
  if (named.length === 0) return 0;
  return insert(db, {
    name: "stage-withheld",
    text: `insert into sync_staged_users (organization, run, immutable_id, user_name, user_name_key, active, next,
        location, content_hash, conflict, conflict_kind, withheld)
      select $1, $2, h.immutable_id, h.user_name, chr(1) || h.immutable_id, h.active, '{}', o.location, '',
        format('%s (id %s) %s; %s is left as it was', o.location, h.immutable_id, o.detail, h.user_name), 'unusable', true
      from unnest($4::text[], $5::text[], $6::text[]) as o (id, location, detail)
      join directory_users h on h.organization = $1 and h.directory = $3 and h.immutable_id = o.id and h.deleted_at is null`,
    values: [
      db.organization,
      run,
      directory,
      named.map((oddity) => storable(oddity.id ?? "")),
      named.map((oddity) => storable(oddity.location)),
      named.map((oddity) => storable(oddity.detail)),
    ],
  });
}

function checked<Entry extends { id: string; location: string }>(entry: Entry): Entry {
  if (!isStorableId(entry.id))
    throw new ConnectorError("protocol", `the entry ${entry.location} has an id that is none`);
  return entry;
}

type Count = { users: number; groups: number };

function compare(proof: CompletenessProof, arrived: Count, staged: Count): void {
  if (arrived.users !== staged.users || arrived.groups !== staged.groups)
    throw new ConnectorError("incomplete", "the directory gave the same id to two entries, or one entry twice");
  if (proof.users !== staged.users || proof.groups !== staged.groups)
    throw new ConnectorError(
      "incomplete",
      `the directory's reader counted ${proof.users} users and ${proof.groups} groups, but ${staged.users} and ${staged.groups} arrived`,
    );
}
