import { DUPLICATES } from "../../../src/identity/accounts/duplicates.ts";
import { type Asked, before, behind, filter, HELD, LIMIT, type Lists, OF, plain, text } from "./list.ts";

const HAS = "select from access x where x.organization = a.organization and x.account = a.id";
const IN_PORTAL = `exists (${HAS} and x.role = 'guest' and x.product = '01990001-0000-7000-8000-000000000001')`;
const IN_GROUP = `a.id in (select u.account from remote_memberships m join directory_users u on u.organization = m.organization
    and u.id = m.directory_user and u.deleted_at is null where m.organization = ${OF} and m.group_id = ':group'
  union all select l.account from local_memberships l where l.organization = ${OF} and l.group_id = ':group')`;

/** A person with the same columns: the page is found first, then what belongs to it. */
function people({ where = "true", order = "a.id", after = "true" }: Asked): string {
  return `select a.id as key, a.user_name, a.email, a.display_name, a.first_access_at, a.last_access_at, a.suspended_at,
      i.sent_at, i.accepted_at, x.access, x.until, r.records, g.is_guest
    from (select * from accounts a where a.organization = ${OF} and a.merged_into is null and a.erased_at is null and ${where}
      and ${after} order by ${order} limit ${LIMIT}) a
    left join lateral (select max(sent_at) as sent_at, max(accepted_at) as accepted_at from invitations i
      where i.organization = a.organization and i.account = a.id) i on true
    left join lateral (select json_agg(json_build_object('site', s.key, 'product', p.key, 'role', x.role, 'state', x.state)) as access,
        max(x.live_until) as until
      from access x join products p on p.organization = x.organization and p.id = x.product
      join sites s on s.organization = p.organization and s.id = p.site
      where x.organization = a.organization and x.account = a.id) x on true
    left join lateral (select json_agg(json_build_object('directory', d.name, 'kind', d.kind, 'id', u.id, 'externalId', u.external_id,
        'active', u.active)) as records
      from directory_users u join directories d on d.organization = u.organization and d.id = u.directory
      where u.organization = a.organization and u.account = a.id and u.deleted_at is null) r on true
    left join lateral (select exists (select from guest_assignments g where g.organization = a.organization and g.account = a.id)
      as is_guest) g on true
    order by ${order}`;
}

/** People. */
export const PEOPLE: Lists = {
  "users.list": {
    path: () => "/users",
    bare: people,
    after: behind("a.id"),
    ways: [
      {
        name: "status active",
        query: filter('status eq "active"'),
        where: `a.suspended_at is null and a.first_access_at is not null and ${HELD}`,
      },
      {
        name: "status suspended",
        query: filter('status eq "suspended"'),
        where: `a.suspended_at is not null and ${HELD}`,
      },
      { name: "status deactivated", query: filter('status eq "deactivated"'), where: `not ${HELD}` },
      { name: "email co (many)", query: filter('email co "123"'), where: "position('123' in a.email_key) > 0" },
      {
        name: "email co (none)",
        query: filter('email co "nobody-has-it"'),
        where: "position('nobody-has-it' in a.email_key) > 0",
      },
      {
        name: "email eq",
        query: filter('email eq "user.0000123@example.com"'),
        where: "a.email_key = 'user.0000123@example.com'",
      },
      { name: "product and role", query: filter('access[product eq "portal" and role eq "guest"]'), where: IN_PORTAL },
      {
        name: "nobody has the role",
        query: filter('access[product eq "portal" and role eq "admin"]'),
        where: IN_PORTAL.replace("'guest'", "'admin'"),
      },
      { name: "no product", query: filter("not (access pr)"), where: `not exists (${HAS})` },
      { name: "group", query: filter('group eq ":group"'), where: IN_GROUP },
      {
        name: "kind guest",
        query: filter('kind eq "guest"'),
        where: `not exists (${HAS} and x.role in ('user', 'admin')) and (exists (${HAS} and x.role = 'guest')
        or exists (select from guest_assignments g where g.organization = a.organization and g.account = a.id))`,
      },
      { name: "domain", query: filter('domain eq "partner.example"'), where: "a.email_domain = 'partner.example'" },
      {
        name: "last active before",
        query: filter('lastAccessAt lt "2020-01-01T00:00:00Z"'),
        where: "a.last_access_at < '2020-01-01'",
      },
      { name: "never active", query: filter("not (lastAccessAt pr)"), where: "a.last_access_at is null" },
      {
        name: "directory",
        query: filter('directory eq "okta"'),
        where: `exists (select from directory_users u join directories d on d.organization = u.organization
        and d.id = u.directory where u.organization = a.organization and u.account = a.id and u.deleted_at is null and d.name = 'okta')`,
      },
      {
        name: "source nobody has",
        query: filter('source eq "csv"'),
        where: `exists (select from directory_users u join directories d on d.organization = u.organization
        and d.id = u.directory where u.organization = a.organization and u.id = a.canonical and d.kind = 'csv')`,
      },
      { name: "sorted -id", query: "sort=-id", order: "a.id desc", after: before("a.id") },
      {
        name: "sorted userName",
        query: "sort=userName",
        order: "a.user_name_key",
        after: (item) => `a.user_name_key > ${text(item.userName)}`,
      },
      {
        name: "sorted -userName",
        query: "sort=-userName",
        order: "a.user_name_key desc",
        after: (item) => `a.user_name_key < ${text(item.userName)}`,
      },
    ],
  },
  "users.duplicates": {
    path: () => "/users/duplicates",
    bare: () => DUPLICATES.replaceAll("$1", OF).replace("limit $2 offset $3", `limit ${LIMIT}`),
    key: null,
    deep: false,
  },
  "users.groups": {
    path: ({ person }) => `/users/${person}/groups`,
    bare: plain(
      "g.id as key, g.name, d.name as directory",
      `groups g left join directories d on d.organization = g.organization and d.id = g.directory join (
        select r.group_id, u.account from directory_users u join remote_memberships r on r.organization = u.organization
          and r.directory_user = u.id where u.organization = ${OF} and u.account = ':person' and u.deleted_at is null
        union select l.group_id, l.account from local_memberships l where l.organization = ${OF} and l.account = ':person') m
        on m.group_id = g.id`,
      "g",
      "g.deleted_at is null",
      "g.id",
    ),
  },
  "users.explain": {
    path: ({ person }) => `/users/${person}/explain`,
    bare: () => `with recursive reached as (
        select r.group_id as start, r.group_id as id from directory_users u join remote_memberships r on r.organization = u.organization
          and r.directory_user = u.id where u.organization = ${OF} and u.account = ':person' and u.deleted_at is null
        union select l.group_id, l.group_id from local_memberships l where l.organization = ${OF} and l.account = ':person'
        union select r.start, n.parent from reached r join group_nestings n on n.organization = ${OF} and n.child = r.id
      ) select t.id as key, t.role, g.name, s.key as site, p.key as product from reached r
      join role_grants t on t.organization = ${OF} and t.group_id = r.id
      join groups g on g.organization = t.organization and g.id = t.group_id and g.deleted_at is null
      join products p on p.organization = t.organization and p.id = t.product
      join sites s on s.organization = p.organization and s.id = p.site order by t.product, t.id limit ${LIMIT}`,
    key: null,
  },
  "users.addressChanges": {
    path: ({ person }) => `/users/${person}/address-changes`,
    bare: plain(
      "c.id as key, c.email, c.state, c.expires_at, c.created_at",
      "address_changes c",
      "c",
      "c.account = ':person'",
      "c.id desc",
    ),
  },
};
