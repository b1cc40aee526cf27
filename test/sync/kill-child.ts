import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import { loadConfig } from "../../src/config.ts";
import type { ConnectionSettings } from "../../src/db/connection.ts";
import type { DirectoryId } from "../../src/db/id.ts";
import type { Actor } from "../../src/db/transaction.ts";
import { makeLogger } from "../../src/logger.ts";
import { runSync } from "../../src/sync/run.ts";
import { CuttingDatabase } from "./cutting-database.ts";

/**
 * A process of its own that syncs one directory and says each step, so that it can be killed at any of them; at the one
 * that it is told to stop at it does nothing more at all.
 */
const { settings, directory, actor, ldap, stop } = JSON.parse(process.argv[2] ?? "") as {
  settings: ConnectionSettings;
  directory: DirectoryId;
  actor: Actor;
  ldap: object;
  stop: { at: string; step: number } | null;
};
const steps: Record<string, number> = {};
function say(what: string): void {
  process.stdout.write(`${what}\n`);
  steps[what] = (steps[what] ?? 0) + 1;
  if (what === stop?.at && steps[what] === stop.step) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
const config = loadConfig({ MUSTER_LOG_LEVEL: "error" });
const db = new CuttingDatabase(settings, "");
db.onStatement = (text) => {
  if (text.includes("insert into sync_plan")) say("plan");
};
const ctx = { config, db, logger: makeLogger(config.log) };
await runSync(ctx, directory, {
  ...{ mode: "run", trigger: "schedule", actor },
  connector: ldapConnector(ldap, "secret"),
  onProgress: say,
});
say("over");
await ctx.db.close();
