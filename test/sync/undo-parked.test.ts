import { expect, test } from "vitest";
import type { AccountId, DirectoryId, SyncRunId } from "../../src/db/id.ts";
import { accessOf } from "../../src/identity/access/access-of.ts";
import { mergeAccounts } from "../../src/identity/accounts/merge.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { addLocalMembers, createLocalGroup } from "../../src/identity/groups.ts";
import { assignGuest } from "../../src/identity/guests.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { giveRight } from "../../src/identity/rights/rights.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { runSync, type SyncOptions, type SyncResult } from "../../src/sync/run.ts";
import { undoRun } from "../../src/sync/undo.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { makeOrganization } from "../identity/access/organization.ts";
import { expectModel } from "../identity/access/stored.ts";
import { silent } from "./world.ts";

const ctx = await testContext({ logger: silent });
let count = 0;

/** jsmith in C, the first directory, and in P; local groups give the wiki, and the desk as a guest with a space. */
async function customersAndPartners() {
  const org = await makeOrganization(ctx, `undo-${++count}`);
  const [c, p] = [await org.pulled("c"), await org.pulled("p")];
  const customers = new ScriptedDirectory().group("g1");
  for (const id of ["c1", "c2", "c3", "c4", "c5"]) customers.user(id);
  customers.user("c1", { userName: "jsmith" });
  const partners = new ScriptedDirectory().user("p1", { userName: "JSmith" }).user("p2").user("p3");
  const sync = (directory: DirectoryId, source: ScriptedDirectory, options: Partial<SyncOptions> = {}) =>
    runSync(ctx, directory, {
      mode: "run",
      trigger: "command",
      actor: org.actor,
      connector: source.connector(),
      ...options,
    });
  const undo = (run: SyncRunId, options: Partial<SyncOptions> = {}): Promise<SyncResult> =>
    undoRun(ctx, run, { actor: org.actor, trigger: "command", ...options });
  await sync(c, customers);
  await sync(p, partners);
  const [wiki, desk] = [await org.product("wiki"), await org.product("desk", { hasGuests: true })];
  const space = (await org.alone((tx) => createSpace(tx, desk, { key: "docs" }))).id;
  const [staff, visitors, late] = await org.alone(async (tx) => [
    await createLocalGroup(tx, "staff"),
    await createLocalGroup(tx, "visitors"),
    await createLocalGroup(tx, "late"),
  ]);
  await org.grant(staff.id, wiki, "user");
  await org.grant(visitors.id, desk, "guest");
  await org.alone((tx) => addAdministrator(tx, "boss@example.com"));
  const jsmith = await org.account("jsmith");
  const join = (group: { id: typeof staff.id }) => org.alone((tx) => addLocalMembers(tx, group.id, [jsmith]));
  return {
    ...{ org, c, p, customers, partners, sync, undo, jsmith, staff, visitors, late, join },
    give: async () => {
      await join(staff);
      await join(visitors);
      await org.alone(async (tx) => {
        await assignGuest(tx, { account: jsmith, space, permission: "read-only", expiresAt: null, sponsor: null });
        await giveRight(tx, [EVERYTHING], {
          account: jsmith,
          bundle: "organization-administrator",
          scope: { kind: "organization" },
        });
      });
    },
    /** What was given to jsmith, and whether it counts. */
    facts: async (): Promise<Record<string, boolean>> => {
      const rows = await org.db.query<{ name: string; counts: boolean }>({
        text: `select g.name, m.parked_at is null as counts from local_memberships m
            join groups g on g.organization = $1 and g.id = m.group_id where m.organization = $1 and m.account = $2
          union all select 'space', parked_at is null from guest_assignments where organization = $1 and account = $2
          union all select bundle, parked_at is null and in_force from rights where organization = $1 and account = $2`,
        values: [org.id, jsmith],
      });
      return Object.fromEntries(rows.map(({ name, counts }) => [name, counts]));
    },
    access: async () =>
      (await accessOf(org.db, jsmith)).access.map(({ product, role, allowed }) => ({ product, role, allowed })),
    canonical: async (): Promise<DirectoryId | undefined> =>
      (
        await org.db.query<{ directory: DirectoryId }>({
          text: `select u.directory from accounts a join directory_users u on u.organization = $1 and u.id = a.canonical
            where a.organization = $1 and a.id = $2`,
          values: [org.id, jsmith],
        })
      )[0]?.directory,
    confirmations: () =>
      org.db.query<{ subject: AccountId; actor: string; detail: object }>({
        text: "select subject, actor, detail from audit where organization = $1 and action = 'account.confirmed' order by id",
        values: [org.id],
      }),
    mails: () => org.db.query({ text: "select id from mails where organization = $1", values: [org.id] }),
  };
}

const ALL = { staff: true, visitors: true, space: true, "organization-administrator": true };
const NONE = { staff: false, visitors: false, space: false, "organization-administrator": false };

test("what a run had parked counts again when the run is undone, and is parked again when that is undone", async () => {
  const acme = await customersAndPartners();
  await acme.give();
  const access = await acme.access();
  const mails = await acme.mails();
  expect(access.filter(({ allowed }) => allowed)).toHaveLength(2);

  const run = await acme.sync(acme.c, acme.customers.remove("c1"));
  expect(run).toMatchObject({ state: "done", counts: { removed: 1 } });
  expect(await acme.facts()).toEqual(NONE);
  await acme.join(acme.late);

  const undone = await acme.undo(run.runId);
  expect(undone.state).toBe("done");
  expect(await acme.canonical()).toBe(acme.c);
  // What was given since was given to the partner's.
  expect(await acme.facts()).toEqual({ ...ALL, late: false });
  expect(await acme.access()).toEqual(access);
  expect(await acme.confirmations()).toEqual([
    { subject: acme.jsmith, actor: undone.runId, detail: { count: 4, undone: run.runId } },
  ]);
  await expectModel(acme.org.db, "undone");

  const again = await acme.undo(undone.runId);
  expect(await acme.canonical()).toBe(acme.p);
  expect(await acme.facts()).toEqual({ ...NONE, late: true });
  await acme.undo(again.runId);
  expect(await acme.facts()).toEqual({ ...ALL, late: false });
  expect(await acme.access()).toEqual(access);
  expect(await acme.mails()).toEqual(mails);
});

test("what was parked by a run that brought a record further up counts again when that goes", async () => {
  const acme = await customersAndPartners();
  await acme.sync(acme.c, acme.customers.remove("c1"));
  await acme.give();
  const run = await acme.sync(acme.c, acme.customers.user("c9", { userName: "jsmith" }));
  expect(await acme.facts()).toEqual(NONE);
  expect((await acme.undo(run.runId)).state).toBe("done");
  expect(await acme.facts()).toEqual(ALL);
});

test("an undoing that was stopped brings it back when it goes on", async () => {
  const acme = await customersAndPartners();
  await acme.give();
  const run = await acme.sync(acme.c, acme.customers.remove("c1"));
  const stop = new AbortController();
  const onProgress = () => stop.abort();
  await expect(acme.undo(run.runId, { signal: stop.signal, onProgress })).rejects.toMatchObject({
    code: "unavailable",
  });
  expect([await acme.canonical(), await acme.facts()]).toEqual([acme.c, NONE]);
  await acme.sync(acme.c, acme.customers);
  expect(await acme.facts()).toEqual(ALL);
});

test("what was parked before the run stays parked", async () => {
  const acme = await customersAndPartners();
  await acme.join(acme.late);
  await acme.org.order("p", "c", "internal");
  await acme.org.order("c", "p", "internal");
  await acme.give();
  const run = await acme.sync(acme.c, acme.customers.remove("c1"));
  await acme.undo(run.runId);
  expect(await acme.facts()).toEqual({ ...ALL, late: false });
});

test("who has another record by now keeps everything parked", async () => {
  const acme = await customersAndPartners();
  await acme.give();
  const run = await acme.sync(acme.c, acme.customers.remove("c1"));
  await acme.org.order("p", "c", "internal");
  expect((await acme.undo(run.runId)).state).toBe("done");
  expect(await acme.canonical()).toBe(acme.p);
  expect(await acme.facts()).toEqual(NONE);
  expect(await acme.confirmations()).toEqual([]);
});

test("a right that came parked with another account while the run was applied stays parked", async () => {
  const acme = await customersAndPartners();
  await acme.join(acme.staff);
  const boss = await acme.org.account("boss@example.com");
  await acme.org.alone((tx) => addAdministrator(tx, "other@example.com"));
  const stop = new AbortController();
  const options = { signal: stop.signal, onProgress: (phase: string) => phase === "apply" && stop.abort() };
  const stopped = acme.sync(acme.c, acme.customers.remove("c1", "g1"), options);
  await expect(stopped).rejects.toMatchObject({ code: "unavailable" });
  expect(await acme.facts()).toEqual({ staff: true });
  await acme.org.alone((tx) => mergeAccounts(tx, [EVERYTHING], { from: boss, to: acme.jsmith }));
  await acme.sync(acme.c, acme.customers);
  expect(await acme.facts()).toEqual({ staff: false, "organization-administrator": false });
  const [run] = await acme.org.db.query<{ id: SyncRunId }>({
    text: "select id from sync_runs where organization = $1 and directory = $2 and rows_written = 2",
    values: [acme.org.id, acme.c],
  });
  if (!run) throw new Error("there is no run that was stopped");
  await acme.undo(run.id);
  expect(await acme.facts()).toEqual({ staff: true, "organization-administrator": false });
});
