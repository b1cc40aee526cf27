import type { Knex } from "knex";

/** Runs in one state, the latest first: those that wait, or failed, are few among very many. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw("create index sync_runs_in_state on sync_runs (organization, state, id)");
}
