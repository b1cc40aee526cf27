import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Context } from "../../src/context.ts";
import type { AccountId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { changeMembers } from "../../src/identity/directory-groups/members.ts";
import { updateDirectoryUsers } from "../../src/identity/directory-users/update.ts";
import { resendInvitation } from "../../src/identity/invitations/resend.ts";
import { type NoticedDirectory, noticeRemovals } from "../../src/identity/removal-notice.ts";
import { statusOf } from "../../src/identity/statuses.ts";
import { type Jobs, startJobs } from "../../src/jobs/start.ts";
import { writeMail } from "../../src/mail/write.ts";
import { listeningLogger } from "../harness/log.ts";
import { testContext } from "../harness/postgres.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { type Member, type Pushing, type RemovalWorld, removalWorld } from "../identity/removal-world.ts";

const sink = await startSmtpSink();
const base = await testContext();
const { logger, lines } = listeningLogger();
const ctx: Context = {
  ...base,
  logger,
  config: { ...base.config, mail: { smtpUrl: sink.url, from: "muster@example.com", retryDelays: [0] } },
};
afterAll(() => sink.stop());

const notice = (world: RemovalWorld): Promise<NoticedDirectory[]> =>
  inTransaction(ctx, { ...world.actor, kind: "job", id: null }, noticeRemovals, { lock: "none" });
const administrator = (world: RemovalWorld, who: Member) => world.act((tx) => addAdministrator(tx, who.email!));

type Queued = { account: AccountId; recipient: string; kind: string; state: string; content: object };
const queued = (world: RemovalWorld) =>
  world.db.query<Queued>({
    text: "select account, recipient, kind, state, content from mails where organization = $1 order by recipient",
    values: [world.organization],
  });

describe("administrators are told at half of the budget (design §7)", () => {
  let world: RemovalWorld;
  let okta: Pushing;
  let boss: Member;

  beforeAll(async () => {
    world = await removalWorld(base);
    okta = await world.directory("okta", 60);
    boss = okta.people[59]!;
    await administrator(world, boss);
  });

  test("not before", async () => {
    await okta.deactivate(...okta.people.slice(0, 24));
    expect(await notice(world)).toEqual([]);
    expect(await queued(world)).toEqual([]);
  });

  test("each who has an address, with an audit row and an event; once, however many ask", async () => {
    await okta.deactivate(okta.people[24]!);
    const told = await Promise.all([notice(world), notice(world), notice(world)]);
    const facts = { directory: "okta", lost: 25, gone: 25, budget: 50, held: false };
    expect(told.flat()).toEqual([{ ...facts, told: 1 }]);
    expect(await queued(world)).toEqual([
      { account: boss.account, recipient: boss.email, kind: "removals", state: "queued", content: facts },
    ]);
    for (const text of [
      "select subject, detail from audit where organization = $1 and action = 'directory.removals-noticed'",
      "select subject, data as detail from outbox where organization = $1 and kind = 'directory.removals-noticed'",
    ])
      expect(await world.db.query({ text, values: [world.organization] })).toEqual([
        { subject: okta.id, detail: { ...facts, told: [boss.account] } },
      ]);
  });

  test("again an hour later, while it goes on", async () => {
    await okta.deactivate(okta.people[25]!);
    expect(await notice(world)).toEqual([]);
    await world.owner(
      `update removal_budgets set noticed_at = now() - interval '1 hour' where directory = '${okta.id}'`,
    );
    expect(await notice(world)).toMatchObject([{ lost: 26, told: 1 }]);
    expect(await queued(world)).toHaveLength(2);
  });

  test("or when a request was refused, however few were lost before", async () => {
    const quiet = await world.directory("quiet", 1);
    await world.owner(
      `insert into removal_budgets (organization, directory, base, base_at, gone, counted_at, held_at)
        values ('${world.organization}', '${quiet.id}', 1, now(), 0, now(), now())`,
    );
    expect(await notice(world)).toMatchObject([{ directory: "quiet", lost: 0, held: true }]);
  });

  test("the half is that of a large directory's own budget", async () => {
    const large = await world.directory("large", 3);
    await world.owner(
      `insert into removals (organization, directory, account, at, of_access)
        select '${world.organization}', '${large.id}', gen_random_uuid(), now(), true from generate_series(1, 30)`,
      `insert into removal_budgets (organization, directory, base, base_at, gone, counted_at)
        values ('${world.organization}', '${large.id}', 620, now(), 0, now())`,
    );
    expect(await notice(world)).toEqual([]);
    await large.deactivate(large.people[0]!);
    expect(await notice(world)).toMatchObject([{ directory: "large", lost: 31, budget: 62 }]);
  });
});

describe("who is told", () => {
  async function losing(): Promise<{ world: RemovalWorld; okta: Pushing }> {
    const world = await removalWorld(base);
    const okta = await world.directory("okta", 40);
    return { world, okta };
  }

  test("organization administrators whose rights are in force, nobody else", async () => {
    const { world, okta } = await losing();
    const [one, two, parked, suspended, auditor, mute] = okta.people.slice(30) as Member[];
    for (const who of [one, two, parked, suspended, mute]) await administrator(world, who!);
    await world.owner(
      `insert into rights (organization, id, account, bundle, scope_kind, scope_id) values
        ('${world.organization}', gen_random_uuid(), '${auditor!.account}', 'auditor', 'organization', '${world.organization}')`,
      `update rights set parked_at = now(), in_force = false where account = '${parked!.account}'`,
      `update rights set in_force = false where account = '${suspended!.account}'`,
      `update accounts set email = null, email_key = null where id = '${mute!.account}'`,
    );
    // One who is taken with the others: somebody else is there to be told.
    await administrator(world, okta.people[0]!);
    await okta.deactivate(...okta.people.slice(0, 25));
    expect(await notice(world)).toMatchObject([{ told: 2 }]);
    expect((await queued(world)).map((mail) => mail.recipient)).toEqual([one!.email, two!.email].sort());
  });

  test("where the directory has just ended all of them, those whom it ended", async () => {
    const { world, okta } = await losing();
    const [boss, former, parked] = okta.people as [Member, Member, Member];
    for (const who of [boss, former, parked]) await administrator(world, who);
    await okta.deactivate(former);
    await world.owner(`update removals set at = now() - interval '2 hours' where account = '${former.account}'`);
    await okta.deactivate(boss, ...okta.people.slice(2, 30));
    // Whose name may stand for another human by now.
    await world.owner(`update rights set parked_at = now() where account = '${parked.account}'`);
    await notice(world);
    expect((await queued(world)).map((mail) => mail.recipient)).toEqual([boss.email]);
  });

  test("nobody, where there is nobody; the log says so", async () => {
    const { world, okta } = await losing();
    await okta.deactivate(...okta.people.slice(0, 25));
    expect(await notice(world)).toMatchObject([{ told: 0 }]);
  });
});

describe("what arrives", () => {
  let jobs: Jobs;
  beforeAll(async () => {
    jobs = await startJobs(ctx, { ownerUrl: base.database.ownerUrl });
  });
  afterAll(() => jobs.stop());
  const tick = () => ctx.db.lookUp({ text: "select add_job('notice-removals', '{}', 'notice-removals')" });

  test("a synced administrator gets this one mail, stays not invited, and nobody else gets anything", async () => {
    const world = await removalWorld(base);
    const okta = await world.directory("okta", 40);
    const boss = okta.people[39]!;
    await administrator(world, boss);
    await okta.deactivate(...okta.people.slice(0, 30));
    await tick();
    await expect
      .poll(async () => (await queued(world)).map((mail) => mail.state), { timeout: 30_000 })
      .toEqual(["sent"]);
    // The tests before had mails that waited for a worker.
    const mails = sink.mails.filter((mail) => mail.to[0]?.startsWith(`${world.key}-`));
    expect(mails.map((mail) => mail.to)).toEqual([[boss.email]]);
    const { subject, text, html } = mails[0]!.parsed;
    expect(subject).toBe("A directory takes away many people's access");
    for (const part of [text, html]) {
      expect(part).toContain("the directory okta took");
      expect(part).toContain("from 30 people; 30 of them are still without.");
      expect(part).toContain(`muster directory release okta --for 1h --reason TEXT --org ${world.key}`);
      expect(part).not.toContain("/i/");
    }
    expect(await statusOf(world.db, boss.account)).toBe("invited-not-sent");
    expect(lines.find((line) => line.organization === world.organization)).toMatchObject({
      level: "warn",
      directory: "okta",
      counts: { lost: 30, gone: 30, budget: 50, told: 1 },
    });
    // The notice is no invitation: it does not make Resend invite wait.
    expect((await world.act((tx) => resendInvitation(tx, ctx.config.invitations, boss.account))).status).toBe(
      "invited",
    );
  });

  test.each([
    [
      "has another address by now",
      "another address",
      (world: RemovalWorld, boss: Member, okta: Pushing) =>
        world.act((tx) => updateDirectoryUsers(tx, okta.id, [{ ...boss, email: "new@example.com" }])),
    ],
    [
      "is no administrator any more",
      "no administrator",
      (world: RemovalWorld, boss: Member) => world.owner(`delete from rights where account = '${boss.account}'`),
    ],
    [
      "would hear of it a day late",
      "a day old",
      (world: RemovalWorld) =>
        world.owner(
          `update mails set created_at = now() - interval '25 hours' where organization = '${world.organization}'`,
        ),
    ],
  ])("somebody who %s gets nothing", async (_, reason, happens) => {
    await jobs.stop();
    const world = await removalWorld(base);
    const okta = await world.directory("okta", 40);
    const boss = okta.people[39]!;
    await administrator(world, boss);
    await okta.deactivate(...okta.people.slice(0, 30));
    await notice(world);
    await happens(world, boss, okta);
    const before = sink.mails.length;
    jobs = await startJobs(ctx, { ownerUrl: base.database.ownerUrl });
    const outcome = () =>
      world.db.query<{ state: string; reply: string }>({
        text: "select state, last_reply as reply from mails where organization = $1",
        values: [world.organization],
      });
    await expect.poll(async () => (await outcome())[0]?.state, { timeout: 30_000 }).toBe("cancelled");
    expect((await outcome())[0]?.reply).toContain(reason);
    expect(sink.mails).toHaveLength(before);
  });

  test("a refused address is recorded, with no invitation to tell", async () => {
    const world = await removalWorld(base);
    const okta = await world.directory("okta", 40);
    await administrator(world, okta.people[39]!);
    await okta.deactivate(...okta.people.slice(0, 30));
    sink.refusals.push({ at: "rcpt", code: 550, text: "5.1.1 no such user" });
    await notice(world);
    await expect
      .poll(async () => (await queued(world)).map((mail) => mail.state), { timeout: 30_000 })
      .toEqual(["bounced"]);
  });
});

test("one person, and names from outside, are told as they are", () => {
  const words = { directory: "okta", lost: 1, gone: 1, budget: 50, held: true };
  const organization = "<b>{{ link }}</b>\r\nBcc: x@example.com";
  const { subject, text, html } = writeMail(
    {
      organizationName: organization,
      organizationKey: "acme",
      recipient: "ann@example.com",
      locale: "en",
      timeZone: "UTC",
      parts: null,
      words: { kind: "removals", ...words },
    },
    "",
  );
  expect(text).toContain(
    "from 1 person; 1 of them is still without. It may be 50: requests that went beyond were refused",
  );
  expect(html).toContain("&lt;b&gt;{{ link }}&lt;/b&gt;");
  expect(text.split("\n").some((line) => line.startsWith("Bcc:"))).toBe(false);
  expect(subject).not.toContain("okta");
});

test("a member who is moved is no removal, and tells nobody anything", async () => {
  const world = await removalWorld(base);
  const okta = await world.directory("okta", 30);
  const members = okta.people.map(({ id: member }) => ({ group: okta.group, member }));
  await okta.push((tx) => changeMembers(tx, okta.id, { add: members, remove: members }));
  expect(await notice(world)).toEqual([]);
});
