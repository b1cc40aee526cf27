import { Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import type { AccountId } from "../db/id.ts";
import { accessTo } from "../identity/access/access-to.ts";
import { callerOf, readsOf } from "./authenticate.ts";
import { cursorAfter, keyOfCursor, paging, parseInput, queryOf, UUID_KEY } from "./input.ts";
import { onlyMethods } from "./methods.ts";
import { productFor } from "./product-of.ts";

const accessQuery = z.strictObject({ ...paging, site: z.string().max(63).optional() });

/** `/products/{key}/access`: everybody whom a grant reaches there. */
export function productsRouter(ctx: Context): Router {
  const router = Router();
  router
    .route("/:key/access")
    .get(async (request, response) => {
      const { limit, cursor, site } = parseInput(accessQuery, queryOf(request), "query");
      const after = keyOfCursor(cursor, UUID_KEY, "cursor")?.[1] as AccountId | undefined;
      const db = readsOf(ctx, response);
      const product = await productFor(db, callerOf(response), request.params.key, site);
      const people = await accessTo(db, product, { after: after ?? null, limit: limit + 1 });
      const data = people.slice(0, limit);
      const last = data.at(-1);
      response.json({ data, page: { next: people.length > limit && last ? cursorAfter(last.user.id) : null } });
    })
    .all(onlyMethods("GET"));
  return router;
}
