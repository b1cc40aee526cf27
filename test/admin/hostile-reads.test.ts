import { reads, tryRoutes } from "./hostile.ts";

await tryRoutes(reads);
