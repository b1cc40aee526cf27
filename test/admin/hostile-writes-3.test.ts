import { shareOf, tryRoutes, writes } from "./hostile.ts";

await tryRoutes(shareOf(writes, 3, 3));
