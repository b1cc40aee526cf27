import type { Db } from "../db/connection.ts";
import type { GroupId, ProductId } from "../db/id.ts";
import { requireExclusive, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import type { Role } from "./grants.ts";
import { recordChanges } from "./record.ts";

/** A role of a product and the local group that gives it to people who are invited to it. */
export type DefaultGroup = { role: Role; group: { id: GroupId; name: string } };

/** A product's default groups, by role. R41. */
export async function listDefaultGroups(db: Db, product: ProductId): Promise<DefaultGroup[]> {
  return db.query<DefaultGroup>({
    text: `select f.role, json_build_object('id', g.id, 'name', g.name) as group
      from default_groups f join groups g on g.organization = f.organization and g.id = f.group_id
      where f.organization = $1 and f.product = $2 and g.deleted_at is null order by f.role`,
    values: [db.organization, product],
    prepared: true,
  });
}

/**
 * Makes a local group the one that an invitation to this role of the product leads into (R41); null: none.
 *
 * Before: the organization is locked exclusively. After: it is, with an audit row; nobody's access changes. Returns
 * whether it was another before.
 * @throws MusterError `not-found`; `invalid` for a group that a directory owns, or that has no grant of this very role on
 * the product: people would be invited to something else than they are told.
 */
export async function setDefaultGroup(tx: Tx, product: ProductId, role: Role, group: GroupId | null): Promise<boolean> {
  requireExclusive(tx);
  if (group !== null) await requireGiving(tx, product, role, group);
  const rows =
    group === null
      ? await tx.query({
          text: "delete from default_groups where organization = $1 and product = $2 and role = $3 returning role",
          values: [tx.organization, product, role],
        })
      : await tx.query({
          text: `insert into default_groups as f (organization, product, role, group_id) values ($1, $2, $3, $4)
            on conflict on constraint default_groups_pk do update set group_id = excluded.group_id
            where f.group_id <> excluded.group_id returning role`,
          values: [tx.organization, product, role, group],
        });
  if (rows.length === 0) return false;
  await recordChanges(tx, [
    { action: "product.default-group-changed", subjectKind: "product", subject: product, detail: { role, group } },
  ]);
  return true;
}

async function requireGiving(tx: Tx, product: ProductId, role: Role, group: GroupId): Promise<void> {
  const [found] = await tx.query<{ local: boolean; gives: Role | null }>({
    text: `select g.directory is null as local, t.role as gives from groups g
      left join role_grants t on t.organization = g.organization and t.product = $3 and t.group_id = g.id
        and not t.needs_confirmation
      where g.organization = $1 and g.id = $2 and g.deleted_at is null`,
    values: [tx.organization, group, product],
  });
  if (!found) throw new MusterError("not-found", "there is no such group", { at: "group" });
  if (!found.local)
    throw new MusterError("invalid", "a directory owns this group and alone says who is in it; name a local group", {
      at: "group",
    });
  if (found.gives !== role)
    throw new MusterError(
      "invalid",
      `the group gives ${found.gives === null ? "no role" : `the role ${found.gives}`} on this product; grant it ${role} first`,
      { at: "group" },
    );
}
