import type { Db } from "../../db/connection.ts";
import type { GroupId, ProductId, SiteId } from "../../db/id.ts";
import { MusterError } from "../../errors.ts";
import type { Role } from "../grants.ts";
import { type Held, holds, type Permission, type Target } from "../rights/permissions.ts";
import { type Offer, type ResultingRole, rolesOf } from "./offer.ts";

/** What it takes to invite somebody to a role: guests are let in by site and organization administrators alone (R11). */
export const TO_INVITE: Readonly<Record<Role, Permission>> = {
  admin: "grants:write",
  user: "invitations:write",
  guest: "guests:write",
};

/**
 * Nobody offers what they could not give themselves: the role that the groups give together on each product, each space, and each
 * group that gives nothing.
 * @param held what the inviter holds, now.
 * @throws MusterError `not-allowed`, naming the permission that is missing and for what.
 */
export async function refuseOfferBeyond(db: Db, held: readonly Held[], offer: Offer): Promise<ResultingRole[]> {
  const roles = await rolesOf(db, offer.groups);
  const products = await placed(
    db,
    [...roles, ...offer.spaces].map(({ product }) => product),
  );
  const require = (permission: Permission, target: Target, what: string): void => {
    if (!holds(held, permission, target))
      throw new MusterError("not-allowed", `${what} needs the permission ${permission} there`);
  };
  for (const { product, role } of roles) {
    const { key, target } = at(products, product);
    require(TO_INVITE[role], target, `inviting to the role ${role} of ${key}`);
  }
  for (const { product } of offer.spaces) {
    const { key, target } = at(products, product);
    require("guests:write", target, `giving a space of ${key}`);
  }
  for (const group of await givingNothing(db, offer.groups))
    require("members:write", { kind: "group", id: group }, "adding to a group that gives no role");
  // Whoever may invite only for some product invites to it: an invitation to nothing is the organization's.
  if (roles.length === 0 && offer.spaces.length === 0)
    require("invitations:write", { kind: "organization" }, "inviting to the organization");
  return roles;
}

type Placed = ReadonlyMap<ProductId, { key: string; target: Target }>;

async function placed(db: Db, products: readonly ProductId[]): Promise<Placed> {
  const rows = await db.query<{ id: ProductId; key: string; site: SiteId }>({
    text: "select id, key, site from products where organization = $1 and id = any ($2)",
    values: [db.organization, products],
  });
  return new Map(rows.map(({ id, key, site }) => [id, { key, target: { kind: "product", id, site } }]));
}

function at(products: Placed, product: ProductId): { key: string; target: Target } {
  const found = products.get(product);
  if (!found) throw new MusterError("not-found", "there is no such product", { at: "products" });
  return found;
}

async function givingNothing(db: Db, groups: readonly GroupId[]): Promise<GroupId[]> {
  const rows = await db.query<{ id: GroupId }>({
    text: `with recursive reached as (
        select w.id as start, w.id from unnest($2::uuid[]) w (id)
        union
        select r.start, n.parent from reached r
        join group_nestings n on n.organization = $1 and n.child = r.id
        join groups g on g.organization = $1 and g.id = n.parent and g.deleted_at is null
      )
      select w.id from unnest($2::uuid[]) w (id) where not exists (
        select from reached r join role_grants t on t.organization = $1 and t.group_id = r.id and not t.needs_confirmation
        where r.start = w.id) order by w.id`,
    values: [db.organization, groups],
  });
  return rows.map(({ id }) => id);
}
