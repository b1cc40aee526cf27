import type { Tx } from "../../db/transaction.ts";
import {
  createProduct,
  listProducts,
  type Product,
  type ProductSettings,
  updateProduct,
} from "../../identity/products.ts";
import { changeGuestPolicy } from "../../identity/settings/guest-policy.ts";
import { createSite, listSites, renameSite, type Site } from "../../identity/sites.ts";
import { createSpace, listSpaces, renameSpace } from "../../identity/spaces.ts";
import type { WantedOrganization, WantedProduct } from "./schema.ts";
import { type Tally, updatedIf } from "./tally.ts";

/**
 * Sites with their products and spaces; what the file does not name stays.
 * @param fresh the organization is new in this very transaction, and so is the site that came with it.
 */
export async function applyStructure(tx: Tx, wanted: WantedOrganization, fresh: boolean, tally: Tally): Promise<void> {
  const sites = await listSites(tx);
  const products = await listProducts(tx);
  for (const one of wanted.sites) {
    const site = await applySite(tx, sites, one, fresh, tally);
    for (const product of one.products)
      await applyProduct(
        tx,
        site,
        products.find((held) => held.site === site.key && held.key === product.key),
        product,
        tally,
      );
  }
}

async function applySite(
  tx: Tx,
  held: readonly Site[],
  wanted: { key: string; name?: string | undefined },
  fresh: boolean,
  tally: Tally,
): Promise<Site> {
  const site = held.find((one) => one.key === wanted.key);
  const name = wanted.name ?? site?.name ?? wanted.key;
  if (!site) {
    tally.note("created", `site ${wanted.key}`);
    return createSite(tx, { key: wanted.key, name });
  }
  const changed = await renameSite(tx, site.id, name);
  tally.note(fresh ? "created" : updatedIf(changed), `site ${site.key}`);
  return site;
}

async function applyProduct(
  tx: Tx,
  site: Site,
  held: Product | undefined,
  wanted: WantedProduct,
  tally: Tally,
): Promise<void> {
  const settings = settingsOf(wanted, held);
  const what = `product ${site.key}/${wanted.key}`;
  const product = held ?? (await createProduct(tx, site, { key: wanted.key, ...settings }));
  tally.note(held ? updatedIf(await updateProduct(tx, held.id, settings)) : "created", what);
  if (wanted.guestPolicy) {
    const changes = await changeGuestPolicy(tx, product.id, wanted.guestPolicy);
    tally.note(updatedIf(changes.length > 0), `guests of ${what}`);
  }
  const spaces = await listSpaces(tx, product.id);
  for (const space of wanted.spaces) {
    const there = spaces.find((one) => one.key === space.key);
    if (there)
      tally.note(updatedIf(await renameSpace(tx, there.id, space.name ?? there.name)), `space ${space.key} of ${what}`);
    else {
      await createSpace(tx, product.id, { key: space.key, name: space.name ?? space.key });
      tally.note("created", `space ${space.key} of ${what}`);
    }
  }
}

function settingsOf(wanted: WantedProduct, held: Product | undefined): ProductSettings {
  const quota = typeof wanted.guests === "object" ? wanted.guests : undefined;
  return {
    name: wanted.name ?? held?.name ?? wanted.key,
    url: wanted.url ?? null,
    hasGuests: wanted.guests !== false,
    seats: wanted.seats,
    seatEnforcement: wanted.seatEnforcement,
    guestBasis: quota?.basis ?? "unlimited",
    guestRatio: quota?.ratio ?? 0,
    guestEnforcement: quota?.enforcement ?? "block",
  };
}
