import { expect, test } from "vitest";
import { Database } from "../../src/db/connection.ts";
import type { OrganizationId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { changeMembers } from "../../src/identity/directory-groups/members.ts";
import { assignGuest } from "../../src/identity/guests.ts";
import { listOrganizations } from "../../src/identity/organizations.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { inEveryOrganization } from "../../src/jobs/every-organization.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { CRONTAB, makeTasks } from "../../src/jobs/tasks.ts";
import { listRuns } from "../../src/sync/history.ts";
import { listeningLogger } from "../harness/log.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { addPerson, addProduct, makeWorld, person } from "../mail/world.ts";

const ctx = await testContext();
const world = await makeWorld(ctx, "acme");
const db = ctx.db.of(world.organization);

test("what is to happen every minute are tasks that exist", () => {
  const tasks = Object.keys(makeTasks(ctx));
  for (const line of CRONTAB.split("\n")) expect(tasks).toContain(/^\S+ \* \* \* \* ([a-z-]+) /.exec(line)?.[1]);
});

test("a directory that fell due while no worker ran is synced when one starts", async () => {
  const settings = { url: "ldap://127.0.0.1:1", bindDn: "cn=reader,dc=example,dc=com", base: "dc=example,dc=com" };
  const { id } = await inTransaction(
    ctx,
    world.actor,
    (tx) => addDirectory(tx, { name: "corp", kind: "ldap", settings, syncEvery: 3600 }),
    { lock: "exclusive" },
  );
  await statements(ctx.database.superuserUrl, [`update muster.directories set next_run_at = now() where id = '${id}'`]);
  const jobs = await startJobs(ctx, { ownerUrl: ctx.database.ownerUrl });
  try {
    await expect
      .poll(async () => (await listRuns(db, { directory: id })).map((run) => [run.trigger, run.state]), {
        timeout: 30_000,
      })
      .toEqual([["schedule", "failed"]]);
  } finally {
    await jobs.stop();
  }
});

test("R153: a guest whose time has run out is followed up by the job, once", async () => {
  const wiki = await addProduct(ctx, world, "wiki", "guest");
  const guest = person("guest");
  const account = await addPerson(ctx, world, "guest", { id: guest.id });
  await inTransaction(ctx, world.actor, async (tx) => {
    await changeMembers(tx, world.directory, { add: [{ group: wiki.group, member: guest.id }], remove: [] });
    const space = await createSpace(tx, wiki.product, { key: "docs" });
    await assignGuest(tx, {
      account,
      space: space.id,
      permission: "read-only",
      expiresAt: new Date(Date.now() + 3_600_000),
      sponsor: null,
    });
  });
  await statements(ctx.database.superuserUrl, [
    `update muster.guest_assignments set expires_at = now() - interval '1 second' where account = '${account}'`,
    `update muster.access set live_until = now() - interval '1 second' where account = '${account}'`,
  ]);
  const followedUp = async () =>
    (
      await db.query<{ count: number }>({
        text: "select count(*) as count from outbox where organization = $1 and kind = 'access.expired'",
        values: [world.organization],
      })
    )[0]?.count;
  const ticksLeft = async () =>
    (
      await statements<{ count: number }>(ctx.database.superuserUrl, [
        "select count(*)::int as count from graphile_worker.jobs where task_identifier = 'follow-up-guests'",
      ])
    )[0]?.count;
  expect(await followedUp()).toBe(0);
  const jobs = await startJobs(ctx, { ownerUrl: ctx.database.ownerUrl });
  try {
    for (let tick = 0; tick < 2; tick++) {
      await ctx.db.lookUp({ text: "select add_job('follow-up-guests', '{}', 'follow-up-guests')" });
      await expect.poll(ticksLeft, { timeout: 30_000 }).toBe(0);
      expect(await followedUp()).toBe(1);
    }
  } finally {
    await jobs.stop();
  }
});

test("an organization in which a job fails is told of, and keeps no other from its own", async () => {
  const other = await makeWorld(ctx, "other");
  const organizations = [world.organization, other.organization];
  const [first = "", last = ""] = (await listOrganizations(ctx.db)).map(({ id }) => id);
  expect([first, last].toSorted()).toEqual(organizations.toSorted());
  const { logger, lines } = listeningLogger();
  const done: string[] = [];
  await inEveryOrganization({ ...ctx, logger }, async ({ organization }) => {
    // As PostgreSQL would refuse what nobody has thought of.
    if (organization === first) await ctx.db.of(first as OrganizationId).query({ text: "select 1 / 0" });
    done.push(organization);
  });
  expect(done).toEqual([last]);
  expect(lines).toMatchObject([
    { level: "error", organization: first, error: expect.stringContaining("division by zero") },
  ]);
  const gone = new Database({ ...ctx.database.settings, url: `${ctx.database.settings.url}-gone` });
  const asked: string[] = [];
  await expect(
    inEveryOrganization({ ...ctx, logger }, async ({ organization }) => {
      asked.push(organization);
      await gone.of(organization).query({ text: "select 1" });
    }),
  ).rejects.toMatchObject({ code: "unavailable" });
  expect(asked).toEqual([first]);
  await gone.close();
});
