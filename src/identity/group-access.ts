import type { Db } from "../db/connection.ts";
import type { GroupId, ProductId, SiteId } from "../db/id.ts";
import type { Role } from "./grants.ts";
import { rolesOf } from "./invitations/offer.ts";
import { type Held, holds } from "./rights/permissions.ts";

/**
 * What a group comes to on a product: the role of its own grant (R47; `guest` makes it a guest group there), and the highest that its
 * members get with the groups that it is in (R48, R49).
 */
export type GroupAccess = { site: string; product: string; own: Role | null; role: Role };

type Row = Pick<GroupAccess, "site" | "product" | "own"> & { id: ProductId; siteId: SiteId };

/**
 * A group's product access, by site and product; grants that wait to be confirmed are left out.
 * @param held what the caller holds: products for which it gives no `grants:read` are not told of.
 */
export async function groupAccess(db: Db, group: GroupId, held: readonly Held[]): Promise<GroupAccess[]> {
  const roles = new Map((await rolesOf(db, [group])).map(({ product, role }) => [product, role]));
  const rows = await db.query<Row>({
    text: `select p.id, p.site as "siteId", s.key as site, p.key as product, t.role as own from products p
      join sites s on s.organization = p.organization and s.id = p.site
      left join role_grants t on t.organization = p.organization and t.product = p.id and t.group_id = $3
        and not t.needs_confirmation
      where p.organization = $1 and p.id = any ($2) order by s.key, p.key`,
    values: [db.organization, [...roles.keys()], group],
  });
  return rows
    .filter(({ id, siteId }) => holds(held, "grants:read", { kind: "product", id, site: siteId }))
    .flatMap(({ id, site, product, own }) => {
      const role = roles.get(id);
      return role === undefined ? [] : [{ site, product, own, role }];
    });
}
