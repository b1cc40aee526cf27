import type { Db } from "../../db/connection.ts";
import type { AccountId, AssignmentId, GroupId, InvitationId, ProductId, RightId, SiteId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { settleWaiting } from "../access/reconcile.ts";
import { removeLocalMembers } from "../groups.ts";
import { removeGuest } from "../guests.ts";
import { revokeInvitation } from "../invitations/change.ts";
import { recordOfAccounts } from "../record.ts";
import { refuseLastAdministrator } from "../rights/last-administrator.ts";
import type { Held } from "../rights/permissions.ts";
import { takeRight } from "../rights/rights.ts";
import { lockKnownAccounts } from "./lock.ts";

/** From what: one product, all of a site, or everything. */
export type RevokedFrom = { kind: "product"; id: ProductId } | { kind: "site"; id: SiteId } | { kind: "organization" };

/**
 * Takes away what was given here (C10, R77, R157): memberships of groups, guests' spaces and rights on the product, the site or
 * everything, and open invitations that offer it. The person stays in the organization, with their record and everything else.
 *
 * Before: the organization is locked exclusively. After: none of them has access there, nor gets it by accepting. All or nothing for all
 * of them. Returns those who had something.
 * @param held what the caller holds: nobody takes rights beyond it.
 * @throws MusterError `not-found`; `conflict` naming the group and its directory when a directory's group gives access there, and
 * when a group gives access elsewhere too; `not-allowed`; `conflict` for the last administrator (F35).
 */
export async function revokeAccess(
  tx: Tx,
  held: readonly Held[],
  accounts: readonly AccountId[],
  from: RevokedFrom,
  reason: string | null,
): Promise<AccountId[]> {
  await lockKnownAccounts(tx, accounts);
  const products = await productsOf(tx, from);
  await refuseDirectoryGroups(tx, accounts, products);
  await refuseWiderGroups(tx, accounts, products, from);
  const rights = await rightsOn(tx, accounts, from, products);
  if (from.kind === "organization" && rights.length > 0) await refuseLastAdministrator(tx, ...accounts);
  const gone = new Map<AccountId, string[]>();
  const note = (account: AccountId, what: string) => gone.set(account, [...(gone.get(account) ?? []), what]);
  for (const { account, invitation } of await invitationsTo(tx, accounts, products, from)) {
    await revokeInvitation(tx, invitation);
    note(account, `invitation ${invitation}`);
  }
  for (const { account, id } of rights) {
    await takeRight(tx, held, id);
    note(account, `right ${id}`);
  }
  for (const { account, id } of await spacesOf(tx, accounts, products)) {
    await removeGuest(tx, id);
    note(account, `space ${id}`);
  }
  for (const { group, members } of await localGroups(tx, accounts, from.kind === "organization" ? null : products)) {
    await removeLocalMembers(tx, group, members);
    for (const account of members) note(account, `group ${group}`);
  }
  await settleWaiting(tx);
  const changed = [...gone.keys()].sort();
  await recordOfAccounts(tx, "account.access-revoked", changed, (account: AccountId) => ({
    from,
    reason,
    revoked: gone.get(account),
  }));
  return changed;
}

async function productsOf(db: Db, from: RevokedFrom): Promise<ProductId[]> {
  const rows = await db.query<{ id: ProductId }>({
    text: `select id from products where organization = $1
      and case $2 when 'product' then id = $3 when 'site' then site = $3 else true end order by id`,
    values: [db.organization, from.kind, from.kind === "organization" ? null : from.id],
  });
  return rows.map((row) => row.id);
}

/** Groups that give a role on the products, themselves or through groups that they are in. `$1` the organization, `$3` the products. */
const GIVING = `recursive giving as (
    select t.group_id as id, t.product from role_grants t
    where t.organization = $1 and t.product = any ($3) and t.group_id is not null
    union
    select n.child, g.product from giving g join group_nestings n on n.organization = $1 and n.parent = g.id
  )`;

/** What a directory's group gives only the directory takes away (T15). */
async function refuseDirectoryGroups(
  db: Db,
  accounts: readonly AccountId[],
  products: readonly ProductId[],
): Promise<void> {
  const [row] = await db.query<{ userName: string; group: string; directory: string; product: string }>({
    text: `with ${GIVING}
      select a.user_name as "userName", g.name as group, d.name as directory, p.key as product
      from giving v
      join groups g on g.organization = $1 and g.id = v.id and g.deleted_at is null
      join directories d on d.organization = $1 and d.id = g.directory
      join remote_memberships m on m.organization = $1 and m.group_id = v.id
      join directory_users u on u.organization = $1 and u.id = m.directory_user and u.deleted_at is null and u.account = any ($2)
      join accounts a on a.organization = $1 and a.id = u.account
      join products p on p.organization = $1 and p.id = v.product
      order by a.id, g.name_key, p.key limit 1`,
    values: [db.organization, accounts, products],
  });
  if (!row) return;
  const { userName, group, directory, product } = row;
  throw new MusterError(
    "conflict",
    `${userName} has access to ${product} through the group ${group} of ${directory}: take them out of it in ${directory}, take the group's role on ${product} away (muster grant), or suspend the person`,
    { at: "id" },
  );
}

/** Leaving a group loses everything that it gives: more than was asked for is not taken in silence. */
async function refuseWiderGroups(
  db: Db,
  accounts: readonly AccountId[],
  products: readonly ProductId[],
  from: RevokedFrom,
): Promise<void> {
  if (from.kind === "organization") return;
  const [row] = await db.query<{ userName: string; group: string; product: string }>({
    text: `with ${GIVING}, mine as (
        select m.account, m.group_id as joined, m.group_id as id from local_memberships m
        where m.organization = $1 and m.account = any ($2) and m.group_id in (select id from giving)
        union
        select r.account, r.joined, n.parent from mine r join group_nestings n on n.organization = $1 and n.child = r.id
      )
      select a.user_name as "userName", g.name as group, p.key as product
      from mine r
      join role_grants t on t.organization = $1 and t.group_id = r.id and t.product <> all ($3)
      join products p on p.organization = $1 and p.id = t.product
      join groups g on g.organization = $1 and g.id = r.joined
      join accounts a on a.organization = $1 and a.id = r.account
      order by a.id, g.name_key, p.key limit 1`,
    values: [db.organization, accounts, products],
  });
  if (!row) return;
  throw new MusterError(
    "conflict",
    `${row.userName} has this access through the group ${row.group}, which gives access to ${row.product} too: revoke access to both, or put them into other groups first`,
    { at: "id" },
  );
}

/** @param products null: every group, also one that gives nothing. */
async function localGroups(
  db: Db,
  accounts: readonly AccountId[],
  products: readonly ProductId[] | null,
): Promise<{ group: GroupId; members: AccountId[] }[]> {
  return db.query({
    text: `with ${GIVING}
      select m.group_id as group, array_agg(m.account order by m.account) as members from local_memberships m
      where m.organization = $1 and m.account = any ($2) and ($4 or m.group_id in (select id from giving))
      group by m.group_id order by m.group_id`,
    values: [db.organization, accounts, products ?? [], products === null],
  });
}

async function spacesOf(
  db: Db,
  accounts: readonly AccountId[],
  products: readonly ProductId[],
): Promise<{ account: AccountId; id: AssignmentId }[]> {
  return db.query({
    text: `select account, id from guest_assignments
      where organization = $1 and account = any ($2) and product = any ($3) order by account, id`,
    values: [db.organization, accounts, products],
  });
}

/** Rights on the products and on the site; all of them when everything is taken. */
async function rightsOn(
  db: Db,
  accounts: readonly AccountId[],
  from: RevokedFrom,
  products: readonly ProductId[],
): Promise<{ account: AccountId; id: RightId }[]> {
  return db.query({
    text: `select account, id from rights where organization = $1 and account = any ($2) and case $3
        when 'organization' then true
        else (scope_kind = 'product' and scope_id = any ($4)) or ($3 = 'site' and scope_kind = 'site' and scope_id = $5) end
      order by account, id`,
    values: [db.organization, accounts, from.kind, products, from.kind === "organization" ? null : from.id],
  });
}

async function invitationsTo(
  db: Db,
  accounts: readonly AccountId[],
  products: readonly ProductId[],
  from: RevokedFrom,
): Promise<{ account: AccountId; invitation: InvitationId }[]> {
  return db.query({
    text: `with ${GIVING}
      select i.account, i.id as invitation from invitations i
      where i.organization = $1 and i.account = any ($2) and i.state in ('pending', 'needs-review') and ($4
        or exists (select from invitation_groups o where o.organization = $1 and o.invitation = i.id
          and o.group_id in (select id from giving))
        or exists (select from invitation_spaces o where o.organization = $1 and o.invitation = i.id and o.product = any ($3)))
      order by i.id`,
    values: [db.organization, accounts, products, from.kind === "organization"],
  });
}
