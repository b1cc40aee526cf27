import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** Two accounts of one person made into one: what is left of the other, and what it takes to undo it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Set: a tombstone that holds no name, no address and no record. Whoever asks for it is told which account it went into.
    alter table accounts add column merged_into uuid,
      add constraint accounts_merged_into foreign key (organization, merged_into) references accounts
        deferrable initially deferred;
    create index accounts_merged on accounts (organization, merged_into) where merged_into is not null;

    create table account_merges (
      organization uuid not null constraint account_merges_organization references organizations,
      id uuid not null,
      from_account uuid not null,
      to_account uuid not null,
      -- Ids of what went over, and what the accounts were called: written and read by src/identity/accounts alone.
      undo jsonb not null,
      merged_at timestamptz not null default statement_timestamp(),
      undone_at timestamptz,
      constraint account_merges_pk primary key (organization, id),
      constraint account_merges_from foreign key (organization, from_account) references accounts on delete cascade,
      constraint account_merges_to foreign key (organization, to_account) references accounts on delete cascade
    );
    create unique index account_merges_from_unique on account_merges (organization, from_account) where undone_at is null;
    create index account_merges_to on account_merges (organization, to_account);
  `);
  await protect(knex, "account_merges");
}
