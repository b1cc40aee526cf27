import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbedded } from "../../src/db/embedded/start.ts";
import { migrate } from "../../src/db/migrate.ts";
import { buildConsole } from "./built-console.ts";
import { statements, withDatabase } from "./server.ts";

/** How test files reach the one PostgreSQL of the run. `superuser` may create databases; the others are its logins. */
export type TestServer = { superuser: string; owner: string | null; app: string | null };

declare module "vitest" {
  interface ProvidedContext {
    server: TestServer;
  }
}

/**
 * One PostgreSQL for the whole run and one migrated database in it, `muster_template`, of which every test file
 * clones its own. MUSTER_TEST_DATABASE_URL names another server: a login that may create databases and roles.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  buildConsole();
  const external = process.env.MUSTER_TEST_DATABASE_URL;
  if (external) {
    await makeTemplate({ superuser: external, owner: null, app: null });
    project.provide("server", { superuser: external, owner: null, app: null });
    return async () => {};
  }
  const dataDirectory = mkdtempSync(join(tmpdir(), "muster-test-"));
  const embedded = await startEmbedded(dataDirectory, {
    // Nothing in it is worth a disk's patience; what must survive a crash has servers of its own.
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "300" },
  });
  const server = { superuser: embedded.superuserUrl, owner: embedded.ownerUrl, app: embedded.appUrl };
  await makeTemplate(server);
  project.provide("server", server);
  return async () => {
    await embedded.leave();
    rmSync(dataDirectory, { recursive: true, force: true });
  };
}

async function makeTemplate(server: TestServer): Promise<void> {
  const owner = server.owner === null ? "" : " owner muster_owner";
  await statements(server.superuser, [
    "drop database if exists muster_template with (force)",
    `create database muster_template${owner}`,
  ]);
  await migrate({ url: withDatabase(server.owner ?? server.superuser, "muster_template") });
}
