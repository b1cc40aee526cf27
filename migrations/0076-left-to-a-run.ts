import type { Knex } from "knex";

/**
 * Autovacuum leaves alone what a run fills: staging, which is emptied when the run ends, and plans, which are written once and
 * read once. It read a plan of 100,000 people through while that was applied. What was deleted there makes room as everywhere,
 * and before transaction numbers come round plans are read too. Staging is counted by the run that fills it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table sync_plan set (autovacuum_vacuum_insert_threshold = -1);
    alter table sync_unchanged_users set (autovacuum_vacuum_insert_threshold = -1);
    alter table sync_staged_digests set (autovacuum_vacuum_insert_threshold = -1);
    alter table sync_staged_users set (autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 2147483647);
    alter table sync_staged_groups set (autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 2147483647);
    alter table sync_staged_members set (autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 2147483647);
  `);
}
