import type { Knex } from "knex";

/**
 * operating_figures as in 0053, but of the plans those that somebody could still approve: none that a later run has made old, and none
 * of a directory that was switched away.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function operating_figures() returns table (name text, value double precision)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select 'paused', (paused_at() is not null)::integer::double precision
        union all select 'mails_waiting', count(*) from mails where state = 'queued'
        union all select 'mails_late_seconds', greatest(0, coalesce(extract(epoch from statement_timestamp() - min(next_attempt_at)), 0))
          from mails where state = 'queued'
        union all select 'sync_runs_waiting', count(*) from sync_runs r
          join directories d on d.organization = r.organization and d.id = r.directory and d.switched_at is null
          where r.state in ('held', 'previewed') and r.approvable_until > statement_timestamp()
            and not exists (select from sync_runs later where later.organization = r.organization
              and later.directory = r.directory and later.id <> r.id and later.lane = 'full' and later.applied_at > r.started_at)
        union all select 'syncs_late_seconds', greatest(0, coalesce(extract(epoch from statement_timestamp() - min(next_run_at)), 0))
          from directories where sync_every is not null
        union all select 'webhooks_disabled', count(*) from webhooks where state = 'disabled'
        union all select 'webhook_deliveries_late_seconds',
            greatest(0, coalesce(extract(epoch from statement_timestamp() - min(d.next_attempt_at)), 0))
          from webhooks w join webhook_deliveries d on d.organization = w.organization and d.webhook = w.id and d.state = 'pending'
          where w.state = 'active'
        union all select 'jobs_open', count(*) from jobs where state in ('queued', 'running')
      $$;
  `);
}
