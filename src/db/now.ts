import type { Db } from "./connection.ts";

/** By the database's clock, which decides what is over (design §3.4). */
export async function databaseNow(db: Db): Promise<Date> {
  const [row] = await db.query<{ now: Date }>({ text: "select statement_timestamp() as now" });
  return row?.now ?? new Date();
}
