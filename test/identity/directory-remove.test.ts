import { describe, expect, test } from "vitest";
import { type DirectoryId, newId, type SyncRunId } from "../../src/db/id.ts";
import { inTransaction, simulate, type Tx } from "../../src/db/transaction.ts";
import { getAccount } from "../../src/identity/account-overview.ts";
import { confirmAccount } from "../../src/identity/accounts/confirm.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { addDirectory, listDirectories } from "../../src/identity/directories.ts";
import { removeDirectory } from "../../src/identity/directory-remove.ts";
import { createDirectoryUser } from "../../src/identity/directory-users/create.ts";
import { insertNewPeople } from "../../src/identity/directory-users/insert-new.ts";
import { listGrants } from "../../src/identity/grants.ts";
import { addLocalMembers, createLocalGroup } from "../../src/identity/groups.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { createToken, findToken } from "../../src/identity/tokens.ts";
import { runSync } from "../../src/sync/run.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { silent } from "../sync/world.ts";
import { effective, makeOrganization, type Organization, personInput } from "./access/organization.ts";
import { expectModel } from "./access/stored.ts";

const ctx = await testContext({ logger: silent });
let count = 0;

/** jsmith in C and P, cyd in C alone; C's people use the wiki, P's the desk. */
async function company() {
  const org = await makeOrganization(ctx, `remove-${++count}`);
  const [wiki, desk] = [await org.product("wiki"), await org.product("desk")];
  const [c, p] = [await org.directory("c"), await org.directory("p")];
  const [customers, partners] = [await org.group(c, "customers"), await org.group(p, "partners")];
  await org.grant(customers, wiki, "user");
  await org.grant(partners, desk, "user");
  const [jsmith, cyd, inP] = [await org.person(c, "jsmith"), await org.person(c, "cyd"), await org.person(p, "jsmith")];
  for (const one of [jsmith, cyd]) await org.join(c, customers, one.id);
  await org.join(p, partners, inP.id);
  const remove = (directory: DirectoryId, name = "c") => org.alone((tx) => removeDirectory(tx, directory, name));
  const preview = (directory: DirectoryId, name = "c") =>
    simulate(ctx, org.actor, (tx) => removeDirectory(tx, directory, name), { lock: "exclusive" });
  return { org, wiki, desk, c, p, customers, jsmith: jsmith.account, cyd: cyd.account, remove, preview };
}

const everything = async (org: Organization) => {
  const { rows } = await ctx.db.pool.query<{ name: string }>(
    `select table_name as name from information_schema.columns where table_schema = 'muster' and column_name = 'organization'
       and table_name in (select tablename from pg_tables where schemaname = 'muster') order by 1`,
  );
  const all: unknown[] = [];
  for (const { name } of rows)
    all.push(
      await org.db.query({
        text: `select '${name}' as table, count(*), coalesce(string_agg(xmin::text || ctid::text, ',' order by ctid), '') as versions
          from ${name} where organization = $1`,
        values: [org.id],
      }),
    );
  return all;
};

describe("removing a directory", () => {
  test("T20: tells who moves on, who is left, which roles, seats and grants go; a dry run tells the same and changes nothing", async () => {
    const { org, wiki, c, jsmith, cyd, remove, preview } = await company();
    await org.grant({ directory: c, name: "to come" }, wiki, "user");
    const before = await everything(org);
    const would = await preview(c);
    expect(await everything(org)).toEqual(before);
    expect(would).toEqual({
      id: c,
      name: "c",
      users: 2,
      groups: 1,
      grants: {
        total: 2,
        named: [
          { group: "customers", site: org.key, product: "wiki", role: "user" },
          { group: "to come", site: org.key, product: "wiki", role: "user" },
        ],
      },
      consequences: {
        canonical: {
          total: 2,
          named: [
            { user: { id: cyd, userName: "cyd" }, from: "c", to: null, deactivated: true, parked: false },
            { user: { id: jsmith, userName: "jsmith" }, from: "c", to: "p", deactivated: false, parked: true },
          ],
        },
        deactivated: 1,
        parked: 1,
        roles: {
          total: 2,
          named: [cyd, jsmith].map((id, n) => ({
            user: { id, userName: ["cyd", "jsmith"][n] },
            site: org.key,
            product: "wiki",
            from: { role: "user", allowed: true },
            to: { role: null, allowed: false },
          })),
        },
        products: [
          { site: org.key, product: "wiki", seats: { gained: 0, lost: 2 }, guestSlots: { gained: 0, lost: 0 } },
        ],
        administrators: { total: 0, named: [] },
        locksOutCaller: false,
      },
    });
    expect(await remove(c)).toEqual(would);
    await expectModel(org.db, "T20");
    expect((await getAccount(org.db, cyd)).status).toBe("deactivated");
    expect(await org.access(jsmith, "desk")).toMatchObject({ role: "user", allowed: true });
    expect((await listDirectories(org.db)).map(({ name, position }) => `${position} ${name}`)).toEqual([
      "1 p",
      "2 internal",
    ]);
    expect((await listGrants(org.db)).map(({ group }) => group.name)).toEqual(["partners"]);
    expect(await org.db.query({ text: "select id from mails where organization = $1", values: [org.id] })).toEqual([]);
  });

  test("tells as one what the end of the groups and then that of the records did to somebody", async () => {
    const { org, c, customers, jsmith, remove } = await company();
    const tracker = await org.product("tracker");
    const local = (await org.shared((tx) => createLocalGroup(tx, "own"))).id;
    await org.shared((tx) => addLocalMembers(tx, local, [jsmith]));
    await org.grant(customers, tracker, "admin");
    await org.grant(local, tracker, "user");
    const { consequences } = await remove(c);
    // Without the group a user by the local one, which is parked when P's record becomes canonical.
    expect(consequences.roles.named.filter((row) => row.user.id === jsmith && row.product === "tracker")).toMatchObject(
      [{ from: { role: "admin", allowed: true }, to: { role: null, allowed: false } }],
    );
    const told = await org.db.query<{ action: string }>({
      text: `select action from audit where organization = $1 and subject = $2 and detail ->> 'product' = $3 order by id`,
      values: [org.id, jsmith, tracker],
    });
    expect(told.map(({ action }) => action)).toEqual(["access.granted", "access.changed", "access.revoked"]);
  });

  test("is in the audit with everybody whom it touched, and keeps the records as tombstones that nobody sees", async () => {
    const { org, c, remove, jsmith } = await company();
    const users = await org.db.query<{ id: string }>({
      text: "select id from directory_users where organization = $1 and directory = $2 order by id",
      values: [org.id, c],
    });
    await remove(c);
    const kept = await org.db.query<{ id: string; standing: boolean }>({
      text: `select u.id, d.removed_at is null as standing from directory_users u
        join directories d on d.organization = $1 and d.id = u.directory
        where u.organization = $1 and u.deleted_at is not null order by u.id`,
      values: [org.id],
    });
    expect(kept).toEqual(users.map(({ id }) => ({ id, standing: false })));
    expect((await getAccount(org.db, jsmith)).records.map(({ directory }) => directory)).toEqual(["p"]);
    const audit = await org.db.query<{ action: string; n: number }>({
      text: `select action, count(*) as n from audit where organization = $1
        and transaction = (select max(transaction::text::bigint)::text::xid8 from audit where organization = $1) group by 1 order by 1`,
      values: [org.id],
    });
    expect(Object.fromEntries(audit.map(({ action, n }) => [action, n]))).toEqual({
      "access.revoked": 2,
      "account.canonical-changed": 1,
      "account.deactivated": 1,
      "directory-group.removed": 1,
      "directory-user.removed": 2,
      "directory.removed": 1,
      "grant.revoked": 1,
    });
  });

  test("frees its name, and whoever comes again under it is another record: what is local waits for confirmation", async () => {
    const { org, wiki, c, cyd, remove } = await company();
    const local = (await org.shared((tx) => createLocalGroup(tx, "own"))).id;
    await org.grant(local, wiki, "user");
    await org.shared((tx) => addLocalMembers(tx, local, [cyd]));
    await remove(c);
    const again = await org.directory("c");
    expect(again).not.toBe(c);
    expect((await org.person(again, "cyd")).account).toBe(cyd);
    expect(await org.access(cyd, "wiki")).toMatchObject({ role: null, trace: [{ counts: false }] });
    await org.alone((tx) => confirmAccount(tx, cyd, [EVERYTHING]));
    expect(effective(await org.access(cyd, "wiki"))).toEqual(["own"]);
    await remove(again);
    await expectModel(org.db, "twice");
  });

  test("ends its tokens in the same commit; a request that was let in before writes nothing", async () => {
    const { org, c, remove, preview } = await company();
    const { token } = await org.alone((tx) => createToken(tx, { directory: c }));
    await preview(c);
    expect(await findToken(ctx.db, token)).toMatchObject({ directory: c });
    await remove(c);
    expect(await findToken(ctx.db, token)).toBeUndefined();
    await expect(org.person(c, "late")).rejects.toMatchObject({ code: "unavailable" });
    await expect(org.group(c, "late")).rejects.toMatchObject({ code: "unavailable" });
    await expect(org.alone((tx) => createToken(tx, { directory: c }))).rejects.toMatchObject({
      code: expect.any(String),
    });
    await expectModel(org.db, "late");
  });

  test("waits for a request that is writing, and takes what that one wrote along", async () => {
    const { org, c } = await company();
    const late = newId<never>();
    let removing: Promise<unknown> | undefined;
    await inTransaction(
      ctx,
      org.actor,
      async (tx) => {
        await tx.query({
          text: `with counted as (
              insert into directory_user_counts (organization, directory, change) values ($1, $3, 1))
            insert into directory_users (organization, id, directory, account, user_name, user_name_key, active)
            select $1, $2, $3, id, 'late', 'late', true from accounts where organization = $1 limit 1`,
          values: [tx.organization, late, c],
        });
        removing = org.alone((own) => removeDirectory(own, c, "c"));
        const waiting =
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        while ((await ctx.db.pool.query(waiting)).rows.length === 0) await new Promise((soon) => setImmediate(soon));
      },
      { lock: "none" },
    );
    expect(await removing).toMatchObject({ users: 3 });
    expect(
      await org.db.query({
        text: "select id from directory_users where organization = $1 and id = $2 and deleted_at is null",
        values: [org.id, late],
      }),
    ).toEqual([]);
  });

  test("is refused for internal, under another name than its own, and when no administrator would stay", async () => {
    const { org, c, remove, preview } = await company();
    const internal = (await listDirectories(org.db)).find(({ kind }) => kind === "internal")?.id as DirectoryId;
    await expect(remove(internal, "internal")).rejects.toMatchObject({ code: "conflict" });
    for (const name of ["C", "", "p"])
      await expect(remove(c, name)).rejects.toMatchObject({ code: "invalid", at: "confirm" });
    await expect(remove(newId<DirectoryId>())).rejects.toMatchObject({ code: "not-found" });
    await org.alone((tx) => addAdministrator(tx, "cyd@example.com"));
    for (const ask of [remove, preview]) await expect(ask(c)).rejects.toMatchObject({ code: "conflict" });
    await org.alone((tx) => addAdministrator(tx, "boss@example.com"));
    expect((await remove(c)).consequences.administrators).toMatchObject({
      total: 1,
      named: [{ user: { userName: "cyd" }, becomes: "ended" }],
    });
    expect(await remove(c).catch((error) => error.code)).toBe("not-found");
  });

  test("is refused while a sync is under way; a run that begins later finds no directory", async () => {
    const { org } = await company();
    const directory = await org.pulled("read");
    const source = new ScriptedDirectory().user("a").user("b");
    const connector = source.connector();
    let asked: unknown;
    const held = {
      ...connector,
      read: async function* (...given: Parameters<typeof connector.read>) {
        asked = await org.alone((tx) => removeDirectory(tx, directory, "read")).catch((error) => error);
        return yield* connector.read(...given);
      },
    };
    const sync = (how: typeof connector) =>
      runSync(ctx, directory, {
        mode: "run",
        trigger: "command",
        actor: org.actor,
        connector: how,
        run: newId<SyncRunId>(),
      });
    expect(await sync(held)).toMatchObject({ state: "done", counts: { added: 2 } });
    expect(asked).toMatchObject({ code: "conflict", message: expect.stringContaining("under way") });
    expect(await org.alone((tx) => removeDirectory(tx, directory, "read"))).toMatchObject({ users: 2 });
    await expect(sync(connector)).rejects.toMatchObject({ code: "not-found" });
  });

  test("of another organization is not found", async () => {
    const mine = await company();
    const yours = await company();
    await expect(yours.remove(mine.c)).rejects.toMatchObject({ code: "not-found" });
    expect((await listDirectories(mine.org.db)).length).toBe(3);
  });

  test("gives its grants back to nobody: a group of the same name in a directory of the same name gives nothing", async () => {
    const { org, c, remove } = await company();
    await remove(c);
    const again = (await org.alone((tx) => addDirectory(tx, { name: "c", kind: "scim" }))).id;
    const group = await org.group(again, "customers");
    const ada = await createDirectoryUser(ctx, org.actor, again, {
      id: newId(),
      immutableId: null,
      externalId: null,
      userName: "ada",
      active: true,
      email: null,
      displayName: null,
      resource: {},
      contentHash: null,
    });
    await org.join(again, group, ada.id);
    expect(await org.access(ada.account, "wiki")).toMatchObject({ role: null, reason: "no-grant" });
  });

  test("leaves no way for a record into it: not by itself, not among others, not among a first sync's", async () => {
    const { org, c, remove } = await company();
    await remove(c);
    const input = personInput("late");
    const refused = { cause: { code: "23503" } };
    await expect(createDirectoryUser(ctx, org.actor, c, input)).rejects.toMatchObject(refused);
    // The name has an account, so that the record goes the way of those which join one.
    await expect(createDirectoryUser(ctx, org.actor, c, personInput("jsmith"))).rejects.toMatchObject(refused);
    const fresh = {
      text: `select $1::uuid as id, null::text as immutable_id, null::text as external_id, 'late' as user_name,
        'late' as user_name_key, true as active, null::text as email, null::text as email_key, null::text as display_name,
        '{}'::jsonb as resource, null::bytea as content_hash`,
      values: [input.id],
    };
    // Under its name the connection may know the statement as a sync sends it.
    const unnamed = (tx: Tx): Tx => ({
      ...tx,
      query: ({ text, values }) => tx.query({ text, ...(values && { values }) }),
    });
    await expect(org.shared((tx) => insertNewPeople(unnamed(tx), c, fresh))).rejects.toMatchObject(refused);
    const held = {
      text: "select from directory_users where organization = $1 and directory = $2",
      values: [org.id, c],
    };
    expect(await org.db.query(held)).toEqual([]);
  });

  test("is refused by the database while a record names it", async () => {
    const { org, c } = await company();
    const alone = (text: string) => org.db.query({ text, values: [org.id, c] });
    for (const table of ["directory_groups", "groups"])
      await alone(`update ${table} set directory = (select id from directories where organization = $1 and id <> $2 limit 1)
        where organization = $1 and directory = $2`);
    await alone("delete from directory_user_counts where organization = $1 and directory = $2");
    await expect(alone("delete from directories where organization = $1 and id = $2")).rejects.toMatchObject({
      cause: { code: "23503", constraint: "directory_users_directory" },
    });
  });

  test("what counts its people is tidied when nobody holds it: a removal must not wait for who counts, who waits for it", async () => {
    const { org, c } = await company();
    await org.db.query({
      text: "insert into directory_user_counts (organization, directory, change) select $1, $2, 1 from generate_series(1, 1001)",
      values: [org.id, c],
    });
    const ask = async (text: string) =>
      (await org.db.query<{ count: number }>({ text, values: [org.id, c] }))[0]?.count ?? 0;
    const rows = () => ask("select count(*) from directory_user_counts where organization = $1 and directory = $2");
    const people = () => ask("select count_directory_users($1, $2) as count");
    const [before, counted] = [
      await rows(),
      await ask("select sum(change) as count from directory_user_counts where organization = $1 and directory = $2"),
    ];
    await org.shared(async (tx) => {
      await tx.query({
        text: "select from directories where organization = $1 and id = $2 for update",
        values: [org.id, c],
      });
      expect(await people()).toBe(Number(counted));
      expect(await rows()).toBe(before);
    });
    expect(await people()).toBe(Number(counted));
    expect(await rows()).toBe(1);
    expect(await people()).toBe(Number(counted));
  });
});
