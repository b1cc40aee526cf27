import type { Db } from "../db/connection.ts";
import { type AccountId, type DirectoryId, type GroupId, newId, parseId } from "../db/id.ts";
import { requireExclusive, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { accountsUnder } from "./access/accounts-under.ts";
import { reconcile } from "./access/reconcile.ts";
import { refuseReadOnlyMembers } from "./directory-permissions.ts";
import { nameKey } from "./keys.ts";
import { recordChanges } from "./record.ts";

/** `directory` is the directory's name, null for a group local to the organization. */
export type Group = { id: GroupId; name: string; directory: string | null };

const COLUMNS = `g.id, g.name, d.name as directory`;
const TABLES = `groups g left join directories d on d.organization = g.organization and d.id = g.directory`;

/** All live groups, the local ones last, by directory position and name. */
export async function listGroups(db: Db): Promise<Group[]> {
  return db.query<Group>({
    text: `select ${COLUMNS} from ${TABLES} where g.organization = $1 and g.deleted_at is null
      order by d.position nulls last, g.name_key, g.id`,
    values: [db.organization],
  });
}

/**
 * What a person means by `DIRECTORY/NAME` (split at the first "/"), `local/NAME` or `id:UUID` (design §10): a group that stands, or
 * a name that its directory has not created yet, for which a grant can wait.
 * @throws MusterError `invalid` for another form; `not-found` for an unknown directory, id or local group; `conflict`
 * with candidates when several groups of the directory have the name.
 */
export async function resolveGroup(db: Db, text: string): Promise<Group | { directory: DirectoryId; name: string }> {
  if (text.startsWith("id:")) return groupById(db, text);
  const slash = text.indexOf("/");
  if (slash < 1 || slash === text.length - 1)
    throw new MusterError("invalid", "a group is DIRECTORY/NAME, local/NAME or id:UUID", { at: text });
  const [directoryName, name] = [text.slice(0, slash), text.slice(slash + 1)];
  const directory = directoryName === "local" ? null : await directoryId(db, directoryName, text);
  const found = await db.query<Group>({
    text: `select ${COLUMNS} from ${TABLES}
      where g.organization = $1 and g.directory is not distinct from $2 and g.name_key = $3 and g.deleted_at is null
      order by g.id limit 20`,
    values: [db.organization, directory, nameKey(name)],
  });
  if (found.length > 1)
    throw new MusterError("conflict", `several groups of ${directoryName} are called ${name}; name one by id`, {
      at: text,
      candidates: found.map((group) => `id:${group.id}`),
    });
  if (found[0]) return found[0];
  if (directory === null) throw new MusterError("not-found", `there is no local group ${name}`, { at: text });
  return { directory, name };
}

async function groupById(db: Db, text: string): Promise<Group> {
  const [group] = await db.query<Group>({
    text: `select ${COLUMNS} from ${TABLES} where g.organization = $1 and g.id = $2 and g.deleted_at is null`,
    values: [db.organization, parseId<GroupId>(text.slice("id:".length)) ?? null],
  });
  if (!group) throw new MusterError("not-found", "there is no group with this id", { at: text });
  return group;
}

async function directoryId(db: Db, name: string, at: string): Promise<DirectoryId> {
  const [row] = await db.query<{ id: DirectoryId }>({
    text: "select id from directories where organization = $1 and name = $2 and removed_at is null",
    values: [db.organization, name],
  });
  if (!row) throw new MusterError("not-found", `there is no directory ${name}`, { at });
  return row.id;
}

/**
 * A new group local to the organization; directories never touch it (R46).
 * Before: any. After: it stands without members and grants, with audit and event; access is not touched.
 * @throws MusterError `uniqueness` when a live local group has the name; `invalid` for an empty name.
 */
export async function createLocalGroup(tx: Tx, name: string): Promise<Group> {
  if (name.trim() === "") throw new MusterError("invalid", "a group needs a name", { at: "name" });
  const id = newId<GroupId>();
  await tx.query({
    text: "insert into groups (organization, id, name, name_key) values ($1, $2, $3, $4)",
    values: [tx.organization, id, name, nameKey(name)],
  });
  await recordChanges(tx, [
    { action: "group.created", subjectKind: "group", subject: id, detail: { name }, event: true },
  ]);
  return { id, name, directory: null };
}

/**
 * Calls a local group by another name. Before: any. After: it has the name, with audit and event; access is not
 * touched. Returns false, and writes nothing, when it had it already.
 * @throws MusterError `not-found`; `invalid` for a group that a directory owns; `uniqueness`.
 */
export async function renameLocalGroup(tx: Tx, group: GroupId, name: string): Promise<boolean> {
  await requireLocal(tx, group, "a directory owns this group and names it");
  if (name.trim() === "") throw new MusterError("invalid", "a group needs a name", { at: "name" });
  const rows = await tx.query({
    text: "update groups set name = $3, name_key = $4 where organization = $1 and id = $2 and name <> $3 returning id",
    values: [tx.organization, group, name, nameKey(name)],
  });
  if (rows.length === 0) return false;
  await recordChanges(tx, [
    { action: "group.renamed", subjectKind: "group", subject: group, detail: { name }, event: true },
  ]);
  return true;
}

/**
 * Takes a local group away, with its members, its grants and its places in other groups.
 * Before: the organization is locked exclusively. After: it is gone and the access of everybody under it follows.
 * @throws MusterError `not-found`; `invalid` for a group that a directory owns.
 */
export async function removeLocalGroup(tx: Tx, group: GroupId): Promise<void> {
  requireExclusive(tx);
  await requireLocal(tx, group, "a directory owns this group and alone takes it away");
  const accounts = await accountsUnder(tx, [group]);
  const [row] = await tx.query<{ name: string; grants: string[] }>({
    text: `with grants as (
        delete from role_grants where organization = $1 and group_id = $2 returning id
      ), members as (
        delete from local_memberships where organization = $1 and group_id = $2
      ), nestings as (
        delete from group_nestings where organization = $1 and (parent = $2 or child = $2)
      )
      update groups set deleted_at = statement_timestamp() where organization = $1 and id = $2
      returning name, array(select id from grants order by id) as grants`,
    values: [tx.organization, group],
  });
  await recordChanges(tx, [
    ...(row?.grants ?? []).map((grant) => ({
      action: "grant.revoked",
      subjectKind: "grant",
      subject: grant,
      detail: { group },
      event: true,
    })),
    { action: "group.removed", subjectKind: "group", subject: group, detail: { name: row?.name }, event: true },
  ]);
  await reconcile(tx, accounts);
}

/**
 * Puts accounts into a group as an administrator's own memberships: into a local group, or beside the members that a
 * directory put into its group. No sync removes them (T15).
 *
 * Before: any. After: the accounts are members, those parked count again, and access follows. Returns how many were
 * no counting members before.
 * @throws MusterError `not-found` for an unknown group or account; `read-only` naming the directory that does not permit
 * it for its people or its group. Then nothing is written.
 */
export async function addLocalMembers(tx: Tx, group: GroupId, accounts: readonly AccountId[]): Promise<number> {
  await requireGroup(tx, group);
  await requireAccounts(tx, accounts);
  await refuseReadOnlyMembers(tx, accounts, [group]);
  const added = await tx.query<{ account: AccountId }>({
    text: `insert into local_memberships as m (organization, group_id, account)
      select distinct $1::uuid, $2::uuid, a from unnest($3::uuid[]) a order by a
      on conflict on constraint local_memberships_pk do update set parked_at = null where m.parked_at is not null
      returning account`,
    values: [tx.organization, group, accounts],
  });
  await membersChanged(tx, group, "group.local-members-added", added);
  return added.length;
}

/**
 * Takes administrators' own memberships away; a directory's stay (T15). Before: any. After: none of the accounts is a local
 * member and access follows. Returns how many were.
 * @throws MusterError `not-found` for an unknown group.
 */
export async function removeLocalMembers(tx: Tx, group: GroupId, accounts: readonly AccountId[]): Promise<number> {
  await requireGroup(tx, group);
  const removed = await tx.query<{ account: AccountId }>({
    text: `delete from local_memberships where organization = $1 and group_id = $2 and account = any ($3) returning account`,
    values: [tx.organization, group, accounts],
  });
  await membersChanged(tx, group, "group.local-members-removed", removed);
  return removed.length;
}

/** Those of the accounts that an administrator put into the group. */
export async function localMembersAmong(db: Db, group: GroupId, accounts: readonly AccountId[]): Promise<AccountId[]> {
  const rows = await db.query<{ account: AccountId }>({
    text: "select account from local_memberships where organization = $1 and group_id = $2 and account = any ($3)",
    values: [db.organization, group, accounts],
  });
  return rows.map((row) => row.account);
}

/** A local membership; `counts` is false while it is parked, after another record became the person's canonical one. */
export type LocalMember = { account: AccountId; userName: string; counts: boolean };

/** The group's local members by user name. */
export async function localMembersOf(db: Db, group: GroupId): Promise<LocalMember[]> {
  return db.query<LocalMember>({
    text: `select a.id as account, a.user_name as "userName", m.parked_at is null as counts
      from local_memberships m join accounts a on a.organization = m.organization and a.id = m.account
      where m.organization = $1 and m.group_id = $2 order by a.user_name_key`,
    values: [db.organization, group],
  });
}

/**
 * Puts any groups into a local one: their members get what it gives (design §4.2). Circles are refused, because nobody means them.
 *
 * Before: the organization is locked exclusively. After: the children are in the parent and access follows. Returns
 * how many were not before.
 * @throws MusterError `not-found`; `read-only` for a group of a directory that does not permit it; `invalid` for a parent
 * that a directory owns, and for a circle.
 */
export async function nestGroups(tx: Tx, parent: GroupId, children: readonly GroupId[]): Promise<number> {
  requireExclusive(tx);
  await requireLocal(tx, parent);
  for (const child of children) await requireGroup(tx, child, child);
  await refuseReadOnlyMembers(tx, [], children);
  await refuseCircle(tx, parent, children);
  const added = await tx.query<{ child: GroupId }>({
    text: `insert into group_nestings (organization, parent, child, origin)
      select distinct $1::uuid, $2::uuid, c, 'local' from unnest($3::uuid[]) c order by c on conflict do nothing returning child`,
    values: [tx.organization, parent, children],
  });
  return nestingChanged(tx, parent, "group.groups-added", added);
}

/**
 * Takes groups out of a local one (design §4.2). Before: the organization is locked exclusively. After: they are not in it and access
 * follows. Returns how many were.
 * @throws MusterError `not-found`; `invalid` for a parent that a directory owns.
 */
export async function unnestGroups(tx: Tx, parent: GroupId, children: readonly GroupId[]): Promise<number> {
  requireExclusive(tx);
  await requireLocal(tx, parent);
  const removed = await tx.query<{ child: GroupId }>({
    text: `delete from group_nestings where organization = $1 and parent = $2 and child = any ($3) and origin = 'local'
      returning child`,
    values: [tx.organization, parent, children],
  });
  return nestingChanged(tx, parent, "group.groups-removed", removed);
}

async function membersChanged(tx: Tx, group: GroupId, action: string, rows: { account: AccountId }[]): Promise<void> {
  if (rows.length === 0) return;
  const accounts = rows.map((row) => row.account).sort();
  await recordChanges(tx, [{ action, subjectKind: "group", subject: group, detail: { accounts }, event: true }]);
  await reconcile(tx, accounts);
}

async function nestingChanged(tx: Tx, parent: GroupId, action: string, rows: { child: GroupId }[]): Promise<number> {
  if (rows.length === 0) return 0;
  const groups = rows.map((row) => row.child).sort();
  await recordChanges(tx, [{ action, subjectKind: "group", subject: parent, detail: { groups }, event: true }]);
  await reconcile(tx, await accountsUnder(tx, groups));
  return rows.length;
}

async function requireGroup(tx: Tx, id: GroupId, at = "group"): Promise<{ local: boolean }> {
  const [row] = await tx.query<{ local: boolean }>({
    text: `select directory is null as local from groups where organization = $1 and id = $2 and deleted_at is null`,
    values: [tx.organization, id],
  });
  if (!row) throw new MusterError("not-found", "there is no such group", { at });
  return row;
}

async function requireLocal(
  tx: Tx,
  id: GroupId,
  why = "a directory owns this group and alone says which groups are in it; use a local group",
): Promise<void> {
  if (!(await requireGroup(tx, id)).local) throw new MusterError("invalid", why, { at: "group" });
}

async function requireAccounts(tx: Tx, accounts: readonly AccountId[]): Promise<void> {
  const [missing] = await tx.query<{ id: string }>({
    text: `select w.id from unnest($2::uuid[]) as w (id)
      where not exists (select from accounts a where a.organization = $1 and a.id = w.id) limit 1`,
    values: [tx.organization, accounts],
  });
  if (missing) throw new MusterError("not-found", "there is no such account", { at: missing.id });
}

async function refuseCircle(tx: Tx, parent: GroupId, children: readonly GroupId[]): Promise<void> {
  const [circle] = await tx.query<{ id: string }>({
    text: `
      with recursive above as (
        select $2::uuid as id
        union
        select n.parent from above a join group_nestings n on n.organization = $1 and n.child = a.id
      )
      select id from above where id = any ($3) limit 1`,
    values: [tx.organization, parent, children],
  });
  if (circle) throw new MusterError("invalid", "this would put a group into itself", { at: `id:${circle.id}` });
}
