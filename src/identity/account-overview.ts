import type { Db } from "../db/connection.ts";
import type { AccountId, DirectoryUserId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { fieldsOf } from "../filter/fields.ts";
import { refuseMerged } from "./accounts/merged.ts";
import { DIRECTORY_KINDS, type DirectoryKind } from "./directories.ts";
import type { Role } from "./grants.ts";
import { fieldWithParts, isServed, type ListField, type ListFilter, listFilterSql } from "./list-filter.ts";
import {
  SITE_STATUSES,
  type SiteStatus,
  STATUS_CONDITIONS,
  type Status,
  siteStatusSql,
  statusSql,
} from "./statuses.ts";

/** One person as every face shows them. `email` is the canonical record's; `records` stand in the directories' order. */
export type AccountOverview = {
  id: AccountId;
  userName: string;
  email: string | null;
  displayName: string | null;
  status: Status;
  kind: Kind;
  /** The kind of the directory that has the canonical record; null where no directory holds the person. */
  source: DirectoryKind | null;
  /** When the person first used a product, or null. R80. */
  firstAccessAt: Date | null;
  /** When they used one last, to the hour. */
  lastAccessAt: Date | null;
  /** When all their access ends by itself, or ended; null where some of it lasts, and where there is none. */
  expiresAt: Date | null;
  /** When an invitation was sent to them last, and when they accepted one: signed up, in other words. R88. */
  invitedAt: Date | null;
  signedUpAt: Date | null;
  /** How they stand on each site, in the order of the sites' keys (R74 to R77). */
  sites: { site: string; status: SiteStatus }[];
  /** What they have on products, by the keys of site and product; the role is null where the sign-up domains refuse every one. */
  access: { site: string; product: string; role: Role | null; allowed: boolean }[];
  /** `directory` is its name. */
  records: { directory: string; id: DirectoryUserId; externalId: string | null; canonical: boolean; active: boolean }[];
};

/** A guest has a guest's role or spaces and nowhere a higher role; everybody else is a member. */
export type Kind = "member" | "guest";
export const KINDS: readonly Kind[] = ["member", "guest"];

export const STATUSES: readonly Status[] = ["invited-not-sent", "invited", "active", "suspended", "deactivated"];

const RECORDS = `directory_users u join directories d on d.organization = u.organization and d.id = u.directory`;
const OF_ACCOUNT = "u.organization = a.organization and u.account = a.id and u.deleted_at is null";

const ACCESS = `access x join products p on p.organization = x.organization and p.id = x.product
  join sites s on s.organization = p.organization and s.id = p.site`;
const HAS_ACCESS = "x.organization = a.organization and x.account = a.id";
/** As the view `live_access` has it: who is deactivated or suspended has no rows. */
const IS_ALLOWED = "(x.state = 'live' and (x.live_until is null or x.live_until > statement_timestamp()))";

const IS_GUEST = `not exists (select from access x where ${HAS_ACCESS} and x.role in ('user', 'admin'))
  and (exists (select from access x where ${HAS_ACCESS} and x.role = 'guest')
    or exists (select from guest_assignments g where g.organization = a.organization and g.account = a.id))`;

const CANONICAL = `directory_users c join directories d on d.organization = c.organization and d.id = c.directory
  where c.organization = a.organization and c.id = a.canonical`;
const SOURCE = `(select d.kind from ${CANONICAL})`;

const EXPIRES = `(select case when not bool_or(x.live_until is null) then max(x.live_until) end
  from access x where ${HAS_ACCESS} and x.state = 'live')`;

/** The groups that somebody is in themselves, by whomever. */
const MEMBERSHIPS = `(select u.organization, u.account, r.group_id from remote_memberships r
    join directory_users u on u.organization = r.organization and u.id = r.directory_user and u.deleted_at is null
    union all select l.organization, l.account, l.group_id from local_memberships l) m
  join groups g on g.organization = m.organization and g.id = m.group_id and g.deleted_at is null`;

/** What people can be filtered by. `directory` and `externalId` are those of any of their records, `siteStatus` that on any site. */
export const ACCOUNT_FIELDS = fieldsOf<ListField>(
  { name: "id", type: "string", column: { sql: "a.id", form: "reference", nullable: false }, keyed: true },
  {
    name: "userName",
    type: "string",
    column: { sql: "a.user_name_key", form: "user-name-key", nullable: false },
    keyed: true,
  },
  { name: "email", type: "string", column: { sql: "a.email_key", form: "address", nullable: true }, keyed: true },
  { name: "displayName", type: "string", column: { sql: "a.display_name", form: "folded", nullable: true } },
  {
    name: "status",
    type: "string",
    words: STATUSES,
    column: { sql: `(${statusSql})`, form: "exact", nullable: false },
    conditions: STATUS_CONDITIONS,
  },
  {
    name: "kind",
    type: "string",
    words: KINDS,
    column: { sql: `(case when ${IS_GUEST} then 'guest' else 'member' end)`, form: "exact", nullable: false },
    conditions: { guest: IS_GUEST, member: `not (${IS_GUEST})` },
  },
  {
    name: "source",
    type: "string",
    words: DIRECTORY_KINDS,
    column: { sql: SOURCE, form: "exact", nullable: true },
    conditions: Object.fromEntries(
      DIRECTORY_KINDS.map((kind) => [kind, `exists (select from ${CANONICAL} and d.kind = '${kind}')`]),
    ),
  },
  { name: "domain", type: "string", column: { sql: "a.email_domain", form: "key", nullable: true } },
  ...fieldWithParts(
    "access",
    { tables: ACCESS, of: HAS_ACCESS },
    { name: "site", type: "string", column: { sql: "s.key", form: "exact", nullable: false } },
    { name: "product", type: "string", column: { sql: "p.key", form: "exact", nullable: false } },
    {
      name: "role",
      type: "string",
      words: ["admin", "user", "guest"] satisfies Role[],
      column: { sql: "x.role", form: "exact", nullable: true },
    },
    { name: "allowed", type: "boolean", column: { sql: IS_ALLOWED, form: "boolean", nullable: false } },
  ),
  {
    name: "group",
    type: "string",
    from: { tables: MEMBERSHIPS, of: "m.organization = a.organization and m.account = a.id" },
    column: { sql: "m.group_id", form: "reference", nullable: false },
  },
  {
    name: "siteStatus",
    type: "string",
    words: SITE_STATUSES,
    from: { tables: "sites s", of: "s.organization = a.organization" },
    column: { sql: `(${siteStatusSql})`, form: "exact", nullable: false },
  },
  { name: "createdAt", type: "dateTime", column: { sql: "a.created_at", form: "time", nullable: false } },
  { name: "firstAccessAt", type: "dateTime", column: { sql: "a.first_access_at", form: "time", nullable: true } },
  { name: "lastAccessAt", type: "dateTime", column: { sql: "a.last_access_at", form: "time", nullable: true } },
  { name: "expiresAt", type: "dateTime", column: { sql: EXPIRES, form: "time", nullable: true } },
  {
    name: "directory",
    type: "string",
    from: { tables: RECORDS, of: OF_ACCOUNT },
    column: { sql: "d.name", form: "exact", nullable: false },
  },
  {
    name: "externalId",
    type: "string",
    from: { tables: "directory_users u", of: `${OF_ACCOUNT} and u.external_id is not null` },
    column: { sql: "u.external_id", form: "exact", nullable: false },
  },
);

/** The orders in which people are listed; an index has each of them. */
export const ACCOUNT_ORDERS = ["id", "-id", "userName", "-userName"] as const;
export type AccountOrder = (typeof ACCOUNT_ORDERS)[number];

const COLUMNS = `a.id, a.user_name as "userName", a.email, a.display_name as "displayName", ${statusSql} as status,
  case when ${IS_GUEST} then 'guest' else 'member' end as kind, ${SOURCE} as source,
  a.first_access_at as "firstAccessAt", a.last_access_at as "lastAccessAt", ${EXPIRES} as "expiresAt",
  (select max(i.sent_at) from invitations i where i.organization = a.organization and i.account = a.id) as "invitedAt",
  (select max(i.accepted_at) from invitations i where i.organization = a.organization and i.account = a.id) as "signedUpAt",
  coalesce((select json_agg(json_build_object('site', s.key, 'status', ${siteStatusSql}) order by s.key)
    from sites s where s.organization = a.organization), '[]') as sites,
  coalesce((select json_agg(json_build_object('site', s.key, 'product', p.key, 'role', x.role, 'allowed', ${IS_ALLOWED})
    order by s.key, p.key) from ${ACCESS} where ${HAS_ACCESS}), '[]') as access,
  coalesce((
    select json_agg(json_build_object('directory', d.name, 'id', u.id, 'externalId', u.external_id,
      'canonical', u.id = a.canonical, 'active', u.active) order by d.position, u.id)
    from ${RECORDS} where ${OF_ACCOUNT}
  ), '[]') as records`;

/**
 * The organization's people that match the filter, after the one whose id or folded user name, as the order has it, is
 * `after`. R87: without a filter everybody is listed, whatever their status, but those who were erased.
 * @throws MusterError `too-many` when a filter that no index serves looks at too much.
 */
export async function listAccounts(
  db: Db,
  query: { filter: ListFilter | null; after: string | null; limit: number; order?: AccountOrder },
): Promise<AccountOverview[]> {
  const { filter, after, limit, order = "id" } = query;
  const values: unknown[] = [db.organization];
  const descending = order.startsWith("-");
  const [key, type] = order.endsWith("id") ? ["a.id", "uuid"] : ["a.user_name_key", "text"];
  const conditions = listed(filter, values);
  if (after !== null) conditions.push(`${key} ${descending ? "<" : ">"} $${values.push(after)}::${type}`);
  const found = await db.query<{ id: AccountId }>({
    text: `select a.id from accounts a where ${conditions.join(" and ")}
      order by ${key} ${descending ? "desc" : "asc"} limit ${Math.trunc(limit)}`,
    values,
    prepared: filter === null || isServed(filter),
  });
  if (found.length === 0) return [];
  // Who is on the page is found first: a plan that sees so few looks up what belongs to them, and is made once for all filters.
  const rows = await db.query<AccountOverview>({
    text: `select ${COLUMNS} from accounts a where a.organization = $1 and a.id = any($2::uuid[])`,
    values: [db.organization, found.map(({ id }) => id)],
    prepared: true,
  });
  const shown = new Map(rows.map((row) => [row.id, row]));
  return found.flatMap(({ id }) => shown.get(id) ?? []);
}

/** People are counted no further: whoever sees so many narrows the filter. */
const MOST_COUNTED = 10_000;

/**
 * How many people `listAccounts` finds in all. `exact` is false where there are more than the number says.
 * @throws MusterError `too-many` when a filter that no index serves looks at too much.
 */
export async function countAccounts(db: Db, filter: ListFilter | null): Promise<{ count: number; exact: boolean }> {
  const values: unknown[] = [db.organization, MOST_COUNTED + 1];
  const [{ found } = { found: 0 }] = await db.query<{ found: number }>({
    text: `select count(*) as found from (select from accounts a where ${listed(filter, values).join(" and ")} limit $2) f`,
    values,
    ...(filter !== null && !isServed(filter) && { prepared: false }),
  });
  return { count: Math.min(found, MOST_COUNTED), exact: found <= MOST_COUNTED };
}

/** Who is listed: everybody who matches but those who went into another account and those who were erased. */
function listed(filter: ListFilter | null, values: unknown[]): string[] {
  const conditions = ["a.organization = $1", "a.merged_into is null", "a.erased_at is null"];
  return filter === null ? conditions : [...conditions, listFilterSql(filter, values)];
}

/** That there is such an account, where nothing of it is shown. @throws MusterError as `getAccount`. */
export async function requireAccount(db: Db, id: AccountId): Promise<void> {
  const [account] = await db.query<{ merged: boolean }>({
    name: "account-is-there",
    text: `select merged_into is not null as merged from accounts where organization = $1 and id = $2 and erased_at is null`,
    values: [db.organization, id],
  });
  if (!account) throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  if (account.merged) await refuseMerged(db, id);
}

/** @throws MusterError `not-found`, the same for a foreign id as for an unknown one; `merged` for one that went into another. */
export async function getAccount(db: Db, id: AccountId): Promise<AccountOverview> {
  const [account] = await db.query<AccountOverview>({
    text: `select ${COLUMNS} from accounts a where a.organization = $1 and a.id = $2 and a.erased_at is null`,
    values: [db.organization, id],
    prepared: true,
  });
  if (!account) throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  // A tombstone has no records: everybody else is asked no second time.
  if (account.records.length === 0) await refuseMerged(db, id);
  return account;
}
