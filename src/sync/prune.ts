import type { Context } from "../context.ts";
import type { Actor, Tx } from "../db/transaction.ts";
import { inTransaction } from "../db/transaction.ts";
import { STAGING } from "./staging.ts";
import { UNDO_DAYS } from "./undo.ts";

/** Rows that go in one transaction. */
const AT_ONCE = 10_000;

/** What is never forgotten: a run that goes on, a plan that waits, what can be undone, and the last that was applied. */
const NEEDED = `
  r.state = 'running' or (r.state in ('held', 'previewed') and r.approvable_until > statement_timestamp())
  or (r.rows_written > 0 and r.applied_at > statement_timestamp() - make_interval(days => ${UNDO_DAYS}))`;

/**
 * Forgets old runs with their plans, marks that no delta begins at any more, and what dead runs left in staging. Runs go
 * by age and by number (`sync.keepDays`, `sync.keepRuns`), none of the last two days; a plan's rows go a day after it began,
 * as soon as nothing can come of them any more: of a directory whose plans nobody approves there is one an hour. For a job. Returns how many runs went.
 */
export async function pruneRuns(ctx: Context, actor: Actor): Promise<number> {
  const step = (work: (tx: Tx) => Promise<number>) => inTransaction(ctx, actor, work, { lock: "none" });
  await untilNone(() => step(prunePlans));
  const { keepDays, keepRuns } = ctx.config.sync;
  const pruned = await untilNone(() => step((tx) => pruneOld(tx, keepDays, keepRuns)));
  await step(pruneMarks);
  for (const table of STAGING) await untilNone(() => step((tx) => pruneStaging(tx, table)));
  return pruned;
}

async function untilNone(work: () => Promise<number>): Promise<number> {
  let all = 0;
  for (let done = await work(); done > 0; done = await work()) all += done;
  return all;
}

async function prunePlans(tx: Tx): Promise<number> {
  const rows = await tx.query({
    text: `delete from sync_plan where (organization, run, seq) in (
        select p.organization, p.run, p.seq from sync_runs r
        join sync_plan p on p.organization = r.organization and p.run = r.id
        where r.organization = $1 and r.started_at < statement_timestamp() - interval '1 day'
          and not (${NEEDED}) limit $2)
      returning 1`,
    values: [tx.organization, AT_ONCE],
  });
  return rows.length;
}

/** Their plans' rows go with them, so not too many runs at once. */
async function pruneOld(tx: Tx, keepDays: number, keepRuns: number): Promise<number> {
  const rows = await tx.query({
    text: `with ranked as (
        select r.id, r.started_at, row_number() over (partition by r.directory order by r.id desc) as place,
          row_number() over (partition by r.directory, r.applied_at is null order by r.applied_at desc, r.id desc) = 1
            and r.applied_at is not null as latest_applied, ${NEEDED} as needed
        from sync_runs r where r.organization = $1
      )
      delete from sync_runs where organization = $1 and id in (
        select id from ranked
        where not needed and not latest_applied and started_at < statement_timestamp() - interval '2 days'
          and (started_at < statement_timestamp() - make_interval(days => $2) or place > $3)
        order by id limit 100)
      returning 1`,
    values: [tx.organization, keepDays, keepRuns],
  });
  return rows.length;
}

async function pruneMarks(tx: Tx): Promise<number> {
  const rows = await tx.query({
    text: `update sync_runs r set mark = null
      where organization = $1 and mark is not null and state not in ('running', 'held', 'previewed')
        and exists (select from sync_runs later where later.organization = $1 and later.directory = r.directory
          and later.id <> r.id and later.applied_at > coalesce(r.applied_at, r.started_at))
      returning 1`,
    values: [tx.organization],
  });
  return rows.length;
}

async function pruneStaging(tx: Tx, table: string): Promise<number> {
  const rows = await tx.query({
    text: `delete from ${table} where ctid = any(array(select ctid from ${table} where organization = $1
        and run not in (select id from sync_runs where organization = $1 and state = 'running') limit $2))
      returning 1`,
    values: [tx.organization, AT_ONCE],
  });
  return rows.length;
}
