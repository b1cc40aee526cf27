import fc from "fast-check";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { Database, type Statement } from "../../src/db/connection.ts";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../src/db/transaction.ts";
import { addDirectory, updateDirectory } from "../../src/identity/directories.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { TokenCache } from "../../src/identity/token-cache.ts";
import { createToken, findToken, listTokens, revokeToken } from "../../src/identity/tokens.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { scaled, seed } from "../harness/scale.ts";
import { statements, withDatabase } from "../harness/server.ts";

/** The application's connections as another process has them, with a count of what is asked of them. */
class CountedDatabase extends Database {
  lookUps = 0;
  override lookUp<Row>(statement: Statement): Promise<Row[]> {
    this.lookUps++;
    return super.lookUp(statement);
  }
}

const ctx = await testContext();
const actor: Actor = { organization: newId<OrganizationId>(), kind: "command", id: "test", requestId: null };
const write = <T>(work: (tx: Tx) => Promise<T>) => inTransaction(ctx, actor, work, { lock: "exclusive" });
const directory = await write(async (tx) => {
  await createOrganization(tx, { key: "acme" });
  return addDirectory(tx, { name: "okta", kind: "scim" });
});
const opened: CountedDatabase[] = [];
afterAll(() => Promise.all(opened.map((db) => db.close())));

function otherProcess(): CountedDatabase {
  const db = new CountedDatabase({ ...ctx.database.settings, poolSize: 8 });
  opened.push(db);
  return db;
}

/** Until the process listens: from then on it believes what it read. */
async function believes(db: CountedDatabase, token: string): Promise<void> {
  await until("it is so", 60, async () => {
    await findToken(db, token);
    const before = db.lookUps;
    await findToken(db, token);
    return db.lookUps === before;
  });
}

/** The process that serves the listening connection of this database. */
async function listeners(): Promise<number[]> {
  const rows = await statements<{ pid: number }>(ctx.database.superuserUrl, [
    "select pid from pg_stat_activity where datname = current_database() and query ilike 'listen%'",
  ]);
  return rows.map((row) => row.pid);
}

/** A cache whose clock stands still unless it is moved, so that only what is heard can end what it believes. */
async function stillCache(): Promise<{ cache: TokenCache<Facts>; clock: { now: number } }> {
  const clock = { now: 0 };
  const cache = new TokenCache<Facts>(ctx.db, () => clock.now);
  await until("it is so", 60, async () => {
    await cache.read("listening", async () => ({ expiresIn: null }));
    return cache.get("listening") !== undefined;
  });
  return { cache, clock };
}
type Facts = { expiresIn: number | null };

describe("a token that was read", () => {
  it("is read once for all who ask at the same moment, and not again while it is believed", async () => {
    const db = otherProcess();
    const { token, id } = await write((tx) => createToken(tx, { directory: directory.id }));
    const found = await Promise.all(Array.from({ length: 100 }, () => findToken(db, token)));
    expect(new Set(found.map((one) => one?.id))).toEqual(new Set([id]));
    expect(db.lookUps).toBe(1);
    await believes(db, token);
  });

  it("is not remembered when nobody has it", async () => {
    const db = otherProcess();
    const { token, id } = await write((tx) => createToken(tx, { directory: directory.id }));
    await believes(db, token);
    await write((tx) => revokeToken(tx, id));
    await until("it is so", 60, async () => (await findToken(db, token)) === undefined);
    const before = db.lookUps;
    for (let times = 0; times < 3; times++) expect(await findToken(db, token)).toBeUndefined();
    expect(db.lookUps).toBe(before + 3);
  });

  it("is refused in every process once it is revoked", async () => {
    const processes = [otherProcess(), otherProcess()];
    const { token, id } = await write((tx) => createToken(tx, { directory: directory.id }));
    for (const db of processes) await believes(db, token);
    await write((tx) => revokeToken(tx, id));
    for (const db of processes) await until("it is so", 60, async () => (await findToken(db, token)) === undefined);
  });

  it("has its directory's profile of the moment", async () => {
    const db = otherProcess();
    const { token } = await write((tx) => createToken(tx, { directory: directory.id }));
    await believes(db, token);
    await write((tx) => updateDirectory(tx, directory.id, { profile: "entra" }));
    await until("it is so", 60, async () => (await findToken(db, token))?.profile === "entra");
    await write((tx) => updateDirectory(tx, directory.id, { profile: "generic" }));
    await until("it is so", 60, async () => (await findToken(db, token))?.profile === "generic");
  });

  it("is told when it was last used, to the minute, soon after", async () => {
    const db = otherProcess();
    const { token, id } = await write((tx) => createToken(tx, { directory: directory.id }));
    const info = async () => (await listTokens(ctx.db.of(actor.organization))).find((one) => one.id === id);
    expect((await info())?.lastUsedAt).toBeNull();
    await findToken(db, token);
    await until("it is so", 60, async () => (await info())?.lastUsedAt !== null);
    const used = (await info())?.lastUsedAt as Date;
    expect([used.getUTCSeconds(), used.getUTCMilliseconds()]).toEqual([0, 0]);
  });

  it("is told also when the process ends right after", async () => {
    const db = new Database({ ...ctx.database.settings, poolSize: 4 });
    const { token, id } = await write((tx) => createToken(tx, { directory: directory.id }));
    await findToken(db, token);
    await db.close();
    const info = (await listTokens(ctx.db.of(actor.organization))).find((one) => one.id === id);
    expect(info?.lastUsedAt).not.toBeNull();
  });
});

describe("what is believed", () => {
  it("ends one second after it was asked for, and with the token if that is sooner", async () => {
    const { cache, clock } = await stillCache();
    await fc.assert(
      fc.asyncProperty(
        fc.option(fc.double({ min: 0.001, max: 5, noNaN: true })),
        fc.nat(800),
        fc.nat(3_000),
        async (expiresIn, asked, later) => {
          const since = clock.now;
          const digest = String(newId());
          await cache.read(digest, async () => {
            clock.now += asked;
            return { expiresIn };
          });
          clock.now += later;
          const age = clock.now - since;
          // Never a moment past its end: the database counted from when it was asked or later.
          expect(cache.get(digest) !== undefined).toBe(age < Math.min(1_000, (expiresIn ?? 9) * 1_000));
        },
      ),
      { numRuns: scaled(2_000), seed },
    );
  });

  it("ends at once when a change is heard, not with the second", async () => {
    const { cache } = await stillCache();
    const { id } = await write((tx) => createToken(tx, { directory: directory.id }));
    await cache.read("a", async () => ({ expiresIn: null }));
    expect(cache.get("a")).toBeDefined();
    await write((tx) => revokeToken(tx, id));
    await until("it is so", 60, () => cache.get("a") === undefined);
    expect(cache.knows("a")).toBe(true);
  });

  it("is nothing that was asked for before the change was heard", async () => {
    const { cache } = await stillCache();
    const { id } = await write((tx) => createToken(tx, { directory: directory.id }));
    await cache.read("a", async () => ({ expiresIn: null }));
    await cache.read("b", async () => {
      await write((tx) => revokeToken(tx, id));
      await until("it is so", 60, () => cache.get("a") === undefined);
      return { expiresIn: null };
    });
    expect(cache.get("b")).toBeUndefined();
  });

  it("is asked for anew by whoever comes after the change, though an older question still runs", async () => {
    const { cache } = await stillCache();
    const { id } = await write((tx) => createToken(tx, { directory: directory.id }));
    await cache.read("a", async () => ({ expiresIn: null }));
    const old = Promise.withResolvers<Facts>();
    const first = cache.read("c", () => old.promise);
    await write((tx) => revokeToken(tx, id));
    await until("it is so", 60, () => cache.get("a") === undefined);
    expect(await cache.read("c", async () => undefined)).toBeUndefined();
    old.resolve({ expiresIn: null });
    await first;
    expect(cache.get("c")).toBeUndefined();
  });

  it("is nothing while changes cannot be heard, and something again when they can", async () => {
    const { cache } = await stillCache();
    await cache.read("a", async () => ({ expiresIn: null }));
    const elsewhere = withDatabase(ctx.database.superuserUrl, "postgres");
    const name = new URL(ctx.database.superuserUrl).pathname.slice(1);
    const pids = await listeners();
    expect(pids.length).toBeGreaterThan(0);
    // Nobody who has lost a connection to this database gets another.
    await statements(elsewhere, [
      `alter database ${name} allow_connections false`,
      ...pids.map((pid) => `select pg_terminate_backend(${pid})`),
    ]);
    try {
      await until("what was believed is not", 60, () => cache.get("a") === undefined);
      await cache.read("a", async () => ({ expiresIn: null }));
      expect(cache.get("a")).toBeUndefined();
    } finally {
      await statements(elsewhere, [`alter database ${name} allow_connections true`]);
    }
    await until("it is believed again", 60, async () => {
      await cache.read("a", async () => ({ expiresIn: null }));
      return cache.get("a") !== undefined;
    });
  });

  it("is bounded: beyond ten thousand the oldest goes", async () => {
    const { cache } = await stillCache();
    for (let number = 0; number <= 10_000; number++) await cache.read(`t${number}`, async () => ({ expiresIn: null }));
    expect([cache.knows("listening"), cache.knows("t0"), cache.knows("t1")]).toEqual([false, false, true]);
  });
});

describe("whoever may call changes", () => {
  it.each([
    ["a token", "update tokens set expires_at = now() + interval '1 day' where organization = $1"],
    [
      "a token's scopes",
      "update tokens set scopes = array['users:read'] where organization = $1 and directory is not null",
    ],
    [
      "the organization's schema extensions",
      "update organizations set schema_version = schema_version + 1 where id = $1",
    ],
    ["a token that is gone", "delete from tokens where organization = $1"],
  ])("is told: %s", async (_what, text) => {
    await write((tx) => createToken(tx, { directory: directory.id }));
    expect(await heardDuring(text)).toBe(true);
  });

  it("is not told when only its last use is written down", async () => {
    await write((tx) => createToken(tx, { directory: directory.id }));
    expect(await heardDuring("update tokens set last_used_at = now() where organization = $1")).toBe(false);
  });
});

/** Whether a statement tells of a change; another notification after it shows that there was time to hear. */
async function heardDuring(text: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: ctx.database.superuserUrl });
  await client.connect();
  const heard: string[] = [];
  client.on("notification", ({ channel }) => heard.push(channel));
  try {
    await client.query("listen muster_callers; listen the_end");
    await ctx.db.of(actor.organization).query({ text, values: [actor.organization] });
    await statements(ctx.database.superuserUrl, ["notify the_end"]);
    await until("it is so", 60, () => heard.includes("the_end"));
    return heard.includes("muster_callers");
  } finally {
    await client.end();
  }
}
