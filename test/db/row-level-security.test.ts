import { expect, inject, test } from "vitest";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";

const ctx = await testContext();
const ours = newId<OrganizationId>();
const theirs = newId<OrganizationId>();

for (const organization of [ours, theirs])
  await inTransaction(
    ctx,
    { organization, kind: "system", id: null, requestId: null },
    async (tx) => {
      await tx.query({
        text: "insert into organizations (id, key, name) values ($1, $2, $2)",
        values: [organization, `o-${organization}`],
      });
      await tx.query({
        text: "insert into audit (organization, actor_kind, action, subject_kind) values ($1, 'system', 'organization.created', 'organization')",
        values: [organization],
      });
    },
    { lock: "none" },
  );

// knex keeps its own record of migrations; it belongs to no organization and the application cannot change it.
const tables = await statements<{ name: string; forced: boolean; app: number; owner: number; writable: boolean }>(
  ctx.database.superuserUrl,
  [
    `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
     (select count(*)::int from pg_policy p where p.polrelid = c.oid and 'muster_app'::regrole = any (p.polroles)) as app,
     (select count(*)::int from pg_policy p where p.polrelid = c.oid and 'muster_owner'::regrole = any (p.polroles)) as owner,
     has_table_privilege('muster_app', c.oid, 'insert, update, delete, truncate') as writable
   from pg_class c where c.relnamespace = 'muster'::regnamespace and c.relkind in ('r', 'p') order by 1`,
  ],
);
const own = tables.filter((table) => !table.name.startsWith("migrations"));

test("every table forces row-level security on the application and on its owner", () => {
  expect(own.length).toBeGreaterThan(10);
  for (const table of own) expect(table).toMatchObject({ forced: true, app: 1, owner: 1 });
  for (const table of tables.filter((each) => each.name.startsWith("migrations")))
    expect(table.writable, table.name).toBe(false);
});

test.each(own.map((table) => table.name))(
  "without an organization %s raises instead of looking empty",
  async (table) => {
    await expect(ctx.db.lookUp({ text: `select 1 from ${table} limit 1` })).rejects.toMatchObject({
      code: "unavailable",
    });
  },
);

test("an organization sees nothing of another's, whatever the statement says", async () => {
  const rows = await ctx.db.of(ours).query<{ id: string }>({ text: "select id from organizations" });
  expect(rows).toEqual([{ id: ours }]);
  expect(
    await ctx.db.of(ours).query({ text: "select 1 from audit where organization = $1", values: [theirs] }),
  ).toEqual([]);
  const changed = await ctx.db
    .of(ours)
    .query({ text: "update organizations set name = 'x' where id = $1 returning id", values: [theirs] });
  expect(changed).toEqual([]);
});

test("a row for another organization is refused", async () => {
  await expect(
    ctx.db.of(ours).query({
      text: "insert into sites (organization, id, key, name) values ($1, $2, 'x', 'x')",
      values: [theirs, newId()],
    }),
  ).rejects.toMatchObject({ code: "unavailable" });
});

test.each(["update audit set action = 'x'", "delete from audit", "truncate audit"])(
  "the application's role may not %s",
  async (text) => {
    await expect(ctx.db.of(ours).query({ text })).rejects.toMatchObject({
      code: "unavailable",
      cause: { code: "42501" },
    });
  },
);

test("the application's role cannot switch the policies off, nor a login of its own leave its role", async () => {
  // One login for both roles, as with a single DATABASE_URL, may switch to either by its nature.
  const ownLogin = inject("server").app !== null;
  for (const text of [
    ...(ownLogin ? ["set role muster_owner"] : []),
    "alter table audit disable row level security",
    "set row_security = off; select 1 from audit",
  ])
    await expect(ctx.db.of(ours).query({ text })).rejects.toMatchObject({ code: "unavailable" });
});
