import type { DirectoryId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import type { SyncLane } from "../runs.ts";

/** A directory group's whole content as the plan keeps it, before and after. */
export type PlannedGroup = {
  immutableId: string | null;
  externalId: string | null;
  displayName: string;
  resource: Record<string, unknown>;
  contentHash: string | null;
};

const heldJson = (alias: string): string =>
  `jsonb_build_object('immutableId', ${alias}.immutable_id, 'externalId', ${alias}.external_id,
    'displayName', ${alias}.display_name, 'resource', ${alias}.resource, 'contentHash', encode(${alias}.content_hash, 'hex'))`;

const STAGED_JSON = `jsonb_build_object('immutableId', s.immutable_id, 'externalId', s.immutable_id,
    'displayName', s.name, 'resource', '{}'::jsonb, 'contentHash', encode(s.content_hash, 'hex'))`;

/** Plans groups as people are planned. One that comes back takes up its grants again: they name it by id. */
export async function planGroups(tx: Tx, run: SyncRunId, directory: DirectoryId, lane: SyncLane): Promise<void> {
  const values = [tx.organization, run, directory];
  await tx.query({
    text: `
      with tombstones as (
        select distinct on (immutable_id) * from directory_groups
        where organization = $1 and directory = $3 and deleted_at is not null and immutable_id is not null
        order by immutable_id, deleted_at desc
      )
      insert into sync_plan (organization, run, kind, subject, immutable_id, name, version, content_hash, next, previous)
      select $1, $2,
        case when h.id is null and t.id is null then 'group-add' when h.id is null then 'group-restore'
          else 'group-update' end,
        coalesce(h.id, t.id, new_id()), s.immutable_id, s.name, coalesce(h.version, t.version),
        coalesce(h.content_hash, t.content_hash), ${STAGED_JSON},
        case when h.id is not null then ${heldJson("h")} when t.id is not null then ${heldJson("t")} end
      from sync_staged_groups s
      left join directory_groups h on h.organization = $1 and h.directory = $3 and h.immutable_id = s.immutable_id
        and h.deleted_at is null
      left join tombstones t on h.id is null and t.immutable_id = s.immutable_id
      where s.organization = $1 and s.run = $2 and (h.id is null or h.content_hash is distinct from s.content_hash)
      order by s.immutable_id collate "C"`,
    values,
  });
  if (lane === "delta") return;
  await tx.query({
    text: `
      insert into sync_plan (organization, run, kind, subject, immutable_id, name, version, content_hash, previous)
      select $1, $2, 'group-remove', h.id, h.immutable_id, h.display_name, h.version, h.content_hash, ${heldJson("h")}
      from directory_groups h
      where h.organization = $1 and h.directory = $3 and h.deleted_at is null and h.immutable_id is not null
        and not exists (select from sync_staged_groups s
          where s.organization = $1 and s.run = $2 and s.immutable_id = h.immutable_id)
      order by h.immutable_id collate "C"`,
    values,
  });
}
