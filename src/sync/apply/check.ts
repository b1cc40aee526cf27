import type { DirectoryId, DirectoryUserId, GroupId } from "../../db/id.ts";
import { lockedById } from "../../db/sql.ts";
import type { Tx } from "../../db/transaction.ts";
import { userNameKey } from "../../identity/keys.ts";
import { type GroupRow, type LeftOut, type LinkRow, placeOf, type UserRow } from "./rows.ts";

type Checked<Row> = { fresh: Row[]; leftOut: LeftOut[] };

/**
 * Which people of a batch still are what they were when the plan was made, and can have the names that it gives them.
 * Their rows are locked until the transaction ends.
 */
export async function checkUsers(tx: Tx, directory: DirectoryId, rows: readonly UserRow[]): Promise<Checked<UserRow>> {
  const held = await tx.query<{ id: DirectoryUserId; version: number; gone: boolean }>({
    name: "check-planned-users",
    text: `select l.id, l.version, l.deleted_at is not null as gone
      from ${lockedById("directory_users", "id, version, deleted_at", "$3", "for no key update", "t.directory = $2")}`,
    values: [tx.organization, directory, rows.map((row) => row.subject)],
  });
  const byId = new Map(held.map((row) => [row.id, row]));
  const leftOut: LeftOut[] = [];
  let fresh = rows.filter((row) => {
    const conflict = changedSince(row, byId.get(row.subject));
    if (conflict !== null) leftOut.push({ seq: row.seq, conflict, kind: "changed-since" });
    return conflict === null;
  });
  // Leaving one out may leave its name with it, and then the next one cannot have it.
  for (;;) {
    const clashes = await nameClashes(tx, directory, fresh);
    if (clashes.length === 0) return { fresh, leftOut };
    leftOut.push(...clashes);
    const out = new Set(clashes.map((clash) => clash.seq));
    fresh = fresh.filter((row) => !out.has(row.seq));
  }
}

function changedSince(row: UserRow, held: { version: number; gone: boolean } | undefined): string | null {
  if (row.kind === "user-add") return held === undefined ? null : `${row.name} was added by another run meanwhile`;
  if (held === undefined) return `${row.name} was purged since the plan was made`;
  const wantedGone = row.kind === "user-restore";
  if (held.gone !== wantedGone) return `${row.name} was ${held.gone ? "removed" : "restored"} since the plan was made`;
  if (held.version === row.version) return null;
  return `${row.name} has changed since the plan was made (planned against version ${row.version}, now ${held.version})`;
}

async function nameClashes(tx: Tx, directory: DirectoryId, rows: readonly UserRow[]): Promise<LeftOut[]> {
  const wanted = rows.flatMap((row) =>
    row.kind === "user-remove" || row.next === null
      ? []
      : [
          {
            row,
            keys: [row.next, ...(row.kind === "user-restore" ? [row.previous] : [])].flatMap((user) =>
              user ? [userNameKey(user.userName)] : [],
            ),
          },
        ],
  );
  if (wanted.length === 0) return [];
  const holders = await tx.query<{ id: string; key: string; userName: string; immutableId: string | null }>({
    name: "holders-of-names",
    text: `select id, user_name_key as key, user_name as "userName", immutable_id as "immutableId" from directory_users
      where organization = $1 and directory = $2 and deleted_at is null and user_name_key = any($3) and id <> all($4)`,
    values: [tx.organization, directory, wanted.flatMap((want) => want.keys), rows.map((row) => row.subject)],
  });
  const byKey = new Map(holders.map((holder) => [holder.key, holder]));
  return wanted.flatMap(({ row, keys }) => {
    const holder = keys.map((key) => byKey.get(key)).find((found) => found !== undefined);
    if (!holder) return [];
    const who = `${holder.userName} (id ${holder.immutableId ?? holder.id})`;
    return [
      {
        seq: row.seq,
        conflict: `${row.name} (id ${row.next?.immutableId ?? row.subject}) wants a user name that ${who} holds by now`,
        kind: "user-name-held",
        other: { id: holder.immutableId, name: holder.userName },
      },
    ];
  });
}

/** Which groups of a batch still have the content that was planned against; their members are no content of theirs. */
export async function checkGroups(
  tx: Tx,
  directory: DirectoryId,
  rows: readonly GroupRow[],
): Promise<Checked<GroupRow>> {
  const held = await tx.query<{ id: GroupId; contentHash: Buffer | null; gone: boolean }>({
    name: "check-planned-groups",
    text: `select l.id, l.content_hash as "contentHash", l.deleted_at is not null as gone
      from ${lockedById("directory_groups", "id, content_hash, deleted_at", "$3", "for no key update", "t.directory = $2")}`,
    values: [tx.organization, directory, rows.map((row) => row.subject)],
  });
  const byId = new Map(held.map((row) => [row.id, row]));
  const leftOut: LeftOut[] = [];
  const fresh = rows.filter((row) => {
    const found = byId.get(row.subject);
    const same =
      row.kind === "group-add"
        ? found === undefined
        : found !== undefined &&
          found.gone === (row.kind === "group-restore") &&
          (found.contentHash ?? Buffer.alloc(0)).equals(row.contentHash ?? Buffer.alloc(0));
    const conflict = `the group ${row.name} has changed since the plan was made`;
    if (!same) leftOut.push({ seq: row.seq, conflict, kind: "changed-since" });
    return same;
  });
  return { fresh, leftOut };
}

/** Which memberships (or nestings) of a batch have both sides: either may have been left out before. */
export async function checkLinks(tx: Tx, directory: DirectoryId, rows: readonly LinkRow[]): Promise<Checked<LinkRow>> {
  const live = await tx.query<{ id: string }>({
    name: "check-planned-links",
    text: `select id from directory_groups where organization = $1 and directory = $2 and deleted_at is null and id = any($3)
      union all
      select id from directory_users where organization = $1 and directory = $2 and deleted_at is null and id = any($3)`,
    values: [tx.organization, directory, [...new Set(rows.flatMap((row) => [row.subject, row.member]))]],
  });
  const known = new Set(live.map((row) => row.id));
  const hasBoth = (row: LinkRow): boolean => known.has(row.subject) && known.has(row.member);
  return {
    fresh: rows.filter(hasBoth),
    leftOut: rows
      .filter((row) => !hasBoth(row))
      .map((row) => ({
        ...placeOf(row),
        conflict: `${row.name}: one of the two was left out or is gone by now`,
        kind: "changed-since",
      })),
  };
}
