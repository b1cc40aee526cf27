import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** Answers of the administration API that are given again to whoever repeats a request with its Idempotency-Key. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table idempotent_requests (
      organization uuid not null constraint idempotent_requests_organization references organizations,
      -- Who asked: a key is its caller's own.
      caller text not null,
      key text not null,
      fingerprint bytea not null,
      -- Sealed: it may show a token.
      answer bytea not null,
      at timestamptz not null default statement_timestamp(),
      constraint idempotent_requests_pk primary key (organization, caller, key)
    );
    create index idempotent_requests_at on idempotent_requests (organization, at);
  `);
  await protect(knex, "idempotent_requests");
}
