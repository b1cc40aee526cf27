import type { DirectoryId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";

/**
 * Reports groups written by this plan that have the name of one of the organization's own groups, or of another group
 * of the same directory. Both stand: groups are never merged by name, and a grant names one by its id.
 */
export async function reportSharedGroupNames(tx: Tx, run: SyncRunId, directory: DirectoryId): Promise<void> {
  await tx.query({
    text: `
      with named as (
        select p.seq, p.subject, s.immutable_id, s.name, s.location, fold_text(s.name) as key
        from sync_plan p
        join sync_staged_groups s on s.organization = $1 and s.run = $2 and s.immutable_id = p.immutable_id
        where p.organization = $1 and p.run = $2 and p.kind in ('group-add', 'group-restore', 'group-update')
          and (p.previous ->> 'displayName') is distinct from s.name
      ), shared as (
        select n.*, null as other_id, null as other_location, g.name as other_name, null::uuid as other_directory,
          format('local/%s', g.name) as who
        from named n join groups g on g.organization = $1 and g.directory is null and g.deleted_at is null
          and g.name_key = n.key
        union all
        select n.*, m.immutable_id, m.location, m.name, $3::uuid, format('%s (%s)', m.name, m.location)
        from named n join named m on m.key = n.key and m.seq < n.seq
      )
      insert into sync_plan (organization, run, kind, subject, immutable_id, name, conflict, conflict_kind, sides)
      select distinct on (seq) $1::uuid, $2::uuid, 'shared-group-name', subject, immutable_id, name,
        format('the group %s (%s) has the name of the group %s; they stay two groups', name, location, who),
        'same-group-name', jsonb_build_array(
          jsonb_build_object('directory', $3::uuid, 'id', immutable_id, 'location', location, 'name', name),
          jsonb_build_object('directory', other_directory, 'id', other_id, 'location', other_location, 'name', other_name))
      from shared order by seq, who`,
    values: [tx.organization, run, directory],
  });
}
