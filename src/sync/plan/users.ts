import type { DirectoryId, DirectoryUserId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import type { SyncLane } from "../runs.ts";

/** The content of a row of directory_users, as a plan keeps it. */
export const heldJson = (alias: string): string =>
  `jsonb_build_object('immutableId', ${alias}.immutable_id, 'externalId', ${alias}.external_id,
    'userName', ${alias}.user_name, 'active', ${alias}.active, 'email', ${alias}.email,
    'displayName', ${alias}.display_name, 'resource', ${alias}.resource, 'contentHash', encode(${alias}.content_hash, 'hex'))`;

/**
 * Plans people by their unchanging id: who is new, came back (a tombstone takes up its place, so nobody becomes a
 * stranger by an accident), changed, or is gone. Equal content hash: no row, whatever the entry's place is now.
 * A conflicted entry that the directory disabled is still deactivated: being shut out needs no name. It says then what no
 * entry says, so that it has no hash, and whoever says again what they said before is no longer taken for unchanged.
 * A delta takes nobody away.
 * @param others the held people of whom the read did not say what is held, if they are few; else null.
 */
export async function planUsers(
  tx: Tx,
  run: SyncRunId,
  directory: DirectoryId,
  lane: SyncLane,
  others: readonly DirectoryUserId[] | null,
): Promise<void> {
  const values = [tx.organization, run, directory];
  await tx.query({
    text: `
      with tombstones as (
        select distinct on (immutable_id) * from directory_users
        where organization = $1 and directory = $3 and deleted_at is not null and immutable_id is not null
        order by immutable_id, deleted_at desc
      )
      insert into sync_plan (organization, run, kind, subject, immutable_id, name, version, content_hash, next, previous,
        user_name_key, email_key)
      select $1, $2,
        case when h.id is null and t.id is null then 'user-add' when h.id is null then 'user-restore'
          when h.active and not s.active then 'user-deactivate' else 'user-update' end,
        coalesce(h.id, t.id, new_id()), s.immutable_id, s.user_name, coalesce(h.version, t.version), s.content_hash,
        s.next,
        case when h.id is not null then ${heldJson("h")} when t.id is not null then ${heldJson("t")} end,
        case when h.id is null and t.id is null then s.user_name_key end,
        case when h.id is null and t.id is null then s.email_key end
      from sync_staged_users s
      left join directory_users h on h.organization = $1 and h.directory = $3 and h.immutable_id = s.immutable_id
        and h.deleted_at is null
      left join tombstones t on h.id is null and t.immutable_id = s.immutable_id
        -- A tombstone comes back under its old name first, so that one must be free and stay free until then.
        and (t.user_name_key = s.user_name_key or not (
          exists (select from directory_users o where o.organization = $1 and o.directory = $3 and o.deleted_at is null
            and o.user_name_key = t.user_name_key)
          or exists (select from sync_staged_users o where o.organization = $1 and o.run = $2
            and o.user_name_key = t.user_name_key)))
      where s.organization = $1 and s.run = $2 and s.conflict is null
        and (h.id is null or h.content_hash is distinct from s.content_hash)
      -- People come in the order of most of the indexes that they are put into.
      order by s.user_name_key collate "C", s.immutable_id collate "C"`,
    values,
  });
  await tx.query({
    text: `
      insert into sync_plan (organization, run, kind, subject, immutable_id, name, version, next, previous)
      select $1, $2, case when s.immutable_id is null then 'user-remove' else 'user-deactivate' end, h.id,
        h.immutable_id, h.user_name, h.version,
        case when s.immutable_id is not null then ${heldJson("h")} || '{"active": false, "contentHash": null}' end, ${heldJson("h")}
      from ${others === null ? "directory_users h" : `unnest($5::uuid[]) o (id) join directory_users h on h.id = o.id`}
      left join sync_staged_users s on s.organization = $1 and s.run = $2 and s.immutable_id = h.immutable_id
      where h.organization = $1 and h.directory = $3 and h.deleted_at is null and h.immutable_id is not null
        and ((s.immutable_id is null and $4
            and h.id not in (select held from sync_unchanged_users where organization = $1 and run = $2))
          or (s.conflict is not null and h.active and not s.active))
      order by h.immutable_id collate "C"`,
    values: [...values, lane === "full", ...(others === null ? [] : [others])],
  });
  await tx.query({
    text: `
      insert into sync_plan (organization, run, kind, subject, immutable_id, name, conflict, conflict_kind, sides)
      select $1, $2, 'conflict', h.id, s.immutable_id, s.user_name, s.conflict, coalesce(s.conflict_kind, 'unusable'),
        jsonb_build_array(
          jsonb_build_object('directory', $3::uuid, 'id', s.immutable_id, 'location', s.location, 'name', s.user_name))
          || case when s.conflict_with is null then '[]' else jsonb_build_array(jsonb_build_object('directory', $3::uuid,
            'id', s.conflict_with, 'location', o.location, 'name', coalesce(o.user_name, k.user_name))) end
      from sync_staged_users s
      left join directory_users h on h.organization = $1 and h.directory = $3 and h.immutable_id = s.immutable_id
        and h.deleted_at is null
      left join sync_staged_users o on o.organization = $1 and o.run = $2 and o.immutable_id = s.conflict_with
      left join directory_users k on k.organization = $1 and k.directory = $3 and k.immutable_id = s.conflict_with
        and k.deleted_at is null
      where s.organization = $1 and s.run = $2 and s.conflict is not null
      order by s.immutable_id collate "C"`,
    values,
  });
}
