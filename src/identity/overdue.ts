import type { Db } from "../db/connection.ts";

/** Minutes after which what is due is late: whoever works at it looks every minute. */
const LATE = 5;

/** `unsealed`: the audit has rows that are committed and late to be sealed. */
export type Overdue = { mails: number; syncs: number; unsealed: boolean };

/** What should have been begun by now, and was not: a sign that nobody works at it. */
export async function overdue(db: Db): Promise<Overdue> {
  const [row] = await db.query<Overdue>({
    text: `select
        (select count(*)::integer from mails where organization = $1 and state = 'queued'
          and next_attempt_at < statement_timestamp() - make_interval(mins => $2)) as mails,
        (select count(*)::integer from directories where organization = $1 and (sync_every is not null
          and next_run_at < statement_timestamp() - make_interval(mins => $2))) as syncs,
        coalesce((select a.at < statement_timestamp() - make_interval(mins => $2) from audit a
          where a.organization = $1 and a.id = any (array(select audit_between($1,
            coalesce((select s.last_transaction from audit_seals s where s.organization = $1
              order by s.position desc limit 1), '0'::xid8),
            coalesce((select s.last_row from audit_seals s where s.organization = $1 order by s.position desc limit 1), 0),
            null, null, 1)))), false) as unsealed`,
    values: [db.organization, LATE],
  });
  return row ?? { mails: 0, syncs: 0, unsealed: false };
}
