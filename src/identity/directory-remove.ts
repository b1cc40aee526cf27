import { type DirectoryId, type DirectoryUserId, type GroupId, newId } from "../db/id.ts";
import { requireExclusive, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { type Directory, getDirectory } from "./directories.ts";
import { removeDirectoryGroups } from "./directory-groups/remove.ts";
import { type Consequences, withConsequences } from "./directory-preview.ts";
import { removeDirectoryUsers } from "./directory-users/remove.ts";
import type { Role } from "./grants.ts";
import { recordChanges } from "./record.ts";
import { keepAnAdministrator } from "./rights/last-administrator.ts";

/** A grant that went with its group, or with the group that it waited for. */
type LostGrant = { group: string; site: string; product: string; role: Role };

export type DirectoryRemoved = {
  id: DirectoryId;
  name: string;
  /** How many of its records and groups there were. */
  users: number;
  groups: number;
  /** All of them are counted, 100 are named. */
  grants: { total: number; named: LostGrant[] };
  consequences: Consequences;
};

/** Records per step: bounds the memory of one statement. */
const STEP = 5_000;
const MOST_NAMED = 100;

/**
 * Takes a directory away. T20.
 *
 * Its people go on in the next directory that has their user name, or are Deactivated, as after a read that proves that it
 * is empty (T19); what is local to those whose record another one replaces is parked. Grants of its groups, and those that
 * wait for groups of it, are revoked: nothing could wake them again. Its name and its place are free; settings, secret,
 * tokens, clients, runs with their plans, and the log of its requests are gone. Records and groups are kept as tombstones
 * below a row that is no directory any more, because accounts, audit and events name them; nothing brings them back.
 *
 * Before: the organization is locked exclusively. After: as above, in one commit with audit and events; nobody was mailed.
 * A request or a run that was under way writes nothing any more: there is no directory that it could write to.
 * @param confirmation the directory's name, said again by whoever means it.
 * @throws MusterError `not-found`; `conflict` for `internal`, while a run is under way, and when no administrator would
 * stay; `invalid` when the confirmation is another name.
 */
export async function removeDirectory(tx: Tx, id: DirectoryId, confirmation: string): Promise<DirectoryRemoved> {
  requireExclusive(tx);
  const directory = await requireRemovable(tx, id);
  if (confirmation !== directory.name)
    throw new MusterError(
      "invalid",
      `this cannot be taken back; confirm it with the directory's name, ${directory.name}`,
      {
        at: "confirm",
      },
    );
  const { done, consequences } = await withConsequences(tx, () =>
    keepAnAdministrator(tx, async () => {
      const grants = await revokeGrants(tx, id);
      const groups = await removeAllGroups(tx, id);
      return { grants, groups, users: await removeAllUsers(tx, id) };
    }),
  );
  await buryDirectory(tx, directory);
  const { grants, ...counts } = done;
  await recordChanges(tx, [
    {
      action: "directory.removed",
      subjectKind: "directory",
      subject: id,
      detail: { name: directory.name, kind: directory.kind, ...counts, grants: grants.total },
    },
  ]);
  return { id, name: directory.name, ...counts, grants, consequences };
}

/** Locked against whoever would give it anything new: a record, a token, a run. */
async function requireRemovable(tx: Tx, id: DirectoryId): Promise<Directory> {
  await tx.query({
    text: "select id from directories where organization = $1 and id = $2 for update",
    values: [tx.organization, id],
  });
  const directory = await getDirectory(tx, id);
  if (!directory) throw new MusterError("not-found", "there is no such directory", { at: "directory" });
  if (directory.kind === "internal")
    throw new MusterError("conflict", "internal is not removed: who was added, invited or signed up is held there", {
      at: "directory",
    });
  const [left] = await tx.query<{ name: string }>({
    text: "select name from directories where organization = $1 and switched_to = $2 and removed_at is null limit 1",
    values: [tx.organization, id],
  });
  if (left)
    throw new MusterError(
      "conflict",
      `people were switched to it from ${left.name}; switch them back, or remove that one first`,
      {
        at: "directory",
      },
    );
  // Its holder says every second that it is alive. One that said nothing for longer can do nothing any more either.
  const running = await tx.query({
    text: `select directory from directory_locks where organization = $1 and directory = $2
      and heartbeat_at > clock_timestamp() - interval '10 seconds' for update`,
    values: [tx.organization, id],
  });
  if (running.length > 0)
    throw new MusterError("conflict", `a sync of ${directory.name} is under way; remove it when that has ended`, {
      at: "directory",
    });
  return directory;
}

async function revokeGrants(tx: Tx, directory: DirectoryId): Promise<DirectoryRemoved["grants"]> {
  const rows = await tx.query<LostGrant & { id: string; groupId: GroupId | null }>({
    text: `with revoked as (
        delete from role_grants r where r.organization = $1 and (r.waiting_directory = $2
          or exists (select from groups g where g.organization = $1 and g.id = r.group_id and g.directory = $2))
        returning r.id, r.group_id, r.waiting_name, r.product, r.role
      )
      select r.id, r.group_id as "groupId", coalesce(g.name, r.waiting_name) as group, s.key as site, p.key as product, r.role
      from revoked r
      join products p on p.organization = $1 and p.id = r.product
      join sites s on s.organization = $1 and s.id = p.site
      left join groups g on g.organization = $1 and g.id = r.group_id
      order by s.key, p.key, coalesce(g.name_key, r.waiting_name), r.id`,
    values: [tx.organization, directory],
  });
  await recordChanges(
    tx,
    rows.map(({ id, groupId }) => ({
      action: "grant.revoked",
      subjectKind: "grant",
      subject: id,
      detail: { group: groupId, directory },
      event: true,
    })),
  );
  const named = rows.slice(0, MOST_NAMED).map(({ id: _, groupId: __, ...grant }) => grant);
  return { total: rows.length, named };
}

async function removeAllGroups(tx: Tx, directory: DirectoryId): Promise<number> {
  const rows = await tx.query<{ id: GroupId }>({
    text: "select id from directory_groups where organization = $1 and directory = $2 and deleted_at is null order by id",
    values: [tx.organization, directory],
  });
  return (
    await removeDirectoryGroups(
      tx,
      directory,
      rows.map((row) => row.id),
    )
  ).length;
}

async function removeAllUsers(tx: Tx, directory: DirectoryId): Promise<number> {
  let removed = 0;
  for (;;) {
    // By account, so that the steps lock accounts in the order of their ids.
    const rows = await tx.query<{ id: DirectoryUserId }>({
      text: `select id from directory_users where organization = $1 and directory = $2 and deleted_at is null
        order by account, id limit ${STEP}`,
      values: [tx.organization, directory],
    });
    if (rows.length === 0) return removed;
    removed += (
      await removeDirectoryUsers(
        tx,
        directory,
        rows.map((row) => row.id),
      )
    ).length;
  }
}

/** The tombstones get a row that is no directory, and the directory goes with everything that was its own. */
async function buryDirectory(tx: Tx, { id, kind, position }: Directory): Promise<void> {
  const grave = newId<DirectoryId>();
  const values = [tx.organization, id, grave];
  await tx.query({
    text: `insert into directories (organization, id, name, kind, position, removed_at)
      select $1, $2, $4, $3, least(min(position), 0) - 1, statement_timestamp()
      from directories where organization = $1`,
    values: [tx.organization, grave, kind, `removed-${grave}`],
  });
  for (const table of ["directory_users", "directory_groups", "groups"])
    await tx.query({ text: `update ${table} set directory = $3 where organization = $1 and directory = $2`, values });
  for (const text of [
    "delete from directory_user_counts where organization = $1 and directory = $2",
    "delete from directories where organization = $1 and id = $2",
  ])
    await tx.query({ text, values: [tx.organization, id] });
  await tx.query({
    text: "update directories set position = position - 1 where organization = $1 and position > $2",
    values: [tx.organization, position],
  });
}
