import type { Db } from "../db/connection.ts";
import type { SyncRunId } from "../db/id.ts";
import type { StagedGroup, StagedUser } from "./map.ts";

/** A group in staging with members of one kind. */
export type StagedMembers = { group: string; kind: "user" | "group"; members: readonly string[] };

/** Every table of staging. */
export const STAGING = [
  "sync_staged_members",
  "sync_staged_groups",
  "sync_staged_users",
  "sync_unchanged_users",
  "sync_staged_digests",
] as const;

/** Empties what runs left in staging. */
export async function clearStaging(db: Db, runs: readonly SyncRunId[]): Promise<void> {
  for (const table of STAGING)
    await db.query({
      text: `delete from ${table} where organization = $1 and run = any($2)`,
      values: [db.organization, runs],
    });
}

export async function insertUsers(db: Db, run: SyncRunId, users: readonly StagedUser[]): Promise<number> {
  return insert(db, {
    name: "stage-users",
    text: `insert into sync_staged_users (organization, run, immutable_id, user_name, user_name_key, active, email_key,
        next, location, content_hash, conflict)
      select $1, $2, i.next ->> 'immutableId', i.next ->> 'userName', i.key, (i.next ->> 'active')::boolean, i.email_key,
        i.next, i.location, decode(i.next ->> 'contentHash', 'hex'), i.conflict
      from rows from (jsonb_array_elements($3::jsonb), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]),
        unnest($7::text[])) i (next, key, email_key, location, conflict)
      -- Of two statements with the same entries each would wait for the other.
      order by i.next ->> 'immutableId' collate "C"`,
    values: [
      db.organization,
      run,
      JSON.stringify(users.map((user) => user.next)),
      textArray(users.map((user) => user.userNameKey)),
      textArray(users.map((user) => user.emailKey)),
      textArray(users.map((user) => user.location)),
      textArray(users.map((user) => user.conflict)),
    ],
  });
}

export async function insertGroups(db: Db, run: SyncRunId, groups: readonly StagedGroup[]): Promise<number> {
  return insert(db, {
    name: "stage-groups",
    text: `insert into sync_staged_groups (organization, run, immutable_id, name, location, content_hash)
      select $1, $2, i.id, i.name, i.location, substring($6::bytea from (32 * i.place - 31)::integer for 32)
      from unnest($3::text[], $4::text[], $5::text[]) with ordinality as i (id, name, location, place)
      order by i.id collate "C"`,
    values: [
      db.organization,
      run,
      textArray(groups.map((group) => group.immutableId)),
      textArray(groups.map((group) => group.name)),
      textArray(groups.map((group) => group.location)),
      Buffer.concat(groups.map((group) => group.contentHash)),
    ],
  });
}

/** The members of a group in as many rows as they came in pieces. Returns how many members. A piece names each once. */
export async function insertMembers(db: Db, run: SyncRunId, groups: readonly StagedMembers[]): Promise<number> {
  const [row] = await db.query<{ count: number }>({
    name: "stage-members",
    text: `with inserted as (
        insert into sync_staged_members (organization, run, group_id, kind, members)
        select $1, $2, i.group_id, i.kind, array(select json_array_elements_text(i.members))
        from rows from (unnest($3::text[]), unnest($4::text[]), json_array_elements($5::json)) i (group_id, kind, members)
        returning cardinality(members) as count
      ) select coalesce(sum(count), 0)::int as count from inserted`,
    values: [
      db.organization,
      run,
      textArray(groups.map(({ group }) => group)),
      textArray(groups.map(({ kind }) => kind)),
      JSON.stringify(groups.map(({ members }) => members)),
    ],
  });
  return row?.count ?? 0;
}

/** The members of one kind that a run has staged, a row for each. */
export const stagedMembers = (kind: StagedMembers["kind"]): string => `
  (select group_id, unnest(members) as member_id from sync_staged_members
    where organization = $1 and run = $2 and kind = '${kind}')`;

/** Repeated ids are left out and show in the count. */
export async function insert(
  db: Db,
  statement: { name: string; text: string; values: readonly unknown[] },
): Promise<number> {
  const [row] = await db.query<{ count: number }>({
    ...statement,
    text: `with inserted as (${statement.text} on conflict do nothing returning 1) select count(*) from inserted`,
  });
  return row?.count ?? 0;
}

const TO_ESCAPE = /["\\]/g;

/** PostgreSQL's text form of an array: what the client writes too, in a fraction of the time. */
function textArray(values: readonly (string | null)[]): string {
  const written = values.map((value) => {
    if (value === null) return "NULL";
    return value.includes('"') || value.includes("\\") ? `"${value.replace(TO_ESCAPE, "\\$&")}"` : `"${value}"`;
  });
  return `{${written.join(",")}}`;
}
