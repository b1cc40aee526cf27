import type { Db } from "../db/connection.ts";
import type { DirectoryId, DirectoryUserId, GroupId } from "../db/id.ts";
import { isBehind, type PagePosition, type PageQuery } from "../db/page.ts";
import { type SqlFragment, type SqlOrder, shift } from "../db/sql.ts";

/** A user or a group of a directory. */
export type ResourceId = { kind: "User"; id: DirectoryUserId } | { kind: "Group"; id: GroupId };

/** Where a list of both goes on. */
export type ResourcePosition = PagePosition & { kind: "User" | "Group" };

/** What is wanted of one kind; fragments speak of the table as `u` or `g`. Without an order its rows have no key. */
export type KindQuery = { where?: SqlFragment; orderBy?: SqlOrder };

type BothQuery = {
  User: KindQuery;
  Group: KindQuery;
  descending: boolean;
  after?: ResourcePosition | undefined;
} & Pick<PageQuery, "limit" | "offset" | "total">;

const LEAST = "00000000-0000-0000-0000-000000000000";
const GREATEST = "ffffffff-ffff-ffff-ffff-ffffffffffff";

const TABLES = {
  User: { name: "directory_users", alias: "u", place: 0 },
  Group: { name: "directory_groups", alias: "g", place: 1 },
} as const;

/**
 * A page of the live users and groups of a directory together, as ids (RFC 7644 §3.4.2.1): by the key of their order,
 * then users before groups, then by id. How many match in all is counted when it is asked for.
 */
export async function listResourceIds(
  db: Db,
  directory: DirectoryId,
  query: BothQuery,
): Promise<{ total: number | null; ids: ResourceId[]; next: ResourcePosition | null }> {
  const { limit, offset = 0, descending } = query;
  const total = (query.total ?? true) ? await countBoth(db, directory, query) : null;
  if (limit === 0) return { total, ids: [], next: null };
  const values: unknown[] = [db.organization, directory, offset + limit + 1];
  const type = query.User.orderBy?.key?.type ?? query.Group.orderBy?.key?.type ?? "text";
  const branches = (["User", "Group"] as const).map((kind) => branch(kind, query, type, values));
  values.push(limit + 1, offset);
  const direction = descending ? "desc" : "asc";
  const rows = await db.query<ResourceId & { key: string | null }>({
    text: `select kind, id, key::text as key from (${branches.join(" union all ")}) r
      order by r.key ${direction}, r.place, r.id limit $${values.length - 1} offset $${values.length}`,
    values,
    ...slowness(query),
  });
  const ids = rows.slice(0, limit).map(({ kind, id }) => ({ kind, id }) as ResourceId);
  const last = rows[limit - 1];
  // What came between the two statements must not be on the page and not in the total.
  const shown = query.after === undefined ? offset + ids.length : 0;
  return {
    total: total === null ? null : Math.max(total, shown),
    ids,
    next: rows.length > limit && last ? { key: last.key, id: last.id, kind: last.kind } : null,
  };
}

/** As many rows of one kind as the page could need. */
function branch(kind: "User" | "Group", query: BothQuery, type: string, values: unknown[]): string {
  const { alias, place } = TABLES[kind];
  const { orderBy } = query[kind];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const from = conditionOf(kind, query[kind], values);
  const key = orderBy?.key && { ...orderBy.key, sql: shifted({ ...orderBy, text: orderBy.key.sql }, values) };
  const behind = query.after === undefined ? "" : ` and ${behindOf(kind, key, query, bind)}`;
  const order = orderBy === undefined ? "" : `${key?.sql} ${query.descending ? "desc" : "asc"}, `;
  return `(select '${kind}' as kind, ${place} as place, ${alias}.id, ${key?.sql ?? "null"}::${type} as key
    ${from}${behind} order by ${order}${alias}.id limit $3)`;
}

/** Of two rows with one key the user comes first: among the groups all are behind a user, among the users none behind a group. */
function behindOf(
  kind: "User" | "Group",
  key: SqlOrder["key"],
  query: BothQuery,
  bind: (value: unknown) => string,
): string {
  const after = query.after as ResourcePosition;
  const { alias, place } = TABLES[kind];
  const other = TABLES[after.kind].place;
  const id = place === other ? after.id : place > other ? LEAST : GREATEST;
  if (key !== undefined) return isBehind(key, alias, { key: after.key, id }, bind);
  // Rows of a kind without the key come last in ascending order and first in descending.
  if (after.key !== null) return query.descending ? "false" : "true";
  return isBehind(undefined, alias, { key: null, id }, bind);
}

function conditionOf(kind: "User" | "Group", { where }: KindQuery, values: unknown[]): string {
  const { name, alias } = TABLES[kind];
  const live = `from ${name} ${alias} where ${alias}.organization = $1 and ${alias}.directory = $2 and ${alias}.deleted_at is null`;
  return where === undefined ? live : `${live} and (${shifted(where, values)})`;
}

/** The fragment's text, its own values bound. */
function shifted(fragment: SqlFragment, values: unknown[]): string {
  const text = shift(fragment, values.length);
  values.push(...fragment.values);
  return text;
}

async function countBoth(db: Db, directory: DirectoryId, query: BothQuery): Promise<number> {
  const values: unknown[] = [db.organization, directory];
  const counts = (["User", "Group"] as const).map(
    (kind) => `(select count(*) ${conditionOf(kind, query[kind], values)})`,
  );
  const [row] = await db.query<{ total: number }>({
    text: `select ${counts.join(" + ")} as total`,
    values,
    ...slowness(query),
  });
  return row?.total ?? 0;
}

/** What no index serves shares a few connections with its like. */
function slowness({ User, Group }: BothQuery): { prepared?: false } {
  const isServed = ({ where }: KindQuery): boolean => where === undefined || Boolean(where.keyed);
  return isServed(User) && isServed(Group) ? {} : { prepared: false };
}
