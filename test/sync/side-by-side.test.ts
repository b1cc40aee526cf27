import pg from "pg";
import { expect, test } from "vitest";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { statements } from "../harness/server.ts";
import { makeWorld, silent } from "./world.ts";

/** New groups are written beside new people. */
const ctx = await testContext({ logger: silent });
const { superuserUrl } = ctx.database;
/** More than two batches of groups. */
const [PEOPLE, GROUPS] = [10, 4_100];
const PATIENCE = 60;

function company(): ScriptedDirectory {
  const source = new ScriptedDirectory();
  source.pageSize = 1_000;
  for (let number = 0; number < PEOPLE; number++) source.user(`p${number}`);
  for (let number = 0; number < GROUPS; number++) source.group(`g${number}`);
  return source;
}

const REFUSING_PEOPLE = [
  // A sequence keeps its count when a transaction is rolled back.
  "create sequence muster.refusals",
  `create function muster.refuse() returns trigger language plpgsql security definer as $$ begin
    perform nextval('muster.refusals'); raise exception 'refused' using errcode = 'MU999'; end $$`,
  "create trigger refuse before insert on muster.directory_users for each statement execute function muster.refuse()",
];
const HOLDING_GROUPS = [
  `create function muster.hold() returns trigger language plpgsql as $$ begin
    perform pg_advisory_xact_lock_shared(4711); return null; end $$`,
  "create trigger hold before insert on muster.directory_groups for each statement execute function muster.hold()",
];
const AS_BEFORE = [
  "drop trigger refuse on muster.directory_users",
  "drop trigger hold on muster.directory_groups",
  "drop sequence muster.refusals",
];

test("when people cannot be written, groups end with the batch that they are at, and the next run goes on", async () => {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const groups = async () =>
    (
      await world.query<{ count: number }>({
        text: "select count(*) as count from directory_groups where organization = $1",
        values: [world.actor.organization],
      })
    )[0]?.count ?? 0;
  await statements(superuserUrl, [...REFUSING_PEOPLE, ...HOLDING_GROUPS]);
  const holder = new pg.Client({ connectionString: superuserUrl });
  await holder.connect();
  await holder.query("select pg_advisory_lock(4711)");
  const run = world.sync(directory, company()).catch((why: unknown) => why);
  await until("people are refused and groups wait", PATIENCE, async () => {
    const { rows } = await holder.query(
      "select from muster.refusals where is_called and exists (select from pg_locks where objid = 4711 and not granted)",
    );
    return rows.length === 1;
  });
  await holder.end();
  expect(await run).toMatchObject({ code: "unavailable", cause: { code: "MU999" } });
  const written = await groups();
  expect(written).toBeGreaterThan(0);
  expect(written).toBeLessThan(GROUPS / 2);

  await statements(superuserUrl, AS_BEFORE);
  expect(await world.sync(directory, company())).toMatchObject({ state: "done", rowsWritten: 0 });
  expect(await groups()).toBe(GROUPS);
  expect(Object.keys(await world.users(directory))).toHaveLength(PEOPLE);
});
