import { expect, it } from "vitest";
import type { DirectoryId, SyncRunId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { ASKED_SYNC_TASK, askedSyncTask } from "../../src/sync/ask.ts";
import { withDirectoryLock } from "../../src/sync/lock.ts";
import { runSync } from "../../src/sync/run.ts";
import { runUnderWay } from "../../src/sync/runs.ts";
import { until } from "../harness/process.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { statements } from "../harness/server.ts";
import { silent } from "../sync/world.ts";
import { apiServer, makeCompany } from "./world.ts";

const api = await apiServer({ logger: silent });
const { ctx } = api;
const company = await makeCompany(api, "acme");
const other = await makeCompany(api, "other");
const { token } = company;
const actor: Actor = { organization: company.organization, kind: "command", id: "test", requestId: null };

const get = async (path: string) => (await api.ask("GET", path, { token })).body;
const post = (path: string, body?: unknown) => api.ask("POST", path, { token, body });

/** What was asked for last, as a worker is given it: graphile-worker's own table refuses the application. */
async function latestJob(): Promise<unknown> {
  const [job] = await statements<{ payload: unknown }>(ctx.database.superuserUrl, [
    `select payload from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
      where t.identifier = '${ASKED_SYNC_TASK}' order by j.id desc limit 1`,
  ]);
  return job?.payload;
}

async function pulled(name: string): Promise<DirectoryId> {
  const added = inTransaction(ctx, actor, (tx) => addDirectory(tx, { name, kind: "ldap", settings: {} }), {
    lock: "exclusive",
  });
  return (await added).id;
}

/** A pulled directory whose first run waits for approval. */
async function previewed(name: string): Promise<{ directory: DirectoryId; run: SyncRunId }> {
  const directory = await pulled(name);
  const connector = new ScriptedDirectory().user(`${name}-gus`).user(`${name}-hal`).connector();
  const { runId, state } = await runSync(ctx, directory, { mode: "run", trigger: "command", actor, connector });
  expect(state).toBe("previewed");
  return { directory, run: runId };
}

it("a run that is asked for has its id before a worker begins it, and says why it failed", async () => {
  const asked = await post("/directories/corp/sync", {});
  expect([asked.status, asked.headers.get("location")]).toEqual([202, `/api/v1/runs/${asked.body.runId}`]);
  expect((await api.ask("GET", `/runs/${asked.body.runId}`, { token })).status).toBe(404);
  const job = await latestJob();
  await askedSyncTask(ctx, job);
  const run = await get(`/runs/${asked.body.runId}`);
  expect(run).toMatchObject({ state: "failed", trigger: "api", mode: "run", directory: { name: "corp" } });
  expect(run.error).toEqual(expect.any(String));
  // A job that comes again, because its worker died, begins nothing anew.
  const before = (await get("/runs")).data.length;
  await askedSyncTask(ctx, job);
  expect((await get("/runs")).data).toHaveLength(before);
});

it("only a directory that is pulled is read", async () => {
  const answer = await post("/directories/okta/sync", {});
  expect([answer.status, answer.body.errors[0].pointer]).toEqual([422, "directory"]);
  expect((await post(`/directories/${other.corp.id}/sync`, {})).status).toBe(404);
});

it("a plan is looked at, approved with a reason, and undone", async () => {
  const { run } = await previewed("branch");
  const plan = await get(`/runs/${run}/plan?limit=1`);
  expect(plan.data).toMatchObject([{ kind: "user-add", appliedAt: null }]);
  expect((await get(`/runs/${run}/plan?limit=1&cursor=${plan.page.next}`)).page.next).toBeNull();
  expect((await post(`/runs/${run}/approve`, { reason: " " })).body.errors[0].pointer).toBe("/reason");
  expect((await post(`/runs/${run}/approve`, { reason: "looked at it" })).body).toEqual({ runId: run });
  await askedSyncTask(ctx, await latestJob());
  expect(await get(`/runs/${run}`)).toMatchObject({
    state: "done",
    approvedReason: "looked at it",
    counts: { added: 2 },
  });
  expect((await post(`/runs/${run}/approve`, { reason: "again" })).status).toBe(409);
  const undone = await post(`/runs/${run}/undo`);
  expect(undone.status).toBe(202);
  await askedSyncTask(ctx, await latestJob());
  expect(await get(`/runs/${undone.body.runId}`)).toMatchObject({ mode: "undo", undoes: run, state: "done" });
  expect(await get(`/runs/${run}`)).toMatchObject({ state: "undone" });
  expect((await post(`/runs/${run}/undo`)).status).toBe(409);
  for (const verb of ["approve", "undo"])
    expect((await post(`/runs/${other.runs.held}/${verb}`, { reason: "x" })).status).toBe(404);
});

it("while another run of the directory is under way a run ends failed, and an approval waits", async () => {
  const { directory, run } = await previewed("office");
  const asked = await post("/directories/office/sync", { mode: "dry-run" });
  const sync = await latestJob();
  await post(`/runs/${run}/approve`, { reason: "looked at it" });
  const approval = await latestJob();
  await withDirectoryLock(ctx, actor, directory, async () => {
    await askedSyncTask(ctx, sync);
    await expect(askedSyncTask(ctx, approval)).rejects.toMatchObject({ code: "conflict", at: "directory" });
  });
  expect(await get(`/runs/${asked.body.runId}`)).toMatchObject({
    state: "failed",
    mode: "dry-run",
    error: expect.stringContaining("another run"),
  });
  await askedSyncTask(ctx, approval);
  expect(await get(`/runs/${run}`)).toMatchObject({ state: "done" });
});

it("are listed with the latest first, of one directory too", async () => {
  const ids = (await get("/runs?limit=200")).data.map((run: { id: string }) => run.id);
  expect([...ids].sort().reverse()).toEqual(ids);
  const ofCorp = (await get("/runs?directory=corp")).data;
  expect(new Set(ofCorp.map((run: { directory: { name: string } }) => run.directory.name))).toEqual(new Set(["corp"]));
  expect((await api.ask("GET", "/runs?directory=nope", { token })).status).toBe(404);
});

it("a plan is shown kind by kind, its conflicts with both sides, and it is discarded with a reason", async () => {
  const directory = await pulled("plant");
  const source = new ScriptedDirectory().user("x", { userName: "plant-x" }).user("y", { userName: "PLANT-X" });
  const connector = source.user("z", { userName: "plant-z" }).group("team", ["x", "z"]).connector();
  const { runId: run } = await runSync(ctx, directory, { mode: "run", trigger: "command", actor, connector });
  const kinds = async (query: string) =>
    (await get(`/runs/${run}/plan${query}`)).data.map((row: { kind: string }) => row.kind);
  expect(await kinds("?kind=user-add")).toEqual(["user-add", "user-add"]);
  expect(await kinds("?kind=group-add")).toEqual(["group-add"]);
  expect(await kinds("?kind=user-remove")).toEqual([]);
  expect((await api.ask("GET", `/runs/${run}/plan?kind=everything`, { token })).status).toBe(422);
  const { data, page } = await get(`/runs/${run}/conflicts`);
  expect(page.next).toBeNull();
  const at = { id: directory, name: "plant" };
  expect(data).toMatchObject([
    {
      ...{ kind: "same-user-name", advice: expect.any(String) },
      sides: [
        { directory: at, id: "y", name: "PLANT-X", location: expect.stringContaining("uid=y") },
        { directory: at, id: "x", name: "plant-x", location: expect.stringContaining("uid=x") },
      ],
    },
  ]);
  const before = await get(`/runs/${run}`);
  expect(before).toMatchObject({ lane: "full", askedBy: "command test", progress: null, fellBack: null });
  expect(Date.parse(before.approvableUntil) - Date.parse(before.finishedAt)).toBe(86_400_000);
  expect((await post(`/runs/${run}/discard`, { reason: " " })).status).toBe(422);
  expect((await post(`/runs/${run}/discard`, { reason: "not wanted" })).body).toMatchObject({
    ...{ id: run, state: "discarded", discardedReason: "not wanted", approvableUntil: null },
  });
  for (const verb of ["discard", "approve"])
    expect((await post(`/runs/${run}/${verb}`, { reason: "again" })).status).toBe(409);
  for (const verb of ["conflicts", "plan"])
    expect((await api.ask("GET", `/runs/${other.runs.held}/${verb}`, { token })).status).toBe(404);
});

it("a run that is under way tells how far it is, and whoever asks for another is told which it is", async () => {
  const directory = await pulled("depot");
  const source = new ScriptedDirectory().user("s1").user("s2").user("s3").user("s4");
  const answers: unknown[] = [];
  const connector = source.connector(undefined, async (page) => {
    if (page !== 1) return;
    const isTold = async () => (await runUnderWay(ctx.db.of(actor.organization), directory))?.progress?.read === 3;
    await until("how far it is", 60, isTold);
    const [running] = (await get("/runs?directory=depot&state=running")).data;
    const asked = await post("/directories/depot/sync", {});
    answers.push(running.progress, asked.status, asked.body.detail.includes(running.id));
  });
  await runSync(ctx, directory, { mode: "run", trigger: "command", actor, connector });
  expect(answers).toMatchObject([{ phase: "read", read: 3, expected: null, planned: null, applied: 0 }, 409, true]);
  expect((await get("/runs?directory=depot&state=running")).data).toEqual([]);
});

it("are listed by state and since an instant", async () => {
  const all = (await get("/runs?limit=200")).data;
  const states = (query: string) => get(`/runs?limit=200&${query}`).then(({ data }) => data);
  const failed = await states("state=failed");
  expect(failed.map(({ id }: { id: string }) => id)).toEqual(
    all.filter(({ state }: { state: string }) => state === "failed").map(({ id }: { id: string }) => id),
  );
  expect(failed.length).toBeGreaterThan(0);
  expect(await states(`since=${all[1].startedAt}`)).toHaveLength(2);
  expect(await states("since=2100-01-01T00:00:00Z")).toEqual([]);
  expect((await api.ask("GET", "/runs?state=lost", { token })).status).toBe(422);
});
