import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { showingProgress } from "../../src/cli/progress-line.ts";
import { runCommand } from "../../src/cli/run.ts";
import type { OrganizationId } from "../../src/db/id.ts";
import type { Actor } from "../../src/db/transaction.ts";
import { resolveDirectory } from "../../src/identity/directories.ts";
import { resolveOrganization } from "../../src/identity/organizations.ts";
import { runSync } from "../../src/sync/run.ts";
import { csv, USER_HEADINGS } from "../connectors/csv/files.ts";
import { runMuster } from "../harness/muster.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { statements } from "../harness/server.ts";
import { commands, errorOf } from "./world.ts";

const ctx = await testContext();
const files = join(ctx.config.dataDirectory, "set-aside");
const environment = {
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
  MUSTER_FILES_DIR: files,
};
const { failure, words } = commands(environment);

type Shown = {
  runId: string;
  state: string;
  lane: string;
  next: number | null;
  plan: { kind: string; name: string; before: object | null; after: object | null }[];
  conflicts: { kind: string; sides: { directory: string; location: string; name: string }[]; advice: string }[];
} & Record<string, unknown>;

/** In this process, whatever its exit code. */
async function say<T = Shown>(...typed: string[]): Promise<{ exit: number; json: T; text: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const exit = await runCommand(typed, environment, output);
  const text = out.join("");
  return { exit, json: typed.includes("--json") ? JSON.parse(text) : undefined, text, err: err.join("") };
}

const person = (nr: string, userName: string, mail = `${userName}@example.com`) => [
  nr,
  userName,
  "true",
  mail,
  userName,
  "",
  "",
];
const write = (...people: string[][]) => writeFileSync(join(files, "people.csv"), csv([USER_HEADINGS, ...people]));
const staff = Array.from({ length: 12 }, (_, index) => person(String(index + 10), `p${index + 10}`));

it("a first run is looked at row by row, its conflicts with both sides, and discarded", async () => {
  mkdirSync(files);
  write(...staff, person("90", "P10"));
  await say("org", "create", "acme", "--json");
  await say("directory", "add", "corp", "--kind", "csv", "--users", "people.csv", "--json");
  const dry = await say("directory", "sync", "corp", "--dry-run", "--json");
  expect(dry).toMatchObject({ exit: 0, json: { state: "previewed", counts: { added: 12, conflicts: 1 } } });
  const { runId } = dry.json;
  const shown = await say("sync", "show", runId, "--kind", "user-add", "--limit", "5", "--json");
  expect(shown.json.plan).toHaveLength(5);
  expect(shown.json.plan[0]).toMatchObject({ kind: "user-add", name: "p10", before: null, after: { userName: "p10" } });
  const rest = await say("sync", "show", runId, "--plan", "--after", String(shown.json.next), "--json");
  expect(rest.json.plan).toHaveLength(12 - 5 + 1);
  const { json } = await say("sync", "show", runId, "--conflicts", "--json");
  expect(json.conflicts).toMatchObject([
    {
      ...{ kind: "same-user-name", advice: expect.any(String) },
      sides: [
        { directory: "corp", id: "90", name: "P10", location: "people.csv line 14" },
        { directory: "corp", id: "10", name: "p10", location: "people.csv line 2" },
      ],
    },
  ]);
  const read = (await say("sync", "show", runId, "--conflicts")).text;
  expect(read).toMatch(
    /same-user-name: people\.csv line 14 .*\n {4}corp: P10, id 90, people\.csv line 14\n {4}corp: p10/,
  );
  expect(await failure("sync", "show", runId, "--conflicts", "--plan")).toMatchObject({ exit: 2, at: "--conflicts" });

  expect(await failure("sync", "discard", runId)).toMatchObject({ exit: 2 });
  expect(await failure("sync", "discard", runId, "--reason", " ")).toMatchObject({ exit: 6, at: "reason" });
  expect((await say("sync", "discard", runId, "--reason", "twins", "--json")).json).toMatchObject({
    ...{ runId, state: "discarded", discardedReason: "twins", directory: "corp" },
  });
  expect(await failure("sync", "approve", runId, "--reason", "after all")).toMatchObject({ exit: 5, code: "conflict" });
  expect(await failure("sync", "discard", "nonsense", "--reason", "x")).toMatchObject({ exit: 3, code: "not-found" });
});

it("a held run shows what the guard judged by; approving, undoing and the list of runs tell who and how long", async () => {
  write(...staff);
  expect(await say("directory", "sync", "corp", "--approve", "--json")).toMatchObject({
    exit: 0,
    json: { state: "done" },
  });
  write(...staff.slice(0, 4), person("15", "p15", "new@example.com"));
  const held = await say("directory", "sync", "corp", "--json");
  expect([held.exit, held.json.state, errorOf(held.err).code]).toEqual([5, "held", "held"]);
  const { runId } = held.json;
  const { text } = await say("sync", "show", runId);
  expect(text).toMatch(/guard +7 of 12 active people would be lost within 24 hours, 7 of them now; more than half/);
  expect(text).toContain("7 of 12 active people lost now");
  expect(text).toMatch(/user-update +p15 +email: p15@example\.com → new@example\.com/);
  expect(text).toMatch(/approvableUntil +\d{4}-/);
  expect(await say("sync", "approve", runId, "--reason", "they left", "--json")).toMatchObject({
    json: { runId, state: "done", counts: { removed: 7, updated: 1 } },
  });
  const undone = await say("sync", "undo", runId, "--json");
  expect(undone.json).toMatchObject({ state: "done", counts: { added: 7 } });

  type Listed = { runId: string; state: string; askedBy: string; timings: Record<string, number> }[];
  const runs = async (...more: string[]) => (await say<Listed>("sync", "runs", "--json", ...more)).json;
  expect(await runs()).toMatchObject([
    {
      runId: undone.json.runId,
      state: "done",
      mode: "undo",
      undoes: runId,
      askedBy: expect.stringMatching(/^command /),
    },
    {
      runId,
      state: "undone",
      approvedReason: "they left",
      timings: { read: expect.any(Number), plan: expect.any(Number) },
    },
    { state: "done" },
    { state: "discarded" },
  ]);
  expect(await runs("--state", "undone")).toHaveLength(1);
  expect((await say("sync", "runs", "--state", "undone", "-o", "id")).text).toBe(`${runId}\n`);
  expect(await runs("--since", "1h", "--directory", "corp", "--limit", "2")).toHaveLength(2);
  expect(await runs("--since", "2100-01-01")).toEqual([]);
  expect(await runs("--before", runId)).toHaveLength(2);
  expect(await failure("sync", "runs", "--state", "lost")).toMatchObject({ exit: 2 });
  expect(await failure("sync", "runs", "--since", "yesterday")).toMatchObject({ exit: 2 });
});

it("whoever comes while a run is under way is told which it is, and can wait for it", async () => {
  const organization = (await resolveOrganization(ctx.db, "acme")).id as OrganizationId;
  const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
  const { id } = await resolveDirectory(ctx.db.of(organization), "corp");
  const source = new ScriptedDirectory();
  for (const [nr = "", userName = "", , email = ""] of staff) source.user(nr, { userName, email });
  // Nobody else asks for runs at that moment: whoever is refused does, and then follows.
  const asking = `select 1 from pg_stat_activity where datname = current_database() and state = 'idle'
    and query like 'select id, directory, mode, trigger, asked_by%'`;
  const isFollowed = async () => (await statements(ctx.database.superuserUrl, [asking])).length > 0;
  let following: Promise<unknown[]> = Promise.resolve([]);
  let refused: Awaited<ReturnType<typeof failure>> | undefined;
  const connector = source.connector(undefined, async (page) => {
    if (page !== 1) return;
    refused = await failure("directory", "sync", "corp");
    const run = /under way: (\S+) /.exec(refused.message)?.[1] ?? "";
    const joined = say("directory", "sync", "corp", "--follow", "--json");
    await until("somebody to follow", 60, isFollowed);
    following = Promise.all([joined, say("sync", "show", run, "--follow", "--json")]);
  });
  const result = await runSync(ctx, id, { mode: "dry-run", trigger: "command", actor, connector });
  expect(refused).toMatchObject({ exit: 5, code: "conflict", at: "directory" });
  expect(refused?.message).toContain(`muster sync show ${result.runId} --follow`);
  expect(await following).toMatchObject([
    { exit: 0, err: "", json: { runId: result.runId, state: "previewed" } },
    { exit: 0, err: "", json: { runId: result.runId, state: "previewed" } },
  ]);
});

it("shows how far it is, in one line that is cleared in the end", async () => {
  const organization = (await resolveOrganization(ctx.db, "acme")).id as OrganizationId;
  const db = ctx.db.of(organization);
  const { id } = await resolveDirectory(db, "corp");
  const source = new ScriptedDirectory();
  for (const [nr = "", userName = "", , email = ""] of staff) source.user(nr, { userName, email });
  const said: string[] = [];
  const line = { show: (text: string) => void said.push(text), clear: () => void said.push("cleared") };
  const isTold = () => said.some((text) => /^read 3 of about 12 entries/.test(text));
  const connector = source.connector(undefined, async (page) => {
    if (page === 1) await until("a line of progress", 60, isTold);
  });
  const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
  await showingProgress(db, id, line, () =>
    runSync(ctx, id, { mode: "dry-run", trigger: "command", actor, connector }),
  );
  expect(said.at(-1)).toBe("cleared");
});

it("says nothing of its progress where nobody sits at a terminal, and reads everything where changes cannot be told", async () => {
  const { code, err } = await words("directory", "sync", "corp", "--delta", "--dry-run");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const [latest] = (await say<Shown[]>("sync", "runs", "--limit", "1", "--json")).json;
  expect(latest).toMatchObject({ lane: "full", fellBack: expect.stringContaining("cannot tell what changed") });
  expect(await failure("directory", "sync", "corp", "--delta", "--approve")).toMatchObject({ exit: 2, at: "--delta" });
});

it("says once why a run failed, and the log of the worker has no part in it", async () => {
  renameSync(join(files, "people.csv"), join(files, "elsewhere.csv"));
  const { code, out, err } = await runMuster(["directory", "sync", "corp"], environment);
  renameSync(join(files, "elsewhere.csv"), join(files, "people.csv"));
  expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(/^run .*\nstate +failed\n/) });
  expect(err).toMatch(/^muster: \S.*people\.csv.*\n$/);
});
