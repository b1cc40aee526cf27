import { z } from "zod";
import type { AccountId } from "../db/id.ts";
import { accessTo } from "../identity/access/access-to.ts";
import { afterOf, idOut, instant, listOf, pageOf } from "./fields.ts";
import { paging } from "./input.ts";
import { productFor } from "./product-of.ts";
import { route } from "./route.ts";
import { role, status } from "./words.ts";

/** `/products`: what people get access to. */
export const productRoutes = [
  route({
    id: "products.access",
    method: "GET",
    path: "/products/{key}/access",
    summary: "List everybody whom a grant reaches on a product",
    guard: { permission: "access:read", anywhere: true },
    params: z.strictObject({ key: z.string().max(512) }),
    query: z.strictObject({ ...paging, site: z.string().max(63).optional() }),
    answer: listOf(
      z
        .object({
          user: z.object({ id: idOut, userName: z.string(), email: z.string().nullable(), status }),
          until: instant.nullable(),
          role: role.nullable(),
          allowed: z.boolean(),
          reason: z.string().nullable(),
        })
        .meta({ id: "PersonAccess" }),
    ),
    read: async (db, { caller, params, query }) => {
      const product = await productFor(db, caller, params.key, query.site);
      const people = await accessTo(db, product, { after: afterOf<AccountId>(query), limit: query.limit + 1 });
      return pageOf(people, query.limit, ({ user }) => user.id);
    },
  }),
];
