import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { migrations } from "../../../migrations/index.ts";
import type { Context } from "../../../src/context.ts";
import { restoreBackup, resumeAfterRestore } from "../../../src/db/backup/restore.ts";
import { takeBackup } from "../../../src/db/backup/take.ts";
import type { Db } from "../../../src/db/connection.ts";
import { newId } from "../../../src/db/id.ts";
import { migrate } from "../../../src/db/migrate.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { listEvents } from "../../../src/identity/events.ts";
import { recordChanges } from "../../../src/identity/record.ts";
import { dispatchOnce } from "../../../src/jobs/dispatch-webhooks.ts";
import { makeTasks } from "../../../src/jobs/tasks.ts";
import { testContext } from "../../harness/postgres.ts";
import { random } from "../../harness/random.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { statements } from "../../harness/server.ts";
import { company } from "../../identity/inviting-company.ts";
import { emptyDatabase } from "./backup-world.ts";
import { contents } from "./contents.ts";

const ctx = await testContext();
const acme = await company(ctx);
const file = (name: string): string => join(ctx.config.dataDirectory, name);
const KEY = "the mark of a key";
const back = (name: string): Promise<unknown> => takeBackup({ url: ctx.database.ownerUrl }, file(name), KEY);
const invited = (name: string) =>
  acme.ask({ emails: [`${name}@partner.example`], roles: [{ product: acme.wiki, role: "user" }] });
await invited("ann");

/** Every event so far: one is told once nothing runs any more that began before it, in any database of the server. */
async function settledEvents(db: Db) {
  await expect
    .poll(() =>
      db.query({
        text: "select 1 from outbox where organization = $1 and transaction >= transactions_settled()",
        values: [db.organization],
      }),
    )
    .toEqual([]);
  return listEvents(db, { after: null, within: null, limit: 1_000 });
}

test("a backup taken while people are invited is whole: what comes of it has equal row hashes and all its references", async () => {
  let [going, made] = [true, 0];
  const writing = (async () => {
    for (; going; made += 1) await invited(`p${made}`);
  })();
  try {
    await back("under-load");
  } finally {
    going = false;
    await writing;
  }
  expect(made).toBeGreaterThan(0);
  const there = await emptyDatabase();
  await restoreBackup({ url: there.ownerUrl }, file("under-load"), KEY);
  await takeBackup({ url: there.ownerUrl }, file("of-restored"), KEY);
  const held = await contents(file("under-load"));
  expect(await contents(file("of-restored"))).toEqual(held);
  expect(held.invitations?.rows).toBeGreaterThan(0);
  expect(held.audit?.rows).toBeGreaterThan(held.invitations?.rows ?? 0);
  expect(await references(there.superuserUrl)).toEqual(await references(ctx.database.superuserUrl));
  expect(await forced(there.superuserUrl)).toEqual([]);
});

test("events after a restore stand behind all that were before, for whoever follows the feed and for webhooks", async () => {
  await back("numbers");
  const db = ctx.db.of(acme.organization);
  const before = await settledEvents(db);
  // What the lost server still did after the backup was seen by others.
  await invited("later");
  const seen = (await settledEvents(db)).at(-1);
  const there = await emptyDatabase();
  await restoreBackup({ url: there.ownerUrl }, file("numbers"), KEY);
  const restored: Context = { ...ctx, db: there.open() };
  const told = () => listEvents(restored.db.of(acme.organization), { after: seen ?? null, within: null, limit: 1_000 });
  expect(await told()).toEqual([]);
  await inTransaction(restored, acme.actor, (tx) =>
    recordChanges(tx, [{ action: "link.created", subjectKind: "link", subject: newId(), event: true }]),
  );
  await expect.poll(async () => (await told()).map(({ kind }) => kind)).toEqual(["link.created"]);
  const all = await listEvents(restored.db.of(acme.organization), { after: null, within: null, limit: 1_000 });
  expect(all.slice(0, -1)).toEqual(before);
  // A webhook that is made now gets what comes now: the snapshot counts as the events do.
  const [row] = await statements<{ seen: boolean; after: boolean }>(there.superuserUrl, [
    `with latest as (select max(transaction::text::bigint)::text::xid8 as t from muster.outbox)
     select pg_visible_in_snapshot(t, muster.snapshot_now()) as seen,
       not pg_visible_in_snapshot(muster.transaction_now(), muster.snapshot_now()) as after from latest`,
  ]);
  expect(row).toEqual({ seen: true, after: true });
});

/** As a database went through them that was made when the last of them were not there yet, and was brought to this version later. */
const OLDER = migrations.flatMap(([name]) => (name > "0074" ? [] : [name]));

test("a backup of an older Muster, and of a database that was brought to this version, is restored", async () => {
  const [older, there, again] = [await emptyDatabase(), await emptyDatabase(), await emptyDatabase()];
  await migrate({ url: older.ownerUrl }, { through: OLDER });
  const [organization, directory] = [newId(), newId()];
  await statements(older.superuserUrl, [
    `insert into muster.organizations (id, key, name) values ('${organization}', 'older', 'older')`,
    `insert into muster.directories (organization, id, name, kind, position, permissions)
       values ('${organization}', '${directory}', 'internal', 'internal', 1, 'read-write')`,
    `insert into muster.accounts (organization, id, user_name, user_name_key) values ('${organization}', '${newId()}', 'ann', 'ann')`,
    `insert into muster.directory_users (organization, id, directory, account, user_name, user_name_key, active)
       select organization, gen_random_uuid(), '${directory}', id, user_name, user_name_key, true from muster.accounts`,
  ]);
  const orderOf = async (superuserUrl: string) =>
    (await statements<{ name: string }>(superuserUrl, ["select name from muster.migrations order by id"])).map(
      ({ name }) => name,
    );
  await takeBackup({ url: older.ownerUrl }, file("older"), KEY);
  await restoreBackup({ url: there.ownerUrl }, file("older"), KEY);
  const order = await orderOf(there.superuserUrl);
  expect(order.slice(0, OLDER.length)).toEqual(OLDER);
  expect(order.toSorted()).toEqual(migrations.map(([name]) => name).toSorted());
  // In this order no database goes through them that this version makes.
  expect(order).not.toEqual(migrations.map(([name]) => name));

  await takeBackup({ url: there.ownerUrl }, file("brought-here"), KEY);
  await restoreBackup({ url: again.ownerUrl }, file("brought-here"), KEY);
  await takeBackup({ url: again.ownerUrl }, file("and-again"), KEY);
  expect(await orderOf(again.superuserUrl)).toEqual(order);
  const held = await contents(file("and-again"));
  expect(held).toEqual(await contents(file("brought-here")));
  expect(held.directory_users?.rows).toBe(1);
});

test("whatever orders by transaction counts as a restore wants it", async () => {
  const raw = await statements<{ name: string }>(ctx.database.superuserUrl, [
    `select p.proname::text as name from pg_proc p where p.pronamespace = 'muster'::regnamespace
       and p.prosrc ~ 'pg_current_xact_id|pg_snapshot_xm|pg_current_snapshot'
     union select c.relname || '.' || a.attname from pg_attrdef d join pg_class c on c.oid = d.adrelid
     join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
     where c.relnamespace = 'muster'::regnamespace and pg_get_expr(d.adbin, d.adrelid) ~ 'pg_current_xact_id' order by 1`,
  ]);
  // Removals compare their own transaction with itself, and keep nothing of it.
  expect(raw.map(({ name }) => name)).toEqual([
    "snapshot_now",
    "spend_removals",
    "transaction_now",
    "transactions_settled",
  ]);
});

test("nothing is mailed, synced or told until somebody resumes", async () => {
  await back("resting");
  const there = await emptyDatabase();
  await restoreBackup({ url: there.ownerUrl }, file("resting"), KEY);
  const restored: Context = { ...ctx, db: there.open() };
  const mails = () =>
    statements<{ id: string; state: string }>(there.superuserUrl, ["select id, state from muster.mails order by id"]);
  const [mail] = await mails();
  const send = () =>
    makeTasks(restored)["send-mail"]?.({ organization: acme.organization, mail: mail?.id }, undefined as never);
  await send();
  expect(await mails()).toContainEqual({ id: mail?.id, state: "queued" });
  expect(await dispatchOnce(restored)).toBe(false);
  expect(await resumeAfterRestore({ url: there.ownerUrl })).toBeInstanceOf(Date);
  expect(await resumeAfterRestore({ url: there.ownerUrl })).toBeNull();
  await send();
  expect(await mails()).toContainEqual({ id: mail?.id, state: "sent" });
});

describe("what cannot be restored changes nothing", () => {
  test("a database that holds an organization, another key, a file that is none, one of a newer Muster", async () => {
    await back("good");
    const restore = (name: string, key: string | null, url: string) => restoreBackup({ url }, file(name), key);
    await expect(restore("good", KEY, ctx.database.ownerUrl)).rejects.toMatchObject({ code: "conflict" });
    const there = await emptyDatabase();
    await expect(restore("good", "another", there.ownerUrl)).rejects.toMatchObject({ code: "configuration" });
    await expect(restore("missing", KEY, there.ownerUrl)).rejects.toMatchObject({ code: "invalid", at: "file" });
    writeFileSync(file("text"), "a backup?");
    await expect(restore("text", KEY, there.ownerUrl)).rejects.toMatchObject({ code: "invalid", at: "file" });
    const whole = gunzipSync(readFileSync(file("good")));
    const length = whole.readUInt32BE();
    const header = JSON.parse(whole.subarray(4, 4 + length).toString()) as { migrations: string[] };
    header.migrations.push("9999-from-tomorrow");
    const changed = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(changed.length);
    writeFileSync(file("newer"), gzipSync(Buffer.concat([size, changed, whole.subarray(4 + length)])));
    await expect(restore("newer", KEY, there.ownerUrl)).rejects.toMatchObject({ code: "configuration", at: "file" });
    expect(await restore("good", null, there.ownerUrl)).toMatchObject({ tables: expect.any(Number) });
  });

  test("a file with one byte changed, or cut anywhere, is refused and leaves the database empty", async () => {
    await back("whole");
    const bytes = readFileSync(file("whole"));
    const written = gunzipSync(bytes);
    const draw = random(seed);
    const below = (end: number): number => Math.floor(draw() * end);
    const there = await emptyDatabase();
    for (let turn = 0; turn < scaled(60); turn += 1) {
      let [place, broken] = [0, bytes];
      // One in some five thousand changed bytes unpacks to what was written: the same words, copied from another place.
      while (unpacked(broken)?.equals(written)) {
        // The first ten bytes tell of the packing, and some of them mean nothing.
        place = 10 + below(bytes.length - 10);
        broken = Buffer.from(bytes.subarray(0, turn % 2 === 0 ? bytes.length : place));
        if (turn % 2 === 0) broken[place] = (broken[place] ?? 0) ^ (1 + below(255));
      }
      writeFileSync(file("broken"), broken);
      const refused = await restoreBackup({ url: there.ownerUrl }, file("broken"), KEY).then(
        () => "restored",
        (error: { code: string }) => error.code,
      );
      expect({ place, turn, refused }).toEqual({ place, turn, refused: "invalid" });
      const [row] = await statements<{ there: string | null }>(there.superuserUrl, [
        "select to_regclass('muster.organizations')::text as there",
      ]);
      if (row?.there) expect(await statements(there.superuserUrl, ["select 1 from muster.organizations"])).toEqual([]);
    }
    await restoreBackup({ url: there.ownerUrl }, file("whole"), KEY);
  });

  test("a backup never takes the place of a file, is its owner's alone, and leaves nothing half", async () => {
    await back("once");
    const before = readFileSync(file("once"));
    await expect(back("once")).rejects.toMatchObject({ code: "conflict", at: "file" });
    expect(readFileSync(file("once")).equals(before)).toBe(true);
    expect(statSync(file("once")).mode & 0o777).toBe(0o600);
    await expect(back("no/such/folder")).rejects.toMatchObject({ code: "unavailable", at: "file" });
    expect(existsSync(file("no"))).toBe(false);
    expect(readdirSync(ctx.config.dataDirectory).filter((name) => name.includes("partial"))).toEqual([]);
  });
});

/** What a file holds, undefined when it cannot be unpacked. */
function unpacked(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes);
  } catch {
    return undefined;
  }
}

const references = (url: string) =>
  statements(url, [
    `select c.conrelid::regclass::text as table, c.conname::text as name, pg_get_constraintdef(c.oid) as is, c.convalidated as valid
     from pg_constraint c where c.connamespace = 'muster'::regnamespace order by 1, 2`,
  ]);

/** Tables whose owner is not bound, or whose triggers rest. */
const forced = (url: string) =>
  statements(url, [
    `select relname::text as name from pg_class c where relnamespace = 'muster'::regnamespace and relkind = 'r'
       and relrowsecurity and not relforcerowsecurity
     union all select tgname::text from pg_trigger t join pg_class c on c.oid = t.tgrelid
     where c.relnamespace = 'muster'::regnamespace and tgenabled = 'D'`,
  ]);
