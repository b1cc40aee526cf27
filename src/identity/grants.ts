import type { Db } from "../db/connection.ts";
import { type DirectoryId, type GrantId, type GroupId, newId, type ProductId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { accountsUnder } from "./access/accounts-under.ts";
import { reconcile } from "./access/reconcile.ts";
import { nameKey } from "./keys.ts";
import { recordChanges } from "./record.ts";

export type Role = "admin" | "user" | "guest";

/** A group that stands, or the name under which a directory may yet create one. */
export type GrantTarget = { group: GroupId } | { directory: DirectoryId; name: string };

export type Grant = {
  id: GrantId;
  /** null while the grant waits for its group. `directory` is null for a local group. */
  group: { id: GroupId | null; name: string; directory: string | null };
  product: ProductId;
  role: Role;
  /** `waiting`: the group does not exist yet. `unconfirmed`: an admin grant that waited and needs `confirmGrant`. */
  state: "in-force" | "waiting" | "unconfirmed";
};

export type GrantChange = Grant & { accountsChanged: number };

const COLUMNS = `t.id, t.product, t.role,
  json_build_object('id', t.group_id, 'name', coalesce(g.name, t.waiting_name), 'directory', d.name) as "group",
  case when t.group_id is null then 'waiting' when t.needs_confirmation then 'unconfirmed' else 'in-force' end as state`;
const TABLES = `role_grants t
  left join groups g on g.organization = t.organization and g.id = t.group_id
  left join directories d on d.organization = t.organization and d.id = coalesce(g.directory, t.waiting_directory)`;

/**
 * Gives the members of a group, and of every group in it, a role on a product (R47, R51, R58). A second grant to the
 * same group and product replaces the role. A name that no live group of the directory has waits: it binds to the
 * first group of that name which that directory creates, and to no other directory's (design §4.3).
 *
 * Before: the organization is locked exclusively. After: the group has exactly this role on the product and the
 * access of everybody under it follows, at once.
 * @throws MusterError `not-found` (group, product); `invalid` for `guest` on a product without guests (R8);
 * `conflict` when exactly this grant stands already, or when several groups of the directory have the name.
 */
export async function grantRole(tx: Tx, input: GrantTarget & { product: ProductId; role: Role }): Promise<GrantChange> {
  await refuseGuestsWhereNone(tx, input.product, input.role);
  const group =
    "group" in input ? await liveGroup(tx, input.group) : await groupOfName(tx, input.directory, input.name);
  const waiting = group === undefined && "name" in input;
  const [row] = await tx.query<{ id: GrantId; before: Role | null }>({
    text: `
      with before as (
        select id, role from role_grants where organization = $1 and product = $3
          and case when $4::uuid is null then group_id is null and waiting_directory = $5 and waiting_name_key = $7
            else group_id = $4 end
      ), changed as (
        update role_grants t set role = $8, needs_confirmation = false from before b
        where t.organization = $1 and t.id = b.id and b.role <> $8 returning t.id
      ), made as (
        insert into role_grants (organization, id, product, group_id, waiting_directory, waiting_name, waiting_name_key, role)
        select $1, $2, $3, $4, $5, $6, $7, $8 where not exists (select from before) returning id
      )
      select coalesce(c.id, m.id) as id, b.role as before from changed c full join made m on false left join before b on true`,
    values: [
      tx.organization,
      newId<GrantId>(),
      input.product,
      group ?? null,
      waiting ? input.directory : null,
      waiting ? input.name : null,
      waiting ? nameKey(input.name) : null,
      input.role,
    ],
  });
  if (!row)
    throw new MusterError("conflict", `the group has the role ${input.role} on this product already`, { at: "role" });
  await recordChanges(tx, [
    {
      action: row.before === null ? "grant.created" : "grant.changed",
      subjectKind: "grant",
      subject: row.id,
      detail: {
        product: input.product,
        role: input.role,
        before: row.before,
        ...(waiting ? { waitsFor: { directory: input.directory, name: input.name } } : { group }),
      },
      event: true,
    },
  ]);
  return settled(tx, row.id, group);
}

/**
 * Takes a grant away, waiting ones too. Before: the organization is locked exclusively. After: the grant is gone and
 * the access of everybody under its group follows. The answer tells the grant as it was.
 * @throws MusterError `not-found`.
 */
export async function revokeGrant(tx: Tx, id: GrantId): Promise<GrantChange> {
  const grant = await getGrant(tx, id);
  await tx.query({
    text: "delete from role_grants where organization = $1 and id = $2",
    values: [tx.organization, id],
  });
  await recordChanges(tx, [
    {
      action: "grant.revoked",
      subjectKind: "grant",
      subject: id,
      detail: { product: grant.product, role: grant.role, group: grant.group },
      event: true,
    },
  ]);
  return { ...grant, accountsChanged: await reconcileUnder(tx, grant.group.id) };
}

/**
 * An administrator confirms that an admin grant which waited was bound to the group he meant.
 * Before: the organization is locked exclusively. After: the grant counts.
 * @throws MusterError `not-found`; `conflict` when the grant still waits for its group or counts already.
 */
export async function confirmGrant(tx: Tx, id: GrantId): Promise<GrantChange> {
  const grant = await getGrant(tx, id);
  if (grant.state === "waiting")
    throw new MusterError("conflict", "the grant still waits for its group; there is nothing to confirm yet", {
      at: "grant",
    });
  if (grant.state === "in-force") throw new MusterError("conflict", "the grant is in force already", { at: "grant" });
  await tx.query({
    text: "update role_grants set needs_confirmation = false where organization = $1 and id = $2",
    values: [tx.organization, id],
  });
  await recordChanges(tx, [
    {
      action: "grant.confirmed",
      subjectKind: "grant",
      subject: id,
      detail: { product: grant.product, role: grant.role },
      event: true,
    },
  ]);
  return settled(tx, id, grant.group.id);
}

/**
 * Binds the grants that wait for groups of these names in this directory. Of several groups with one name the one with
 * the smallest id, made first, gets the grant. A grant of admin needs `confirmGrant` before it counts.
 *
 * Before: the groups were just created or restored by `tx`, which holds the organization at least shared. After: the
 * bound grants name their group by id, for good, and access follows.
 */
export async function bindWaitingGrants(
  tx: Tx,
  directory: DirectoryId,
  groups: readonly { id: GroupId; nameKey: string }[],
): Promise<void> {
  if (groups.length === 0) return;
  const bound = await tx.query<{ id: GrantId; group: GroupId; role: Role }>({
    name: "bind-waiting-grants",
    text: `
      with first as (
        select distinct on (w.name_key) w.name_key, w.id
        from unnest($3::uuid[], $4::text[]) as w (id, name_key) order by w.name_key, w.id
      )
      update role_grants t set group_id = f.id, needs_confirmation = t.role = 'admin',
        waiting_directory = null, waiting_name = null, waiting_name_key = null
      from first f
      where t.organization = $1 and t.group_id is null and t.waiting_directory = $2 and t.waiting_name_key = f.name_key
        and not exists (select from role_grants o
          where o.organization = $1 and o.product = t.product and o.group_id = f.id)
      returning t.id, t.group_id as "group", t.role`,
    values: [tx.organization, directory, groups.map((group) => group.id), groups.map((group) => group.nameKey)],
  });
  if (bound.length === 0) return;
  await recordChanges(
    tx,
    bound.map((grant) => ({
      action: "grant.bound",
      subjectKind: "grant",
      subject: grant.id,
      detail: { group: grant.group, role: grant.role, needsConfirmation: grant.role === "admin" },
      event: true,
    })),
  );
  await reconcile(
    tx,
    await accountsUnder(
      tx,
      bound.map((grant) => grant.group),
    ),
  );
}

/** The organization's grants, by product, then directory and group name; those of deleted groups are left out. */
export async function listGrants(db: Db): Promise<Grant[]> {
  return db.query<Grant>({
    text: `select ${COLUMNS} from ${TABLES} where t.organization = $1 and g.deleted_at is null
      order by t.product, d.name nulls last, coalesce(g.name_key, t.waiting_name_key), t.id`,
    values: [db.organization],
  });
}

/** @throws MusterError `not-found` when the organization has no such grant. */
export async function getGrant(db: Db, id: GrantId): Promise<Grant> {
  const [grant] = await db.query<Grant>({
    text: `select ${COLUMNS} from ${TABLES} where t.organization = $1 and t.id = $2`,
    values: [db.organization, id],
  });
  if (!grant) throw new MusterError("not-found", "there is no such grant", { at: "grant" });
  return grant;
}

async function settled(tx: Tx, id: GrantId, group: GroupId | null | undefined): Promise<GrantChange> {
  const accountsChanged = await reconcileUnder(tx, group ?? null);
  return { ...(await getGrant(tx, id)), accountsChanged };
}

async function reconcileUnder(tx: Tx, group: GroupId | null): Promise<number> {
  if (group === null) return 0;
  return (await reconcile(tx, await accountsUnder(tx, [group]))).changed;
}

async function refuseGuestsWhereNone(tx: Tx, product: ProductId, role: Role): Promise<void> {
  const [row] = await tx.query<{ key: string; hasGuests: boolean }>({
    text: `select key, has_guests as "hasGuests" from products where organization = $1 and id = $2`,
    values: [tx.organization, product],
  });
  if (!row) throw new MusterError("not-found", "there is no such product", { at: "product" });
  if (role === "guest" && !row.hasGuests)
    throw new MusterError(
      "invalid",
      `${row.key} has no guests: grant the role user or admin, or turn guests on for the product`,
      {
        at: "role",
      },
    );
}

async function liveGroup(tx: Tx, id: GroupId): Promise<GroupId> {
  const [row] = await tx.query<{ id: GroupId }>({
    text: "select id from groups where organization = $1 and id = $2 and deleted_at is null",
    values: [tx.organization, id],
  });
  if (!row) throw new MusterError("not-found", "there is no such group", { at: "group" });
  return row.id;
}

async function groupOfName(tx: Tx, directory: DirectoryId, name: string): Promise<GroupId | undefined> {
  const rows = await tx.query<{ id: GroupId }>({
    text: `select id from groups where organization = $1 and directory = $2 and name_key = $3 and deleted_at is null
      order by id limit 20`,
    values: [tx.organization, directory, nameKey(name)],
  });
  if (rows.length > 1)
    throw new MusterError("conflict", `several groups of this directory are called ${name}; name one by id`, {
      at: "group",
      candidates: rows.map((row) => `id:${row.id}`),
    });
  return rows[0]?.id;
}
