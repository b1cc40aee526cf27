import { join } from "node:path";
import pg from "pg";
import { startEmbedded } from "../../src/db/embedded/start.ts";

/** Ways into the one database that both sides use. */
export type Connections = { app: string; superuser: string };

/** Joins the PostgreSQL that Muster runs in `folder`, as long as `work` takes. */
export async function withPostgres<T>(folder: string, work: (connections: Connections) => Promise<T>): Promise<T> {
  const embedded = await startEmbedded(join(folder, "data"));
  try {
    const superuser = new URL(embedded.superuserUrl);
    superuser.pathname = new URL(embedded.appUrl).pathname;
    return await work({ app: embedded.appUrl, superuser: superuser.toString() });
  } finally {
    await embedded.leave();
  }
}

export async function inDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** What a comparison depends on in the database, read from it. */
export async function databaseFacts(superuser: string): Promise<Record<string, string>> {
  return inDatabase(superuser, async (client) => {
    const { rows } = await client.query<{ name: string; setting: string }>(
      `select name, current_setting(name) as setting from pg_settings where name in
        ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers') order by name`,
    );
    return Object.fromEntries(rows.map((row) => [row.name, row.setting]));
  });
}

/** What autovacuum does by itself on a server that is given the time. */
export async function tidy(superuser: string): Promise<void> {
  await inDatabase(superuser, (client) => client.query("vacuum analyze"));
}

/** How many accesses changed so far, as the audit trail has it. */
export async function accessChanges(superuser: string): Promise<number> {
  return inDatabase(superuser, async (client) => {
    const { rows } = await client.query<{ changes: number }>(
      "select count(*)::int as changes from muster.audit where action like 'access.%'",
    );
    return rows[0]?.changes ?? 0;
  });
}
