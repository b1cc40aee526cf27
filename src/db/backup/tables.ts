import type pg from "pg";
import { LEFT_OUT, type Purpose, type Table } from "./form.ts";

/** The table with its columns, as COPY wants it. */
export function copied({ name, columns }: Table): string {
  return `muster.${name} (${columns.map((column) => `"${column}"`).join(", ")})`;
}

/** Tables whose rows outlive a crash; what is staged does not. */
export async function tablesOf(client: pg.Client, purpose: Purpose): Promise<Table[]> {
  const { rows } = await client.query<Table>({
    text: `select c.relname::text as name, array_agg(a.attname::text order by a.attnum) as columns
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      where c.relnamespace = 'muster'::regnamespace and c.relkind = 'r' and c.relpersistence = 'p' and c.relname <> all ($1)
      group by c.relname order by c.relname`,
    values: [LEFT_OUT[purpose]],
  });
  return rows;
}
