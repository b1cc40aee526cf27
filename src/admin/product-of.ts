import type { Db } from "../db/connection.ts";
import { MusterError } from "../errors.ts";
import { type PlacedProduct, productsByKey } from "../identity/products.ts";
import { holds, type Permission, type Target } from "../identity/rights/permissions.ts";
import { getSite } from "../identity/sites.ts";
import { type Caller, lacking } from "./caller.ts";

/** What names a product: its key, and its site's where several sites have one of this key. */
export type ProductName = { key: string; site?: string | undefined };

/**
 * The product that the caller names and has the permission for. Who has it only for some products learns nothing of the
 * others, not even whether they exist, and needs no site to tell his own apart.
 * @throws MusterError `not-allowed`, `not-found`, `conflict` with candidates.
 */
export async function productFor(
  db: Db,
  caller: Caller,
  permission: Permission,
  { key, site }: ProductName,
): Promise<PlacedProduct> {
  const found = await productsByKey(db, key, site);
  const [only, ...more] = found.filter((product) => holds(caller.held, permission, productTarget(product)));
  if (only && more.length === 0) return only;
  if (only)
    throw new MusterError("conflict", "several sites have a product of this key; name the site too", {
      at: "product",
      candidates: [only, ...more].map((product) => `${product.site}/${product.key}`),
    });
  if (!holds(caller.held, permission, { kind: "organization" })) throw lacking(caller, permission);
  if (site !== undefined) await getSite(db, site);
  throw new MusterError("not-found", "there is no such product", { at: "product" });
}

export function productTarget({ id, siteId }: PlacedProduct): Target {
  return { kind: "product", id, site: siteId };
}
