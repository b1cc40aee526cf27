import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import { loadConfig } from "../../src/config.ts";
import { type ConnectionSettings, Database } from "../../src/db/connection.ts";
import type { DirectoryId } from "../../src/db/id.ts";
import type { Actor } from "../../src/db/transaction.ts";
import { makeLogger } from "../../src/logger.ts";
import { runSync } from "../../src/sync/run.ts";

/** A process of its own that syncs one directory and says each step, so that it can be killed at any of them. */
const { settings, directory, actor, ldap } = JSON.parse(process.argv[2] ?? "") as {
  settings: ConnectionSettings;
  directory: DirectoryId;
  actor: Actor;
  ldap: object;
};
const config = loadConfig({ MUSTER_LOG_LEVEL: "error" });
const ctx = { config, db: new Database(settings), logger: makeLogger(config.log) };
await runSync(ctx, directory, {
  ...{ mode: "run", trigger: "schedule", actor },
  connector: ldapConnector(ldap, "secret"),
  onProgress: (phase) => process.stdout.write(`${phase}\n`),
});
process.stdout.write("over\n");
await ctx.db.close();
