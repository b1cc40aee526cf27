import pg from "pg";
import { describe, expect, test } from "vitest";
import { migrations } from "../../migrations/index.ts";
import { clientOptions, Database } from "../../src/db/connection.ts";
import { migrate } from "../../src/db/migrate.ts";
import { testContext } from "../harness/postgres.ts";

const ctx = await testContext();

async function asSuperuser<Row extends pg.QueryResultRow>(...statements: string[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: ctx.database.superuserUrl });
  await client.connect();
  try {
    let rows: Row[] = [];
    for (const statement of statements) rows = (await client.query<Row>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

describe("migrations", () => {
  test("a starter that was killed while migrating does not bar the next one", async () => {
    await asSuperuser(
      "update muster.migrations_lock set is_locked = 1",
      // All that is left of it is the lock that it held.
      "alter table muster.migrations_lock set schema public",
      "drop schema muster cascade",
      "create schema muster authorization muster_owner",
      "alter table public.migrations_lock set schema muster",
    );
    await migrate({ url: ctx.database.ownerUrl });
    const rows = await asSuperuser<{ name: string }>("select name from muster.migrations order by id");
    expect(rows.map((row) => row.name)).toEqual(migrations.map(([name]) => name));
  });

  test("ten starters at once bring one database up to date, once", async () => {
    await Promise.all(Array.from({ length: 10 }, () => migrate({ url: ctx.database.ownerUrl })));
    const rows = await asSuperuser<{ times: number }>(
      "select count(*)::int as times from muster.migrations group by name order by 1 desc limit 1",
    );
    expect(rows[0]?.times).toBe(1);
  });

  test("a database of a newer Muster is refused, naming what it holds", async () => {
    await asSuperuser("insert into muster.migrations (name, batch, migration_time) values ('9999-later', 9, now())");
    await expect(migrate({ url: ctx.database.ownerUrl })).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringContaining("9999-later"),
    });
    await asSuperuser("delete from muster.migrations where name = '9999-later'");
  });
});

describe("who may be the application", () => {
  test("a URL that brings options of its own is refused: they would take the place of role and search path", () => {
    expect(() => clientOptions({ url: "postgres://a@localhost/b?options=-c%20role%3Dpostgres" })).toThrow(
      expect.objectContaining({ code: "configuration", at: "DATABASE_URL" }),
    );
  });

  test("a login that may act for muster_owner is refused: its policies show every organization", async () => {
    const role = `member_${process.pid}`;
    await asSuperuser(`create role ${role} login password 'x' in role muster_app, muster_owner`);
    try {
      const url = new URL(ctx.database.superuserUrl);
      url.username = role;
      url.password = "x";
      const db = new Database({ url: url.toString() });
      await expect(db.verifyRole()).rejects.toMatchObject({ code: "configuration" });
      await db.close();
    } finally {
      await asSuperuser(`drop role ${role}`);
    }
  });

  test("the application cannot date or number its audit rows and events", async () => {
    const client = new pg.Client(clientOptions(ctx.database.settings));
    await client.connect();
    try {
      for (const table of ["audit", "outbox"])
        for (const column of ["id", "at", "transaction"])
          await expect(
            client.query(`insert into ${table} (organization, ${column}) values (gen_random_uuid(), default)`),
          ).rejects.toMatchObject({ code: "42501" });
    } finally {
      await client.end();
    }
  });
});
