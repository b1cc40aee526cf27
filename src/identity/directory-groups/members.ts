import type { Database } from "../../db/connection.ts";
import type { AccountId, DirectoryId, DirectoryUserId, GroupId } from "../../db/id.ts";
import { type Actor, inStatement, type Tx } from "../../db/transaction.ts";
import { reconcile } from "../access/reconcile.ts";

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
  const rows = [...change.add, ...change.remove];
  if (rows.length === 0) return { added: 0, removed: 0, unknown: [] };
  // One group locks its members by itself; of several all are locked first.
  if (new Set(rows.map((row) => row.group)).size > 1)
    await lockMembers(tx, directory, [...new Set(rows.map((row) => row.member))]);
  const done = await tx.query<{ added: number; removed: number; unknown: string[]; accounts: AccountId[] }>({
    name: "write-members",
    text: `select cardinality(w.added) as added, cardinality(w.removed) as removed, w.unknown, w.accounts
      from (
        select group_id, array_agg(member) filter (where comes) as come, array_agg(member) filter (where not comes) as leave
        from unnest($3::uuid[], $4::uuid[], $5::boolean[]) as c (group_id, member, comes) group by group_id order by group_id) c
      cross join lateral write_members($1, $2, c.group_id, coalesce(c.come, '{}'), coalesce(c.leave, '{}'), false, null,
        $6, $7, $8) w`,
    values: [
      tx.organization,
      directory,
      rows.map((row) => row.group),
      rows.map((row) => row.member),
      rows.map((_, place) => place < change.add.length),
      tx.actor.kind,
      tx.actor.id,
      tx.actor.requestId,
    ],
  });
  const accounts = new Set(done.flatMap((row) => row.accounts));
  await reconcile(tx, [...accounts]);
  return {
    added: done.reduce((sum, row) => sum + row.added, 0),
    removed: done.reduce((sum, row) => sum + row.removed, 0),
    unknown: [...new Set(done.flatMap((row) => row.unknown))],
  };
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

type Changed = {
  outcome: "written" | "unknown" | "changed-meanwhile" | "gone";
  version: number;
  added: number;
  removed: number;
  unknown: string[];
};

/**
 * Adds users to one group and takes users out of it, as a change of its own (RFC 7644 §3.5.2). When somebody of `add` is
 * no live user of the directory, or somebody of `remove` is a group nested in this one, nothing is written: then the
 * change is about groups, and is made with `changeMembers` and `changeNestings` under the exclusive lock. One statement.
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
  const [done] = await inStatement<Changed>(ctx, actor, () => ({
    name: "change-members",
    text: `select c.outcome, c.version, c.added, c.removed, c.unknown
      from change_members($1, $2, $3, $4::uuid[], $5::uuid[], $6, $7, $8, $9) c`,
    values: [
      actor.organization,
      directory,
      group,
      change.add,
      change.remove,
      change.expectedVersion ?? null,
      actor.kind,
      actor.id,
      actor.requestId,
    ],
  }));
  const { outcome, version, added, removed, unknown } = done as Changed;
  if (outcome === "written") return { outcome, version, added, removed };
  return outcome === "unknown" ? { outcome, ids: unknown } : { outcome };
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
async function lockMembers(tx: Tx, directory: DirectoryId, members: readonly DirectoryUserId[]): Promise<void> {
  await tx.query({
    name: "lock-members",
    text: `select from directory_users
      where organization = $1 and directory = $2 and id = any($3) order by id for share`,
    values: [tx.organization, directory, members],
  });
}
