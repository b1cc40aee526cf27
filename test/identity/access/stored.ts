import { expect } from "vitest";
import type { Db } from "../../../src/db/connection.ts";
import { type Access, accessOfWorld, canonicalOf, type World } from "../model.ts";

/** The facts of an organization as the tables hold them, for the model to judge. */
async function readWorld(db: Db): Promise<World> {
  const ask = <Row>(text: string) => db.query<Row>({ text, values: [db.organization] });
  const [organization] = await ask<{ masking: boolean; now: number }>(
    `select membership_mode = 'masking' as masking, extract(epoch from statement_timestamp())::float8 * 1000 as now
     from organizations where id = $1`,
  );
  return {
    masking: organization?.masking ?? false,
    now: organization?.now ?? 0,
    directories: await ask(
      `select id, domain_policy as "domainPolicy" from directories where organization = $1 order by position`,
    ),
    domains: await ask("select domain, match from sign_up_domains where organization = $1"),
    accounts: await ask(
      `select id, email_domain as "emailDomain", suspended_at is not null as suspended from accounts where organization = $1`,
    ),
    records: await ask(
      `select u.id, u.account, u.directory, u.active, array(select m.group_id::text from remote_memberships m
         where m.organization = u.organization and m.directory_user = u.id) as groups
       from directory_users u where u.organization = $1 and u.deleted_at is null`,
    ),
    groups: (await ask<{ id: string }>("select id from groups where organization = $1 and deleted_at is null")).map(
      (row) => row.id,
    ),
    locals: await ask(
      `select account, group_id as "group", parked_at is not null as parked from local_memberships where organization = $1`,
    ),
    nestings: await ask("select parent, child from group_nestings where organization = $1"),
    grants: await ask(
      `select id, product, group_id as "group", role, needs_confirmation as unconfirmed from role_grants
       where organization = $1 and group_id is not null`,
    ),
    assignments: await ask(
      `select account, product, extract(epoch from expires_at)::float8 * 1000 as "expiresAt" from guest_assignments
       where organization = $1 and parked_at is null`,
    ),
  };
}

/** What the reconciler has written, in the model's form. */
export async function readAccess(db: Db): Promise<Map<string, Access>> {
  const rows = await db.query<Access & { account: string; product: string }>({
    text: `select account, product, role, state, domain_limited as "domainLimited",
        extract(epoch from live_until)::float8 * 1000 as "liveUntil", directory_user as record, group_id as "group",
        grant_id as "grant"
      from access where organization = $1`,
    values: [db.organization],
  });
  return new Map(rows.map(({ account, product, ...access }) => [`${account} ${product}`, access]));
}

/** Fails unless canonical records and access are what the model says of the facts that stand. */
export async function expectModel(db: Db, hint: string): Promise<void> {
  const world = await readWorld(db);
  const rows = await db.query<{ id: string; canonical: string | null }>({
    text: "select id, canonical from accounts where organization = $1 order by id",
    values: [db.organization],
  });
  expect(rows, `canonical records, ${hint}`).toEqual(rows.map(({ id }) => ({ id, canonical: canonicalOf(world, id) })));
  expect(sorted(await readAccess(db)), `access, ${hint}`).toEqual(sorted(accessOfWorld(world)));
  expect(await orphans(db), `rows of what is not there, ${hint}`).toEqual([]);
  expect(await miscounted(db), `products whose places are not as many as are counted, ${hint}`).toEqual([]);
  expect(await disagreeing(db), `paths that are only found in one way, ${hint}`).toEqual([]);
}

/**
 * The paths to one product are those of all that lead there, also where only the groups that give it are looked at (migration
 * 0046).
 */
async function disagreeing(db: Db): Promise<object[]> {
  return db.query({
    text: `with everybody as materialized (
        select array(select id from accounts where organization = $1) as ids
      ), form as materialized (
        select p.id, f.form, f.path from everybody e
        cross join products p
        cross join lateral (select array(select b.id from groups_below($1, array[p.id]) b (id)) as groups) g
        cross join lateral (
          select 'all' as form, to_jsonb(a) as path from access_paths($1, e.ids) a where a.product = p.id
          union all select 'product', to_jsonb(a) from access_paths($1, e.ids, array[p.id], null) a
          union all select 'within', to_jsonb(a) from access_paths($1, e.ids, array[p.id], g.groups) a) f
        where p.organization = $1
      )
      select path, array_agg(form) as forms from form group by id, path having count(*) <> 3`,
    values: [db.organization],
  });
}

/** Products of which the kept count says something else than the rows (migration 0046). */
async function miscounted(db: Db): Promise<object[]> {
  return db.query({
    text: `select p.id, t.users, t.members, t.guests, u.users as "realUsers", u.members as "realMembers", u.guests as "realGuests"
      from products p
      join access_counted($1, array(select o.id from products o where o.organization = $1), statement_timestamp()) t on t.product = p.id
      cross join lateral (
        select count(*) filter (where a.role in ('admin', 'user') and a.state = 'live') as users,
          count(*) filter (where a.role in ('admin', 'user')) as members,
          count(*) filter (where a.role = 'guest' and a.state = 'live' and a.admitted_at is not null
            and (a.live_until is null or a.live_until > statement_timestamp())) as guests
        from access a where a.organization = p.organization and a.product = p.id
      ) u
      where p.organization = $1 and (t.users, t.members, t.guests) <> (u.users, u.members, u.guests)`,
    values: [db.organization],
  });
}

/** What foreign keys would have refused: access and memberships of what does not exist (migrations 0027 and 0047). */
async function orphans(db: Db): Promise<object[]> {
  return db.query({
    text: `select 'access' as kind, x.account as one, x.product as other from access x
      where x.organization = $1 and (
        not exists (select from accounts a where a.organization = $1 and a.id = x.account)
        or not exists (select from products p where p.organization = $1 and p.id = x.product))
      union all
      select 'membership', m.group_id, m.directory_user from remote_memberships m
      where m.organization = $1 and not exists (
        select from directory_groups g
        join directory_users u on u.organization = $1 and u.id = m.directory_user and u.directory = g.directory
        where g.organization = $1 and g.id = m.group_id)
      union all
      select 'record', u.id, u.account from directory_users u
      where u.organization = $1
        and not exists (select from accounts a where a.organization = $1 and a.id = u.account)
      union all
      select 'canonical', a.id, a.canonical from accounts a
      where a.organization = $1 and a.canonical is not null
        and not exists (select from directory_users u where u.organization = $1 and u.id = a.canonical)`,
    values: [db.organization],
  });
}

function sorted(map: Map<string, Access>): [string, Access][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
