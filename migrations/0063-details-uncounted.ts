import type { Knex } from "knex";

/**
 * What 0056 did for resources, for what audit and events say in detail: nothing is looked for by these values as they are, and
 * counting what stands in them sorted tens of thousands of them every few seconds of a large sync.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table audit alter column detail set statistics 0;
    alter table outbox alter column data set statistics 0;
  `);
}
