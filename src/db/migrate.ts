import type { Knex } from "knex";
import pg from "pg";
import { migrations } from "../../migrations/index.ts";
import { MusterError } from "../errors.ts";
import { type ConnectionSettings, clientOptions, type Database } from "./connection.ts";
import { translateStorageError } from "./storage-error.ts";

/** Serialises starters: whoever comes second waits and finds nothing left to do. */
const MIGRATION_LOCK = 7_230_115_119;

/**
 * Brings the database at `owner` to this version: roles `muster_owner` and `muster_app`, schema `muster`,
 * graphile-worker's tables, Muster's migrations. Safe to call by several starters at once and any number of times.
 * @param owner a login that is `muster_owner`, or may create roles and the schema.
 * @param options.through only these migrations, in this order: those that a database of an older version went through. What
 * came to stand between others since then ran after them there.
 * @throws MusterError `configuration` when the database was made by a newer Muster.
 */
export async function migrate(owner: ConnectionSettings, options: { through?: readonly string[] } = {}): Promise<void> {
  const client = new pg.Client(clientOptions({ url: owner.url, statementTimeout: 0 }));
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number; owner: boolean }>(
      "select current_setting('server_version_num')::int as version, current_user = 'muster_owner' as owner",
    );
    const server = rows[0];
    if (!server || server.version < 150_000)
      throw new MusterError("configuration", "PostgreSQL 15 or newer is needed", { at: "DATABASE_URL" });
    // Every command comes here: where nothing is to do, nothing is loaded and nobody waits.
    if (server.owner && (await isComplete(client))) return;
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await isComplete(client);
    await createRoles(client);
    const { runMigrations: runJobMigrations } = await import("graphile-worker");
    await runJobMigrations({ connectionString: ownerString(owner) });
    await runMusterMigrations(owner, options.through ?? migrations.map(([name]) => name));
    // So that a running process can tell whether the schema is still the one it knows.
    await client.query("set role muster_owner; grant select on muster.migrations to muster_app; reset role");
  } catch (error) {
    throw error instanceof MusterError ? error : explain(error);
  } finally {
    await client.end().catch(() => {});
  }
}

function explain(error: unknown): MusterError {
  if (error instanceof pg.DatabaseError && error.code === "42501")
    return new MusterError(
      "configuration",
      `the database login lacks a right that setting up needs: ${error.message}`,
      {
        at: "DATABASE_OWNER_URL",
        cause: error,
      },
    );
  return translateStorageError(error);
}

/** Whether every migration of this version is in the database that the application now sees. */
export async function isMigrated(db: Database): Promise<boolean> {
  const names = migrations.map(([name]) => name);
  const rows = await db.lookUp<{ count: number }>({
    text: "select count(*) from migrations where name = any ($1::text[])",
    values: [names],
  });
  return rows[0]?.count === names.length;
}

/** @throws MusterError `configuration` when the database holds a migration that this version does not know. */
async function isComplete(client: pg.Client): Promise<boolean> {
  const { rows: found } = await client.query("select to_regclass('muster.migrations') as table");
  if (found[0]?.table === null) return false;
  const { rows } = await client.query<{ name: string }>("select name from muster.migrations");
  const ours = new Set(migrations.map(([name]) => name));
  const newer = rows.find((row) => !ours.has(row.name));
  if (newer)
    throw new MusterError(
      "configuration",
      `this database was made by a newer Muster (it holds the migration ${newer.name}); start that version, or point this one at another database`,
    );
  return rows.length === ours.size;
}

async function createRoles(client: pg.Client): Promise<void> {
  await client.query(`
    do $$ begin
      if not exists (select from pg_roles where rolname = 'muster_owner') then create role muster_owner; end if;
    exception when duplicate_object or unique_violation then null; end $$;
    do $$ begin
      if not exists (select from pg_roles where rolname = 'muster_app') then create role muster_app; end if;
    exception when duplicate_object or unique_violation then null; end $$;
    do $$
    declare
      -- From 16 on whoever creates a role is its member, but may switch to it only when granted so.
      needed constant text := case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end;
    begin
      if current_user <> 'muster_owner' then
        if not pg_has_role(current_user, 'muster_owner', needed) then
          execute format('grant muster_owner to %I', current_user); end if;
        if not pg_has_role(current_user, 'muster_app', needed) then
          execute format('grant muster_app to %I', current_user); end if;
        execute format('grant create on database %I to muster_owner', current_database());
        if not exists (select from pg_namespace where nspname = 'muster') then
          create schema muster authorization muster_owner; end if;
      elsif not exists (select from pg_namespace where nspname = 'muster') then create schema muster;
      end if;
    end $$;
  `);
}

function ownerString(owner: ConnectionSettings): string {
  const url = new URL(owner.url);
  url.searchParams.set("options", clientOptions({ ...owner, role: "muster_owner", statementTimeout: 0 }).options ?? "");
  return url.toString();
}

async function runMusterMigrations(owner: ConnectionSettings, wanted: readonly string[]): Promise<void> {
  const { default: knex } = await import("knex");
  const builder = knex({
    client: "pg",
    connection: clientOptions({ ...owner, role: "muster_owner", statementTimeout: 0 }) as Knex.PgConnectionConfig,
    pool: { min: 0, max: 1 },
  });
  const config: Knex.MigratorConfig = {
    tableName: "migrations",
    schemaName: "muster",
    migrationSource: {
      getMigrations: async () => [...wanted],
      getMigrationName: (name: string) => name,
      getMigration: async (name: string) => ({
        up: (knexInstance: Knex) => byName(name).up(knexInstance),
        down: async () => {
          throw new MusterError("internal", "migrations only go forward; restore a backup instead");
        },
      }),
    },
  };
  try {
    // Ours is the advisory lock, which dies with its holder. Knex's own outlives a starter that was killed.
    if (await builder.schema.withSchema("muster").hasTable("migrations_lock"))
      await builder.migrate.forceFreeMigrationsLock(config);
    await builder.migrate.latest(config);
  } finally {
    await builder.destroy();
  }
}

function byName(wanted: string): (typeof migrations)[number][1] {
  const found = migrations.find(([name]) => name === wanted);
  if (!found) throw new MusterError("internal", `no migration ${wanted}`);
  return found[1];
}
