import { loadConfig } from "../../src/config.ts";
import { type ConnectionSettings, Database } from "../../src/db/connection.ts";
import type { DirectoryId } from "../../src/db/id.ts";
import type { Actor } from "../../src/db/transaction.ts";
import { makeLogger } from "../../src/logger.ts";
import { runSync } from "../../src/sync/run.ts";
import { after } from "./crash-scenario.ts";
import { crowd } from "./many-people.ts";

/** A process of its own that dies, as by a power cut, after so many committed batches; of a crowd, when it is killed. */
const { settings, directory, actor, batches, isCrowd } = JSON.parse(process.argv[2] ?? "") as {
  settings: ConnectionSettings;
  directory: DirectoryId;
  actor: Actor;
  batches: number;
  isCrowd?: boolean;
};
const config = loadConfig({ MUSTER_LOG_LEVEL: "error" });
const ctx = { config, db: new Database(settings), logger: makeLogger(config.log) };
let committed = 0;
await runSync(ctx, directory, {
  mode: "run",
  trigger: "command",
  actor,
  connector: (isCrowd ? crowd() : after()).connector(),
  onProgress: (phase) => {
    if (phase === "apply" && ++committed === batches) process.kill(process.pid, "SIGKILL");
  },
});
await ctx.db.close();
