import { randomBytes } from "node:crypto";
import { afterAll, inject } from "vitest";
import { Database } from "../../../src/db/connection.ts";
import { statements, withDatabase } from "../../harness/server.ts";

/** A database of the test server's with nothing in it, dropped after the file. */
export async function emptyDatabase(): Promise<{ ownerUrl: string; superuserUrl: string; open(): Database }> {
  const server = inject("server");
  const name = `test_${randomBytes(6).toString("hex")}`;
  await statements(server.superuser, [`create database ${name}${server.owner === null ? "" : " owner muster_owner"}`]);
  const opened: Database[] = [];
  afterAll(async () => {
    for (const db of opened) await db.close();
    await statements(server.superuser, [`drop database ${name} with (force)`]);
  });
  return {
    ownerUrl: withDatabase(server.owner ?? server.superuser, name),
    superuserUrl: withDatabase(server.superuser, name),
    open: () => {
      const db = new Database({
        url: withDatabase(server.app ?? server.superuser, name),
        poolSize: 8,
        ...(server.app === null && { role: "muster_app" as const }),
      });
      opened.push(db);
      return db;
    },
  };
}
