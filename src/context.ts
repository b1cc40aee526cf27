import type { Config } from "./config.ts";
import type { Database } from "./db/connection.ts";
import type { Logger } from "./logger.ts";

/** Everything that code outside `identity` may need of its surroundings. Made once by whoever starts; tests make their own. */
export type Context = { config: Config; db: Database; logger: Logger };
