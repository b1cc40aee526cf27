import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newId } from "../../src/db/id.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { pruneJobs } from "../../src/identity/jobs.ts";
import { revokeToken } from "../../src/identity/tokens.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { scaled } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { company, serveApi } from "./job-world.ts";

const ctx = await testContext();
const api = await serveApi(ctx);
const people = (count: number) => Array.from({ length: count }, (_, n) => ({ userName: `person-${n}` }));
type Company = Awaited<ReturnType<typeof company>>;

async function bulk(acme: Company, body: object) {
  const answer = await acme.ask("POST", "/users/bulk", body);
  expect(answer.status, answer.text).toBe(202);
  expect(answer.headers.get("location")).toBe(`/api/v1/jobs/${answer.body.job.id}`);
  return answer.body as { job: { id: string }; people: { id: string }[] };
}
const jobOf = async (acme: Company, id: string) => (await acme.ask("GET", `/jobs/${id}`)).body;
const resultsOf = async (acme: Company, id: string, query = "") =>
  (await acme.ask("GET", `/jobs/${id}/results${query}`)).body.data as { user: string; state: string; code: string }[];
const suspended = async (acme: Company) =>
  (
    await acme.db.query<{ id: string }>({
      text: "select id from accounts where organization = $1 and suspended_at is not null order by id",
      values: [acme.organization],
    })
  ).map((row) => row.id);
const eventsOf = async (acme: Company, kind: string) =>
  (
    await acme.db.query<{ subject: string }>({
      text: "select subject from outbox where organization = $1 and kind = $2 order by subject",
      values: [acme.organization, kind],
    })
  ).map((row) => row.subject);

test("everybody whom the filter found when the job was made, once, with what became of each and their access gone", async () => {
  const acme = await company(ctx, api, people(250));
  const before = acme.accounts.slice(0, 3);
  for (const id of before) await acme.ask("POST", `/users/${id}/suspend`, {});
  const { job, people: named } = await bulk(acme, {
    action: "suspend",
    filter: 'userName sw "person-"',
    reason: "closed",
  });
  expect(job).toMatchObject({ state: "queued", counts: { total: 250, done: 0, unchanged: 0, refused: 0 } });
  expect(named.map((person) => person.id)).toEqual(acme.accounts.slice(0, 100));
  // Who comes later is none of them.
  await acme.ask("POST", "/users", { email: "person-late@acme.example" });
  await acme.run(job.id);
  expect(await jobOf(acme, job.id)).toMatchObject({
    state: "done",
    counts: { total: 250, done: 247, unchanged: 3, refused: 0 },
    createdBy: { kind: "api-token" },
  });
  expect(await suspended(acme)).toEqual(acme.accounts);
  expect((await resultsOf(acme, job.id, "?state=unchanged")).map((row) => row.user)).toEqual(before);
  const first = await acme.ask("GET", `/jobs/${job.id}/results?state=done&limit=200`);
  const second = await acme.ask("GET", `/jobs/${job.id}/results?state=done&limit=200&cursor=${first.body.page.next}`);
  expect([...first.body.data, ...second.body.data].map((row) => row.user)).toEqual(acme.accounts.slice(3));
  expect(await eventsOf(acme, "account.suspended")).toEqual(acme.accounts);
  expect((await acme.ask("GET", `/users/${acme.accounts[4]}/access`)).body.access[0].allowed).toBe(false);
  const { data } = (await acme.ask("GET", "/audit?action=account.suspended&limit=1")).body;
  expect(data[0]).toMatchObject({ actor: { kind: "api-token" }, detail: { reason: "closed" } });

  const back = await bulk(acme, { action: "restore", filter: 'status eq "suspended"' });
  await acme.run(back.job.id);
  expect(await jobOf(acme, back.job.id)).toMatchObject({ state: "done", counts: { total: 250, done: 250 } });
  expect(await suspended(acme)).toEqual([]);
  expect((await acme.ask("GET", `/users/${acme.accounts[4]}/access`)).body.access[0].allowed).toBe(true);
});

test("a dry run says how many and who, and leaves nothing", async () => {
  const acme = await company(ctx, api, people(120));
  const { status, body } = await acme.ask("POST", "/users/bulk?dryRun=true", {
    action: "suspend",
    filter: 'userName sw "person-1"',
  });
  expect([status, body.status]).toEqual([200, 202]);
  expect(body.result.job.counts.total).toBe(31);
  expect(body.result.people).toHaveLength(31);
  expect((await acme.ask("GET", "/jobs")).body.data).toEqual([]);
  const left = await acme.db.query({
    text: "select 1 from job_rows where organization = $1",
    values: [acme.organization],
  });
  expect(left).toEqual([]);
});

test("one who is refused is told why, and keeps nobody else from it: the last administrator, an unknown id, a cool-down", async () => {
  const acme = await company(ctx, api, people(5));
  const admin = await acme.write((tx) => addAdministrator(tx, "admin@acme.example"));
  const stranger = newId<never>() as string;
  const { job } = await bulk(acme, { action: "suspend", ids: [...acme.accounts, admin.id, stranger] });
  await acme.run(job.id);
  expect(await jobOf(acme, job.id)).toMatchObject({ state: "done", counts: { total: 7, done: 5, refused: 2 } });
  const refused = await resultsOf(acme, job.id, "?state=refused");
  expect(new Map(refused.map((row) => [row.user, row.code]))).toEqual(
    new Map([
      [admin.id, "conflict"],
      [stranger, "not-found"],
    ]),
  );
  expect(await suspended(acme)).toEqual(acme.accounts);

  const [one = "", two = ""] = acme.accounts as string[];
  await acme.ask("POST", `/users/${one}/restore`);
  await acme.ask("POST", `/users/${one}/resend-invite`);
  const invited = await bulk(acme, { action: "resend-invite", ids: [one, two, admin.id] });
  await acme.run(invited.job.id);
  const rows = await resultsOf(acme, invited.job.id);
  expect(new Map(rows.map((row) => [row.user, row.code ?? row.state]))).toEqual(
    new Map([
      [one, "cool-down"],
      [two, "conflict"],
      [admin.id, "done"],
    ]),
  );
});

test("a job does what its maker may do by then: a revoked token stops it", async () => {
  const acme = await company(ctx, api, people(10));
  const token = await acme.tokenFor("users:read", "users:write");
  const made = await acme.ask("POST", "/users/bulk", { action: "suspend", ids: acme.accounts }, token);
  expect(made.status).toBe(202);
  await acme.write((tx) => revokeToken(tx, made.body.job.createdBy.id));
  await acme.run(made.body.job.id);
  expect(await jobOf(acme, made.body.job.id)).toMatchObject({
    state: "failed",
    detail: "whoever asked for this job has not the permission users:write any more",
    counts: { done: 0 },
  });
  expect(await suspended(acme)).toEqual([]);
  // Sending invitations needs its own permission, when the job is asked for too.
  const limited = await acme.tokenFor("users:write");
  const refused = await acme.ask("POST", "/users/bulk", { action: "resend-invite", ids: acme.accounts }, limited);
  expect([refused.status, refused.body.code]).toEqual([403, "not-allowed"]);
  const reader = await acme.tokenFor("users:read");
  expect((await acme.ask("GET", `/jobs/${made.body.job.id}`, undefined, reader)).status).toBe(404);
  expect((await acme.ask("GET", "/jobs", undefined, reader)).body.data).toEqual([]);
});

test("a cancelled job does nothing more, and cannot be cancelled twice", async () => {
  const acme = await company(ctx, api, people(10));
  const { job } = await bulk(acme, { action: "suspend", ids: acme.accounts });
  expect((await acme.ask("POST", `/jobs/${job.id}/cancel`)).body).toMatchObject({ state: "cancelled" });
  expect((await acme.ask("POST", `/jobs/${job.id}/cancel`)).status).toBe(409);
  await acme.run(job.id);
  expect(await suspended(acme)).toEqual([]);
  expect((await resultsOf(acme, job.id)).every((row) => row.state === "open")).toBe(true);
});

test("wrong requests are refused by their place, ten open jobs are enough, and what is another's is unknown", async () => {
  const acme = await company(ctx, api, people(2));
  const other = await company(ctx, api, people(1));
  const ids = acme.accounts;
  for (const [body, pointer] of [
    [{ action: "erase", ids }, "/action"],
    [{ action: "suspend" }, ""],
    [{ action: "suspend", ids, filter: "id pr" }, ""],
    [{ action: "suspend", ids: [] }, "/ids"],
    [{ action: "suspend", ids: Array(1_001).fill(ids[0]) }, "/ids"],
    [{ action: "suspend", filter: "nonsense" }, "/filter"],
  ] as const) {
    const answer = await acme.ask("POST", "/users/bulk", body);
    expect([answer.status >= 400 && answer.status < 500, answer.body.errors?.[0]?.pointer]).toEqual([true, pointer]);
  }
  const jobs = await Promise.all(
    Array.from({ length: 14 }, () => acme.ask("POST", "/users/bulk", { action: "suspend", ids })),
  );
  expect(jobs.filter(({ status }) => status === 202)).toHaveLength(10);
  expect(jobs.filter(({ status }) => status === 409)).toHaveLength(4);
  const { id } = jobs.find(({ status }) => status === 202)!.body.job;
  for (const path of [`/jobs/${id}`, `/jobs/${id}/results`]) expect((await other.ask("GET", path)).status).toBe(404);
  expect((await other.ask("POST", `/jobs/${id}/cancel`)).status).toBe(404);
  // Of another's people none is found.
  const theirs = await other.ask("POST", "/users/bulk", { action: "suspend", ids });
  await other.run(theirs.body.job.id);
  expect(await jobOf(other, theirs.body.job.id)).toMatchObject({ counts: { total: 2, refused: 2, done: 0 } });
  expect(await suspended(acme)).toEqual([]);
});

test("workers killed in the middle: another goes on, and nobody's turn comes twice", async () => {
  const count = scaled(10_000);
  const acme = await company(ctx, api, people(count));
  const worker = () =>
    spawn(process.execPath, ["--disable-proto=delete", join(import.meta.dirname, "../jobs/worker-process.ts")], {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        PATH: process.env.PATH,
        ...ctx.database.environment,
        MUSTER_DATA_DIR: ctx.config.dataDirectory,
        MUSTER_LOG_LEVEL: "error",
      },
    });
  const { job } = await bulk(acme, { action: "suspend", filter: 'userName sw "person-"' });
  const done = async () => (await jobOf(acme, job.id)).counts.done as number;
  for (let kills = 0; kills < 2; kills++) {
    const from = await done();
    const child = worker();
    const exited = once(child, "exit");
    await until("something is done", 60, async () => (await done()) > from || from === count);
    child.kill("SIGKILL");
    await exited;
    // Its hold is made to have ended.
    await statements(ctx.database.superuserUrl, ["update muster.jobs set held_until = now() where state = 'running'"]);
  }
  const jobs = await startJobs(ctx, { ownerUrl: ctx.database.ownerUrl });
  try {
    await until("the job is done", 100, async () => (await jobOf(acme, job.id)).state === "done");
  } finally {
    await jobs.stop();
  }
  expect(await jobOf(acme, job.id)).toMatchObject({ counts: { total: count, done: count, unchanged: 0, refused: 0 } });
  expect(await eventsOf(acme, "account.suspended")).toEqual(acme.accounts);
}, 300_000);

test("jobs that ended a month ago are forgotten with what they tell, open ones never", async () => {
  const acme = await company(ctx, api, people(2));
  const [ended, open] = [
    await bulk(acme, { action: "suspend", ids: acme.accounts }),
    await bulk(acme, { action: "restore", ids: acme.accounts }),
  ];
  await acme.run(ended.job.id);
  await statements(ctx.database.superuserUrl, [
    `update muster.jobs set ended_at = ended_at - interval '31 days', created_at = created_at - interval '31 days'
       where organization = '${acme.organization}'`,
  ]);
  expect(await acme.write(pruneJobs, "none")).toBe(1);
  expect((await acme.ask("GET", "/jobs")).body.data.map((job: { id: string }) => job.id)).toEqual([open.job.id]);
});
