import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { sealOnce } from "../../src/jobs/seal-audit.ts";
import { csv, USER_HEADINGS } from "../connectors/csv/files.ts";
import { freePort } from "../harness/free-port.ts";
import { runMuster } from "../harness/muster.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const folder = ctx.config.dataDirectory;
const environment = { ...ctx.database.environment, MUSTER_DATA_DIR: folder };
const { answer } = commands(environment);
type Check = { name: string; state: string; detail: string };

/** What the doctor says, whether all is well or not. */
async function doctor(more: Record<string, string> = {}, ...options: string[]): Promise<Check[]> {
  const { out, err, code } = await runDoctor(more, options);
  const told = JSON.parse(out) as { ok: boolean; checks: Check[] };
  expect(told.ok).toBe(!told.checks.some(({ state }) => state === "failed"));
  expect(code).toBe(told.ok ? 0 : 1);
  if (!told.ok) expect(JSON.parse(err)).toMatchObject({ error: { code: "unavailable" } });
  return told.checks;
}
const runDoctor = (more: Record<string, string>, options: string[]) =>
  runMuster(["doctor", ...options, "--json"], { ...environment, ...more });
const of = (checks: Check[], name: string): Check | undefined => checks.find((check) => check.name === name);

await answer("org", "create", "acme");

test("R68: what is right is said, and what stands for itself alone, a mail server that is missing too", async () => {
  const checks = await doctor();
  for (const name of ["database", "migrations", "clock", "disk"])
    expect(of(checks, name), name).toMatchObject({ state: expect.stringMatching(/^(ok|warning)$/) });
  expect(of(checks, "clock")?.state).toBe("ok");
  expect(of(checks, "mail")).toMatchObject({ state: "warning", detail: expect.stringContaining("SMTP_URL") });
  expect(of(checks, "public URL")).toMatchObject({
    state: "warning",
    detail: expect.stringContaining("MUSTER_PUBLIC_URL"),
  });
});

test("doctor and migrate name the newest migration, in whichever order they were applied", async () => {
  const [row] = await statements<{ newest: string }>(ctx.database.superuserUrl, [
    'select max(name collate "C") as newest from muster.migrations',
  ]);
  const newest = row?.newest ?? "";
  expect(newest).toMatch(/^\d{4}-/);
  expect(of(await doctor(), "migrations")?.detail).toBe(`the database stands at ${newest}`);
  expect(await answer("migrate")).toEqual({ migration: newest });
});

test("a mail server that answers, and one that is away", async () => {
  const sink = await startSmtpSink();
  try {
    expect(of(await doctor({ SMTP_URL: sink.url }), "mail")).toMatchObject({ state: "ok" });
  } finally {
    await sink.stop();
  }
  const away = `smtp://127.0.0.1:${await freePort()}`;
  expect(of(await doctor({ SMTP_URL: away }), "mail")).toMatchObject({ state: "failed" });
  expect(of(await doctor({ SMTP_URL: away }, "--offline"), "mail")).toMatchObject({ state: "ok" });
});

test("a directory that cannot be read says at which step, and a worker that is missing is missed", async () => {
  mkdirSync(join(folder, "files"), { recursive: true });
  writeFileSync(
    join(folder, "files", "people.csv"),
    csv([USER_HEADINGS, ["1", "ann", "true", null, null, null, null]]),
  );
  await answer("directory", "add", "hr", "--kind", "csv", "--users", "people.csv");
  expect(of(await doctor(), "acme: directory hr")).toEqual({
    name: "acme: directory hr",
    state: "ok",
    detail: "it answers and can be read",
  });
  writeFileSync(join(folder, "files", "people.csv"), csv([["id"], ["1"]]));
  expect(of(await doctor(), "acme: directory hr")).toMatchObject({ state: "failed" });
  expect(of(await doctor({}, "--offline"), "acme: directory hr")).toBeUndefined();
  expect(of(await doctor(), "acme: work")).toBeUndefined();
  await statements(ctx.database.superuserUrl, [
    "update muster.directories set sync_every = '1 hour', next_run_at = now() - interval '6 minutes' where name = 'hr'",
  ]);
  expect(of(await doctor(), "acme: work")).toMatchObject({
    state: "warning",
    detail: expect.stringContaining("muster worker"),
  });
});

test("an audit that nobody seals is told", async () => {
  expect(of(await doctor({}, "--offline"), "acme: audit")).toBeUndefined();
  await statements(ctx.database.superuserUrl, ["update muster.audit set at = at - interval '10 minutes'"]);
  const told = of(await doctor({}, "--offline"), "acme: audit");
  expect(told).toMatchObject({ state: "warning", detail: expect.stringContaining("muster audit verify") });
  // Others' transactions on this server may keep the rows back for a moment.
  do await sealOnce(ctx, loadSecretKey(ctx.config));
  while ((await answer<{ unsealed: { rows: number } }>("audit", "verify")).unsealed.rows > 0);
  expect(of(await doctor({}, "--offline"), "acme: audit")).toBeUndefined();
});
