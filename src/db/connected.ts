import pg from "pg";
import { type ConnectionSettings, clientOptions } from "./connection.ts";

/** A connection of its own for as long as `work` runs. */
export async function connected<T>(settings: ConnectionSettings, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(clientOptions(settings));
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
