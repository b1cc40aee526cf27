import { MusterError } from "../errors.ts";
import type { Db } from "./connection.ts";
import { type SqlFragment, type SqlOrder, shift } from "./sql.ts";

/** Where a list goes on: behind the row of this id, whose order key has this text (null: it has none, or nothing is sorted by). */
export type PagePosition = { key: string | null; id: string };

/** Which rows, in which order; the id, which grows with time, decides last. */
export type PageQuery = {
  where?: SqlFragment;
  orderBy?: SqlOrder;
  /** Go on behind this row; `offset` counts from there. The cost is the page's, however deep it lies. */
  after?: PagePosition;
  limit: number;
  offset?: number;
  /** Whether to say how many rows match in all. */
  total?: boolean;
};

/** `next` is where the list goes on, null when this was its end. */
export type Page<Row> = { total: number | null; rows: Row[]; next: PagePosition | null };

/** A table of one directory's rows, live and dead: `alias` is how fragments call it, `columns` what a row of a page has. */
export type PagedTable = { name: string; alias: string; columns: string };

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
  const { alias } = table;
  const offset = query.offset ?? 0;
  const values: unknown[] = [db.organization, directory];
  let where = `${alias}.organization = $1 and ${alias}.directory = $2 and ${alias}.deleted_at is null`;
  if (query.where) {
    where += ` and (${shift(query.where, values.length)})`;
    values.push(...query.where.values);
  }
  const counted = [...values];
  const count = async (): Promise<number> => {
    const [row] = await db.query<{ total: number }>({
      text: `select count(*) as total from ${table.name} ${alias} where ${where}`,
      values: counted,
    });
    return row?.total ?? 0;
  };
  const wanted = query.total ?? true;
  if (query.limit === 0) return { total: wanted ? await count() : null, rows: [], next: null };
  const found = await rowsOf<Row>(db, table, where, values, query, offset);
  const rows = found.slice(0, query.limit).map(({ orderKey: _, ...row }) => row as unknown as Row);
  const last = found[query.limit - 1];
  const more = found.length > query.limit;
  const next = more && last ? { key: last.orderKey ?? null, id: last.id } : null;
  if (!wanted) return { total: null, rows, next };
  const shown = !more && query.after === undefined && (offset === 0 || rows.length > 0);
  return { total: shown ? offset + rows.length : await count(), rows, next };
}

/** One row more than asked for, so that the page knows whether it is the last. */
async function rowsOf<Row>(
  db: Db,
  { name, alias, columns }: PagedTable,
  where: string,
  values: unknown[],
  query: PageQuery,
  offset: number,
): Promise<(Row & { orderKey?: string | null })[]> {
  const bind = (value: unknown): string => `$${values.push(value)}`;
  let order = `${alias}.id`;
  let selected = columns;
  const key = query.orderBy?.key && {
    ...query.orderBy.key,
    sql: shift({ text: query.orderBy.key.sql }, values.length),
  };
  if (query.orderBy) {
    order = `${shift(query.orderBy, values.length)}, ${alias}.id`;
    values.push(...query.orderBy.values);
    if (key) selected = `${columns}, (${key.sql})::text as "orderKey"`;
  }
  let behind = "";
  if (query.after) {
    if (query.orderBy && !key) throw new MusterError("internal", "an order without a key has no positions");
    behind = ` and ${isBehind(key, alias, query.after, bind)}`;
  }
  const keyed = query.where === undefined || query.where.keyed === true;
  const some = `from ${name} ${alias} where ${where}${behind} order by ${order} limit ${bind(query.limit + 1)}`;
  if (offset < DEEP)
    return db.query({ text: `select ${selected} ${some} offset ${bind(offset)}`, values, prepared: keyed });
  return db.query({
    text: `select ${selected} from (select ${alias}.id ${some} offset ${bind(offset)}) page
      join ${name} ${alias} on ${alias}.organization = $1 and ${alias}.id = page.id order by ${order}`,
    values,
    prepared: keyed,
  });
}

/** Rows without a key sort as if theirs were the greatest. */
export function isBehind(key: SqlOrder["key"], alias: string, after: PagePosition, bind: (value: unknown) => string): string {
  const id = `${alias}.id`;
  if (!key) return `${id} > ${bind(after.id)}::uuid`;
  if (after.key === null) {
    const rest = `${key.sql} is null and ${id} > ${bind(after.id)}::uuid`;
    return key.descending ? `(${key.sql} is not null or (${rest}))` : `(${rest})`;
  }
  const value = `${bind(after.key)}::${key.type}`;
  const other = `${bind(after.id)}::uuid`;
  if (!key.descending) {
    const greater = `(${key.sql}, ${id}) > (${value}, ${other})`;
    return key.nullable ? `(${greater} or ${key.sql} is null)` : `(${greater})`;
  }
  // The first comparison repeats what the others say, in the form that an index serves.
  return `(${key.sql} <= ${value} and (${key.sql} < ${value} or ${id} > ${other}))`;
}
