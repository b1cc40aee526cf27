import type { AccountId, DirectoryId } from "../../db/id.ts";
import type { SqlFragment } from "../../db/sql.ts";
import type { Tx } from "../../db/transaction.ts";
import { reconcile } from "../access/reconcile.ts";

/**
 * Adds members to groups of one directory, as `changeMembers` does, without one of them ever leaving the database: for a
 * directory's first sync, which has as many memberships as others have in years.
 *
 * `beforeAccess` comes before accounts are locked, which other groups have too. Before: `members` gives pairs group_id,
 * member, none of them twice, of people whom this directory holds alive, but for those whose ids `missing` gives; its
 * parameters are those of `members`. After: as for `changeMembers`, or nothing at all and undefined where one of the
 * people is missing, or one of the groups is not held alive by this directory. Returns how many were not members yet.
 */
export async function addMembers(
  tx: Tx,
  directory: DirectoryId,
  members: SqlFragment,
  missing: string,
  beforeAccess: () => Promise<void>,
): Promise<number | undefined> {
  if (!(await lockAll(tx, directory, members, missing))) return undefined;
  const done = await insertMembers(tx, directory, members);
  if (done.accounts.length > 0) await beforeAccess();
  await reconcile(tx, done.accounts);
  return done.added;
}

type Done = { added: number; accounts: AccountId[] };

async function insertMembers(tx: Tx, directory: DirectoryId, members: SqlFragment): Promise<Done> {
  const own = members.values.length;
  const [organization = "", of, kind, actor, request] = [1, 2, 3, 4, 5].map((place) => `$${own + place}`);
  const [done] = await tx.query<Done>({
    name: "add-members",
    text: `
      with recursive peopled as materialized (
        select g.id from (select distinct m.group_id as id from (${members.text}) m) g
        -- The next group that has members, in their order, which one index alone has: asked for the members of this one, the
        -- planner joined it with all memberships, or sought through those of a large group in the hope to meet one soon.
        where (select h.group_id from remote_memberships h where h.organization = ${organization} and h.group_id >= g.id
          order by h.group_id limit 1) = g.id
      ), come as (
        -- Nobody else changes the members of groups that are locked, so there is no conflict to look out for: what
        -- PostgreSQL does for one with each row costs more than to ask which of the groups have anybody yet.
        insert into remote_memberships (organization, group_id, directory_user)
        select ${organization}::uuid, m.group_id, m.member from (${members.text}) m
        where (m.group_id in (select id from peopled)) is not true
          or (select true from remote_memberships h where h.organization = ${organization} and h.group_id = m.group_id
            and h.directory_user = m.member limit 1) is null
        order by m.group_id, m.member
        returning group_id, directory_user as member
      ), told as materialized (
        select c.group_id, jsonb_build_object('directory', ${of}::uuid, 'added', jsonb_agg(c.member), 'removed', '[]'::jsonb)
          as detail
        from come c group by c.group_id order by c.group_id
      ), touched as (
        update directory_groups g set version = g.version + 1, updated_at = clock_timestamp()
        where g.organization = ${organization} and g.id = any(array(select t.group_id from told t))
      ), audited as (
        insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
        select ${organization}, ${kind}, ${actor}, ${request}, 'group.members-changed', 'group', t.group_id, t.detail from told t
      ), sent as (
        insert into outbox (organization, kind, subject_kind, subject, data)
        select ${organization}, 'group.members-changed', 'group', t.group_id, t.detail from told t
      ), ${granting(organization)}
      select (select count(*) from come) as added,
        array(select distinct u.account from come c
          cross join lateral (
            select u.account from directory_users u where u.organization = ${organization} and u.id = c.member offset 0) u
          where c.group_id in (select id from granting)) as accounts`,
    values: [...members.values, tx.organization, directory, tx.actor.kind, tx.actor.id, tx.actor.requestId],
  });
  return done ?? { added: 0, accounts: [] };
}

/**
 * Members before groups, as everywhere, each kind by id. Whether none of the members is missing and all groups are held alive
 * by this directory. A record stays for ever, so that the few who are missing are looked up, and not each member. Only
 * members whose access follows are locked, lest a rename carry one away to another account meanwhile: of the others nothing
 * but the row itself comes, which a record that is removed at the same moment keeps all the same.
 */
async function lockAll(tx: Tx, directory: DirectoryId, members: SqlFragment, missing: string): Promise<boolean> {
  const own = members.values.length;
  const [organization, of] = [`$${own + 1}`, `$${own + 2}`];
  const all = (column: string, where = "") =>
    `unnest(array(select distinct m.${column} from (${members.text}) m ${where} order by 1)) w (id)`;
  await tx.query({
    name: "lock-members-whose-access-follows",
    text: `with recursive ${granting(organization)}
      select count(l.id) from ${all("member", "where m.group_id in (select id from granting)")}
      cross join lateral (
        select t.id from directory_users t where t.organization = ${organization} and t.id = w.id for share) l`,
    values: [...members.values, tx.organization],
  });
  const [row] = await tx.query<{ all: boolean }>({
    name: "lock-groups-of-members",
    text: `select count(*) filter (where l.live is not true) = 0
        -- "is true" has these few hashed, and not all members.
        and not exists (select from (${members.text}) m where (m.member in (
          ${missing})) is true) as all
      from ${all("group_id")}
      left join lateral (
        select t.directory = ${of} and t.deleted_at is null as live from directory_groups t
        where t.organization = ${organization} and t.id = w.id for no key update) l on true`,
    values: [...members.values, tx.organization, directory],
  });
  return row?.all === true;
}

/** Of the other groups a membership gives nothing; the organization's lock keeps grants and nesting as they are. */
const granting = (organization: string): string => `
  granting (id) as (
    select group_id from role_grants where organization = ${organization} and group_id is not null
    union
    select n.child from granting g join group_nestings n on n.organization = ${organization} and n.parent = g.id
  )`;
