import type { Db } from "../db/connection.ts";
import { MusterError } from "../errors.ts";
import { parseFieldFilter } from "../filter/fields.ts";
import { type AccessFacts, decide } from "./access/reason.ts";
import { ACCOUNT_FIELDS } from "./account-overview.ts";
import type { ExportKind } from "./exports.ts";
import { type ListFilter, listFilterSql } from "./list-filter.ts";
import { type Status, statusSql } from "./statuses.ts";

/** What an export is narrowed to: a filter over people as its maker wrote it, and instants of the audit. */
export type ExportFilter = { people: string | null; since: string | null; until: string | null };
export type ExportRow = Readonly<Record<string, unknown>>;
type Page = { rows: ExportRow[] /** The key of the last row. */; last: string | null };
type Asked = { filter: ExportFilter; after: string | null; limit: number };

/** What each kind's rows hold, in the order of a file's columns. */
export const EXPORT_COLUMNS: Readonly<Record<ExportKind, readonly string[]>> = {
  users: [
    "id",
    "userName",
    "email",
    "displayName",
    "status",
    "directory",
    "externalId",
    "firstAccessAt",
    "lastAccessAt",
    "createdAt",
  ],
  access: ["userId", "userName", "email", "status", "site", "product", "role", "allowed", "reason", "until"],
  audit: ["id", "at", "actorKind", "actor", "requestId", "action", "subjectKind", "subject", "detail"],
  guests: [
    "id",
    "userId",
    "userName",
    "email",
    "site",
    "product",
    "space",
    "permission",
    "sponsor",
    "expiresAt",
    "parked",
    "createdAt",
  ],
  grants: ["id", "site", "product", "role", "directory", "group", "groupId", "state", "createdAt"],
};

const PAGES: Readonly<Record<ExportKind, (db: Db, asked: Asked) => Promise<Page>>> = {
  users,
  access,
  audit,
  guests,
  grants,
};

/** Rows of an export behind a key, in the order of their keys: a file of any length takes no more memory than one page. */
export function exportPage(db: Db, kind: ExportKind, asked: Asked): Promise<Page> {
  return PAGES[kind](db, asked);
}

async function users(db: Db, { filter, after, limit }: Asked): Promise<Page> {
  const values: unknown[] = [db.organization, after, limit];
  const rows = await db.query<{ id: string }>({
    text: `select a.id, a.user_name as "userName", a.email, a.display_name as "displayName", ${statusSql} as status,
        d.name as directory, c.external_id as "externalId", a.first_access_at as "firstAccessAt",
        a.last_access_at as "lastAccessAt", a.created_at as "createdAt"
      from accounts a
      left join directory_users c on c.organization = a.organization and c.id = a.canonical
      left join directories d on d.organization = c.organization and d.id = c.directory
      where ${["a.organization = $1", "($2::uuid is null or a.id > $2)", ...conditions(filter, values)].join(" and ")}
      order by a.id limit $3`,
    values,
  });
  return { rows, last: rows.at(-1)?.id ?? null };
}

async function access(db: Db, { filter, after, limit }: Asked): Promise<Page> {
  const [account = null, product = null] = after?.split(" ") ?? [];
  const values: unknown[] = [db.organization, account, product, limit];
  const rows = await db.query<AccessFacts & { userId: string; productId: string; status: Status; until: Date | null }>({
    text: `select a.id as "userId", a.user_name as "userName", a.email, ${statusSql} as status, s.key as site,
        p.key as product, p.id as "productId", x.role, x.state, x.domain_limited as "domainLimited",
        coalesce(x.live_until <= statement_timestamp(), false) as expired, x.live_until as until
      from access x
      join accounts a on a.organization = x.organization and a.id = x.account
      join products p on p.organization = x.organization and p.id = x.product
      join sites s on s.organization = p.organization and s.id = p.site
      where ${["x.organization = $1", "($2::uuid is null or (x.account, x.product) > ($2, $3::uuid))", ...conditions(filter, values)].join(" and ")}
      order by x.account, x.product limit $4`,
    values,
  });
  const last = rows.at(-1);
  return {
    rows: rows.map(({ productId: _, state, domainLimited, expired, ...row }) => ({
      ...row,
      ...decide(row.status, { role: row.role, state, domainLimited, expired }),
    })),
    last: last ? `${last.userId} ${last.productId}` : null,
  };
}

async function audit(db: Db, { filter, after, limit }: Asked): Promise<Page> {
  const rows = await db.query<{ id: number }>({
    text: `select id, at, actor_kind as "actorKind", actor, request_id as "requestId", action,
        subject_kind as "subjectKind", subject, detail
      from audit where organization = $1 and id > $2::bigint
        and ($4::timestamptz is null or at >= $4) and ($5::timestamptz is null or at < $5)
      order by id limit $3`,
    values: [db.organization, after ?? "0", limit, filter.since, filter.until],
  });
  return { rows, last: rows.at(-1)?.id.toString() ?? null };
}

async function guests(db: Db, { after, limit }: Asked): Promise<Page> {
  const rows = await db.query<{ id: string }>({
    text: `select g.id, g.account as "userId", a.user_name as "userName", a.email, s.key as site, p.key as product,
        e.key as space, g.permission, o.user_name as sponsor, g.expires_at as "expiresAt",
        g.parked_at is not null as parked, g.created_at as "createdAt"
      from guest_assignments g
      join accounts a on a.organization = g.organization and a.id = g.account
      join products p on p.organization = g.organization and p.id = g.product
      join sites s on s.organization = p.organization and s.id = p.site
      join spaces e on e.organization = g.organization and e.id = g.space
      left join accounts o on o.organization = g.organization and o.id = g.sponsor
      where g.organization = $1 and ($2::uuid is null or g.id > $2) order by g.id limit $3`,
    values: [db.organization, after, limit],
  });
  return { rows, last: rows.at(-1)?.id ?? null };
}

async function grants(db: Db, { after, limit }: Asked): Promise<Page> {
  const rows = await db.query<{ id: string }>({
    text: `select r.id, s.key as site, p.key as product, r.role, coalesce(d.name, 'local') as directory,
        coalesce(g.name, r.waiting_name) as group, r.group_id as "groupId",
        case when r.group_id is null or r.needs_confirmation then 'waiting' else 'in-force' end as state,
        r.created_at as "createdAt"
      from role_grants r
      join products p on p.organization = r.organization and p.id = r.product
      join sites s on s.organization = p.organization and s.id = p.site
      left join groups g on g.organization = r.organization and g.id = r.group_id
      left join directories d on d.organization = r.organization and d.id = coalesce(g.directory, r.waiting_directory)
      where r.organization = $1 and ($2::uuid is null or r.id > $2) order by r.id limit $3`,
    values: [db.organization, after, limit],
  });
  return { rows, last: rows.at(-1)?.id ?? null };
}

function conditions(filter: ExportFilter, values: unknown[]): readonly string[] {
  return filter.people === null ? [] : [listFilterSql(parsePeople(filter.people), values)];
}

/** A filter over people (RFC 7644 §3.4.2.2). @throws MusterError `invalid-filter`. */
export function parsePeople(text: string): ListFilter {
  try {
    return parseFieldFilter(text, ACCOUNT_FIELDS, "users");
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    throw new MusterError(error.code, `${error.message} (${error.at ?? "whole"} of the filter)`, { at: "filter" });
  }
}
