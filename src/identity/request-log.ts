import type { Database, Db } from "../db/connection.ts";
import type { DirectoryId, OrganizationId, TokenId } from "../db/id.ts";
import { binding } from "./within.ts";

/** One exchange with a SCIM directory as it is kept: masked and bounded before it comes here. */
export type LoggedRequest = {
  /** When it began, to the millisecond. */
  at: Date;
  id: string;
  requestId: string | null;
  /** Null: it was refused before its token was known. */
  token: TokenId | null;
  method: string;
  /** Below the directory's base URL, without query. */
  path: string;
  query: string | null;
  status: number;
  /** Milliseconds. */
  duration: number;
  userAgent: string | null;
  /** Of the body as announced. */
  bytes: number | null;
  warnings: readonly { name: string; at: readonly string[]; times: number }[];
  /** What it did to resources, as src/scim/exchange-log.ts tells it; `{ more }` counts what is not listed. */
  changes: readonly LoggedChange[];
  /** The masked body. */
  request: unknown;
  /** The request held more than is kept of one. */
  cut: boolean;
  /** Why it was refused, in Muster's words. */
  detail: string | null;
  /** Requests of this directory before this one that were left out, because there were too many at once. */
  skipped: number;
};

export type LoggedChange = {
  kind?: string;
  id?: string;
  did?: string;
  attributes?: readonly string[];
  added?: number;
  removed?: number;
  more?: number;
};

/** A row to write; what is JSON is its text already. */
export type NewLoggedRequest = Omit<LoggedRequest, "warnings" | "changes" | "request"> & {
  directory: DirectoryId;
  warnings: string | null;
  changes: string | null;
  request: string | null;
};

const COLUMNS = `at, id, request_id as "requestId", token, method, path, query, status, duration_ms as duration,
  user_agent as "userAgent", bytes, coalesce(warnings, '[]') as warnings, coalesce(changes, '[]') as changes, request, cut, detail,
  skipped`;

/**
 * Writes rows of one organization in one statement. A diagnostic log, not the record of anything: it commits by itself,
 * apart from the changes that it tells of, whose durable record is the audit. Rows of a directory that is gone are left
 * out; rows that stand already stay, so whoever does not know whether they were written may write them again. It does not
 * wait for the disk: a server that loses its power may lose the last second of this log, and of nothing else.
 */
export async function appendRequests(db: Db, rows: readonly NewLoggedRequest[]): Promise<void> {
  await db.query({
    name: "append-scim-requests",
    text: `insert into scim_requests (organization, directory, at, id, request_id, token, method, path, query, status,
        duration_ms, user_agent, bytes, cut, detail, skipped, warnings, changes, request)
      select $1, n.directory, to_timestamp(n.at / 1000), n.id, n.request_id, n.token, n.method, n.path, n.query, n.status,
        n.duration, n.user_agent, n.bytes, n.cut, n.detail, n.skipped,
        case when json_typeof(n.warnings) <> 'null' then n.warnings end,
        case when json_typeof(n.changes) <> 'null' then n.changes end,
        case when json_typeof(n.request) <> 'null' then n.request end
      from (select set_config('synchronous_commit', 'off', true)) of_this_statement
        cross join rows from (
          unnest($2::uuid[], $3::double precision[], $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::text[],
            $9::text[], $10::smallint[], $11::real[], $12::text[], $13::integer[], $14::boolean[], $15::text[],
            $16::integer[]),
          json_array_elements($17), json_array_elements($18), json_array_elements($19))
        as n (directory, at, id, request_id, token, method, path, query, status, duration, user_agent, bytes, cut,
          detail, skipped, warnings, changes, request)
      where exists (select from directories d where d.organization = $1 and d.id = n.directory)
      on conflict on constraint scim_requests_pk do nothing`,
    values: [
      db.organization,
      rows.map((row) => row.directory),
      rows.map((row) => row.at.getTime()),
      rows.map((row) => row.id),
      rows.map((row) => row.requestId),
      rows.map((row) => row.token),
      rows.map((row) => row.method),
      rows.map((row) => row.path),
      rows.map((row) => row.query),
      rows.map((row) => row.status),
      rows.map((row) => row.duration),
      rows.map((row) => row.userAgent),
      rows.map((row) => row.bytes),
      rows.map((row) => row.cut),
      rows.map((row) => row.detail),
      rows.map((row) => row.skipped),
      jsonList(rows.map((row) => row.warnings)),
      jsonList(rows.map((row) => row.changes)),
      jsonList(rows.map((row) => row.request)),
    ],
  });
}

/** JSON texts as one: an array of texts would have every quote escaped and read back again. */
function jsonList(texts: readonly (string | null)[]): string {
  return `[${texts.map((text) => text ?? "null").join(",")}]`;
}

/** Statuses from `from` to `to`. */
export type StatusRange = { from: number; to: number };

/** What `404` or `4xx` stands for, or undefined when the text is neither. */
export function parseStatusRange(text: string): StatusRange | undefined {
  const [, hundred = "", rest = ""] = /^([1-5])(\d\d|xx)$/i.exec(text) ?? [];
  if (hundred === "") return undefined;
  const from = Number(hundred) * 100 + (Number(rest) || 0);
  return { from, to: rest.toLowerCase() === "xx" ? from + 99 : from };
}

/** Which exchanges somebody wants to see. What is left out does not narrow. */
export type RequestFilter = {
  status?: StatusRange | undefined;
  /** Only those with warnings. */
  warnings?: boolean | undefined;
  since?: Date | undefined;
};

/** A place in a directory's log: rows after it are older. */
export type LogPosition = { at: Date; id: string };

/** A directory's exchanges, newest first. */
export async function listRequests(
  db: Db,
  directory: DirectoryId,
  query: RequestFilter & { after?: LogPosition | undefined; limit: number },
): Promise<LoggedRequest[]> {
  const { status, warnings, since, after, limit } = query;
  const values: unknown[] = [db.organization, directory];
  const bind = binding(values);
  const wanted = [
    ...(after === undefined ? [] : [`(at, id) < (${bind(after.at)}::timestamptz, ${bind(after.id)}::uuid)`]),
    ...(since === undefined ? [] : [`at >= ${bind(since)}`]),
    ...(status === undefined ? [] : [`status between ${bind(status.from)} and ${bind(status.to)}`]),
    ...(warnings === true ? ["warnings is not null"] : []),
  ];
  return db.query<LoggedRequest>({
    text: `select ${COLUMNS} from scim_requests
      where ${["organization = $1", "directory = $2", ...wanted].join(" and ")}
      order by at desc, id desc limit ${Math.trunc(limit)}`,
    values,
    prepared: true,
  });
}

/** Seconds within which a row stands in the log after its request came; one that comes later is not followed. */
const FOLLOWED = 30;

/**
 * What came into a directory's log lately and is not among `seen`, oldest first. Rows arrive by the batch and from
 * several processes, so the newest instant is no mark to go on from: whoever follows asks for all of the last seconds.
 */
export async function listUnseenRequests(
  db: Db,
  directory: DirectoryId,
  query: RequestFilter & { seen: readonly string[]; limit: number },
): Promise<LoggedRequest[]> {
  return db.query<LoggedRequest>({
    text: `select ${COLUMNS} from scim_requests
      where organization = $1 and directory = $2 and status between $3 and $4
        and (not $5 or warnings is not null) and at >= $6 and id <> all ($7::uuid[])
        and at > statement_timestamp() - make_interval(secs => $8)
      order by at, id limit $9`,
    values: [db.organization, directory, ...conditions(query), query.seen, FOLLOWED, query.limit],
  });
}

/** All rows that `listUnseenRequests` would look at. */
export async function recentRequests(db: Db, directory: DirectoryId): Promise<LogPosition[]> {
  return db.query<LogPosition>({
    text: `select at, id from scim_requests
      where organization = $1 and directory = $2 and at > statement_timestamp() - make_interval(secs => $3)`,
    values: [db.organization, directory, FOLLOWED],
  });
}

function conditions({ status, warnings, since }: RequestFilter): unknown[] {
  return [status?.from ?? 0, status?.to ?? 999, warnings === true, since ?? "-infinity"];
}

/** Rows that one statement deletes: few enough that it ends within a second. */
const BATCH = 5_000;

/** Requests that are kept of one directory, however many days they span. */
export const KEPT_REQUESTS = 1_000_000;

/**
 * Takes away what a directory's log holds beyond `days` (by the database's clock) or beyond its newest `rows`, in
 * batches that each commit by themselves. Returns how many rows went. For a job; running it twice changes nothing.
 */
export async function pruneRequests(
  db: Db,
  directory: DirectoryId,
  keep: { days: number; rows: number },
): Promise<number> {
  const [bound] = await db.query<{ at: Date }>({
    text: `select greatest(statement_timestamp() - make_interval(days => $3),
        (select at from scim_requests where organization = $1 and directory = $2
          order by at desc, id desc offset $4 limit 1)) as at`,
    values: [db.organization, directory, keep.days, keep.rows - 1],
  });
  let pruned = 0;
  for (;;) {
    const [row] = await db.query<{ count: number }>({
      // By place, because a table whose statistics are stale makes a join of keys take minutes. Nothing updates these rows.
      text: `with gone as (
          delete from scim_requests where organization = $1 and ctid = any (array(
            select ctid from scim_requests where organization = $1 and directory = $2 and at < $3
            order by at, id limit $4))
          returning 1)
        select count(*) from gone`,
      values: [db.organization, directory, bound?.at, BATCH],
    });
    pruned += row?.count ?? 0;
    if ((row?.count ?? 0) < BATCH) return pruned;
  }
}

/** Where the SCIM directories with these ids belong; ids that none has are left out. */
export async function organizationsOfDirectories(
  db: Database,
  directories: readonly DirectoryId[],
): Promise<{ organization: OrganizationId; directory: DirectoryId }[]> {
  return db.lookUp({
    text: "select organization, directory from organizations_of_directories($1::uuid[])",
    values: [directories],
  });
}
