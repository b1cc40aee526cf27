import { loadConfig } from "../../src/config.ts";
import { type ConnectionSettings, Database } from "../../src/db/connection.ts";
import type { DirectoryId } from "../../src/db/id.ts";
import type { Actor } from "../../src/db/transaction.ts";
import { isMusterError } from "../../src/errors.ts";
import { makeLogger } from "../../src/logger.ts";
import { runSync } from "../../src/sync/run.ts";
import { after } from "./crash-scenario.ts";

/** A process of its own that stops, as one that is frozen, at a phase of its run, and says how it ends when it goes on. */
const { settings, directory, actor, at } = JSON.parse(process.argv[2] ?? "") as {
  settings: ConnectionSettings;
  directory: DirectoryId;
  actor: Actor;
  at: "read" | "apply";
};
const config = loadConfig({ MUSTER_LOG_LEVEL: "error" });
const ctx = { config, db: new Database(settings), logger: makeLogger({ ...config.log, level: "error" }) };
let stopped = false;
try {
  const { state, rowsWritten } = await runSync(ctx, directory, {
    ...{ mode: "run", trigger: "command", actor },
    connector: after().connector(),
    onProgress: (phase) => {
      if (stopped || phase !== at) return;
      stopped = true;
      process.kill(process.pid, "SIGSTOP");
    },
  });
  process.stdout.write(`${state} ${rowsWritten}\n`);
} catch (error) {
  process.stdout.write(`${isMusterError(error) ? error.code : String(error)}\n`);
}
await ctx.db.close();
