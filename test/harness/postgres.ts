import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, inject } from "vitest";
import { type Config, loadConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { type ConnectionSettings, Database } from "../../src/db/connection.ts";
import { type Logger, makeLogger } from "../../src/logger.ts";
import { statements, withDatabase } from "./server.ts";

export type TestDatabase = {
  /** The application's way in: its own login, or a superuser's that switches to its role (`settings.role`). */
  url: string;
  ownerUrl: string;
  superuserUrl: string;
  settings: ConnectionSettings;
  /** DATABASE_URL and DATABASE_OWNER_URL for a Muster process on this database. */
  environment: Record<string, string>;
  db: Database;
  /** Closes `db` and drops the database. @throws when somebody else's connection is still open: a leaked pool. */
  drop(): Promise<void>;
};

/** Milliseconds that a request waits for a connection here: on a busy machine too, what races is not turned away. */
const PATIENCE = 60_000;

/** A database of this test file's own, migrated, cloned from the run's template. The caller drops it. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = inject("server");
  const name = `test_${randomBytes(6).toString("hex")}`;
  const owner = server.owner === null ? "" : " owner muster_owner";
  await statements(server.superuser, [`create database ${name} template muster_template${owner}`]);
  const superuserUrl = withDatabase(server.superuser, name);
  const url = withDatabase(server.app ?? server.superuser, name);
  const ownerUrl = withDatabase(server.owner ?? server.superuser, name);
  const settings: ConnectionSettings = {
    url,
    poolSize: 20,
    patience: PATIENCE,
    ...(server.app === null && { role: "muster_app" }),
  };
  const db = new Database(settings);
  return {
    url,
    ownerUrl,
    superuserUrl,
    settings,
    environment: { DATABASE_URL: url, ...(server.owner !== null && { DATABASE_OWNER_URL: ownerUrl }) },
    db,
    drop: async () => {
      await db.close();
      const open = await othersOn(server.superuser, name);
      await statements(server.superuser, [`drop database ${name} with (force)`]);
      if (open.length > 0) throw new Error(`connections were left open: ${open.join(", ")}`);
    },
  };
}

/**
 * Everything that code under test needs of its surroundings, on a database of its own and with an empty data
 * directory; undone after the file's last test. Call it while the file is collected (top level or describe), not in a test.
 */
export async function testContext(
  overrides: { config?: Partial<Config>; logger?: Logger } = {},
): Promise<Context & { database: TestDatabase }> {
  const database = await testDatabase();
  const dataDirectory = mkdtempSync(join(tmpdir(), "muster-test-"));
  const config = { ...loadConfig({ MUSTER_DATA_DIR: dataDirectory, MUSTER_LOG_LEVEL: "error" }), ...overrides.config };
  afterAll(async () => {
    rmSync(dataDirectory, { recursive: true, force: true });
    await database.drop();
  });
  return { config, db: database.db, logger: overrides.logger ?? makeLogger(config.log), database };
}

/** A backend needs a moment to notice that its client has closed. */
async function othersOn(superuser: string, name: string): Promise<string[]> {
  for (let waited = 0; ; waited += 50) {
    const rows = await statements<{ what: string }>(superuser, [
      `select application_name || ': ' || left(query, 80) as what from pg_stat_activity where datname = '${name}' and backend_type = 'client backend'`,
    ]);
    if (rows.length === 0 || waited >= 30_000) return rows.map((row) => row.what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
