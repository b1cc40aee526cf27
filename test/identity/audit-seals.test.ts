import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import type { Context } from "../../src/context.ts";
import { restoreBackup } from "../../src/db/backup/restore.ts";
import { takeBackup } from "../../src/db/backup/take.ts";
import type { Db } from "../../src/db/connection.ts";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { addPerson } from "../../src/identity/accounts/add.ts";
import { eraseAccounts } from "../../src/identity/accounts/erase.ts";
import { organizationsToSeal, sealAudit } from "../../src/identity/audit-seals.ts";
import { verifyAudit } from "../../src/identity/audit-verification.ts";
import { recordChanges } from "../../src/identity/record.ts";
import { loadSecretKey, type SecretKey } from "../../src/identity/secrets.ts";
import { sealOnce } from "../../src/jobs/seal-audit.ts";
import { emptyDatabase } from "../db/backup/backup-world.ts";
import { testContext } from "../harness/postgres.ts";
import { talk } from "../harness/process.ts";
import { random } from "../harness/random.ts";
import { scaled, seed } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { company } from "./inviting-company.ts";

const ctx = await testContext();
const key = loadSecretKey(ctx.config);
const { superuserUrl } = ctx.database;
const owner = (...texts: string[]) => statements(superuserUrl, texts);

/** Other tests' transactions on this server keep rows back for as long as they run: some of ours too, and then these come in a seal of their own. */
async function untilSealable(db: Db): Promise<void> {
  const held = {
    text: "select from audit where organization = $1 and transaction >= transactions_settled() limit 1",
    values: [db.organization],
  };
  while ((await db.query(held)).length > 0) await sleep(20);
}

/** What is not sealed comes in one seal, up to 1,000 rows. */
async function sealAll(db: Db, on: Pick<Context, "db"> = ctx): Promise<void> {
  await untilSealable(db);
  for (;;) {
    const { more, wrong } = await sealOnce(on, key);
    if (wrong !== undefined) throw wrong;
    if (more) continue;
    if ((await verifyAudit(db, key)).unsealed.rows === 0) return;
    await sleep(20);
  }
}

const note = (tx: Tx, action: string, detail: object = {}) =>
  recordChanges(tx, [{ action, subjectKind: "group", subject: newId(), detail }]);

async function sealed(db: Db): Promise<number[]> {
  const rows = await db.query<{ id: number }>({
    text: `select r.id from audit_seals s cross join lateral unnest(s.rows) with ordinality r (id, place)
      where s.organization = $1 order by s.position, r.place`,
    values: [db.organization],
  });
  return rows.map(({ id }) => id);
}

async function auditRows(db: Db): Promise<number[]> {
  const rows = await db.query<{ id: number }>({
    text: "select a.id from audit a where a.organization = $1 order by a.transaction, a.id",
    values: [db.organization],
  });
  return rows.map(({ id }) => id);
}

/** Twelve rows in three seals, and a way back to them after whatever somebody did to the tables. */
async function sealedCompany() {
  const acme = await company(ctx);
  await sealAll(acme.db);
  for (const action of ["a.one", "a.two"]) {
    for (let i = 0; i < 4; i++) await acme.write((tx) => note(tx, action, { before: i, name: `n${i}` }), "shared");
    await sealAll(acme.db);
  }
  const rows = await auditRows(acme.db);
  const kept = `kept_${randomBytes(4).toString("hex")}`;
  const tables = ["audit", "audit_seals"];
  await owner(...tables.map((table) => `create table public.${kept}_${table} as table muster.${table}`));
  const undo = () =>
    owner(
      ...tables.flatMap((table) => [
        `delete from muster.${table} where organization = '${acme.organization}'`,
        `insert into muster.${table} overriding system value select * from public.${kept}_${table} where organization = '${acme.organization}'`,
      ]),
    );
  return { ...acme, rows, undo, at: (place: number): number => rows.at(place) ?? 0 };
}

test("what was committed is sealed in the order of commits and holds; what was not yet is named", async () => {
  const acme = await company(ctx);
  const before = await verifyAudit(acme.db, key);
  expect(before).toMatchObject({ seals: 0, rows: 0, head: null, fault: null });
  expect(before.unsealed).toEqual({
    rows: (await auditRows(acme.db)).length,
    first: expect.any(Number),
    since: expect.any(Date),
  });
  await sealAll(acme.db);
  expect(await sealed(acme.db)).toEqual(await auditRows(acme.db));
  const after = await verifyAudit(acme.db, key);
  expect(after).toMatchObject({
    rows: before.unsealed.rows,
    erased: 0,
    unsealed: { rows: 0, first: null, since: null },
    fault: null,
  });
  expect(after.head?.seal).toMatch(/^[0-9a-f]{64}$/);
  await acme.write((tx) => note(tx, "a.later"), "shared");
  expect((await verifyAudit(acme.db, key)).unsealed.rows).toBe(1);
});

test("of organizations with rows to seal those come first that were sealed longest ago", async () => {
  const [one, other] = [await company(ctx), await company(ctx)];
  const inTurn = async () => {
    const behind = await organizationsToSeal(ctx.db);
    return behind.filter((id) => [one, other].some(({ organization }) => organization === id));
  };
  for (const [first, second] of [
    [one, other],
    [other, one],
  ] as const) {
    for (const { db, write } of [first, second]) {
      await write((tx) => note(tx, "a.before"), "shared");
      await sealAll(db);
    }
    for (const { write } of [second, first]) await write((tx) => note(tx, "a.after"), "shared");
    // Other tests' transactions on this server keep rows back for as long as they run.
    await vi.waitFor(async () => expect(await inTurn()).toHaveLength(2), { timeout: 60_000 });
    expect(await inTurn()).toEqual([first.organization, second.organization]);
  }
});

describe("whoever owns the tables and changes", async () => {
  const acme = await sealedCompany();
  const where = (place: number) => `where organization = '${acme.organization}' and id = ${acme.at(place)}`;
  const { at } = acme;
  const inserted = (
    place: number,
  ) => `insert into muster.audit (organization, transaction, at, actor_kind, action, subject_kind)
    select organization, transaction, at, 'system', 'a.forged', 'group' from muster.audit ${where(place)}`;
  const seals = `muster.audit_seals where organization = '${acme.organization}'`;
  test.each([
    ["a detail", `update muster.audit set detail = '{"before": 0, "name": "other"}' ${where(-3)}`, "changed", at(-3)],
    ["who did it", `update muster.audit set actor = 'nobody' ${where(-6)}`, "changed", at(-6)],
    ["when it was", `update muster.audit set at = at - interval '1 microsecond' ${where(2)}`, "changed", at(2)],
    [
      "the order of two",
      `update muster.audit set transaction = (select transaction from muster.audit ${where(-5)}) ${where(-6)}`,
      "changed",
      at(-6),
    ],
    ["one row less", `delete from muster.audit ${where(-4)}`, "missing", at(-4)],
    ["the last row less", `delete from muster.audit ${where(-1)}`, "missing", at(-1)],
    ["one row more", inserted(-4), "added", null],
    ["whom it was about, of the first", `update muster.audit set subject = null ${where(0)}`, "changed", at(0)],
    [
      "words to erased without an erasure",
      `update muster.audit set detail = '{"name": "erased"}', erased_in = '77' ${where(-2)}`,
      "changed",
      at(-2),
    ],
    [
      "a digest in a seal",
      `update muster.audit_seals set digests = digests || '' where false; update ${seals.replace("where", "set digests = overlay(digests placing '\\x00' from 1 for 1) where")}`,
      "seal",
      null,
    ],
    ["a seal less", `delete from ${seals} and position = 1`, "seal", null],
    [
      "all seals but the last less",
      `delete from ${seals} and position < (select max(position) from ${seals})`,
      "seal",
      null,
    ],
  ] as const)("%s is found out", async (_, change, kind, row) => {
    await owner(change);
    try {
      const found = await verifyAudit(acme.db, key);
      expect(found.fault).toMatchObject({ kind, ...(row !== null && { row }) });
      if (kind === "added") {
        const [forged] = await owner("select id from muster.audit where action = 'a.forged'");
        expect(found.fault?.row).toBe(Number(forged?.id));
      }
    } finally {
      await acme.undo();
    }
    expect((await verifyAudit(acme.db, key)).fault).toBeNull();
  });

  test("takes the end away with its seal, is found out by whoever kept the head", async () => {
    const { head } = await verifyAudit(acme.db, key);
    const last = `position = (select max(position) from ${seals})`;
    await owner(
      `delete from muster.audit a using muster.audit_seals s where s.organization = '${acme.organization}' and s.${last}
        and a.organization = s.organization and a.id = any (s.rows)`,
      `delete from ${seals} and ${last}`,
    );
    expect((await verifyAudit(acme.db, key)).fault).toBeNull();
    const found = await verifyAudit(acme.db, key, { known: head ?? undefined });
    expect(found.fault).toEqual({ kind: "seal", seal: head?.position, row: null });
    await acme.undo();
    expect((await verifyAudit(acme.db, key, { known: head ?? undefined })).fault).toBeNull();
  });

  test("what stands before --since is not looked at, what comes after is", async () => {
    const [last] = await acme.db.query<{ at: Date }>({
      text: "select max(sealed_at) as at from audit_seals where organization = $1",
      values: [acme.organization],
    });
    await owner(`update muster.audit set actor = 'nobody' ${where(0)}`);
    expect(await verifyAudit(acme.db, key, { since: last?.at })).toMatchObject({ seals: 1, fault: null });
    await owner(`update muster.audit set actor = 'nobody' ${where(-1)}`);
    expect(await verifyAudit(acme.db, key, { since: last?.at })).toMatchObject({
      fault: { kind: "changed", row: at(-1) },
    });
    await acme.undo();
    const { head } = await verifyAudit(acme.db, key);
    const later = { since: new Date(Date.now() + 3_600_000) };
    expect(await verifyAudit(acme.db, key, later)).toMatchObject({
      seals: 1,
      head,
      unsealed: { rows: 0 },
      fault: null,
    });
    await owner(`update muster.audit_seals set seal = sha256('forged') where organization = '${acme.organization}'
      and position = ${head?.position}`);
    expect(await verifyAudit(acme.db, key, later)).toMatchObject({ fault: { kind: "seal", seal: head?.position } });
    await acme.undo();
  });

  test("is looked for piece by piece, where somebody wants so", async () => {
    const first = await verifyAudit(acme.db, key, { most: 2 });
    expect(first).toMatchObject({ seals: 2, fault: null, next: 2 });
    await owner(`update muster.audit set actor = 'nobody' ${where(-1)}`);
    expect((await verifyAudit(acme.db, key, { most: 2 })).fault).toBeNull();
    expect((await verifyAudit(acme.db, key, { after: 2 })).fault).toMatchObject({ kind: "changed", row: at(-1) });
    await acme.undo();
    const whole = await verifyAudit(acme.db, key);
    expect(await verifyAudit(acme.db, key, { after: 2 })).toMatchObject({
      seals: whole.seals - 2,
      head: whole.head,
      next: null,
    });
    expect((await verifyAudit(acme.db, key, { after: whole.seals + 5 })).fault).toMatchObject({ kind: "seal" });
  });

  test("with another key nobody can tell, and says so", async () => {
    const other = randomBytes(32) as SecretKey;
    expect(await verifyAudit(acme.db, other)).toMatchObject({ fault: { kind: "other-key", seal: 1 } });
  });
});

test.each(["update audit_seals set key_mark = 'x'", "delete from audit_seals", "truncate audit_seals"])(
  "the application's role may not %s",
  async (text) => {
    await expect(ctx.db.of(newId<OrganizationId>()).query({ text })).rejects.toMatchObject({
      cause: { code: "42501" },
    });
  },
);

test("nobody is told numbers of another organization's rows", async () => {
  const [ours, theirs] = [newId<OrganizationId>(), newId<OrganizationId>()];
  const asked = { text: "select audit_between($1, '0', 0, null, null, 10)", values: [theirs] };
  await expect(ctx.db.of(ours).query(asked)).rejects.toMatchObject({
    cause: { message: "another organization's audit" },
  });
});

describe("nothing is left out", () => {
  test("of a transaction that outlasts others: what came after it waits for it", async () => {
    const acme = await company(ctx);
    await sealAll(acme.db);
    const gate = Promise.withResolvers<void>();
    const wrote = Promise.withResolvers<void>();
    const slow = acme.write(async (tx) => {
      await note(tx, "a.slow");
      wrote.resolve();
      await gate.promise;
    }, "shared");
    await wrote.promise;
    try {
      await acme.write((tx) => note(tx, "a.quick"), "shared");
      // Looked for and sealed: both stop below a transaction that still runs.
      expect((await sealOnce(ctx, key)).wrong).toBeUndefined();
      await inTransaction(ctx, acme.actor, (tx) => sealAudit(tx, key), { lock: "none" });
      expect(await verifyAudit(acme.db, key)).toMatchObject({ unsealed: { rows: 1 }, fault: null });
    } finally {
      gate.resolve();
      await slow;
    }
    await sealAll(acme.db);
    expect(await sealed(acme.db)).toEqual(await auditRows(acme.db));
    expect(await verifyAudit(acme.db, key)).toMatchObject({ unsealed: { rows: 0 }, fault: null });
  });

  test("while many write, linger and give up, and three seal at once", async () => {
    const acme = await company(ctx);
    const draw = random(seed);
    let writing = true;
    const sealers = [1, 2, 3].map(async () => {
      while (writing) {
        expect((await sealOnce(ctx, key)).wrong).toBeUndefined();
        await sleep(1);
      }
    });
    const writers = Array.from({ length: 12 }, async () => {
      for (let i = 0; i < scaled(400); i++) {
        const [pause, fails] = [draw() * 8, draw() < 0.2];
        await acme
          .write(async (tx) => {
            await note(tx, "a.first");
            await sleep(pause);
            await note(tx, "a.second");
            if (fails) throw new Error("given up");
          }, "shared")
          .catch((error: Error) => expect(error.message).toBe("given up"));
      }
    });
    await Promise.all(writers);
    writing = false;
    await Promise.all(sealers);
    await sealAll(acme.db);
    expect(await sealed(acme.db)).toEqual(await auditRows(acme.db));
    expect(await verifyAudit(acme.db, key)).toMatchObject({ unsealed: { rows: 0 }, fault: null });
  });

  test("when whoever seals is killed in the middle", async () => {
    const acme = await company(ctx);
    const position = async () =>
      (
        await owner(
          `select count(*)::integer as seals from muster.audit_seals where organization = '${acme.organization}'`,
        )
      )[0]?.seals as number;
    let killed = 0;
    for (let reached = 0; killed < 3; killed++) {
      // Before each: the one that was killed late has left nothing to seal.
      await owner(
        `insert into muster.audit (organization, actor_kind, action, subject_kind, detail)
          select '${acme.organization}', 'system', 'a.many', 'group', jsonb_build_object('n', n) from generate_series(1, ${scaled(20_000)}) n`,
      );
      const worker = talk(process.execPath, [join(import.meta.dirname, "../jobs/worker-process.ts")], {
        env: {
          ...process.env,
          ...ctx.database.environment,
          MUSTER_DATA_DIR: ctx.config.dataDirectory,
          MUSTER_LOG_LEVEL: "error",
        },
      });
      while ((await position()) === reached) await sleep(5);
      worker.child.kill("SIGKILL");
      await worker.ended;
      reached = await position();
      expect((await verifyAudit(acme.db, key)).fault).toBeNull();
    }
    await sealAll(acme.db);
    expect(await sealed(acme.db)).toEqual(await auditRows(acme.db));
    expect((await verifyAudit(acme.db, key)).fault).toBeNull();
  });

  test("when the transaction that seals is undone", async () => {
    const acme = await company(ctx);
    await sealAll(acme.db);
    await acme.write((tx) => note(tx, "a.one"), "shared");
    const undone = inTransaction(ctx, acme.actor, async (tx) => {
      await sealAudit(tx, key);
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    expect((await verifyAudit(acme.db, key)).unsealed.rows).toBe(1);
    await sealAll(acme.db);
    expect(await sealed(acme.db)).toEqual(await auditRows(acme.db));
  });
});

describe("rows of an erased person", async () => {
  const acme = await company(ctx);
  const ada = await acme.write((tx) => addPerson(tx, { email: "ada@partner.example", displayName: "Ada" }), "shared");
  const bob = await acme.write((tx) => addPerson(tx, { email: "bob@partner.example", displayName: "Bob" }), "shared");
  const named = (subject: string, name: string) =>
    acme.write((tx) => recordChanges(tx, [{ action: "a.named", subjectKind: "account", subject, detail: { name } }]));
  await named(ada, "Ada Lovelace");
  await named(bob, "Bob Brown");
  await sealAll(acme.db);
  const { rows } = await verifyAudit(acme.db, key);

  test("hold although their words are gone, and are counted", async () => {
    // One that is erased before it was sealed holds too.
    await named(ada, "Ada King");
    await acme.write((tx) => eraseAccounts(tx, [ada]));
    await sealAll(acme.db);
    const found = await verifyAudit(acme.db, key);
    expect(found.fault).toBeNull();
    expect(found.erased).toBeGreaterThan(1);
    expect(found.rows).toBeGreaterThan(rows);
    expect(JSON.stringify(await owner("select detail from muster.audit"))).not.toMatch(/Ada (Lovelace|King)/);
    expect(JSON.stringify(await owner("select detail from muster.audit"))).toContain("Bob Brown");
  });

  test("are found out when anything else of them is changed, or words come back", async () => {
    const [one] = await owner(
      `select id, detail::text as detail from muster.audit where organization = '${acme.organization}' and erased_in is not null order by transaction, id limit 1`,
    );
    const set = (what: string) =>
      owner(`update muster.audit set ${what} where organization = '${acme.organization}' and id = ${one?.id}`);
    const row = Number(one?.id);
    await set("action = action || '.x'");
    expect((await verifyAudit(acme.db, key)).fault).toMatchObject({ kind: "changed", row });
    await set("action = regexp_replace(action, '\\.x$', '')");
    await set(`detail = '{"name": "Eve"}'`);
    expect((await verifyAudit(acme.db, key)).fault).toMatchObject({ kind: "changed", row });
    await set(`detail = '${one?.detail}'`);
    expect((await verifyAudit(acme.db, key)).fault).toBeNull();
  });

  test("cannot be made of another's in a transaction that erased nobody", async () => {
    const about = `where organization = '${acme.organization}' and subject = '${bob}'`;
    await owner(`update muster.audit set detail = muster.without_words(detail), erased_in = transaction ${about}`);
    expect((await verifyAudit(acme.db, key)).fault).toMatchObject({ kind: "changed" });
  });
});

test("after a restore the chain holds, and goes on behind what was before", async () => {
  const acme = await company(ctx);
  await sealAll(acme.db);
  await acme.write((tx) => note(tx, "a.unsealed"), "shared");
  const path = join(ctx.config.dataDirectory, "chain.backup");
  await takeBackup({ url: ctx.database.ownerUrl }, path, "mark");
  const there = await emptyDatabase();
  await restoreBackup({ url: there.ownerUrl }, path, "mark");
  const restored: Context = { ...ctx, db: there.open() };
  const db = restored.db.of(acme.organization);
  expect(await verifyAudit(db, key)).toMatchObject({ unsealed: { rows: 1 }, fault: null });
  await inTransaction(restored, acme.actor, (tx) => note(tx, "a.after"), { lock: "none" });
  await sealAll(db, restored);
  expect(await sealed(db)).toEqual(await auditRows(db));
  expect(await verifyAudit(db, key)).toMatchObject({ unsealed: { rows: 0 }, fault: null });
});
