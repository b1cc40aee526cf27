import type { Db } from "../../db/connection.ts";
import type { AccountId, GroupId } from "../../db/id.ts";

/**
 * Every account that is a member of one of these groups or of a group below them, by a live record or locally: those
 * whose access a change at the groups may touch (design §4.2). Nothing leads through a deleted group. Circles are walked once.
 * Each look-up stands in a subquery of its own for the reason that migration 0006 gives.
 */
export async function accountsUnder(db: Db, groups: readonly GroupId[]): Promise<AccountId[]> {
  if (groups.length === 0) return [];
  const rows = await db.query<{ account: AccountId }>({
    text: `
      with recursive below as (
        select g.id from groups g where g.organization = $1 and g.id = any ($2) and g.deleted_at is null
        union
        select g.id from below b
        cross join lateral (
          select n.child from group_nestings n where n.organization = $1 and n.parent = b.id offset 0) n
        cross join lateral (
          select c.id, c.deleted_at from groups c where c.organization = $1 and c.id = n.child offset 0) g
        where g.deleted_at is null
      )
      select u.account from below b
      cross join lateral (
        select m.directory_user from remote_memberships m where m.organization = $1 and m.group_id = b.id offset 0) m
      cross join lateral (
        select u.account, u.deleted_at from directory_users u
        where u.organization = $1 and u.id = m.directory_user offset 0) u
      where u.deleted_at is null
      union
      select m.account from below b
      cross join lateral (
        select m.account from local_memberships m where m.organization = $1 and m.group_id = b.id offset 0) m`,
    values: [db.organization, groups],
  });
  return rows.map((row) => row.account);
}
