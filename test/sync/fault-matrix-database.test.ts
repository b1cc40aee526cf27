import { afterAll, expect, test } from "vitest";
import type { Connector } from "../../connectors/connector.ts";
import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import { runSync } from "../../src/sync/run.ts";
import { type FakeOptions, startFakeLdap } from "../harness/fake-ldap.ts";
import { testContext } from "../harness/postgres.ts";
import { CuttingDatabase } from "./cutting-database.ts";
import { DATABASE_CELLS, type DatabaseCell } from "./database-cells.ts";
import { type Attempt, chosen, makeMatrix } from "./matrix.ts";
import { BASE, ldapCompany } from "./two-companies.ts";
import { makeWorld, silent } from "./world.ts";

const ctx = await testContext({ logger: silent });
const options: FakeOptions = { users: [], groups: [] };
const fake = await startFakeLdap(options);
const cutting = new CuttingDatabase(ctx.database.settings, ctx.database.superuserUrl);
afterAll(async () => {
  await fake.stop();
  await cutting.close();
});

function connector(turn: 0 | 1): Connector {
  Object.assign(options, ldapCompany(turn));
  return ldapConnector({ url: fake.url, bindDn: "cn=reader", base: BASE, pageSize: 2 }, "secret");
}

/** Hurts the run where the cell says, and tells whether it was. */
function hurt(cell: DatabaseCell, turn: 0 | 1): { fault: Attempt["fault"]; wasMet: () => boolean } {
  const on = { ctx: { ...ctx, db: cutting }, connector: connector(turn) };
  if (cell.cut) {
    cutting.arm(cell.cut);
    return { fault: on, wasMet: () => cutting.hit !== undefined };
  }
  cutting.arm(undefined);
  const stop = new AbortController();
  const count = { read: 0, apply: 0 };
  let met = false;
  const { hook } = cell;
  return {
    fault: {
      ...on,
      signal: stop.signal,
      onProgress: (phase) => {
        count[phase] += 1;
        if (phase !== hook?.phase || count[phase] !== hook.nth) return;
        met = true;
        if (hook.does === "throws") throw new Error("stopped here");
        if (hook.does === "aborts") stop.abort();
        // The directory is needed no more once it was read.
        if (hook.does === "the directory dies") Object.assign(options, { users: [], groups: [] });
      },
    },
    wasMet: () => met,
  };
}

test(`${DATABASE_CELLS.length} times Muster's own database or process fails in the middle of a run`, async () => {
  const matrix = await makeMatrix(ctx);
  await matrix.begin(connector(0), ldapCompany(0).goal);
  let turn: 0 | 1 = 0;
  for (const cell of chosen(DATABASE_CELLS)) {
    turn = turn === 0 ? 1 : 0;
    const now = turn;
    const { fault, wasMet } = hurt(cell, now);
    await matrix.meet({
      what: cell.what,
      fault,
      whole: () => connector(now),
      goal: ldapCompany(now).goal,
      ends: cell.ends,
    });
    expect(wasMet(), cell.what).toBe(true);
  }
}, 3_600_000);

test("a run whose lock finds no database is unavailable, and none is left behind", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const closed = new CuttingDatabase(ctx.database.settings, ctx.database.superuserUrl);
  // One connection stands already; the lock wants one of its own.
  await closed.of(world.actor.organization).query({ text: "select 1" });
  Object.assign(closed.pool.options, { connectionString: "postgres://127.0.0.1:1/nowhere" });
  const run = runSync({ ...ctx, db: closed }, directory, {
    ...{ mode: "run", trigger: "command", actor: world.actor, connector: connector(0) },
  });
  await expect(run).rejects.toMatchObject({ code: "unavailable" });
  expect(await world.query({ text: "select id from sync_runs" })).toEqual([]);
  await closed.close();
});
