import type { Knex } from "knex";

/**
 * What a restore from a backup needs: transactions whose numbers go on growing although another server counts its own
 * from the beginning, and a state in which nothing is mailed, synced or sent before an administrator looked.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- One row about the whole installation; it belongs to no organization, and the application cannot touch it.
    create table installation (
      one boolean not null default true constraint installation_one check (one),
      -- Added to this server's numbers of transactions, so that what happens after a restore stands after all that was before.
      transactions_before bigint not null default 0,
      restored_at timestamptz,
      -- Mails, syncs, events and jobs rest since then.
      paused_at timestamptz,
      constraint installation_pk primary key (one)
    );
    insert into installation default values;

    create function paused_at() returns timestamptz
      language sql stable security definer set search_path = muster, pg_temp
      as $$ select i.paused_at from installation i $$;
    revoke all on function paused_at() from public;
    grant execute on function paused_at() to muster_app;

    -- Everything that orders by transaction counts with these three. A restore replaces them by ones that add
    -- transactions_before; no migration may make them anew.
    create function transaction_now() returns xid8 language sql volatile
      as $$ select pg_catalog.pg_current_xact_id() $$;
    create function transactions_settled() returns xid8 language sql stable
      as $$ select pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) $$;
    create function snapshot_now() returns pg_snapshot language sql stable
      as $$ select pg_catalog.pg_current_snapshot() $$;
    revoke all on function transaction_now(), transactions_settled(), snapshot_now() from public;
    grant execute on function transaction_now(), transactions_settled(), snapshot_now() to muster_app;

    alter table audit alter column transaction set default muster.transaction_now();
    alter table outbox alter column transaction set default muster.transaction_now();
    alter table mails alter column transaction set default muster.transaction_now();

    create or replace function webhooks_behind(at_most integer) returns table (organization uuid, webhook uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select w.organization, w.id from webhooks w
        where w.state = 'active' and exists (
          select from outbox o
          where o.organization = w.organization and (o.transaction, o.id) > (w.after_transaction, w.after_event)
            and o.transaction < transactions_settled())
        order by w.after_transaction, w.id limit at_most
      $$;
  `);
}
