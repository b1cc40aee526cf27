import { inDatabase } from "./database.ts";
import type { Target } from "./sync-world.ts";

/** What a first sync fills, so that no row comes before what it names; not its plan and its staging. */
const TABLES = [
  "accounts",
  "directory_users",
  "further_addresses",
  "directory_user_counts",
  "groups",
  "directory_groups",
  "group_nestings",
  "remote_memberships",
  "group_member_digests",
  "audit",
  "outbox",
] as const;

/** Puts what an organization holds aside and empties the tables. Before: nobody is at work on the database. */
export async function putAside(superuser: string): Promise<void> {
  await inDatabase(superuser, async (client) => {
    await client.query("create schema bench; grant usage on schema bench to muster_app");
    for (const table of TABLES) await client.query(`create table bench.${table} as select * from muster.${table}`);
    await client.query("grant select on all tables in schema bench to muster_app");
    await client.query(`truncate ${TABLES.map((table) => `muster.${table}`).join(", ")} cascade`);
    await client.query("vacuum analyze");
    await client.query("checkpoint");
  });
}

/**
 * Writes what was put aside into the same tables again, with their indexes, foreign keys and row-level security, by Muster's
 * own role: one INSERT … SELECT a table, in one transaction. Nothing is read from outside, compared, planned or worked out.
 */
export async function writeBare(url: string, { organization }: Target): Promise<{ seconds: number; rows: number }> {
  return inDatabase(url, async (client) => {
    const columns = new Map<string, string>();
    for (const table of TABLES) {
      const { rows } = await client.query<{ name: string }>(
        // Others the database alone writes: the number, transaction and time of what is only ever appended.
        `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped
          and has_column_privilege('muster_app', attrelid, attnum, 'INSERT') and attidentity <> 'a' order by attnum`,
        [`muster.${table}`],
      );
      columns.set(table, rows.map((row) => row.name).join(", "));
    }
    await client.query("set role muster_app");
    await client.query("select set_config('muster.organization', $1, false)", [organization]);
    const began = performance.now();
    await client.query("begin");
    let rows = 0;
    for (const table of TABLES) {
      const list = columns.get(table);
      const done = await client.query(`insert into muster.${table} (${list}) select ${list} from bench.${table}`);
      rows += done.rowCount ?? 0;
    }
    await client.query("commit");
    return { seconds: (performance.now() - began) / 1000, rows };
  });
}
