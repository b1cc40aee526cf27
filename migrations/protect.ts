import type { Knex } from "knex";

/**
 * Forces row-level security on a table of one organization's rows and gives the application its rights on it.
 * With `append` it may only add rows, giving these columns; the others (number, instant, transaction) are the
 * database's word alone. The setting is read without `missing_ok`, so a forgotten organization raises instead of looking empty.
 */
export async function protect(
  knex: Knex,
  table: string,
  options: { column?: "organization" | "id"; append?: readonly string[] } = {},
): Promise<void> {
  const column = options.column ?? "organization";
  const rights = options.append ? `select, insert (${options.append.join(", ")})` : "select, insert, update, delete";
  await knex.raw(`
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy ${table}_of_organization on ${table} to muster_app
      using (${column} = current_setting('muster.organization')::uuid)
      with check (${column} = current_setting('muster.organization')::uuid);
    create policy ${table}_of_owner on ${table} to muster_owner using (true) with check (true);
    grant ${rights} on ${table} to muster_app;
  `);
}
