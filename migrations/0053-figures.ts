import type { Knex } from "knex";

/** Figures of the whole installation for whoever watches it: counts and ages, of nobody in it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index sync_runs_waiting on sync_runs (approvable_until) where state in ('held', 'previewed');

    create function operating_figures() returns table (name text, value double precision)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select 'paused', (paused_at() is not null)::integer::double precision
        union all select 'mails_waiting', count(*) from mails where state = 'queued'
        union all select 'mails_late_seconds', greatest(0, coalesce(extract(epoch from statement_timestamp() - min(next_attempt_at)), 0))
          from mails where state = 'queued'
        union all select 'sync_runs_waiting', count(*) from sync_runs
          where state in ('held', 'previewed') and approvable_until > statement_timestamp()
        union all select 'syncs_late_seconds', greatest(0, coalesce(extract(epoch from statement_timestamp() - min(next_run_at)), 0))
          from directories where sync_every is not null
        union all select 'webhooks_disabled', count(*) from webhooks where state = 'disabled'
        union all select 'webhook_deliveries_late_seconds',
            greatest(0, coalesce(extract(epoch from statement_timestamp() - min(d.next_attempt_at)), 0))
          from webhooks w join webhook_deliveries d on d.organization = w.organization and d.webhook = w.id and d.state = 'pending'
          where w.state = 'active'
        union all select 'jobs_open', count(*) from jobs where state in ('queued', 'running')
      $$;
    revoke all on function operating_figures() from public;
    grant execute on function operating_figures() to muster_app;
  `);
}
