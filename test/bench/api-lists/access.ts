import { behind, filter, HELD, type Item, type Lists, OF, plain, RESERVED, text, userId } from "./list.ts";

const GUESTS = `guest_assignments g join accounts a on a.organization = g.organization and a.id = g.account
  join products p on p.organization = g.organization and p.id = g.product
  join sites s on s.organization = p.organization and s.id = p.site
  join spaces sp on sp.organization = g.organization and sp.id = g.space
  left join accounts h on h.organization = g.organization and h.id = g.sponsor`;

/** What gives access, and who has it. */
export const ACCESS: Lists = {
  "products.list": {
    path: () => "/products",
    bare: plain(
      "p.id as key, s.key as site, p.key as product, p.name, p.url, p.has_guests, p.seats",
      `products p join sites s
      on s.organization = p.organization and s.id = p.site`,
      "p",
      "",
      "p.id",
    ),
    after: behind("p.id"),
  },
  "products.access": {
    path: ({ product }) => `/products/${product}/access`,
    bare: plain(
      `a.id as key, a.user_name, a.email, a.first_access_at, a.suspended_at, x.role, x.state, x.live_until, ${HELD} as held`,
      "access x join accounts a on a.organization = x.organization and a.id = x.account",
      "x",
      "x.product = '01990001-0000-7000-8000-000000000001'",
      "x.account",
    ),
    key: userId,
    after: (item) => `x.account > ${text(userId(item))}`,
  },
  "products.defaultGroups": {
    path: () => "/products/wiki/default-groups",
    bare: plain(
      "g.id as key, f.role, g.name",
      `default_groups f join groups g on g.organization = f.organization and g.id = f.group_id
      join products p on p.organization = f.organization and p.id = f.product`,
      "f",
      "p.key = 'wiki'",
      "f.role",
    ),
    key: (item) => (item.group as Item).id,
  },
  "seats.list": {
    path: () => "/seats",
    bare: plain(
      `p.id as key, p.key as product, p.seats, (select sum(c.users) from access_counts c where c.organization = p.organization
        and c.product = p.id) as users, (select sum(c.guests) from access_counts c where c.organization = p.organization
        and c.product = p.id) as guests, v.pending`,
      `products p left join (${RESERVED}) v on v.product = p.id`,
      "p",
      "",
      "p.id",
    ),
    key: null,
    after: ({ product }) =>
      `p.id > (select id from products p where p.organization = ${OF} and p.key = ${text(product)})`,
  },
  "spaces.list": {
    path: ({ product }) => `/products/${product}/spaces`,
    bare: plain(
      "s.id as key, s.key as space, s.name",
      "spaces s",
      "s",
      "s.product = '01990001-0000-7000-8000-000000000001'",
      "s.id",
    ),
    after: behind("s.id"),
  },
  "sites.list": { path: () => "/sites", bare: plain("s.id as key, s.key as site, s.name", "sites s", "s", "", "s.id") },
  "sites.members": {
    path: ({ site }) => `/sites/${site}/members`,
    bare: plain(
      `a.id as key, a.user_name, a.email, a.first_access_at, a.suspended_at, ${HELD} as held`,
      "accounts a",
      "a",
      `exists (select from access x join products p on p.organization = x.organization and p.id = x.product
        join sites s on s.organization = p.organization and s.id = p.site
        where x.organization = a.organization and x.account = a.id and x.state = 'live' and (x.live_until is null or x.live_until > now())
        and s.key = ':site')`,
      "a.id",
    ),
    key: userId,
    after: (item) => `a.id > ${text(userId(item))}`,
  },
  "grants.list": {
    path: () => "/grants",
    bare: plain(
      "r.id as key, g.id, g.name, d.name as directory, s.key as site, p.key as product, r.role, r.needs_confirmation",
      `role_grants r left join groups g on g.organization = r.organization and g.id = r.group_id
        left join directories d on d.organization = g.organization and d.id = g.directory
        join products p on p.organization = r.organization and p.id = r.product
        join sites s on s.organization = p.organization and s.id = p.site`,
      "r",
      "",
      "r.id",
    ),
    after: behind("r.id"),
    ways: [{ name: "product", query: "product=drive", where: "p.key = 'drive'" }],
  },
  "groups.list": {
    path: () => "/groups",
    bare: plain(
      "g.id as key, g.name, d.name as directory",
      "groups g left join directories d on d.organization = g.organization and d.id = g.directory",
      "g",
      "g.deleted_at is null",
      "g.id",
    ),
    after: behind("g.id"),
    ways: [
      { name: "name co", query: filter('name co "team 12"'), where: "position('team 12' in g.name_key) > 0" },
      { name: "directory local", query: "directory=local", where: "g.directory is null" },
    ],
  },
  "groups.members": {
    path: ({ group }) => `/groups/${group}/members`,
    bare: plain(
      "a.id as key, a.user_name",
      `remote_memberships m join directory_users u on u.organization = m.organization
      and u.id = m.directory_user and u.deleted_at is null join accounts a on a.organization = u.organization and a.id = u.account`,
      "m",
      "m.group_id = ':group'",
      "a.id",
    ),
    key: userId,
    after: (item) => `a.id > ${text(userId(item))}`,
  },
  "groups.nested": {
    path: ({ department }) => `/groups/${department}/groups`,
    bare: plain(
      "g.id as key, g.name, d.name as directory",
      `group_nestings n join groups g on g.organization = n.organization and g.id = n.child
      left join directories d on d.organization = g.organization and d.id = g.directory`,
      "n",
      "g.deleted_at is null and n.parent = ':department'",
      "g.id",
    ),
    after: behind("g.id"),
  },
  "guests.list": {
    path: () => "/guests",
    bare: plain(
      `g.id as key, a.id, a.user_name, s.key as site, p.key as product, sp.key as space, g.permission, h.id, h.user_name,
      g.expires_at, g.parked_at`,
      GUESTS,
      "g",
      "",
      "g.id",
    ),
    after: behind("g.id"),
    ways: [
      { name: "product", query: "product=portal", where: "p.key = 'portal'" },
      { name: "endsBefore", query: "endsBefore=2020-01-01T00:00:00Z", where: "g.expires_at < '2020-01-01'" },
      { name: "space", query: filter('space eq "space-21"'), where: "sp.key = 'space-21'" },
    ],
  },
  "rights.list": {
    path: () => "/rights",
    bare: plain(
      "r.id as key, r.*, a.user_name, a.email",
      "rights r join accounts a on a.organization = r.organization and a.id = r.account",
      "r",
      "",
      "r.id",
    ),
    after: behind("r.id"),
    ways: [{ name: "user", query: "user=:person", where: "r.account = ':person'" }],
  },
  "administrators.list": {
    path: () => "/administrators",
    bare: plain(
      "a.id as key, a.user_name, a.email, (select json_agg(r.bundle) from rights r where r.organization = a.organization and r.account = a.id) as rights",
      "accounts a",
      "a",
      "exists (select from rights r where r.organization = a.organization and r.account = a.id)",
      "a.id",
    ),
    after: behind("a.id"),
  },
  "tokens.list": {
    path: () => "/tokens",
    bare: plain(
      "k.id as key, k.name, k.permissions, k.expires_at, k.created_at, k.last_used_at",
      "tokens k",
      "k",
      "",
      "k.id",
    ),
    after: behind("k.id"),
  },
  "sessions.list": { notAsked: "a token has none; a person's are few" },
  "singleSignOnBindings.list": {
    path: () => "/settings/single-sign-on/bindings",
    bare: plain(
      "b.account as key, b.issuer, b.subject, a.user_name, a.email",
      `single_sign_on_bindings b
      join accounts a on a.organization = b.organization and a.id = b.account`,
      "b",
      "",
      "b.account",
    ),
    key: (item) => item.account,
    after: (item) => `b.account > ${text(item.account)}`,
  },
  "me.capabilities": { path: () => "/me/capabilities", bare: null },
};
