import type { Tx } from "../../db/transaction.ts";
import type { Move } from "./switch.ts";

/**
 * Takes the switched records out of the directory that is left, as tombstones that keep their memberships, and brings back
 * those of the other directory that were taken out when people were switched the other way.
 * Before: the pairs are written. After: each pair has one live record, with audit and event; accounts are the next step.
 */
export async function exchangeRecords(tx: Tx, move: Move): Promise<void> {
  await tx.query({
    text: exchange("statement_timestamp()", "u.id = s.record", "-1"),
    values: [tx.organization, move.switch, move.from.id, "directory-user.removed", ...actorOf(tx)],
  });
  await tx.query({
    text: exchange("null", "u.id = s.partner and u.deleted_at is not null", "1"),
    values: [tx.organization, move.switch, move.to.id, "directory-user.restored", ...actorOf(tx)],
  });
  await tx.query({
    text: `delete from switched_records s using switched_records w
      where s.organization = $1 and w.organization = $1 and w.switch = $2 and s.record = w.partner`,
    values: [tx.organization, move.switch],
  });
}

/** The parameters of an actor, as audit rows have them. */
export function actorOf(tx: Tx): unknown[] {
  return [tx.actor.kind, tx.actor.id, tx.actor.requestId];
}

function exchange(deletedAt: string, which: string, change: string): string {
  return `with moved as (
      update directory_users u
      set deleted_at = ${deletedAt}, updated_at = statement_timestamp(), version = u.version + 1
      from switched_records s
      where s.organization = $1 and s.switch = $2 and u.organization = $1 and ${which}
      returning u.id, u.user_name, s.account
    ), counted as (
      insert into directory_user_counts (organization, directory, change)
      select $1, $3, ${change} * count(*) from moved having count(*) > 0
    ), touched as (
      -- A group's members, and so its version, have changed for whoever reads it (RFC 7644 §3.14).
      update directory_groups g set version = g.version + 1, updated_at = statement_timestamp()
      where g.organization = $1 and g.id in (
        select m.group_id from moved v join remote_memberships m on m.organization = $1 and m.directory_user = v.id)
    ), change as (
      select id, jsonb_build_object('directory', $3::uuid, 'account', account, 'userName', user_name, 'switched', true) as detail
      from moved
    ), audited as (
      insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
      select $1, $5, $6, $7, $4, 'directory-user', id, detail from change
    )
    insert into outbox (organization, kind, subject_kind, subject, data)
    select $1, $4, 'directory-user', id, detail from change`;
}
