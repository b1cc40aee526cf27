import type { Db } from "../db/connection.ts";
import type { ProductId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { listProducts, resolveProduct } from "../identity/products.ts";
import type { Caller } from "./caller.ts";

/**
 * The product that the caller names and may ask about. A product's own token needs no site to be told apart, and
 * learns nothing of other products, not even whether they exist.
 * @throws MusterError `not-allowed`, `not-found`, `conflict` with candidates.
 */
export async function productFor(db: Db, caller: Caller, key: string, site: string | undefined): Promise<ProductId> {
  if (caller.product === null) return (await resolveProduct(db, key, site)).id;
  const own = (await listProducts(db)).find((product) => product.id === caller.product);
  if (own?.key !== key || (site !== undefined && own.site !== site))
    throw new MusterError("not-allowed", "a product's token asks about its own product alone", { at: "product" });
  return own.id;
}
