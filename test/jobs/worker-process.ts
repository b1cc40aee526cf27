import { loadConfig } from "../../src/config.ts";
import { Database } from "../../src/db/connection.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { makeLogger } from "../../src/logger.ts";

/** A worker in a process of its own, for tests that kill it. Settings come from the environment, as for `muster worker`. */
const config = loadConfig(process.env);
const url = config.database.url ?? "";
const ownerUrl = config.database.ownerUrl ?? url;
const db = new Database({ url, ...(config.database.ownerUrl === undefined && { role: "muster_app" }) });
await startJobs({ config, db, logger: makeLogger(config.log) }, { ownerUrl });
