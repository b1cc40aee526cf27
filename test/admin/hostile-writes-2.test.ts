import { shareOf, tryRoutes, writes } from "./hostile.ts";

await tryRoutes(shareOf(writes, 2, 3));
