import type { Db } from "../db/connection.ts";
import { newId, type ProductId, type SiteId } from "../db/id.ts";
import { requireExclusive, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { reconcileAll } from "./access/reconcile.ts";
import { recordChanges } from "./record.ts";
import { getSettings } from "./settings/settings.ts";
import { binding, type IdPage, inScopes, type Within } from "./within.ts";

export type ProductSettings = {
  name: string;
  /** Where an accepted invitation ends. */
  url: string | null;
  /** Whether the role `guest` exists here. R8. */
  hasGuests: boolean;
  /** How many users and admins the product has room for; null: no limit. */
  seats: number | null;
  seatEnforcement: "warn" | "block";
  /** What the guest quota is counted from; with `fixed` the ratio is the quota. R141, R142. */
  guestBasis: "unlimited" | "fixed" | "paid-seats" | "members";
  guestRatio: number;
  guestEnforcement: "warn" | "block";
};

/** `site` is the site's key. */
export type Product = { id: ProductId; key: string; site: string } & ProductSettings;

const DEFAULTS = { url: null, hasGuests: false, seats: null, seatEnforcement: "warn" } as const;

const COLUMNS = `p.id, p.key, s.key as site, p.name, p.url, p.has_guests as "hasGuests", p.seats,
  p.seat_enforcement as "seatEnforcement", p.guest_basis as "guestBasis", p.guest_ratio as "guestRatio",
  p.guest_enforcement as "guestEnforcement"`;

/**
 * A new product on a site. R2.
 * Before: any. After: it stands with these settings, its guest quota the organization's where none is said, with an audit row; nobody has access until a grant is made.
 * @throws MusterError `uniqueness` when the site has the key, `invalid` when it is no key.
 */
export async function createProduct(
  tx: Tx,
  site: { id: SiteId; key: string },
  input: { key: string } & Partial<ProductSettings>,
): Promise<Product> {
  const { guestQuota } = await getSettings(tx);
  const quota = {
    guestBasis: guestQuota.basis,
    guestRatio: guestQuota.ratio,
    guestEnforcement: guestQuota.enforcement,
  };
  const product: Product = { ...DEFAULTS, ...quota, name: input.key, ...input, id: newId<ProductId>(), site: site.key };
  await tx.query({
    text: `insert into products (organization, id, site, key, name, url, has_guests, seats, seat_enforcement,
        guest_basis, guest_ratio, guest_enforcement)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    values: [tx.organization, product.id, site.id, product.key, ...settingValues(product)],
  });
  await recordChanges(tx, [
    {
      action: "product.created",
      subjectKind: "product",
      subject: product.id,
      detail: { key: product.key, site: site.key },
    },
  ]);
  return product;
}

/**
 * Gives a product exactly these settings.
 * Before: the organization is locked exclusively. After: they stand, with an audit row; everybody's access follows,
 * whoever waited is admitted as far as the limits reach now, and nobody is dropped (R146). Returns whether anything
 * changed.
 * @throws MusterError `conflict` when guests are turned off while grants still give the role guest. R8.
 */
export async function updateProduct(tx: Tx, id: ProductId, settings: ProductSettings): Promise<boolean> {
  requireExclusive(tx);
  const rows = await tx.query({
    text: `update products set name = $3, url = $4, has_guests = $5, seats = $6, seat_enforcement = $7,
        guest_basis = $8, guest_ratio = $9, guest_enforcement = $10
      where organization = $1 and id = $2
        and (name, url, has_guests, seats, seat_enforcement, guest_basis, guest_ratio, guest_enforcement)
          is distinct from ($3, $4, $5::boolean, $6::int, $7, $8, $9::int, $10)
      returning id`,
    values: [tx.organization, id, ...settingValues(settings)],
  });
  if (rows.length === 0) return false;
  if (!settings.hasGuests) await refuseGuestGrants(tx, id);
  await recordChanges(tx, [{ action: "product.updated", subjectKind: "product", subject: id, detail: settings }]);
  await reconcileAll(tx);
  return true;
}

async function refuseGuestGrants(tx: Tx, id: ProductId): Promise<void> {
  const [row] = await tx.query({
    text: "select id from role_grants where organization = $1 and product = $2 and role = 'guest' limit 1",
    values: [tx.organization, id],
  });
  if (row)
    throw new MusterError(
      "conflict",
      "grants of this product still give the role guest; revoke them before guests are turned off",
      {
        at: "hasGuests",
      },
    );
}

function settingValues(settings: ProductSettings): unknown[] {
  return [
    settings.name,
    settings.url,
    settings.hasGuests,
    settings.seats,
    settings.seatEnforcement,
    settings.guestBasis,
    settings.guestRatio,
    settings.guestEnforcement,
  ];
}

/** The organization's products by site and key. */
export async function listProducts(db: Db): Promise<Product[]> {
  return db.query<Product>({
    text: `select ${COLUMNS} from products p join sites s on s.organization = p.organization and s.id = p.site
      where p.organization = $1 order by s.key, p.key`,
    values: [db.organization],
  });
}

/** One product. @throws MusterError `not-found`. */
export async function getProduct(db: Db, id: ProductId): Promise<Product> {
  const [product] = await db.query<Product>({
    text: `select ${COLUMNS} from products p join sites s on s.organization = p.organization and s.id = p.site
      where p.organization = $1 and p.id = $2`,
    values: [db.organization, id],
  });
  if (!product) throw new MusterError("not-found", "there is no such product", { at: "product" });
  return product;
}

/** The keys of these products and of their sites. */
export async function keysOfProducts(
  db: Db,
  ids: readonly ProductId[],
): Promise<Pick<Product, "id" | "key" | "site">[]> {
  return db.query<Pick<Product, "id" | "key" | "site">>({
    text: `select p.id, p.key, s.key as site from products p
      join sites s on s.organization = p.organization and s.id = p.site
      where p.organization = $1 and p.id = any ($2)`,
    values: [db.organization, ids],
  });
}

/** A product and its site's id, by which a right on the site reaches it. */
export type PlacedProduct = Product & { siteId: SiteId };

/** A page of the products within the scopes, in the order of their ids; of one site when its key is given. */
export async function pageOfProducts(
  db: Db,
  page: IdPage<ProductId> & { within: Within; site?: string | undefined },
): Promise<Product[]> {
  const values: unknown[] = [db.organization];
  const bind = binding(values);
  const conditions = [
    "p.organization = $1",
    ...(page.after === null ? [] : [`p.id > ${bind(page.after)}`]),
    ...(page.site === undefined ? [] : [`s.key = ${bind(page.site)}`]),
    inScopes(page.within, "product", "p", bind),
  ];
  return db.query<Product>({
    text: `select ${COLUMNS} from products p join sites s on s.organization = p.organization and s.id = p.site
      where ${conditions.join(" and ")} order by p.id limit ${Math.trunc(page.limit)}`,
    values,
    prepared: true,
  });
}

/** At most so many sites are told of that have a product of one key. */
const MOST_ALIKE = 20;

/** The products with this key, on the named site or on any, by site. */
export async function productsByKey(db: Db, key: string, site?: string): Promise<PlacedProduct[]> {
  return db.query<PlacedProduct>({
    text: `select ${COLUMNS}, p.site as "siteId" from products p
      join sites s on s.organization = p.organization and s.id = p.site
      where p.organization = $1 and p.key = $2 ${site === undefined ? "" : "and s.key = $3"} order by s.key limit ${MOST_ALIKE}`,
    values: [db.organization, key, ...(site === undefined ? [] : [site])],
    prepared: true,
  });
}

/**
 * The product with this key: on the named site, else on the only site that has it. R2.
 * @throws MusterError `not-found`; `conflict` with candidates `SITE/KEY` when several sites have it.
 */
export async function resolveProduct(db: Db, key: string, site?: string): Promise<PlacedProduct> {
  const found = await productsByKey(db, key, site);
  const [only] = found;
  if (!only)
    throw new MusterError(
      "not-found",
      `there is no product ${key}${site === undefined ? "" : ` on the site ${site}`}`,
      { at: "product" },
    );
  if (found.length > 1)
    throw new MusterError("conflict", `several sites have a product ${key}; name one with --site`, {
      at: "product",
      candidates: found.map((product) => `${product.site}/${product.key}`),
    });
  return only;
}
