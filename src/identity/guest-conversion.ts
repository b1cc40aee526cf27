import type { Db } from "../db/connection.ts";
import type { AccountId, GroupId, ProductId, SpaceId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { lockAccounts } from "./accounts/lock.ts";
import type { Role } from "./grants.ts";
import { addLocalMembers, removeLocalMembers } from "./groups.ts";
import { assignGuest, listGuestAssignments, type Permission, refuseAsGuest, removeGuest } from "./guests.ts";
import { offerOf } from "./invitations/offer.ts";
import { recordOfAccounts } from "./record.ts";
import { countSeats, lockProducts, refuseOverLimits, type SeatUse } from "./seats.ts";

/** What a person becomes on a product. A guest gets a space. */
export type Conversion =
  | { to: "user" }
  | { to: "guest"; space: SpaceId; permission: Permission; sponsor: AccountId | null; expiresAt: Date | null };

export type Converted = { before: SeatUse | undefined; after: SeatUse | undefined };

/**
 * Makes a guest a member of a product, or a member a guest (R154 to R156). Only what administrators gave is changed: groups of
 * other roles are left, the default group of the new role is joined, the guest's space goes or comes.
 *
 * Before: any. After: the person has the role on the product, the guest slot is free and the seat taken, or the other way
 * round, at once. Returns what was taken of the product before and after.
 * @throws MusterError `not-found`; `invalid` for a guest who is an administrator (R134), or of a product without guests; `conflict`
 * when a directory's group gives another role, when the role has no default group, when seats or slots are blocked, or when the
 * product takes no former members as guests.
 */
export async function convert(tx: Tx, account: AccountId, product: ProductId, wanted: Conversion): Promise<Converted> {
  await lockAccounts(tx, [account]);
  const before = await countSeats(tx, [product]);
  if (wanted.to === "guest") {
    await refuseAdministrator(tx, account, product);
    await refuseAsGuest(tx, product, account);
  }
  const { groups } = await offerOf(tx, { roles: [{ product, role: wanted.to }], groups: [], spaces: [] });
  for (const group of await localGroupsGiving(tx, account, product, wanted.to))
    await removeLocalMembers(tx, group, [account]);
  const spaces = (await listGuestAssignments(tx, account)).filter((one) => one.product === product);
  if (wanted.to === "user") for (const { id } of spaces) await removeGuest(tx, id);
  for (const group of groups) await addLocalMembers(tx, group, [account]);
  if (wanted.to === "guest" && !spaces.some(({ space }) => space === wanted.space)) {
    const { space: wantedSpace, permission, sponsor, expiresAt } = wanted;
    await assignGuest(tx, { account, space: wantedSpace, permission, sponsor, expiresAt });
  }
  await refuseOtherRole(tx, account, product, wanted.to);
  await recordOfAccounts(tx, "guest.converted", [account], { product, to: wanted.to });
  await lockProducts(tx, [product]);
  const [after] = await refuseOverLimits(tx, before, [account]);
  return { before: before[0], after };
}

async function refuseAdministrator(tx: Tx, account: AccountId, product: ProductId): Promise<void> {
  const [row] = await tx.query<{ right: boolean; admin: boolean }>({
    text: `select exists (select from rights r join products p on p.organization = $1 and p.id = $3
          where r.organization = $1 and r.account = $2 and r.bundle <> 'basic' and (r.scope_kind = 'organization'
            or (r.scope_kind = 'site' and r.scope_id = p.site) or (r.scope_kind = 'product' and r.scope_id = p.id))) as right,
        exists (select from access a where a.organization = $1 and a.account = $2 and a.product = $3 and a.role = 'admin')
          as admin`,
    values: [tx.organization, account, product],
  });
  if (row?.right || row?.admin)
    throw new MusterError(
      "invalid",
      `a guest cannot be an administrator; take ${row.right ? "the right" : "the role of admin"} away first`,
      { at: "user" },
    );
}

/** The groups, joined by an administrator's hand, that give the person another role on the product. */
async function localGroupsGiving(db: Db, account: AccountId, product: ProductId, other: Role): Promise<GroupId[]> {
  const rows = await db.query<{ id: GroupId }>({
    text: `with recursive mine as (
        select m.group_id as joined, m.group_id as id from local_memberships m
        where m.organization = $1 and m.account = $2
        union
        select r.joined, n.parent from mine r join group_nestings n on n.organization = $1 and n.child = r.id
      )
      select distinct r.joined as id from mine r
      join role_grants t on t.organization = $1 and t.group_id = r.id and t.product = $3 and t.role <> $4
      order by r.joined`,
    values: [db.organization, account, product, other],
  });
  return rows.map(({ id }) => id);
}

async function refuseOtherRole(tx: Tx, account: AccountId, product: ProductId, wanted: Role): Promise<void> {
  const [row] = await tx.query<{ role: Role | null; through: string | null; directory: string | null }>({
    text: `select a.role, g.name as through, d.name as directory from access a
      left join groups g on g.organization = $1 and g.id = a.group_id
      left join directories d on d.organization = $1 and d.id = g.directory
      where a.organization = $1 and a.account = $2 and a.product = $3`,
    values: [tx.organization, account, product],
  });
  if (row?.role === wanted) return;
  const through = row?.directory ? `the group ${row.through} of ${row.directory}` : (row?.through ?? "nothing");
  throw new MusterError(
    "conflict",
    `the person would still be ${row?.role ?? "nothing"} there, through ${through}; change that first`,
    { at: "user" },
  );
}
