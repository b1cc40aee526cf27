import { expect, test } from "vitest";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, requireExclusive, simulate } from "../../src/db/transaction.ts";
import { testContext } from "../harness/postgres.ts";

const ctx = await testContext();
const organization = newId<OrganizationId>();
const actor: Actor = { organization, kind: "system", id: null, requestId: null };
const insert = {
  text: "insert into organizations (id, key, name) values ($1, 'o', 'o')",
  values: [organization],
};
const count = async () => (await ctx.db.of(organization).query({ text: "select id from organizations" })).length;

test("what a swallowed error rolled back is never told as done", async () => {
  await expect(
    inTransaction(ctx, actor, async (tx) => {
      await tx.query(insert);
      await tx.query({ text: "select 1 / 0" }).catch(() => {});
    }),
  ).rejects.toMatchObject({ code: "internal" });
  expect(await count()).toBe(0);
});

test("simulate answers what the change would do and writes nothing", async () => {
  const seen = await simulate(ctx, actor, async (tx) => {
    await tx.query(insert);
    return (await tx.query({ text: "select id from organizations" })).length;
  });
  expect([seen, await count()]).toEqual([1, 0]);
});

test("simulate refuses what a commit would refuse", async () => {
  await expect(
    simulate(ctx, actor, async (tx) => {
      await tx.query(insert);
      await tx.query({
        text: `insert into directories (organization, id, name, kind, position)
          values ($1, gen_random_uuid(), 'a', 'scim', 1), ($1, gen_random_uuid(), 'b', 'scim', 1)`,
        values: [organization],
      });
    }),
  ).rejects.toMatchObject({ code: "unavailable" });
});

test("a statement sent after the end reaches no transaction", async () => {
  const late = await inTransaction(ctx, actor, async (tx) => () => tx.query(insert));
  await expect(late()).rejects.toMatchObject({ code: "internal" });
  expect(await count()).toBe(0);
});

test("the exclusive lock keeps every other writer of the organization out, and no other organization", async () => {
  const order: string[] = [];
  const other: Actor = { ...actor, organization: newId<OrganizationId>() };
  let second: Promise<unknown> = Promise.resolve();
  await inTransaction(
    ctx,
    actor,
    async (tx) => {
      second = inTransaction(ctx, actor, async () => void order.push("second"));
      await inTransaction(ctx, other, async () => void order.push("elsewhere"), { lock: "exclusive" });
      // The second one's backend waits for the lock, whatever the machine's speed.
      for (;;) {
        const waiting = await tx.query({
          text: `select pid from pg_locks where locktype = 'advisory' and not granted
            and database = (select oid from pg_database where datname = current_database())`,
        });
        if (waiting.length === 1) break;
      }
      order.push("first");
    },
    { lock: "exclusive" },
  );
  await second;
  expect(order).toEqual(["elsewhere", "first", "second"]);
});

test("a change of what many accounts read is refused under any lesser lock", async () => {
  for (const lock of ["shared", "none"] as const)
    await expect(inTransaction(ctx, actor, async (tx) => requireExclusive(tx), { lock })).rejects.toMatchObject({
      code: "internal",
    });
  await inTransaction(ctx, actor, async (tx) => requireExclusive(tx), { lock: "exclusive" });
});
