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

// knex keeps its own record of migrations, and one row tells of the whole installation; they belong to no organization and
// the application cannot change them.
const OF_NONE = /^(migrations|installation)/;
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
const own = tables.filter((table) => !OF_NONE.test(table.name));

test("every table forces row-level security on the application and on its owner", () => {
  expect(own.length).toBeGreaterThan(10);
  for (const table of own) expect(table).toMatchObject({ forced: true, app: 1, owner: 1 });
  for (const table of tables.filter((each) => OF_NONE.test(each.name))) expect(table.writable, table.name).toBe(false);
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

const policies = await statements<{ table: string; role: string; using: string; check: string }>(
  ctx.database.superuserUrl,
  [
    `select tablename as table, roles::text as role, qual as using, with_check as check from pg_policies
     where schemaname = 'muster' order by 1, 2`,
  ],
);

test("every policy of the application compares the organization's column with the setting, read so that unset raises", () => {
  const ofApp = policies.filter((policy) => policy.role === "{muster_app}");
  expect(ofApp.map((policy) => policy.table)).toEqual(own.map((table) => table.name));
  for (const { table, using, check } of ofApp) {
    const column = table === "organizations" ? "id" : "organization";
    expect(using, table).toBe(`(${column} = (current_setting('muster.organization'::text))::uuid)`);
    expect(check, table).toBe(using);
  }
  expect(policies.every((policy) => ["{muster_app}", "{muster_owner}"].includes(policy.role))).toBe(true);
});

test("every key starts with the organization", async () => {
  const keys = await statements<{ table: string; name: string; first: string }>(ctx.database.superuserUrl, [
    `select i.indrelid::regclass::text as table, c.relname as name, a.attname as first
     from pg_index i join pg_class c on c.oid = i.indexrelid
     join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
     where i.indisunique and c.relnamespace = 'muster'::regnamespace order by 2`,
  ]);
  // A token decides the organization, so hashes of tokens are unique across all of them.
  const across = [
    "organizations_key_unique",
    "organizations_pk",
    "installation_pk",
    "tokens_hash_unique",
    "oauth_clients_secret_unique",
    "invitations_token_unique",
    "address_changes_token_unique",
    "address_changes_revert_unique",
    "links_token_unique",
    "mails_token_unique",
    "sessions_hash_unique",
    "setups_hash_unique",
  ];
  const wrong = keys.filter(
    (key) => key.first !== "organization" && !across.includes(key.name) && !key.name.startsWith("migrations"),
  );
  expect(keys.length).toBeGreaterThan(30);
  expect(wrong).toEqual([]);
});

test("every view reads with its reader's rights", async () => {
  const views = await statements<{ name: string; invoker: boolean; kind: string }>(ctx.database.superuserUrl, [
    `select relname as name, relkind as kind, coalesce('security_invoker=true' = any (reloptions), false) as invoker
     from pg_class where relnamespace = 'muster'::regnamespace and relkind in ('v', 'm')`,
  ]);
  expect(views.length).toBeGreaterThan(0);
  for (const view of views) expect(view).toMatchObject({ invoker: true, kind: "v" });
});

const functions = await statements<{
  name: string;
  definer: boolean;
  path: string | null;
  public: boolean;
  returns: string;
}>(ctx.database.superuserUrl, [
  `select p.oid::regprocedure::text as name, p.prosecdef as definer,
       (select c from unnest(p.proconfig) c where c like 'search_path=%') as path,
       exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
         where x.grantee = 0 and x.privilege_type = 'EXECUTE') as public,
       pg_get_function_result(p.oid) as returns
     from pg_proc p where p.pronamespace = 'muster'::regnamespace order by 1`,
]);

test("nobody but the application may call Muster's functions", () => {
  expect(functions.length).toBeGreaterThan(10);
  expect(functions.filter((each) => each.public).map((each) => each.name)).toEqual([]);
});

const FACTS_OF_A_SESSION =
  "organization uuid, id uuid, account uuid, break_glass uuid, method text, authenticated_ago double precision";

const FACTS =
  "organization uuid, id uuid, directory uuid, product uuid, client uuid, scopes text[], subject uuid, profile text, require_if_match boolean, schema_version integer, expires_in double precision, permissions text[], scope_kind text, scope_id uuid, owner uuid, switched boolean";

test("a function that runs with its owner's rights has a fixed search_path, temporary tables last, and tells ids and facts only", () => {
  const definers = functions.filter((each) => each.definer);
  expect(definers.length).toBeGreaterThan(4);
  for (const { name, path, returns } of definers) {
    expect(path, name).toMatch(/^search_path=muster(, graphile_worker)?, pg_temp$/);
    // An organization's key is the name by which commands choose it; a token's facts are what its request may do.
    if (name === "muster.find_token(bytea)") expect(returns).toBe(`TABLE(${FACTS})`);
    // Of the installation, and of nobody in it.
    else if (name === "muster.operating_figures()") expect(returns).toBe("TABLE(name text, value double precision)");
    else if (name === "muster.paused_at()") expect(returns).toBe("timestamp with time zone");
    // Numbers of audit rows, of the organization that is set alone.
    else if (name.startsWith("muster.audit_between(")) expect(returns).toBe("SETOF bigint");
    else if (name === "muster.find_session(bytea)") expect(returns).toBe(`TABLE(${FACTS_OF_A_SESSION})`);
    else
      expect(returns, name).toMatch(
        /^(void|TABLE\((\w+ uuid(, )?)+\)|TABLE\((organization uuid, id uuid, lane|id uuid, key) text\))$/,
      );
  }
});

test("every application role is bound: no attribute and no membership frees it", async () => {
  const [role] = await statements(ctx.database.superuserUrl, [
    `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
       (select count(*)::int from pg_auth_members m where m.member = r.oid) as memberships
     from pg_roles r where rolname = 'muster_app'`,
  ]);
  expect(role).toEqual({
    rolsuper: false,
    rolbypassrls: false,
    rolcreaterole: false,
    rolcreatedb: false,
    rolreplication: false,
    memberships: 0,
  });
});

test.each([
  "select 1 from graphile_worker._private_jobs",
  "select graphile_worker.add_job('send-mail', '{}'::json)",
  "truncate accounts",
  "alter table accounts no force row level security",
  "drop table spaces",
  "create table muster.own (id uuid)",
  "create function muster.own() returns int language sql as 'select 1'",
  "alter function find_token(bytea) security invoker",
  "create policy open on accounts to muster_app using (true)",
])("the application's role may not: %s", async (text) => {
  await expect(ctx.db.of(ours).query({ text })).rejects.toMatchObject({ cause: { code: "42501" } });
});

test("the application's role cannot ANALYZE by itself, only by name of one of Muster's tables", async () => {
  const analyzed = async () =>
    (
      await statements<{ count: number }>(ctx.database.superuserUrl, [
        "select count(*)::int as count from pg_statistic where starelid = 'muster.sites'::regclass",
      ])
    )[0]?.count;
  await ctx.db.of(ours).query({
    text: "insert into sites (organization, id, key, name) values ($1, $2, 'x', 'x')",
    values: [ours, newId()],
  });
  await ctx.db.of(ours).query({ text: "analyze muster.sites" });
  expect(await analyzed()).toBe(0);
  await ctx.db.of(ours).query({ text: "select muster.analyze('sites', '{organization,key}')" });
  expect(await analyzed()).toBe(2);
  await ctx.db.of(ours).query({ text: "select muster.analyze('sites')" });
  expect(await analyzed()).toBeGreaterThan(2);
  for (const refused of ["'pg_class'", "'pg_class', '{relname}'", "'sites', '{organization,nothing}'"])
    await expect(ctx.db.of(ours).query({ text: `select muster.analyze(${refused})` })).rejects.toMatchObject({
      code: "unavailable",
    });
});
