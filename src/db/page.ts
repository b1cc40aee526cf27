import { MusterError } from "../errors.ts";
import type { Db } from "./connection.ts";
import { type SqlFragment, type SqlOrder, shift } from "./sql.ts";

/** Where a list goes on: behind the row of this id, whose order key has this text (null: it has none, or nothing is sorted by). */
export type PagePosition = { key: string | null; id: string };

/** Which rows, in which order; the id, which grows with time, decides last. */
export type PageQuery = {
  where?: SqlFragment;
  orderBy?: SqlOrder;
  /** Go on behind this row, whatever `offset` says. The cost is the page's, however deep it lies. */
  after?: PagePosition;
  limit: number;
  offset?: number;
  /** Whether to say how many rows match in all. */
  total?: boolean;
};

/** `next` is where the list goes on, null when this was its end. */
export type Page<Row> = { total: number | null; rows: Row[]; next: PagePosition | null };

/**
 * A table of one directory's rows, live and dead: `alias` is how fragments call it, `columns` what a row of a page has,
 * `all` an expression for the number of live rows where it is known without counting them. Columns and `all` may speak of
 * $1, the organization, and $2, the directory.
 */
export type PagedTable = { name: string; alias: string; columns: string; all?: string };

/** From so many skipped rows on they are skipped in the index alone, and only the page's rows are fetched. */
const DEEP = 200;

/**
 * A page of the live rows of a directory. How many match is counted only when the page does not show it.
 * @throws MusterError `internal` for a position in an order that has no key.
 */
export async function readPage<Row extends { id: string }>(
  db: Db,
  table: PagedTable,
  directory: string,
  query: PageQuery,
): Promise<Page<Row>> {
  const offset = query.after ? 0 : (query.offset ?? 0);
  const found = query.limit === 0 ? [] : await readRows<Row>(db, table, directory, query, offset);
  const rows = found.slice(0, query.limit).map(({ orderKey: _, allRows: __, ...row }) => row as unknown as Row);
  const more = found.length > query.limit;
  const last = found[query.limit - 1];
  const next = more && last ? { key: last.orderKey ?? null, id: last.id } : null;
  if (query.total === false) return { total: null, rows, next };
  const shown = query.limit > 0 && !more && !query.after && (offset === 0 || rows.length > 0);
  const known = shown ? offset + rows.length : found[0]?.allRows;
  return { total: known ?? (await countRows(db, table, directory, query.where)), rows, next };
}

async function countRows(db: Db, table: PagedTable, directory: string, filter?: SqlFragment): Promise<number> {
  const values: unknown[] = [db.organization, directory];
  const where = condition(table, filter, values);
  const counted = `count(*) as total from ${table.name} ${table.alias} ${where}`;
  const text = table.all !== undefined && !filter ? `select ${table.all} as total` : `select ${counted}`;
  // What an index serves may be many rows all the same; a page of them ends soon, a count does not.
  const prepared = filter === undefined || filter.keyed !== undefined;
  const [row] = await db.query<{ total: number }>({ text, values, prepared });
  return row?.total ?? 0;
}

/** Kept prepared when one plan serves all values; planned for its values when an index serves it; else a slow read. */
function speed({ where, orderBy }: PageQuery): { prepared?: boolean } {
  if (where?.keyed !== undefined) return { prepared: true };
  if ((where && !where.served) || (orderBy && !orderBy.served)) return { prepared: false };
  return where ? {} : { prepared: true };
}

function condition({ alias }: PagedTable, filter: SqlFragment | undefined, values: unknown[]): string {
  const where = `where ${alias}.organization = $1 and ${alias}.directory = $2 and ${alias}.deleted_at is null`;
  if (!filter) return where;
  const text = shift(filter, values.length);
  values.push(...filter.values);
  return `${where} and (${text})`;
}

type Found<Row> = Row & { orderKey?: string | null; allRows?: number };

/** One row more than asked for, so that the page knows whether it is the last. */
async function readRows<Row>(
  db: Db,
  table: PagedTable,
  directory: string,
  query: PageQuery,
  offset: number,
): Promise<Found<Row>[]> {
  const wanted = query.limit + 1;
  const { orderBy, after } = query;
  if (!after) return readSome(db, table, directory, query, null, wanted, offset);
  if (orderBy && !orderBy.key) throw new MusterError("internal", "an order without a key has no positions");
  // One after the other, because together no index would serve them: usually the first has all that is wanted.
  let rows: Found<Row>[] = [];
  for (const part of partsBehind(orderBy?.key, table.alias, after).keys()) {
    if (rows.length < wanted)
      rows = rows.concat(await readSome(db, table, directory, query, { after, part }, wanted - rows.length, 0));
  }
  return rows;
}

async function readSome<Row>(
  db: Db,
  table: PagedTable,
  directory: string,
  query: PageQuery,
  behind: { after: PagePosition; part: number } | null,
  limit: number,
  offset: number,
): Promise<Found<Row>[]> {
  const { name, alias, columns } = table;
  const { where: filter, orderBy, total } = query;
  const values: unknown[] = [db.organization, directory];
  let where = condition(table, filter, values);
  const key = orderBy?.key && { ...orderBy.key, sql: shift({ text: orderBy.key.sql }, values.length) };
  const order = orderBy ? `${shift(orderBy, values.length)}${key?.unique ? "" : `, ${alias}.id`}` : `${alias}.id`;
  values.push(...(orderBy?.values ?? []));
  if (behind) {
    const bind = (value: unknown): string => `$${values.push(value)}`;
    where += ` and ${partsBehind(key, alias, behind.after)[behind.part]?.(bind)}`;
  }
  // A slow read may not write, and counting sometimes tidies up: then the count is a statement of its own.
  const counts = table.all !== undefined && !filter && !behind && total !== false && speed(query).prepared !== false;
  const all = counts ? `, ${table.all} as "allRows"` : "";
  const selected = `${columns}${all}${key ? `, (${key.sql})::text as "orderKey"` : ""}`;
  const skip = offset === 0 ? "" : ` offset $${values.push(offset)}`;
  const page = `from ${name} ${alias} ${where} order by ${order} limit ${Math.trunc(limit)}${skip}`;
  if (offset < DEEP) return db.query({ text: `select ${selected} ${page}`, values, ...speed(query) });
  return db.query({
    text: `select ${selected} from (select ${alias}.id ${page}) page
      join ${name} ${alias} on ${alias}.organization = $1 and ${alias}.id = page.id order by ${order}`,
    values,
    ...speed(query),
  });
}

type Bind = (value: unknown) => string;

/** Rows behind a position as a condition; an order's key already speaks of the statement's parameters. */
export function isBehind(key: SqlOrder["key"], alias: string, after: PagePosition, bind: Bind): string {
  return `(${partsBehind(key, alias, after)
    .map((part) => `(${part(bind)})`)
    .join(" or ")})`;
}

/**
 * The same as conditions, each of which gives rows that come before those of the next. A row without a key sorts as if it
 * had the greatest.
 */
function partsBehind(key: SqlOrder["key"], alias: string, after: PagePosition): ((bind: Bind) => string)[] {
  const id = `${alias}.id`;
  const idBehind = (bind: Bind) => `${id} > ${bind(after.id)}::uuid`;
  if (!key) return [idBehind];
  const { sql } = key;
  if (after.key === null) {
    const rest = (bind: Bind) => `${sql} is null and ${idBehind(bind)}`;
    return key.descending ? [rest, () => `${sql} is not null`] : [rest];
  }
  const value = (bind: Bind) => `${bind(after.key)}::${key.type}`;
  if (key.unique) return [(bind) => `${sql} ${key.descending ? "<" : ">"} ${value(bind)}`];
  if (key.descending)
    return [
      (bind) => {
        const wanted = value(bind);
        // The first comparison repeats what the others say, in the form that an index serves.
        return `${sql} <= ${wanted} and (${sql} < ${wanted} or ${idBehind(bind)})`;
      },
    ];
  const greater = (bind: Bind) => `(${sql}, ${id}) > (${value(bind)}, ${bind(after.id)}::uuid)`;
  return key.nullable ? [greater, () => `${sql} is null`] : [greater];
}
