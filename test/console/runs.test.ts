import { afterAll, expect, test } from "vitest";
import type { DirectoryId } from "../../src/db/id.ts";
import type { Actor } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { approveRun } from "../../src/sync/approve.ts";
import { runSync } from "../../src/sync/run.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { consoleWorld, open, refusedTo, violations } from "./world.ts";

const world = await consoleWorld();
const { company, ctx } = world;
const { organization, token } = company;
const jobs = await startJobs(ctx, { ownerUrl: ctx.database.ownerUrl });
afterAll(() => jobs.stop());
const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
const ask = async (path: string) => (await world.ask("GET", path, { token })).body;

/** A pulled directory and a run of it that stands still before its second page until it is let go. */
async function slowRun(name: string) {
  const directory: DirectoryId = await world.write(
    organization,
    async (tx) => (await addDirectory(tx, { name, kind: "ldap", settings: {} })).id,
  );
  const source = new ScriptedDirectory();
  for (const person of ["gus", "hal", "ida", "jon"]) source.user(`${name}-${person}`);
  const gate = Promise.withResolvers<void>();
  const connector = source.connector(undefined, (page) => (page === 1 ? gate.promise : undefined));
  const over = runSync(ctx, directory, { mode: "run", trigger: "command", actor, connector });
  afterAll(() => gate.resolve());
  return { directory, go: gate.resolve, over };
}

test("a run is followed while it reads, approved with a reason, and taken back", async () => {
  const { page, faults } = await world.administrator();
  const { go, over } = await slowRun("branch");
  await open(page, "/overview");
  await page.getByRole("link", { name: "Sync runs" }).click();
  await page.getByRole("row").filter({ hasText: "Running" }).getByRole("button", { name: "branch" }).click();
  const side = page.getByRole("dialog");
  await side.getByText(/^Reading: 3 of \?/).waitFor();
  await side.getByRole("progressbar", { name: "Reading" }).waitFor();
  expect(await side.getByRole("button", { name: "Undo this run" }).count()).toBe(0);
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/run-running.png" });
  go();
  const { runId } = await over;
  // Without a press: the drawer asks again by itself.
  await side.getByText("Waits for approval").waitFor();
  await side.getByText(/^Reading: /).waitFor({ state: "detached" });
  await side.getByRole("cell", { name: "branch-gus", exact: true }).waitFor();
  await side.getByLabel("Reason").fill("these are ours");
  await side.getByRole("button", { name: "Approve and apply" }).click();
  await side.getByText("Done", { exact: true }).waitFor({ timeout: 60_000 });
  const statuses = async () =>
    (await ask("/users?filter=userName%20sw%20%22branch-%22")).data.map(({ status }: { status: string }) => status);
  expect(await statuses()).toEqual(Array(4).fill("invited-not-sent"));
  await side.getByRole("button", { name: "Undo this run" }).click();
  await page.getByText("What the run did is taken back.").waitFor();
  await page.waitForURL((url) => url.searchParams.get("open") !== runId);
  await side.getByText(/^Undo, /).waitFor({ timeout: 60_000 });
  await side.getByText("Done", { exact: true }).waitFor({ timeout: 60_000 });
  // An undo is not undone.
  expect(await side.getByRole("button", { name: "Undo this run" }).count()).toBe(0);
  expect(await ask(`/runs/${runId}`)).toMatchObject({ state: "undone", approvedReason: "these are ours" });
  expect(await statuses()).toEqual(Array(4).fill("deactivated"));
  await page.keyboard.press("Escape");
  await page.getByRole("row").filter({ hasText: "Undone" }).getByRole("button", { name: "branch" }).waitFor();
  expect(faults).toEqual([]);
});

test("a plan that a later run has made old can only be discarded, and a run without changes not be undone", async () => {
  const { page, faults } = await world.administrator();
  const { directory, go, over } = await slowRun("annex");
  go();
  const { runId } = await over;
  const connector = new ScriptedDirectory().user("annex-kim").connector();
  const later = await runSync(ctx, directory, { mode: "run", trigger: "command", actor, connector });
  await approveRun(ctx, later.runId, { actor, reason: "newer" });
  await open(page, `/runs?open=${runId}`);
  await page.getByText("Another run of the directory has been applied since").waitFor();
  expect(await page.getByRole("button", { name: "Approve and apply" }).count()).toBe(0);
  await page.getByLabel("Reason").fill("old");
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByText("The plan is discarded.").waitFor();
  const same = new ScriptedDirectory().user("annex-kim").connector();
  const unchanged = await runSync(ctx, directory, { mode: "run", trigger: "command", actor, connector: same });
  await open(page, `/runs?open=${unchanged.runId}`);
  await page.getByText("The plan has no such rows.").waitFor();
  expect(await page.getByRole("button", { name: "Undo this run" }).count()).toBe(0);
  expect(faults).toEqual([]);
});

test("who may only look reads why a plan is not theirs to approve, nor a run to undo", async () => {
  const { page, faults } = await world.limited("auditor");
  await open(page, `/runs?open=${company.runs.held}`);
  for (const name of ["Approve and apply", "Discard"])
    await refusedTo(page, page.getByRole("button", { name }), "runs:write");
  await open(page, `/runs?open=${company.runs.done}`);
  await refusedTo(page, page.getByRole("button", { name: "Undo this run" }), "runs:write");
  expect(faults).toEqual([]);
});
