import { type CompletenessProof, type Connector, ConnectorError, type Page } from "../../connectors/connector.ts";
import type { Db } from "../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../db/id.ts";
import { isStorableId, mapGroup, mapUser, type StagedGroup, type StagedUser, storable } from "./map.ts";

/** How many rows stand in staging when the read is over; planning refuses to start with fewer. */
export type Staged = {
  /** Null after a delta: who is absent from it is absent from nothing. */
  proof: CompletenessProof | null;
  users: number;
  groups: number;
  members: number;
};

type Poured<End> = { end: End; staged: { users: number; groups: number; members: number }; arrived: Count };

type StagedMember = { group: string; kind: "user" | "group"; member: string };

/** Rows of one insert: with thousands the parse costs more than the trips it saves. */
const ENTRIES = 1000;
const MEMBERS = 5000;

/**
 * Reads the whole directory into staging, page by page, with no transaction open while the network is waited for.
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
  const { end: proof, staged, arrived } = await pour(db, run, connector.read(signal), signal, onPage);
  compare(proof, arrived, staged);
  staged.users += await withhold(db, run, directory, proof);
  return { proof, ...staged };
}

/**
 * Writes pages into staging as they arrive, to their end.
 * @throws ConnectorError of the connector, or `cancelled`.
 */
export async function pour<End>(
  db: Db,
  run: SyncRunId,
  pages: AsyncGenerator<Page, End, void>,
  signal: AbortSignal,
  onPage: (entriesSoFar: number) => void,
): Promise<Poured<End>> {
  const staged = { users: 0, groups: 0, members: 0 };
  const arrived = { users: 0, groups: 0 };
  const waiting: { users: StagedUser[]; groups: StagedGroup[]; members: StagedMember[] } = {
    users: [],
    groups: [],
    members: [],
  };
  const flush = async (least: number): Promise<void> => {
    while (waiting.users.length > least) staged.users += await insertUsers(db, run, waiting.users.splice(0, ENTRIES));
    while (waiting.groups.length > least)
      staged.groups += await insertGroups(db, run, waiting.groups.splice(0, ENTRIES));
    while (waiting.members.length > least * 5)
      staged.members += await insertMembers(db, run, waiting.members.splice(0, MEMBERS));
  };
  for (;;) {
    const next = await pages.next();
    if (signal.aborted) {
      await pages.return(undefined as never).catch(() => {});
      throw new ConnectorError("cancelled", "the read was cancelled");
    }
    if (next.done) {
      await flush(0);
      return { end: next.value, staged, arrived };
    }
    collect(next.value, waiting);
    await flush(ENTRIES - 1);
    arrived.users += next.value.users?.length ?? 0;
    arrived.groups += next.value.groups?.length ?? 0;
    onPage(arrived.users + arrived.groups);
  }
}

/**
 * Entries that are in the directory although no page could hold them: whoever Muster holds under their ids is staged
 * as a conflict, so that their absence from the pages is not taken for a departure. A list of them that was cut names
 * not all of them, and then nobody's absence says anything.
 */
async function withhold(db: Db, run: SyncRunId, directory: DirectoryId, proof: CompletenessProof): Promise<number> {
  const { oddities, oddityCount } = proof;
  if (oddityCount > oddities.length && oddities.at(-1)?.id !== undefined)
    throw new ConnectorError(
      "incomplete",
      `more than ${oddities.length} entries could not be taken (first ${oddities[0]?.location}: ${oddities[0]?.detail}); narrow the filter to people`,
    );
  const named = oddities.filter((oddity) => oddity.id !== undefined);
  if (named.length === 0) return 0;
  return insert(db, {
    name: "stage-withheld",
    text: `insert into sync_staged_users (organization, run, immutable_id, user_name, user_name_key, active, resource,
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

/** Empties what a run left in staging. */
export async function clearStaging(db: Db, runs: readonly SyncRunId[]): Promise<void> {
  for (const table of ["sync_staged_members", "sync_staged_groups", "sync_staged_users"])
    await db.query({
      text: `delete from ${table} where organization = $1 and run = any($2)`,
      values: [db.organization, runs],
    });
}

function collect(page: Page, waiting: { users: StagedUser[]; groups: StagedGroup[]; members: StagedMember[] }): void {
  for (const user of page.users ?? []) waiting.users.push(mapUser(checked(user)));
  for (const group of page.groups ?? []) waiting.groups.push(mapGroup(checked(group)));
  for (const { group, users, groups } of page.members ?? []) {
    for (const member of users) waiting.members.push({ group, kind: "user", member });
    for (const member of groups) waiting.members.push({ group, kind: "group", member });
  }
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

async function insertUsers(db: Db, run: SyncRunId, users: readonly StagedUser[]): Promise<number> {
  return insert(db, {
    name: "stage-users",
    text: `insert into sync_staged_users (organization, run, immutable_id, user_name, user_name_key, active, email,
        email_key, display_name, resource, location, content_hash, conflict)
      select $1, $2, * from unnest($3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::text[],
        $9::text[], $10::jsonb[], $11::text[], $12::bytea[], $13::text[])`,
    values: [
      db.organization,
      run,
      users.map((user) => user.immutableId),
      users.map((user) => user.userName),
      users.map((user) => user.userNameKey),
      users.map((user) => user.active),
      users.map((user) => user.email),
      users.map((user) => user.emailKey),
      users.map((user) => user.displayName),
      users.map((user) => JSON.stringify(user.resource)),
      users.map((user) => user.location),
      users.map((user) => user.contentHash),
      users.map((user) => user.conflict),
    ],
  });
}

async function insertGroups(db: Db, run: SyncRunId, groups: readonly StagedGroup[]): Promise<number> {
  return insert(db, {
    name: "stage-groups",
    text: `insert into sync_staged_groups (organization, run, immutable_id, name, location, content_hash)
      select $1, $2, * from unnest($3::text[], $4::text[], $5::text[], $6::bytea[])`,
    values: [
      db.organization,
      run,
      groups.map((group) => group.immutableId),
      groups.map((group) => group.name),
      groups.map((group) => group.location),
      groups.map((group) => group.contentHash),
    ],
  });
}

async function insertMembers(db: Db, run: SyncRunId, members: readonly StagedMember[]): Promise<number> {
  return insert(db, {
    name: "stage-members",
    text: `insert into sync_staged_members (organization, run, group_id, kind, member_id)
      select $1, $2, * from unnest($3::text[], $4::text[], $5::text[])`,
    values: [
      db.organization,
      run,
      members.map((row) => row.group),
      members.map((row) => row.kind),
      members.map((row) => row.member),
    ],
  });
}

/** Repeated ids are left out and show in the count; a membership may well be said twice. */
async function insert(db: Db, statement: { name: string; text: string; values: readonly unknown[] }): Promise<number> {
  const [row] = await db.query<{ count: number }>({
    ...statement,
    text: `with inserted as (${statement.text} on conflict do nothing returning 1) select count(*) from inserted`,
  });
  return row?.count ?? 0;
}
