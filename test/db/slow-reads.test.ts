import { expect, test } from "vitest";
import type { OrganizationId } from "../../src/db/id.ts";
import { newId } from "../../src/db/id.ts";
import { SlowReads } from "../../src/db/slow-reads.ts";
import { testContext } from "../harness/postgres.ts";

const { db } = await testContext();
const [acme, other] = [newId<OrganizationId>(), newId<OrganizationId>()];
const LOCK = { name: "x", text: "select pg_advisory_xact_lock_shared(4711)", prepared: false };

/** Holds what `LOCK` waits for until the function that it gives is called. */
async function hold(): Promise<() => Promise<void>> {
  const client = await db.checkOut(acme);
  await client.query("select pg_advisory_lock(4711)");
  return async () => {
    await client.query("select pg_advisory_unlock(4711)");
    client.release();
  };
}

const one = { text: "select 1 as one" };

test("forty reads that no index serves leave the other connections to everybody else, and are answered in the end", async () => {
  const letGo = await hold();
  const slow = Array.from({ length: 40 }, () => db.of(acme).query(LOCK));
  const ordinary = await Promise.all(Array.from({ length: 40 }, () => db.of(acme).query(one)));
  expect(ordinary).toEqual(Array(40).fill([{ one: 1 }]));
  // Of fifteen connections three are theirs, one is the holder's.
  expect(db.pool.totalCount - db.pool.idleCount).toBe(4);
  await letGo();
  expect(await Promise.all(slow)).toHaveLength(40);
});

test("organizations take turns", async () => {
  const letGo = await hold();
  const reads = new SlowReads(3);
  const begun: string[] = [];
  const ask = (organization: OrganizationId, name: string): Promise<unknown> => {
    const checkOut = () => {
      begun.push(name);
      return db.checkOut(organization);
    };
    return reads.read(organization, checkOut, LOCK);
  };
  const all = Array.from({ length: 30 }, () => ask(acme, "acme"));
  all.push(ask(other, "other"));
  await letGo();
  await Promise.all(all);
  // Three run, one more of the first has its turn, and then comes the other.
  expect(begun.indexOf("other")).toBe(4);
});

test("more than a hundred waiting ones of one organization are told to come again; others still wait", async () => {
  const letGo = await hold();
  const refused: unknown[] = [];
  const note = (error: unknown): void => void refused.push(error);
  const all = Array.from({ length: 105 }, () => db.of(acme).query(LOCK).catch(note));
  all.push(db.of(other).query(LOCK).catch(note));
  await letGo();
  await Promise.all(all);
  expect(refused).toEqual(Array(2).fill(expect.objectContaining({ code: "unavailable", retryAfter: 5 })));
});

test("one that takes too long is stopped, and neither its place nor its connection is lost", async () => {
  const reads = new SlowReads(1, 100);
  const checkOut = () => db.checkOut(acme);
  for (let time = 0; time < 3; time++)
    await expect(reads.read(acme, checkOut, { text: "select pg_sleep(30)" })).rejects.toMatchObject({
      code: "too-many",
      message: expect.stringContaining("0.1 s"),
    });
  await expect(reads.read(acme, checkOut, { text: "select nonsense" })).rejects.toMatchObject({ code: "unavailable" });
  const settings = "select current_setting('statement_timeout') as timeout";
  expect(await reads.read(acme, checkOut, { text: settings })).toEqual([{ timeout: "100ms" }]);
  expect(await db.of(acme).query({ text: settings })).toEqual([{ timeout: "1min" }]);
  expect(db.pool.totalCount).toBe(db.pool.idleCount);
});
