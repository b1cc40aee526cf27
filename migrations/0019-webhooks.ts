import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** Webhooks: where events are sent, how far each has come in the outbox, and every delivery that is open or was tried. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table webhooks (
      organization uuid not null constraint webhooks_organization references organizations,
      id uuid not null,
      name text not null,
      url text not null,
      -- Which kinds of events; empty: all.
      kinds text[] not null default '{}',
      -- Only what concerns access to this product.
      product uuid,
      state text not null default 'active' constraint webhooks_state check (state in ('active', 'disabled')),
      disabled_reason text,
      disabled_at timestamptz,
      -- Both sealed. The older one signs too until it ends, so that a receiver can change it without a gap.
      secret bytea not null,
      previous_secret bytea,
      previous_until timestamptz,
      -- Deliveries given up one after the other.
      failures integer not null default 0,
      -- Attempts that had no answer at all, one after the other; after many of them nothing is tried for a while.
      silences integer not null default 0,
      paused_until timestamptz,
      -- The last event of the outbox that was looked at.
      after_transaction xid8 not null,
      after_event bigint not null,
      -- What was there when it began to listen: never sent unless it is asked for.
      since pg_snapshot not null,
      created_by_kind text not null,
      created_by text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint webhooks_pk primary key (organization, id),
      constraint webhooks_product foreign key (organization, product) references products on delete cascade,
      constraint webhooks_disabled check ((state = 'disabled') = (disabled_at is not null))
    );

    create table webhook_deliveries (
      organization uuid not null,
      id uuid not null,
      -- In the order in which they were made.
      number bigint generated always as identity,
      webhook uuid not null,
      -- The event in the outbox; null: a test, which is about nothing that happened.
      transaction xid8,
      event bigint,
      kind text not null,
      subject uuid not null,
      -- waiting: behind an earlier one of its subject. pending: may be sent from next_attempt_at on.
      state text not null constraint webhook_deliveries_state
        check (state in ('waiting', 'pending', 'delivered', 'failed')),
      -- Every one that began, and those whose failure is known.
      attempts integer not null default 0,
      failures integer not null default 0,
      next_attempt_at timestamptz not null default now(),
      -- Somebody is at it until then; who died meanwhile loses it at that instant.
      held_until timestamptz,
      -- The receiver's answer to the last attempt: status, and the beginning of the body or why there is none.
      reply_status smallint,
      reply text,
      created_at timestamptz not null default now(),
      attempted_at timestamptz,
      ended_at timestamptz,
      constraint webhook_deliveries_pk primary key (organization, id),
      constraint webhook_deliveries_event_unique unique (organization, webhook, event),
      constraint webhook_deliveries_webhook foreign key (organization, webhook) references webhooks on delete cascade,
      constraint webhook_deliveries_event check ((event is null) = (transaction is null))
    );
    create index webhook_deliveries_of_subject on webhook_deliveries (organization, webhook, subject, transaction, event)
      where state in ('waiting', 'pending');
    create index webhook_deliveries_due on webhook_deliveries (organization, webhook, next_attempt_at)
      where state = 'pending';
    create index webhook_deliveries_held on webhook_deliveries (organization, webhook, held_until)
      where state = 'pending' and held_until is not null;
    create index webhook_deliveries_ended on webhook_deliveries (organization, ended_at) where ended_at is not null;
    create index webhook_deliveries_listed on webhook_deliveries (organization, webhook, number);

    -- What the dispatcher asks every second, for all organizations at once: ids only.
    -- Webhooks behind whose place in the outbox committed events stand.
    create function webhooks_behind(at_most integer) returns table (organization uuid, webhook uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select w.organization, w.id from webhooks w
        where w.state = 'active' and exists (
          select from outbox o
          where o.organization = w.organization and (o.transaction, o.id) > (w.after_transaction, w.after_event)
            and o.transaction < pg_snapshot_xmin(pg_current_snapshot()))
        order by w.after_transaction, w.id limit at_most
      $$;
    revoke all on function webhooks_behind(integer) from public;
    grant execute on function webhooks_behind(integer) to muster_app;

    -- Webhooks with something to send and fewer than so many requests under way.
    create function webhooks_due(at_once integer, at_most integer) returns table (organization uuid, webhook uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select w.organization, w.id from webhooks w
        where w.state = 'active' and (w.paused_until is null or w.paused_until <= statement_timestamp())
          and exists (
            select from webhook_deliveries d
            where d.organization = w.organization and d.webhook = w.id and d.state = 'pending'
              and d.next_attempt_at <= statement_timestamp()
              and (d.held_until is null or d.held_until <= statement_timestamp()))
          and at_once > (
            select count(*) from webhook_deliveries d
            where d.organization = w.organization and d.webhook = w.id and d.state = 'pending'
              and d.held_until > statement_timestamp())
        order by w.id limit at_most
      $$;
    revoke all on function webhooks_due(integer, integer) from public;
    grant execute on function webhooks_due(integer, integer) to muster_app;
  `);
  await protect(knex, "webhooks");
  await protect(knex, "webhook_deliveries");
}
