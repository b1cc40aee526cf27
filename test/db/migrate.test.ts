import { randomBytes } from "node:crypto";
import { afterAll, expect, inject, test } from "vitest";
import { Database } from "../../src/db/connection.ts";
import { isMigrated, migrate } from "../../src/db/migrate.ts";
import { testDatabase } from "../harness/postgres.ts";
import { statements, withDatabase } from "../harness/server.ts";

const { superuser } = inject("server");
const made: string[] = [];
afterAll(async () => {
  for (const statement of made.toReversed()) await statements(superuser, [statement]);
});

/** An empty database that belongs to a login which may create roles but is no superuser: what a hosted PostgreSQL gives. */
async function hostedDatabase(): Promise<string> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await statements(superuser, [
    `create role ${name} login createrole password 'x'`,
    `create database ${name} owner ${name}`,
  ]);
  made.push(`drop role ${name}`, `drop owned by ${name}`, `drop database ${name} with (force)`);
  const url = new URL(withDatabase(superuser, name));
  url.username = name;
  url.password = "x";
  return url.toString();
}

test("any number of starters at once bring an empty database to this version, and once more changes nothing", async () => {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await statements(superuser, [`create database ${name}`]);
  made.push(`drop database ${name} with (force)`);
  const url = withDatabase(superuser, name);
  await Promise.all(Array.from({ length: 5 }, () => migrate({ url })));
  const all = () => statements(url, ["select name, migration_time from muster.migrations order by id"]);
  const first = await all();
  await migrate({ url });
  expect(await all()).toEqual(first);
  const db = new Database({ url, role: "muster_app" });
  expect(await isMigrated(db)).toBe(true);
  await db.verifyRole();
  await db.close();
});

test("one login that may create roles is enough: it switches roles itself", async () => {
  // The roles of the run's own template belong to its superuser, who passes them on as a hosted server's would.
  const url = await hostedDatabase();
  const login = new URL(url).username;
  await statements(superuser, [`grant muster_owner, muster_app to ${login} with admin option, set false`]);
  await migrate({ url });
  const db = new Database({ url, role: "muster_app" });
  await db.verifyRole();
  await expect(db.lookUp({ text: "select 1 from accounts" })).rejects.toMatchObject({ code: "unavailable" });
  await db.close();
});

test("a login without the rights for setting up is told so, by the setting's name", async () => {
  const url = await hostedDatabase();
  await expect(migrate({ url })).rejects.toMatchObject({ code: "configuration", at: "DATABASE_OWNER_URL" });
});

test("an application's role that row-level security does not bind is refused", async () => {
  const database = await testDatabase();
  for (const settings of [
    { url: database.superuserUrl },
    { url: database.superuserUrl, role: "muster_owner" as const },
  ]) {
    const db = new Database(settings);
    await expect(db.verifyRole()).rejects.toMatchObject({ code: "configuration", at: "DATABASE_URL" });
    await db.close();
  }
  await database.drop();
});

test("a database made by a newer Muster is refused by the name of its migration, and left as it is", async () => {
  const database = await testDatabase();
  await statements(database.superuserUrl, [
    "insert into muster.migrations (name, batch, migration_time) values ('9999-tomorrow', 9, now())",
  ]);
  await expect(migrate({ url: database.ownerUrl })).rejects.toMatchObject({
    code: "configuration",
    message: expect.stringMatching(
      /^this database was made by a newer Muster \(it holds the migration 9999-tomorrow\)/,
    ),
  });
  await database.drop();
});

test("a connection that was set to an organization never answers a look-up", async () => {
  const database = await testDatabase();
  const db = new Database({ ...database.settings, poolSize: 2 });
  await db.of("00000000-0000-7000-8000-000000000001" as never).query({ text: "select 1 from accounts" });
  await expect(db.lookUp({ text: "select 1 from accounts" })).rejects.toMatchObject({ code: "unavailable" });
  expect(await db.lookUp({ text: "select * from list_organizations()" })).toEqual([]);
  await db.close();
  await database.drop();
});
