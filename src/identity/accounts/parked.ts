import type { Db } from "../../db/connection.ts";
import type { AccountId, SyncRunId } from "../../db/id.ts";

/** Where stands what an administrator gives an account, and what is parked of it (design §7). */
export const LOCAL_FACTS = ["local_memberships", "guest_assignments", "rights"] as const;

/** What a run parked. `since`: when it began to be applied. */
export type Parking = { run: SyncRunId; since: Date };

/** What parks something of an account, in the audit of that account. */
const PARKS = (row: string) => `${row}.action = 'account.canonical-changed' and ${row}.detail -> 'parked' = 'true'`;

/**
 * Whether a run parked this, and the record is canonical again that it replaced. A fact says only when it was parked:
 * the statement that did so told the audit a moment later, so the first to tell of it since then is the one. What came parked with
 * another account that was made one with this (`mergeAccounts`) is told of there alone.
 * @param fact how the statement names the fact, @param run and the run's id, @param since and when it began to be applied.
 */
export const parkedBy = (
  fact: string,
  run: string,
  since: string,
): string => `(${fact}.parked_at >= ${since} and exists (
  select from audit u join accounts a on a.organization = u.organization and a.id = u.subject
  where u.organization = $1 and u.subject = ${fact}.account and ${PARKS("u")}
    and u.actor_kind = 'sync' and u.actor = ${run}::text and u.detail ->> 'before' = a.canonical::text
    and u.at >= ${fact}.parked_at
    and not exists (select from audit o where o.organization = $1 and o.subject = ${fact}.account and o.id < u.id
      and ${PARKS("o")} and o.at >= ${fact}.parked_at)
    and not exists (select from account_merges m where m.organization = $1 and m.to_account = ${fact}.account
      and m.merged_at between ${fact}.parked_at and u.at) offset 0))`;

/** Of whom something is parked by a run whose undoing made the record canonical again that was so before, in the order of their ids. */
export async function accountsParkedBy(db: Db, { run, since }: Parking): Promise<AccountId[]> {
  const facts = LOCAL_FACTS.map(
    (table) => `select account, parked_at from ${table} where organization = $1 and parked_at >= $3`,
  );
  const rows = await db.query<{ account: AccountId }>({
    text: `select distinct f.account from (${facts.join(" union all ")}) f where ${parkedBy("f", "$2", "$3")} order by 1`,
    values: [db.organization, run, since],
  });
  return rows.map(({ account }) => account);
}
