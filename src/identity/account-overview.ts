import type { Db } from "../db/connection.ts";
import type { AccountId, DirectoryUserId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { fieldsOf } from "../filter/fields.ts";
import { refuseMerged } from "./accounts/merged.ts";
import { isServed, type ListField, type ListFilter, listFilterSql } from "./list-filter.ts";
import { SITE_STATUSES, type SiteStatus, type Status, siteStatusSql, statusSql } from "./statuses.ts";

/** One person as every face shows them. `email` is the canonical record's; `records` stand in the directories' order. */
export type AccountOverview = {
  id: AccountId;
  userName: string;
  email: string | null;
  status: Status;
  /** When the person first used a product, or null. R80. */
  firstAccessAt: Date | null;
  /** When an invitation was sent to them last, and when they accepted one: signed up, in other words. R88. */
  invitedAt: Date | null;
  signedUpAt: Date | null;
  /** How they stand on each site, in the order of the sites' keys (R74 to R77). */
  sites: { site: string; status: SiteStatus }[];
  /** `directory` is its name. */
  records: { directory: string; id: DirectoryUserId; externalId: string | null; canonical: boolean; active: boolean }[];
};

export const STATUSES: readonly Status[] = ["invited-not-sent", "invited", "active", "suspended", "deactivated"];

const RECORDS = `directory_users u join directories d on d.organization = u.organization and d.id = u.directory`;
const OF_ACCOUNT = "u.organization = a.organization and u.account = a.id and u.deleted_at is null";

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
  },
  {
    name: "siteStatus",
    type: "string",
    words: SITE_STATUSES,
    from: `(select ${siteStatusSql} as word from sites s where s.organization = a.organization) as e`,
    column: { sql: "e.word", form: "exact", nullable: false },
  },
  { name: "createdAt", type: "dateTime", column: { sql: "a.created_at", form: "time", nullable: false } },
  { name: "firstAccessAt", type: "dateTime", column: { sql: "a.first_access_at", form: "time", nullable: true } },
  {
    name: "directory",
    type: "string",
    from: `(select d.name from ${RECORDS} where ${OF_ACCOUNT}) as e`,
    column: { sql: "e.name", form: "exact", nullable: false },
  },
  {
    name: "externalId",
    type: "string",
    from: `(select u.external_id from directory_users u where ${OF_ACCOUNT} and u.external_id is not null) as e`,
    column: { sql: "e.external_id", form: "exact", nullable: false },
  },
);

/** The orders in which people are listed; an index has each of them. */
export const ACCOUNT_ORDERS = ["id", "-id", "userName", "-userName"] as const;
export type AccountOrder = (typeof ACCOUNT_ORDERS)[number];

const COLUMNS = `a.id, a.user_name as "userName", a.email, ${statusSql} as status, a.first_access_at as "firstAccessAt",
  (select max(i.sent_at) from invitations i where i.organization = a.organization and i.account = a.id) as "invitedAt",
  (select max(i.accepted_at) from invitations i where i.organization = a.organization and i.account = a.id) as "signedUpAt",
  coalesce((select json_agg(json_build_object('site', s.key, 'status', ${siteStatusSql}) order by s.key)
    from sites s where s.organization = a.organization), '[]') as sites,
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
  const values: unknown[] = [db.organization, limit];
  const descending = order.startsWith("-");
  const [key, type] = order.endsWith("id") ? ["a.id", "uuid"] : ["a.user_name_key", "text"];
  const conditions = ["a.organization = $1", "a.merged_into is null", "a.erased_at is null"];
  if (after !== null) conditions.push(`${key} ${descending ? "<" : ">"} $${values.push(after)}::${type}`);
  if (filter !== null) conditions.push(listFilterSql(filter, values));
  return db.query<AccountOverview>({
    text: `select ${COLUMNS} from accounts a where ${conditions.join(" and ")}
      order by ${key} ${descending ? "desc" : "asc"} limit $2`,
    values,
    ...(filter !== null && !isServed(filter) && { prepared: false }),
  });
}

/** @throws MusterError `not-found`, the same for a foreign id as for an unknown one; `merged` for one that went into another. */
export async function getAccount(db: Db, id: AccountId): Promise<AccountOverview> {
  const [account] = await db.query<AccountOverview>({
    text: `select ${COLUMNS} from accounts a where a.organization = $1 and a.id = $2 and a.erased_at is null`,
    values: [db.organization, id],
  });
  if (!account) throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  // A tombstone has no records: everybody else is asked no second time.
  if (account.records.length === 0) await refuseMerged(db, id);
  return account;
}
