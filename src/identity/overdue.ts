import type { Db } from "../db/connection.ts";

/** Minutes after which what is due is late: whoever works at it looks every minute. */
const LATE = 5;

export type Overdue = { mails: number; syncs: number };

/** What should have been begun by now, and was not: a sign that nobody works at it. */
export async function overdue(db: Db): Promise<Overdue> {
  const [row] = await db.query<Overdue>({
    text: `select
        (select count(*)::integer from mails where organization = $1 and state = 'queued'
          and next_attempt_at < statement_timestamp() - make_interval(mins => $2)) as mails,
        (select count(*)::integer from directories where organization = $1 and (sync_every is not null
          and next_run_at < statement_timestamp() - make_interval(mins => $2))) as syncs`,
    values: [db.organization, LATE],
  });
  return row ?? { mails: 0, syncs: 0 };
}
