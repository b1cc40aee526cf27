import type { DirectoryId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { isApplied } from "../apply/keep.ts";

/**
 * Remembers of the groups that a read named completely what their members came to, where the group now has exactly
 * these: nothing of the plan about it is left to do, and as many live members and groups are held in it as the read named,
 * none of whom is about to go or was withheld. The next read that comes to the same need not be compared.
 * Before: the plan of the run stands and its staging is still there, be the plan applied or not.
 */
export async function keepDigests(tx: Tx, run: SyncRunId, directory: DirectoryId): Promise<void> {
  await tx.query({
    text: `
      with named as (
        select g.id, g.version, d.digest, d.members from sync_staged_digests d
        join directory_groups g on g.organization = $1 and g.directory = $3 and g.immutable_id = d.immutable_id
          and g.deleted_at is null
        where d.organization = $1 and d.run = $2 and d.held is null
          and g.id not in (select p.subject from sync_plan p join sync_runs r on r.organization = $1 and r.id = p.run
            where p.organization = $1 and p.run = $2 and not ${isApplied("p", "r")}
              and p.kind in ('member-add', 'member-remove', 'nesting-add', 'nesting-remove'))
      ), going as (
        select subject as id from sync_plan where organization = $1 and run = $2 and applied_at is null
          and kind in ('user-remove', 'group-remove')
        union all
        select h.id from sync_staged_users s
        join directory_users h on h.organization = $1 and h.directory = $3 and h.immutable_id = s.immutable_id
          and h.deleted_at is null
        where s.organization = $1 and s.run = $2 and s.withheld
      ), counted as (
        select m.group_id as id, count(*) as members from remote_memberships m
        where m.organization = $1 and m.group_id in (select id from named) group by m.group_id
      ), tombstones as (
        select m.group_id as id, count(*) as members from directory_users u
        join remote_memberships m on m.organization = $1 and m.directory_user = u.id
        where u.organization = $1 and u.directory = $3 and u.deleted_at is not null
          and m.group_id in (select id from named) group by m.group_id
      ), nested as (
        select n.parent as id, count(*) as members, bool_or(c.id in (select id from going)) as shrinks
        from group_nestings n
        join directory_groups c on c.organization = $1 and c.id = n.child and c.deleted_at is null
        where n.organization = $1 and n.origin = 'remote' and n.parent in (select id from named) group by n.parent
      ), shrinking as (
        select m.group_id as id from going g
        join remote_memberships m on m.organization = $1 and m.directory_user = g.id
      )
      insert into group_member_digests (organization, group_id, version, digest)
      select $1, n.id, n.version, n.digest from named n
      left join counted c on c.id = n.id left join tombstones t on t.id = n.id left join nested s on s.id = n.id
      where coalesce(c.members, 0) - coalesce(t.members, 0) + coalesce(s.members, 0) = n.members
        and s.shrinks is not true and n.id not in (select id from shrinking)
      order by n.id
      on conflict (organization, group_id) do update set version = excluded.version, digest = excluded.digest`,
    values: [tx.organization, run, directory],
  });
}
