import type { Db } from "../db/connection.ts";
import { type AccountId, type DirectoryId, type GrantId, type GroupId, newId, type ProductId } from "../db/id.ts";
import { requireExclusive, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { accountsUnder } from "./access/accounts-under.ts";
import { reconcile } from "./access/reconcile.ts";
import { nameKey } from "./keys.ts";
import { recordChanges } from "./record.ts";

export type Role = "admin" | "user" | "guest";

/** A group that exists, or the name under which a directory will create it. */
export type GrantedGroup = GroupId | { directory: DirectoryId; name: string };

export type Granted = {
  id: GrantId;
  group: { id: GroupId | null; name: string };
  product: string;
  role: Role;
  /** `waiting`: for its group, or (admin only, after that came) for an administrator's confirmation. */
  state: "in-force" | "waiting";
  accountsChanged: number;
};

type Product = { key: string; hasGuests: boolean };

/**
 * Gives a group a role on a product (R47, R51). A group that its directory has not created yet is named, and the
 * grant waits for the first group of that name there; a group of another directory with that name never gets it.
 *
 * Before: the organization is locked exclusively. After: the group has this one role on the product and everybody
 * under it has the access that follows.
 * @throws MusterError `conflict` when the group has this very role already, `invalid` for guest on a product without
 *   guests (R8), `not-found` for an unknown product or group.
 */
export async function grantRole(
  tx: Tx,
  wanted: { group: GrantedGroup; product: ProductId; role: Role },
): Promise<Granted> {
  requireExclusive(tx);
  const product = await requireProduct(tx, wanted.product);
  if (wanted.role === "guest" && !product.hasGuests)
    throw new MusterError("invalid", `the product ${product.key} has no guests`, { at: "role" });
  const group = await liveGroup(tx, wanted.group);
  return group === null
    ? grantWaiting(tx, wanted.group as { directory: DirectoryId; name: string }, wanted.product, product, wanted.role)
    : grantNow(tx, group, wanted.product, product, wanted.role);
}

async function grantNow(
  tx: Tx,
  group: { id: GroupId; name: string },
  productId: ProductId,
  product: Product,
  role: Role,
): Promise<Granted> {
  const [before] = await tx.query<{ id: GrantId; role: Role }>({
    text: "select id, role from role_grants where organization = $1 and product = $2 and group_id = $3",
    values: [tx.organization, productId, group.id],
  });
  if (before?.role === role)
    throw new MusterError("conflict", `${group.name} has the role ${role} on ${product.key} already`, { at: "role" });
  const [row] = await tx.query<{ id: GrantId }>({
    text: `insert into role_grants (organization, id, product, group_id, role) values ($1, $2, $3, $4, $5)
      on conflict (organization, product, group_id) where group_id is not null
      do update set role = excluded.role, needs_confirmation = false returning id`,
    values: [tx.organization, newId<GrantId>(), productId, group.id, role],
  });
  const id = (row as { id: GrantId }).id;
  await recordGrant(tx, before ? "grant.changed" : "grant.created", id, {
    group: group.id,
    product: productId,
    role,
    ...(before && { before: before.role }),
  });
  const { changed } = await reconcile(tx, await accountsUnder(tx, [group.id]), [productId]);
  return { id, group, product: product.key, role, state: "in-force", accountsChanged: changed };
}

async function grantWaiting(
  tx: Tx,
  group: { directory: DirectoryId; name: string },
  productId: ProductId,
  product: Product,
  role: Role,
): Promise<Granted> {
  const key = nameKey(group.name);
  const [before] = await tx.query<{ role: Role }>({
    text: `select role from role_grants where organization = $1 and product = $2 and group_id is null
      and waiting_directory = $3 and waiting_name_key = $4`,
    values: [tx.organization, productId, group.directory, key],
  });
  if (before?.role === role)
    throw new MusterError("conflict", `a grant of ${role} on ${product.key} waits for ${group.name} already`, {
      at: "role",
    });
  const [row] = await tx.query<{ id: GrantId }>({
    text: `insert into role_grants (organization, id, product, waiting_directory, waiting_name, waiting_name_key, role, needs_confirmation)
      values ($1, $2, $3, $4, $5, $6, $7, $7 = 'admin')
      on conflict (organization, product, waiting_directory, waiting_name_key) where group_id is null
      do update set role = excluded.role, needs_confirmation = excluded.needs_confirmation returning id`,
    values: [tx.organization, newId<GrantId>(), productId, group.directory, group.name, key, role],
  });
  const id = (row as { id: GrantId }).id;
  await recordGrant(tx, before ? "grant.changed" : "grant.created", id, {
    waitingFor: group.name,
    directory: group.directory,
    product: productId,
    role,
  });
  return {
    id,
    group: { id: null, name: group.name },
    product: product.key,
    role,
    state: "waiting",
    accountsChanged: 0,
  };
}

/**
 * Binds the grants that wait for these names in this directory to the groups just created; from then on they are
 * held by id (design §4.3). A grant of admin then still waits for `confirmGrant`.
 *
 * Before: the groups are new or restored groups of `directory`. After: each waiting grant of their names belongs to
 * the first of them, but where that group has a role on the product already: there the grant goes on waiting. The
 * members' access follows.
 */
export async function bindWaitingGrants(
  tx: Tx,
  directory: DirectoryId,
  groups: readonly { id: GroupId; nameKey: string }[],
): Promise<void> {
  if (groups.length === 0) return;
  const bound = await tx.query<{ id: GrantId; group: GroupId; product: ProductId; role: Role }>({
    name: "bind-waiting-grants",
    text: `
      with first_of_name as (
        select distinct on (key) id, key from unnest($3::uuid[], $4::text[]) as g (id, key) order by key, id
      )
      update role_grants r set group_id = f.id
      from first_of_name f
      where r.organization = $1 and r.group_id is null and r.waiting_directory = $2 and r.waiting_name_key = f.key
        and not exists (select from role_grants o
          where o.organization = $1 and o.product = r.product and o.group_id = f.id)
      returning r.id, r.group_id as "group", r.product, r.role`,
    values: [tx.organization, directory, groups.map((group) => group.id), groups.map((group) => group.nameKey)],
  });
  if (bound.length === 0) return;
  await recordChanges(
    tx,
    bound.map((row) => ({
      action: "grant.bound",
      subjectKind: "grant",
      subject: row.id,
      detail: { group: row.group, role: row.role },
      event: true,
    })),
  );
  const accounts = await accountsUnder(tx, [...new Set(bound.map((row) => row.group))]);
  await reconcile(tx, accounts, [...new Set(bound.map((row) => row.product))]);
}

/**
 * An administrator confirms that the group to which a waiting grant of admin was bound is the right one (design §4.3).
 * Before: the organization is locked exclusively. After: the grant counts; returns how many accounts changed.
 * @throws MusterError `not-found` for an unknown grant, `conflict` when it still waits for its group or counts already.
 */
export async function confirmGrant(tx: Tx, grant: GrantId): Promise<number> {
  requireExclusive(tx);
  const [row] = await tx.query<{ group: GroupId | null; product: ProductId; waits: boolean }>({
    text: `select group_id as "group", product, needs_confirmation as waits from role_grants
      where organization = $1 and id = $2 for no key update`,
    values: [tx.organization, grant],
  });
  if (!row) throw new MusterError("not-found", "there is no such grant", { at: grant });
  if (row.group === null) throw new MusterError("conflict", "the grant still waits for its group", { at: grant });
  if (!row.waits) throw new MusterError("conflict", "the grant counts already", { at: grant });
  await tx.query({
    text: "update role_grants set needs_confirmation = false where organization = $1 and id = $2",
    values: [tx.organization, grant],
  });
  await recordGrant(tx, "grant.confirmed", grant, {});
  return (await reconcile(tx, await accountsUnder(tx, [row.group]), [row.product])).changed;
}

/**
 * Takes a grant away (R51). Before: the organization is locked exclusively. After: the grant is gone and the access
 * of everybody under its group follows; returns how many accounts changed.
 * @throws MusterError `not-found`.
 */
export async function revokeGrant(tx: Tx, grant: GrantId): Promise<number> {
  requireExclusive(tx);
  const [row] = await tx.query<{ group: GroupId | null; product: ProductId }>({
    text: `delete from role_grants where organization = $1 and id = $2 returning group_id as "group", product`,
    values: [tx.organization, grant],
  });
  if (!row) throw new MusterError("not-found", "there is no such grant", { at: grant });
  await recordGrant(tx, "grant.revoked", grant, { group: row.group });
  const accounts: AccountId[] = row.group === null ? [] : await accountsUnder(tx, [row.group]);
  return (await reconcile(tx, accounts, [row.product])).changed;
}

/** A grant as it is listed; `directory` null for a local group. */
export type ListedGrant = {
  id: GrantId;
  group: { id: GroupId | null; name: string };
  directory: string | null;
  site: string;
  product: string;
  role: Role;
  state: "in-force" | "waiting";
};

/** All grants, by product and group name. */
export async function listGrants(db: Db): Promise<ListedGrant[]> {
  const rows = await db.query<Omit<ListedGrant, "group"> & { groupId: GroupId | null; groupName: string }>({
    text: `select r.id, r.group_id as "groupId", coalesce(g.name, r.waiting_name) as "groupName", d.name as directory,
        s.key as site, p.key as product, r.role,
        case when r.group_id is null or r.needs_confirmation then 'waiting' else 'in-force' end as state
      from role_grants r
      join products p on p.organization = r.organization and p.id = r.product
      join sites s on s.organization = p.organization and s.id = p.site
      left join groups g on g.organization = r.organization and g.id = r.group_id
      left join directories d on d.organization = r.organization and d.id = coalesce(g.directory, r.waiting_directory)
      where r.organization = $1 order by s.key, p.key, "groupName", r.id`,
    values: [db.organization],
  });
  return rows.map(({ groupId, groupName, ...row }) => ({ ...row, group: { id: groupId, name: groupName } }));
}

async function requireProduct(tx: Tx, product: ProductId): Promise<Product> {
  const [row] = await tx.query<Product>({
    text: `select key, has_guests as "hasGuests" from products where organization = $1 and id = $2`,
    values: [tx.organization, product],
  });
  if (!row) throw new MusterError("not-found", "there is no such product", { at: "product" });
  return row;
}

/** The live group, or null when it is only a name that its directory has not created yet. */
async function liveGroup(tx: Tx, wanted: GrantedGroup): Promise<{ id: GroupId; name: string } | null> {
  const rows =
    typeof wanted === "string"
      ? await tx.query<{ id: GroupId; name: string }>({
          text: "select id, name from groups where organization = $1 and id = $2 and deleted_at is null",
          values: [tx.organization, wanted],
        })
      : await tx.query<{ id: GroupId; name: string }>({
          text: `select id, name from groups
            where organization = $1 and directory = $2 and name_key = $3 and deleted_at is null order by id limit 2`,
          values: [tx.organization, wanted.directory, nameKey(wanted.name)],
        });
  if (rows.length > 1)
    throw new MusterError("conflict", "several groups of this directory have this name; name one by id", {
      at: "group",
      candidates: rows.map((row) => `id:${row.id}`),
    });
  if (rows[0]) return rows[0];
  if (typeof wanted === "string") throw new MusterError("not-found", "there is no such group", { at: "group" });
  return null;
}

async function recordGrant(tx: Tx, action: string, grant: GrantId, detail: object): Promise<void> {
  await recordChanges(tx, [{ action, subjectKind: "grant", subject: grant, detail, event: true }]);
}
