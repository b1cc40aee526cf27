import type { Knex } from "knex";

/** What a job can do to many people, beside what it could before. */
export async function up(knex: Knex): Promise<void> {
  const { rows } = await knex.raw(
    "select pg_get_constraintdef(oid) as text from pg_constraint where conname = 'jobs_action' and conrelid = 'jobs'::regclass",
  );
  const before = [...String(rows[0]?.text).matchAll(/'([a-z-]+)'::text/g)].map(([, action]) => action);
  const actions = [...before, "deactivate", "reactivate", "revoke-access", "remove"].map((action) => `'${action}'`);
  await knex.raw(`
    alter table jobs drop constraint jobs_action;
    alter table jobs add constraint jobs_action check (action in (${[...new Set(actions)].join(", ")}));
  `);
}
