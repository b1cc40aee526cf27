import type { Db } from "../db/connection.ts";
import type { ProductId } from "../db/id.ts";
import type { ShownLink } from "./links.ts";
import { countSeats } from "./seats.ts";

/** What each use of a link takes of a product, and how many are left; null: there is no limit. */
type Cost = Omit<ShownLink["roles"][number], "id"> & { takes: "seat" | "guest-slot"; left: number | null };

/** A link with what it costs. */
export type CostedLink = Omit<ShownLink, "roles"> & { roles: Cost[] };

/** What a role of a link takes: a guest's is free of charge. R101, R141. */
export function takenBy(role: ShownLink["roles"][number]["role"]): Cost["takes"] {
  return role === "guest" ? "guest-slot" : "seat";
}

/** Adds to links what each use of them costs (R101): a guest slot or a seat, and what is left by the count that refuses (R143). */
export async function withCosts(db: Db, links: readonly ShownLink[]): Promise<CostedLink[]> {
  const products = await limitedAmong(
    db,
    links.flatMap(({ roles }) => roles),
  );
  const uses = products.length === 0 ? [] : await countSeats(db, products);
  return links.map(({ roles, ...link }) => ({
    ...link,
    roles: roles.map(({ id, ...one }) => {
      const takes = takenBy(one.role);
      const use = uses.find(({ product }) => product === id)?.[takes === "seat" ? "seats" : "guests"];
      const left = use && use.limit !== null ? Math.max(0, use.limit - use.used - use.pending) : null;
      return { ...one, takes, left };
    }),
  }));
}

/** The products that have a limit of what these roles take: of the others nothing needs to be counted. */
async function limitedAmong(db: Db, roles: ShownLink["roles"]): Promise<ProductId[]> {
  const taking = (takes: Cost["takes"]) => [
    ...new Set(roles.filter(({ role }) => takenBy(role) === takes).map(({ id }) => id)),
  ];
  const rows = await db.query<{ id: ProductId }>({
    text: `select id from products where organization = $1
      and ((id = any ($2) and seats is not null) or (id = any ($3) and guest_basis <> 'unlimited'))`,
    values: [db.organization, taking("seat"), taking("guest-slot")],
    prepared: true,
  });
  return rows.map(({ id }) => id);
}

/** One link with what it costs. */
export async function withCost(db: Db, link: ShownLink): Promise<CostedLink> {
  const [costed] = await withCosts(db, [link]);
  return costed as CostedLink;
}
