import { expect, test } from "vitest";
import type { AccountId, JobId } from "../../src/db/id.ts";
import { type Actor, inTransaction, simulate } from "../../src/db/transaction.ts";
import { ensureAdministrator } from "../../src/identity/administrators.ts";
import { listJobRows } from "../../src/identity/bulk-jobs.ts";
import { MOST_ROWS, readCsv, readRows } from "../../src/identity/invitation-imports/form.ts";
import { createInvitationImport, previewImport } from "../../src/identity/invitation-imports/import.ts";
import { getJob } from "../../src/identity/jobs.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { changeSettings } from "../../src/identity/settings/settings.ts";
import { runJob } from "../../src/jobs/run-job.ts";
import { testContext } from "../harness/postgres.ts";
import { company } from "./inviting-company.ts";

const ctx = await testContext();

/** A company whose administrator imports. */
async function acme() {
  const org = await company(ctx);
  const [ada] = (
    await org.ask({ emails: ["ada@acme.example"], roles: [{ product: org.wiki, role: "user" }], notify: false })
  ).results;
  await org.write((tx) => ensureAdministrator(tx, "ada@acme.example"));
  const maker: Actor = { ...org.actor, kind: "session", id: ada?.account as AccountId };
  const start = async (text: string, notify?: boolean) =>
    (await inTransaction(ctx, maker, (tx) => createInvitationImport(tx, readCsv(text), notify), { lock: "none" })).id;
  const run = (id: JobId, stop?: AbortSignal) => runJob(ctx, { organization: org.organization, job: id }, stop);
  const rows = async (id: JobId) =>
    (await listJobRows(org.db, id, { state: null, after: null, limit: 100 })).map(
      ({ row, email, state, code }) => `${row} ${email} ${state}${code === null ? "" : ` ${code}`}`,
    );
  const free = (id: JobId) =>
    org.db.query({
      text: "update jobs set held_until = null where organization = $1 and id = $2",
      values: [org.organization, id],
    });
  return { ...org, maker, start, run, rows, free };
}

const FILE = `email,product,role,space,permission,until,groups,message
gus@partner.example,wiki,guest,docs,read-only,P30D,,Welcome
ann@elsewhere.example,wiki,user,,,,,
not an address,wiki,user,,,,,
ben@elsewhere.example,desk,user,,,,,
eve@partner.example,wiki,guest,docs,may-everything,,,
cid@elsewhere.example,,,,,,local/wiki users,
`;

test("C12, R28, R37: a file is invited row by row, each with its own outcome; a wrong row keeps no other back", async () => {
  const org = await acme();
  const id = await org.start(FILE);
  expect(await org.mails()).toEqual([]);
  await org.run(id);
  expect(await org.rows(id)).toEqual([
    "1 gus@partner.example done",
    "2 ann@elsewhere.example done",
    "3 not an address refused invalid",
    "4 ben@elsewhere.example refused not-found",
    "5 eve@partner.example refused invalid",
    "6 cid@elsewhere.example done",
  ]);
  expect(await getJob(org.db, id)).toMatchObject({
    state: "done",
    counts: { total: 6, done: 3, unchanged: 0, refused: 3 },
  });
  expect((await org.mails()).sort()).toEqual(["ann@elsewhere.example", "cid@elsewhere.example", "gus@partner.example"]);
  const [offered] = await org.db.query<{ days: number }>({
    text: `select round(extract(epoch from s.expires_at - statement_timestamp()) / 86400)::integer as days
      from invitation_spaces s where s.organization = $1`,
    values: [org.organization],
  });
  expect(offered?.days).toBe(30);
});

test("C12: a preview is what the job does, without a mail; the file once more changes nobody twice", async () => {
  const org = await acme();
  const outcomes = await simulate(ctx, org.maker, (tx) =>
    previewImport(tx, ctx.config.invitations, [EVERYTHING], readCsv(FILE)),
  );
  expect(await org.mails()).toEqual([]);
  const id = await org.start(FILE);
  await org.run(id);
  expect(
    outcomes.map(({ row, email, state, code }) => `${row} ${email} ${state}${code === null ? "" : ` ${code}`}`),
  ).toEqual(await org.rows(id));
  const again = await org.start(FILE);
  await org.run(again);
  expect(await org.mails()).toHaveLength(3);
  const [open] = await org.db.query<{ count: number }>({
    text: "select count(*)::integer as count from invitations where organization = $1 and state = 'pending' and email_key <> 'ada@acme.example'",
    values: [org.organization],
  });
  expect(open?.count).toBe(3);
});

test("C12: an import that dies goes on where it was, and no row comes twice", async () => {
  const org = await acme();
  const people = Array.from({ length: 12 }, (_, at) => `p${at}@elsewhere.example`);
  const id = await org.start(`email,product,role\n${people.map((email) => `${email},wiki,user`).join("\n")}`);
  // Stopped after some rows, five times, as a worker that is killed leaves it.
  for (let turn = 0; turn < 5; turn++) {
    const stop = new AbortController();
    const running = org.run(id, stop.signal);
    setTimeout(() => stop.abort(), 30);
    await running;
    await org.free(id);
  }
  await org.run(id);
  expect(await getJob(org.db, id)).toMatchObject({ state: "done", counts: { done: 12, refused: 0 } });
  expect((await org.mails()).sort()).toEqual(people.sort());
});

test("R143: an import holds to the quota row by row, and to what its maker may; who lost the right invites nobody more", async () => {
  const org = await acme();
  await org.write((tx) =>
    tx.query({
      text: "update products set guest_basis = 'fixed', guest_ratio = 2, guest_enforcement = 'block' where organization = $1",
      values: [tx.organization],
    }),
  );
  const guests = Array.from({ length: 4 }, (_, at) => `g${at}@partner.example,wiki,guest,docs`).join("\n");
  const id = await org.start(`email,product,role,space\n${guests}`);
  await org.run(id);
  expect(await org.rows(id)).toEqual([
    "1 g0@partner.example done",
    "2 g1@partner.example done",
    "3 g2@partner.example refused conflict",
    "4 g3@partner.example refused conflict",
  ]);
  const later = await org.start("email,product,role\nlate@elsewhere.example,wiki,user");
  await org.write((tx) => tx.query({ text: "delete from rights where organization = $1", values: [tx.organization] }));
  await org.run(later);
  expect(await getJob(org.db, later)).toMatchObject({ state: "failed", counts: { done: 0 } });
});

test("C12: beyond the budget an import waits and says so, and goes on when there is room again", async () => {
  const org = await acme();
  await org.write((tx) => changeSettings(tx, { invitationBudget: { organizationPerDay: 2 } }));
  const id = await org.start("email,product,role\na@b.example,wiki,user\nc@b.example,wiki,user\nd@b.example,wiki,user");
  await org.run(id);
  expect(await getJob(org.db, id)).toMatchObject({
    state: "running",
    counts: { done: 2, refused: 0 },
    detail: expect.stringContaining("2 may go out"),
  });
  // Nobody takes it before its time.
  await org.run(id);
  const [waited] = await org.db.query({
    text: "select waits, held_until > statement_timestamp() + interval '23 hours' as held from jobs where organization = $1 and id = $2",
    values: [org.organization, id],
  });
  expect(waited).toEqual({ waits: 1, held: true });
  await org.db.query({
    text: "update mails set created_at = created_at - interval '1 day' where organization = $1",
    values: [org.organization],
  });
  await org.free(id);
  await org.run(id);
  expect(await getJob(org.db, id)).toMatchObject({ state: "done", detail: null, counts: { done: 3 } });
});

test("a file is read as spreadsheets write it, and refused whole where it is none", () => {
  expect(readCsv('\uFEFFemail;role;product\r\n"a@b.example";user;wiki\r\n\r\n')).toMatchObject([
    { number: 1, row: { email: "a@b.example", role: "user", product: "wiki" } },
  ]);
  expect(readCsv("email,until\na@b.example,tomorrow\n,P1D")).toMatchObject([
    { number: 1, problem: expect.stringContaining("until") },
    { number: 2, problem: expect.stringContaining("email") },
  ]);
  expect(() => readCsv("email,salary\na@b.example,1")).toThrow(/no column salary/);
  expect(() => readCsv('email\n"a@b.example')).toThrow(/no CSV/);
  expect(() => readCsv("email\n")).toThrow(/no row/);
  expect(() => readCsv(`email\n${"a@b.example\n".repeat(MOST_ROWS + 1)}`)).toThrow(/at most 10000 rows/);
  expect(readRows([{ email: "a@b.example", __proto__: null, constructor: "x" }])).toMatchObject([
    { problem: expect.stringContaining("constructor") },
  ]);
});
