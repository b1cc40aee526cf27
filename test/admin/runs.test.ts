import { expect, it } from "vitest";
import type { DirectoryId, SyncRunId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { ASKED_SYNC_TASK, askedSyncTask } from "../../src/sync/ask.ts";
import { withDirectoryLock } from "../../src/sync/lock.ts";
import { runSync } from "../../src/sync/run.ts";
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

/** A pulled directory whose first run waits for approval. */
async function previewed(name: string): Promise<{ directory: DirectoryId; run: SyncRunId }> {
  const { id: directory } = await inTransaction(
    ctx,
    actor,
    (tx) => addDirectory(tx, { name, kind: "ldap", settings: {} }),
    { lock: "exclusive" },
  );
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
