import { z } from "zod";
import type { ProductId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { pageOfProducts } from "../identity/products.ts";
import { reach } from "../identity/rights/permissions.ts";
import { countSeats, type SeatUse } from "../identity/seats.ts";
import { afterOf, listOf, listQuery, pageOf } from "./fields.ts";
import { route } from "./route.ts";

const taken = { used: z.int(), pending: z.int(), limit: z.int().nullable(), enforcement: z.enum(["warn", "block"]) };

/** What is taken of a product's seats and guest slots; `pending` is reserved by open invitations. */
export const seatUseAnswer = z
  .object({
    site: z.string(),
    product: z.string(),
    seats: z.object(taken),
    guests: z.object({ ...taken, basis: z.string(), ratio: z.int() }),
  })
  .meta({ id: "SeatUse" });

/** What the answer says of a product. */
export function seatUse(use: SeatUse | undefined): z.input<typeof seatUseAnswer> {
  if (!use) throw new MusterError("not-found", "there is no such product", { at: "product" });
  const { site, key, seats, guests } = use;
  return { site, product: key, seats, guests };
}

/** `/seats`: how much of each product is taken. */
export const seatRoutes = [
  route({
    id: "seats.list",
    method: "GET",
    path: "/seats",
    summary: "List what is taken of each product's seats and guest slots: used, reserved by invitations, and the limit",
    guard: { permission: "products:read", anywhere: true },
    query: listQuery,
    answer: listOf(seatUseAnswer),
    read: async (db, { caller, query }) => {
      const within = reach(caller.held, "products:read");
      const found = await pageOfProducts(db, { after: afterOf<ProductId>(query), limit: query.limit + 1, within });
      const { data, page } = pageOf(found, query.limit, (product) => product.id);
      const counted = await countSeats(
        db,
        data.map(({ id }) => id),
      );
      return { data: counted.map(seatUse), page };
    },
  }),
];
