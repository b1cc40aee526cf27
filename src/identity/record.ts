import type { Tx } from "../db/transaction.ts";

/** One thing that a change did. */
export type Change = {
  /** noun.verb in the words of the glossary: `directory-user.created`, `grant.changed`. */
  action: string;
  subjectKind: string;
  subject: string | null;
  /** What a reader needs to understand it: before and after of what changed, never a secret. */
  detail?: object;
  /** Also an event for whoever follows the outbox. */
  event?: boolean;
};

/**
 * Writes the audit rows of a change, and its events, in one statement of the change's own transaction (design §3.2).
 * Before: `changes` have been made by statements of `tx`. After: each has an audit row with the actor of `tx`, those
 * marked `event` an outbox row too; both become visible with the change or never.
 */
export async function recordChanges(tx: Tx, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  await tx.query({
    name: "record-changes",
    text: `
      with change as (
        select action, subject_kind, subject, detail, event, place
        from unnest($5::text[], $6::text[], $7::uuid[], $8::jsonb[], $9::boolean[])
          with ordinality as c (action, subject_kind, subject, detail, event, place)
      ), audited as (
        insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
        select $1, $2, $3, $4, action, subject_kind, subject, detail from change order by place
      )
      insert into outbox (organization, kind, subject_kind, subject, data)
      select $1, action, subject_kind, subject, detail from change where event and subject is not null order by place`,
    values: [
      tx.organization,
      tx.actor.kind,
      tx.actor.id,
      tx.actor.requestId,
      changes.map((change) => change.action),
      changes.map((change) => change.subjectKind),
      changes.map((change) => change.subject),
      changes.map((change) => JSON.stringify(change.detail ?? {})),
      changes.map((change) => change.event ?? false),
    ],
  });
}
