import type { Database } from "../../db/connection.ts";
import type { AccountId, DirectoryId, DirectoryUserId, GroupId } from "../../db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../db/transaction.ts";
import { reconcile } from "../access/reconcile.ts";
import { recordChanges } from "../record.ts";
import { getDirectoryGroup } from "./read.ts";

/** A directory user in a group of the same directory. */
export type Member = { group: GroupId; member: DirectoryUserId };

/** What a change of members did; `unknown` are the wanted members that are no live users of the directory. */
export type MembersChanged = { added: number; removed: number; unknown: string[] };

/**
 * Adds and removes members of groups of one directory, as rows: the cost is that of what changes, never of the groups
 * (R51; RFC 7644 §3.5.2). Adding a member that is there and removing one that is not are no changes.
 *
 * Before: the groups are live groups of `directory` (others are ignored). After: the members are as asked, versions
 * of the groups that changed are one higher, the members' access follows. Members are locked before groups, so that
 * no rename can carry one away meanwhile.
 */
export async function changeMembers(
  tx: Tx,
  directory: DirectoryId,
  change: { add: readonly Member[]; remove: readonly Member[] },
): Promise<MembersChanged> {
  const wanted = [...new Set([...change.add, ...change.remove].map((row) => row.member))];
  const held = await lockMembers(tx, directory, wanted);
  const accountOf = new Map(held.map((row) => [row.id, row.account]));
  const removed = await removeRows(tx, directory, change.remove);
  const added = await addRows(tx, directory, change.add);
  await finish(tx, directory, added, removed, accountOf);
  const live = new Set(held.filter((row) => row.live).map((row) => row.id));
  const unknown = new Set(change.add.map((row) => row.member).filter((member) => !live.has(member)));
  return { added: added.length, removed: removed.length, unknown: [...unknown] };
}

/**
 * What came of `changeGroupMembers`. `unknown`: these are neither live users of the directory to add nor somebody who
 * can be taken out as a user; `changed-meanwhile`: the group has another version than the expected one. Only `written`
 * has written anything.
 */
export type GroupMembersChanged =
  | { outcome: "written"; version: number; added: number; removed: number }
  | { outcome: "unknown"; ids: string[] }
  | { outcome: "changed-meanwhile" }
  | { outcome: "gone" };

class Nothing extends Error {
  readonly result: GroupMembersChanged;
  constructor(result: GroupMembersChanged) {
    super("nothing to write");
    this.result = result;
  }
}

/**
 * Adds users to one group and takes users out of it, as a change of its own (RFC 7644 §3.5.2). When somebody of `add` is
 * no live user of the directory, or somebody of `remove` is a group nested in this one, nothing is written: then the
 * change is about groups, and is made with `changeMembers` and `changeNestings` under the exclusive lock.
 *
 * Before: any. After: `written`: as after `changeMembers`, committed; `version` is the group's by now.
 */
export async function changeGroupMembers(
  ctx: { db: Database },
  actor: Actor,
  directory: DirectoryId,
  group: GroupId,
  change: { add: readonly DirectoryUserId[]; remove: readonly DirectoryUserId[]; expectedVersion?: number },
): Promise<GroupMembersChanged> {
  try {
    return await inTransaction(ctx, actor, async (tx) => {
      const { unknown, ...done } = await changeMembers(tx, directory, {
        add: change.add.map((member) => ({ group, member })),
        remove: change.remove.map((member) => ({ group, member })),
      });
      if (unknown.length > 0) throw new Nothing({ outcome: "unknown", ids: unknown });
      const held = await getDirectoryGroup(tx, directory, group);
      if (!held) throw new Nothing({ outcome: "gone" });
      return { outcome: "written", version: held.version, ...done };
    });
  } catch (error) {
    if (error instanceof Nothing) return error.result;
    throw error;
  }
}

/**
 * Makes the users of a group exactly these; nested groups are not touched.
 * Before and after as for `changeMembers`; only the difference is written.
 */
export async function replaceMembers(
  tx: Tx,
  directory: DirectoryId,
  group: GroupId,
  members: readonly DirectoryUserId[],
): Promise<MembersChanged> {
  const difference = await differenceTo(tx, group, members);
  return changeMembers(tx, directory, {
    add: difference.filter((row) => row.wanted).map((row) => ({ group, member: row.member })),
    remove: difference.filter((row) => !row.wanted).map((row) => ({ group, member: row.member })),
  });
}

/**
 * For a change that locks the group's own row before its members: locks first whom it will add or remove, because who
 * removes a user holds the user and then wants the user's groups. The other way round the two would wait for each other.
 *
 * Before: `tx` has not locked the group; `replaced` as for `replaceMembers`, else `members` come or go. After: nothing
 * has changed; those users can neither be renamed nor removed until the end of the transaction.
 */
export async function lockMembersBeforeGroup(
  tx: Tx,
  directory: DirectoryId,
  group: GroupId,
  change: { replaced: boolean; members: readonly DirectoryUserId[] },
): Promise<void> {
  let ids = change.members;
  if (change.replaced) {
    // Whoever replaces the members one after the other finds the difference that he has locked.
    await tx.query({
      name: "replace-members-in-turn",
      text: "select pg_advisory_xact_lock(hashtextextended($1, 0))",
      values: [group],
    });
    ids = (await differenceTo(tx, group, change.members)).map((row) => row.member);
  }
  if (ids.length > 0) await lockMembers(tx, directory, ids);
}

/** Who must come (`wanted`) and who must go so that the users of the group are exactly these. */
async function differenceTo(
  tx: Tx,
  group: GroupId,
  members: readonly DirectoryUserId[],
): Promise<{ member: DirectoryUserId; wanted: boolean }[]> {
  return tx.query({
    name: "members-difference",
    text: `select m.directory_user as member, false as wanted from remote_memberships m
      where m.organization = $1 and m.group_id = $2 and m.directory_user <> all($3)
      union all
      select w.member, true from unnest($3::uuid[]) as w (member) where not exists
        (select from remote_memberships m where m.organization = $1 and m.group_id = $2 and m.directory_user = w.member)`,
    values: [tx.organization, group, members],
  });
}

/** Tombstones too: one that is being restored at this moment brings back the memberships that it then still has. */
async function lockMembers(
  tx: Tx,
  directory: DirectoryId,
  members: readonly DirectoryUserId[],
): Promise<{ id: DirectoryUserId; account: AccountId; live: boolean }[]> {
  return tx.query({
    name: "lock-members",
    text: `select id, account, deleted_at is null as live from directory_users
      where organization = $1 and directory = $2 and id = any($3) order by id for share`,
    values: [tx.organization, directory, members],
  });
}

async function addRows(tx: Tx, directory: DirectoryId, rows: readonly Member[]): Promise<Member[]> {
  if (rows.length === 0) return [];
  return tx.query<Member>({
    name: "add-members",
    text: `insert into remote_memberships (organization, group_id, directory_user)
      select distinct $1::uuid, g.id, u.id from unnest($3::uuid[], $4::uuid[]) as w (group_id, member)
      join directory_groups g on g.organization = $1 and g.id = w.group_id and g.directory = $2 and g.deleted_at is null
      join directory_users u on u.organization = $1 and u.id = w.member and u.directory = $2 and u.deleted_at is null
      order by 2, 3
      on conflict do nothing
      returning group_id as "group", directory_user as member`,
    values: [tx.organization, directory, rows.map((row) => row.group), rows.map((row) => row.member)],
  });
}

async function removeRows(tx: Tx, directory: DirectoryId, rows: readonly Member[]): Promise<Member[]> {
  if (rows.length === 0) return [];
  return tx.query<Member>({
    name: "remove-members",
    text: `delete from remote_memberships m using unnest($3::uuid[], $4::uuid[]) as w (group_id, member), directory_groups g
      where m.organization = $1 and m.group_id = w.group_id and m.directory_user = w.member
        and g.organization = $1 and g.id = m.group_id and g.directory = $2 and g.deleted_at is null
      returning m.group_id as "group", m.directory_user as member`,
    values: [tx.organization, directory, rows.map((row) => row.group), rows.map((row) => row.member)],
  });
}

async function finish(
  tx: Tx,
  directory: DirectoryId,
  added: readonly Member[],
  removed: readonly Member[],
  accountOf: ReadonlyMap<DirectoryUserId, AccountId>,
): Promise<void> {
  const groups = [...new Set([...added, ...removed].map((row) => row.group))].sort();
  if (groups.length === 0) return;
  await tx.query({
    name: "touch-groups",
    text: `update directory_groups g set version = version + 1, updated_at = statement_timestamp()
      from (select id from directory_groups where organization = $1 and id = any($2) order by id for no key update) l
      where g.organization = $1 and g.id = l.id`,
    values: [tx.organization, groups],
  });
  await recordChanges(
    tx,
    groups.map((group) => ({
      action: "group.members-changed",
      subjectKind: "group",
      subject: group,
      detail: {
        directory,
        added: added.filter((row) => row.group === group).map((row) => row.member),
        removed: removed.filter((row) => row.group === group).map((row) => row.member),
      },
      event: true,
    })),
  );
  const accounts = new Set<AccountId>();
  for (const row of [...added, ...removed]) {
    const account = accountOf.get(row.member);
    if (account !== undefined) accounts.add(account);
  }
  await reconcile(tx, [...accounts]);
}
