import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** What every change leaves behind: audit, outbox, mails; and the tokens by which callers are known. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table audit (
      organization uuid not null constraint audit_organization references organizations,
      id bigint generated always as identity,
      -- Readers order by (transaction, id) and stop at pg_snapshot_xmin(pg_current_snapshot()): id alone is no commit order.
      transaction xid8 not null default pg_current_xact_id(),
      at timestamptz not null default clock_timestamp(),
      actor_kind text not null,
      actor text,
      action text not null,
      subject_kind text not null,
      subject uuid,
      detail jsonb not null default '{}',
      request_id text,
      constraint audit_pk primary key (organization, id)
    );
    create index audit_subject on audit (organization, subject, id);

    create table outbox (
      organization uuid not null constraint outbox_organization references organizations,
      id bigint generated always as identity,
      transaction xid8 not null default pg_current_xact_id(),
      at timestamptz not null default clock_timestamp(),
      kind text not null,
      subject_kind text not null,
      subject uuid not null,
      data jsonb not null default '{}',
      constraint outbox_pk primary key (organization, id)
    );
    create index outbox_commit_order on outbox (organization, transaction, id);

    create table mails (
      organization uuid not null constraint mails_organization references organizations,
      id uuid not null,
      kind text not null constraint mails_kind check (kind in ('invitation')),
      -- The business event: one event, one row, however often it is asked for.
      dedupe_key text not null,
      account uuid,
      invitation uuid,
      recipient text not null,
      state text not null default 'queued'
        constraint mails_state check (state in ('queued', 'sent', 'failed', 'cancelled')),
      attempts integer not null default 0,
      last_reply text,
      created_at timestamptz not null default now(),
      sent_at timestamptz,
      constraint mails_pk primary key (organization, id),
      constraint mails_dedupe_unique unique (organization, dedupe_key),
      constraint mails_invitation foreign key (organization, invitation) references invitations on delete cascade
    );

    create table tokens (
      organization uuid not null constraint tokens_organization references organizations,
      id uuid not null,
      -- Exactly one directory (a SCIM token), one product (a product's token), or neither (administration).
      directory uuid,
      product uuid,
      hash bytea not null constraint tokens_hash_unique unique,
      expires_at timestamptz,
      revoked_at timestamptz,
      created_at timestamptz not null default now(),
      constraint tokens_pk primary key (organization, id),
      constraint tokens_directory foreign key (organization, directory) references directories on delete cascade,
      constraint tokens_product foreign key (organization, product) references products on delete cascade,
      constraint tokens_one_scope check (directory is null or product is null)
    );
    create index tokens_directory on tokens (organization, directory);

    -- A token decides the organization, so it is found before one is known: by hash, ids only, live ones only.
    create function find_token(wanted bytea)
      returns table (organization uuid, id uuid, directory uuid, product uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select t.organization, t.id, t.directory, t.product from tokens t
        where t.hash = wanted and t.revoked_at is null
          and (t.expires_at is null or t.expires_at > statement_timestamp())
      $$;
    revoke all on function find_token(bytea) from public;
    grant execute on function find_token(bytea) to muster_app;

    -- Jobs are added inside the transaction of the change; graphile-worker's tables refuse the application role.
    create function add_job(task text, payload json, job_key text default null, run_at timestamptz default null)
      returns void language sql security definer set search_path = muster, graphile_worker, pg_temp
      as $$ select graphile_worker.add_job(task, payload, job_key => job_key, run_at => run_at) $$;
    revoke all on function add_job(text, json, text, timestamptz) from public;
    grant execute on function add_job(text, json, text, timestamptz) to muster_app;

    -- The application role cannot ANALYZE; after bulk loads it asks for it by name of one of Muster's own tables.
    create function muster.analyze(wanted text) returns void
      language plpgsql security definer set search_path = muster, pg_temp
      as $$
      begin
        if not exists (select from pg_tables where schemaname = 'muster' and tablename = wanted) then
          raise exception 'no table % in schema muster', wanted;
        end if;
        execute format('analyze muster.%I', wanted);
      end $$;
    revoke all on function muster.analyze(text) from public;
    grant execute on function muster.analyze(text) to muster_app;
  `);
  await protect(knex, "audit", {
    append: ["organization", "actor_kind", "actor", "request_id", "action", "subject_kind", "subject", "detail"],
  });
  await protect(knex, "outbox", { append: ["organization", "kind", "subject_kind", "subject", "data"] });
  await protect(knex, "mails");
  await protect(knex, "tokens");
}
