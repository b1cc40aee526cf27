import { statements } from "./server.ts";

/**
 * The tables of a database in which a text stands, as it is or as the hexadecimal digits of its bytes: none, for what
 * must never be kept in the clear.
 */
export async function tablesThatHold(superuserUrl: string, text: string): Promise<string[]> {
  const tables = await statements<{ name: string }>(superuserUrl, [
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  ]);
  const wanted = [text, JSON.stringify(text).slice(1, -1), Buffer.from(text).toString("hex")];
  const found = await statements<{ name: string }>(superuserUrl, [
    tables
      .map(({ name }) => {
        const holds = wanted.map((form) => `position('${form.replaceAll("'", "''")}' in t::text) > 0`).join(" or ");
        return `select '${name}' as name where exists (select from ${name} t where ${holds})`;
      })
      .join(" union all "),
  ]);
  return found.map(({ name }) => name);
}
