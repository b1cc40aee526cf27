import { afterAll, describe, expect, test } from "vitest";
import type { Context } from "../../src/context.ts";
import { type AccountId, type DirectoryId, type DirectoryUserId, type GroupId, newId } from "../../src/db/id.ts";
import { inTransaction, type OrganizationLock, type Tx } from "../../src/db/transaction.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { changeMembers, replaceMembers } from "../../src/identity/directory-groups/members.ts";
import { createDirectoryUser } from "../../src/identity/directory-users/create.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { removeDirectoryUsers, restoreDirectoryUsers } from "../../src/identity/directory-users/remove.ts";
import { updateDirectoryUsers } from "../../src/identity/directory-users/update.ts";
import { statusOf } from "../../src/identity/statuses.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { runSync } from "../../src/sync/run.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { addProduct, makeWorld, person, resend } from "./world.ts";

const sink = await startSmtpSink();
const base = await testContext();
const ctx: Context = {
  ...base,
  config: { ...base.config, mail: { smtpUrl: sink.url, from: "muster@example.com", retryDelays: [0] } },
};
const jobs = await startJobs(ctx, { ownerUrl: base.database.ownerUrl });
const world = await makeWorld(ctx, "acme");
const db = ctx.db.of(world.organization);
afterAll(async () => {
  await jobs.stop();
  await sink.stop();
});

const change = <T>(work: (tx: Tx) => Promise<T>, lock: OrganizationLock = "shared") =>
  inTransaction(ctx, world.actor, work, { lock });

async function mailsQueued(): Promise<number> {
  const [row] = await db.query<{ count: number }>({
    text: "select count(*) as count from mails where organization = $1",
    values: [world.organization],
  });
  return row?.count ?? -1;
}

const ann = person("ann");
const ben = person("ben");
const cem = person("cem", { active: false });
const company = new ScriptedDirectory();

describe("whatever happens to people who came by SCIM or sync", () => {
  let ldap: DirectoryId;
  let wikiPeople: GroupId;

  const sync = (read: ScriptedDirectory = company) =>
    runSync(ctx, ldap, { mode: "approve", trigger: "command", actor: world.actor, connector: read.connector() });

  const story: [what: string, step: () => Promise<unknown>][] = [
    ["a SCIM directory creates people", () => createDirectoryUser(ctx, world.actor, world.directory, ann)],
    ["several at once", () => change((tx) => insertDirectoryUsers(tx, world.directory, [ben, cem]))],
    [
      "a product is granted to their group",
      async () => {
        wikiPeople = (await addProduct(ctx, world, "wiki", "user")).group;
      },
    ],
    [
      "they join it",
      () =>
        change((tx) =>
          changeMembers(tx, world.directory, {
            add: [ann, ben, cem].map(({ id }) => ({ group: wikiPeople, member: id })),
            remove: [],
          }),
        ),
    ],
    ["leave it", () => change((tx) => replaceMembers(tx, world.directory, wikiPeople, []))],
    ["and join again", () => change((tx) => replaceMembers(tx, world.directory, wikiPeople, [ann.id, ben.id]))],
    [
      "one is renamed and gets another address",
      () =>
        change((tx) =>
          updateDirectoryUsers(tx, world.directory, [{ ...ben, userName: "benjamin", email: "benjamin@example.com" }]),
        ),
    ],
    [
      "two swap their names",
      () =>
        change((tx) =>
          updateDirectoryUsers(tx, world.directory, [
            { ...ann, userName: "benjamin" },
            { ...ben, userName: "ann" },
          ]),
        ),
    ],
    ["and back", () => change((tx) => updateDirectoryUsers(tx, world.directory, [ann, ben]))],
    [
      "one is deactivated",
      () => change((tx) => updateDirectoryUsers(tx, world.directory, [{ ...ann, active: false }])),
    ],
    ["and activated again", () => change((tx) => updateDirectoryUsers(tx, world.directory, [ann]))],
    [
      "one who came inactive is activated",
      () => change((tx) => updateDirectoryUsers(tx, world.directory, [{ ...cem, active: true }])),
    ],
    ["one is deleted", () => change((tx) => removeDirectoryUsers(tx, world.directory, [ben.id]))],
    ["and restored", () => change((tx) => restoreDirectoryUsers(tx, world.directory, [ben.id]))],
    ["one is deleted for good", () => change((tx) => removeDirectoryUsers(tx, world.directory, [cem.id]))],
    [
      "and comes back as a new record",
      () =>
        createDirectoryUser(ctx, world.actor, world.directory, { ...cem, id: newId<DirectoryUserId>(), active: true }),
    ],
    [
      "a second directory is synced, with a person whom the first one has too",
      async () => {
        ldap = (await change((tx) => addDirectory(tx, { name: "ldap", kind: "ldap" }), "exclusive")).id;
        company.user("dora").user("emil").user("ann").group("staff", ["dora", "emil"]);
        expect((await sync()).state).toBe("done");
      },
    ],
    ["and synced again unchanged", async () => expect((await sync()).rowsWritten).toBe(0)],
    [
      "and again with a rename, a new address, a deactivation and somebody new",
      () => {
        company
          .user("dora", { userName: "dorothea", email: "dorothea@example.com" })
          .user("emil", { active: false })
          .user("fritz");
        return sync();
      },
    ],
    ["and again with a reactivation", () => sync(company.user("emil", { active: true }))],
    ["and again with somebody gone", () => sync(company.remove("fritz"))],
    ["somebody becomes administrator", () => change((tx) => addAdministrator(tx, "ann@example.com"), "exclusive")],
    [
      "a new administrator is added by address",
      () => change((tx) => addAdministrator(tx, "boss@example.com"), "exclusive"),
    ],
  ];

  test.each(story)("R64, R66: nobody is mailed: %s", async (_what, step) => {
    await step();
    expect(await mailsQueued()).toBe(0);
  });

  test("everybody active shows Invited – Invitation not sent (R78)", async () => {
    for (const name of ["ann", "ben", "cem", "dorothea", "emil"])
      expect(await statusOf(db, await resolvePerson(db, name)), name).toBe("invited-not-sent");
  });

  test("R67, R79: one press on Resend invite is the first and only mail, and only that person is Invited", async () => {
    const account: AccountId = await resolvePerson(db, "dorothea");
    const { status } = await resend(ctx, world, account);
    expect(status).toBe("invited");
    await expect.poll(() => sink.mails.length, { timeout: 30_000 }).toBe(1);
    expect(sink.mails[0]?.to).toEqual(["dorothea@example.com"]);
    // The worker lives, as this mail shows; so the silence before it was silence.
    expect(sink.connections).toBe(1);
    expect(await mailsQueued()).toBe(1);
    expect(await statusOf(db, await resolvePerson(db, "ann"))).toBe("invited-not-sent");
  });

  test("after it everything is silent again", async () => {
    company.user("dora", { userName: "dora", email: "dora@example.com" });
    await sync();
    await change((tx) => updateDirectoryUsers(tx, world.directory, [{ ...ann, active: false }]));
    await change((tx) => updateDirectoryUsers(tx, world.directory, [ann]));
    await jobs.stop();
    expect(await mailsQueued()).toBe(1);
    expect(sink.connections).toBe(1);
  });
});
