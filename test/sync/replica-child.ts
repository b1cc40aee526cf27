import { createLogger, format, transports } from "winston";
import { loadConfig } from "../../src/config.ts";
import { type ConnectionSettings, Database } from "../../src/db/connection.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { enqueueDueSyncs } from "../../src/sync/schedule.ts";

/**
 * A replica: it runs jobs as `muster worker` does, and looks for due directories far more often than once a minute. It
 * tells its runs, and ends when nobody listens any more.
 */
const { settings, ownerUrl, dataDirectory } = JSON.parse(process.argv[2] ?? "") as {
  settings: ConnectionSettings;
  ownerUrl: string;
  dataDirectory: string;
};
const config = loadConfig({ MUSTER_DATA_DIR: dataDirectory });
const logger = createLogger({ format: format.json(), transports: [new transports.Console()] });
const ctx = { config, db: new Database(settings), logger };
const jobs = await startJobs(ctx, { ownerUrl });
let ending = false;
process.stdin.once("end", () => {
  ending = true;
});
process.stdin.resume();
process.stdout.write("ready\n");
while (!ending) {
  await enqueueDueSyncs(ctx);
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await jobs.stop();
await ctx.db.close();
