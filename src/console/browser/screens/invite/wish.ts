import type { Answer, Asked, Row } from "../../api/call.ts";

export type Product = Row<"products.list">;
/** What an offer comes to on each product. */
export type Effects = Answer<"invitations.create">["effects"];
export type Permission = "can-create-and-edit" | "read-only";
/** What one product gives: nothing is said of it by leaving it out (R42, U9). */
export type Chosen = { role: "user" | "guest"; space: string; permission: Permission; until: string };
/** What is offered, as a form holds it: products by `site/key`, groups by id. */
export type WishForm = { products: Readonly<Record<string, Chosen>>; groups: readonly string[] };

export const NO_WISH: WishForm = { products: {}, groups: [] };

export function placeOf({ site, key }: Pick<Product, "site" | "key">): string {
  return `${site}/${key}`;
}

/** The same as the API takes it, for invitations, links and requests alike. */
export function bodyOf({ products, groups }: WishForm) {
  const chosen = Object.entries(products).map(([place, one]) => {
    const [site = "", product = ""] = place.split("/");
    return { ...one, site, product };
  });
  return {
    products: chosen.map(({ site, product, role }) => ({ site, product, role })),
    groups: [...groups],
    spaces: chosen
      .filter(({ role, space }) => role === "guest" && space !== "")
      .map(({ site, product, space, permission, until }) => ({
        site,
        product,
        space,
        permission,
        ...(until !== "" && { expiresAt: endOfDay(until) }),
      })),
  } satisfies Omit<Asked<"invitations.create">["body"], "emails">;
}

/** The last second of a day where the reader is. @param day as in 2026-12-31 */
export function endOfDay(day: string): string {
  return new Date(`${day}T23:59:59`).toISOString();
}

/** Whether anything is offered. */
export function offersSomething({ products, groups }: WishForm): boolean {
  return groups.length > 0 || Object.keys(products).length > 0;
}

/** Guests of a product that has spaces need one (R129). */
export function lacksSpace({ products }: WishForm): boolean {
  return Object.values(products).some(({ role, space }) => role === "guest" && space === "");
}
