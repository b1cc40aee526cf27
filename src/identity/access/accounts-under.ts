import type { AccountId, GroupId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";

/**
 * Everybody whom these groups can reach: their members and the members of the groups nested in them, remote and
 * local, counted or not. Whoever changes what a group gives or contains reconciles these.
 * Before: any ids. After: nothing has changed. Circles end; groups that are tombstones are walked through too.
 */
export async function accountsUnder(tx: Tx, groups: readonly GroupId[]): Promise<AccountId[]> {
  if (groups.length === 0) return [];
  const rows = await tx.query<{ account: AccountId }>({
    name: "accounts-under",
    text: `
      with recursive under as (
        select id from unnest($2::uuid[]) as g (id)
        union
        select n.child from under u join group_nestings n on n.organization = $1 and n.parent = u.id
      )
      select r.account from under u
      join remote_memberships m on m.organization = $1 and m.group_id = u.id
      join directory_users r on r.organization = $1 and r.id = m.directory_user
      where r.deleted_at is null
      union
      select m.account from under u join local_memberships m on m.organization = $1 and m.group_id = u.id
      order by 1`,
    values: [tx.organization, groups],
  });
  return rows.map((row) => row.account);
}
