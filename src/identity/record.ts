import type { AccountId } from "../db/id.ts";
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

/**
 * The same thing about each of these accounts, with an event.
 * @param detail of all of them, or of each.
 */
export async function recordOfAccounts(
  tx: Tx,
  action: string,
  accounts: readonly AccountId[],
  detail: object | ((account: AccountId) => object),
): Promise<void> {
  await recordChanges(
    tx,
    accounts.map((account) => ({
      action,
      subjectKind: "account",
      subject: account,
      detail: typeof detail === "function" ? detail(account) : detail,
      event: true,
    })),
  );
}

/** The latest audit row that this transaction can see: what comes after it, as `changesOf` asks, is its own work. */
export async function latestChange(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ id: number }>({
    text: "select coalesce(max(id), 0) as id from audit where organization = $1",
    values: [tx.organization],
  });
  return row?.id ?? 0;
}

/** Which audit rows this transaction wrote itself, beside the organization and `id > since`. */
export const OWN_CHANGE = "transaction = transaction_now()";

/** One audit row, as a dry run tells it. */
export type WouldChange = { action: string; subject: { kind: string; id: string | null }; detail: object };

/** At most so many are told of one dry run. */
const MOST_TOLD = 1_000;

/** What this transaction has recorded so far, in its order. @param since what `latestChange` said when it began. */
export async function changesOf(tx: Tx, since: number): Promise<WouldChange[]> {
  return tx.query<WouldChange>({
    text: `select action, json_build_object('kind', subject_kind, 'id', subject) as subject, detail from audit
      where organization = $1 and id > $2 and ${OWN_CHANGE} order by id limit ${MOST_TOLD}`,
    values: [tx.organization, since],
  });
}
