import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runMuster, startMuster } from "../harness/muster.ts";
import { talk, until } from "../harness/process.ts";
import { commands } from "./world.ts";

const folder = mkdtempSync(join(tmpdir(), "muster-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "monday.backup");
const at = (name: string) => ({ MUSTER_DATA_DIR: join(folder, name), TMPDIR: tmpdir() });
const [first, second] = [commands(at("first")), commands(at("second"))];

beforeAll(async () => {
  mkdirSync(join(folder, "first", "files"), { recursive: true });
  writeFileSync(join(folder, "first", "files", "people.csv"), "id,userName,email\n1,ann,ann@example.com\n");
  await first.answer("org", "create", "acme");
  await first.answer("product", "add", "wiki");
  await first.answer("directory", "add", "hr", "--kind", "csv", "--users", "people.csv");
});

test("backup says what it wrote, never twice at one place, and names the key that it leaves out", async () => {
  const taken = await first.answer<{ rows: number; bytes: number; secretKey: string }>("backup", file);
  expect(taken).toMatchObject({ file, rows: expect.any(Number), takenAt: expect.any(String) });
  expect(taken.bytes).toBe(statSync(file).size);
  expect(await first.failure("backup", file)).toMatchObject({ exit: 5, code: "conflict", at: "file" });
  expect((await first.words("backup", join(folder, "tuesday.backup"))).out).toContain("secret.key");
  expect(readFileSync(file).includes(readFileSync(join(folder, "first", "secret.key")))).toBe(false);
});

test("restore wants the key, then holds everything and rests until resume", async () => {
  expect(await second.failure("restore", file)).toMatchObject({ exit: 78, code: "configuration", at: "secretKeyFile" });
  mkdirSync(join(folder, "second"), { recursive: true });
  const key = join(folder, "first", "secret.key");
  const withKey = commands({ ...at("second"), MUSTER_SECRET_KEY_FILE: key });
  expect(await withKey.answer("restore", file)).toMatchObject({ file, paused: true });
  expect(await withKey.failure("restore", file)).toMatchObject({ exit: 5, code: "conflict" });
  expect(await withKey.answer("product", "list")).toMatchObject([{ key: "wiki" }]);
  expect(await withKey.failure("directory", "sync", "hr")).toMatchObject({ exit: 5, code: "held", at: "restore" });
  expect(
    (await withKey.answer<{ checks: { name: string; detail: string }[] }>("doctor", "--offline")).checks,
  ).toContainEqual(expect.objectContaining({ name: "restored", detail: expect.stringContaining("muster resume") }));
  expect(await withKey.answer("resume")).toEqual({ pausedSince: expect.any(String) });
  expect(await withKey.answer("resume")).toEqual({ pausedSince: null });
  expect((await withKey.words("directory", "sync", "hr")).err).not.toContain("muster resume");
});

test("a restore that is killed leaves nothing, and can be made again", async () => {
  const environment = { ...at("third"), MUSTER_SECRET_KEY_FILE: join(folder, "first", "secret.key") };
  const main = join(import.meta.dirname, "..", "..", "src", "main.ts");
  const restoring = talk(process.execPath, ["--disable-proto=delete", main, "restore", file, "--json"], {
    env: { PATH: process.env.PATH, ...environment },
  });
  // Wherever that finds it: while the server is made, among the tables, or over.
  await Promise.race([restoring.ended, until("a server", 60, () => existsSync(join(folder, "third", "postgres")))]);
  await sleep(700);
  restoring.child.kill("SIGKILL");
  await restoring.ended;
  const { code, err } = await runMuster(["restore", file, "--json"], environment);
  if (code !== 0) expect(JSON.parse(err)).toMatchObject({ error: { code: "conflict" } });
  expect(await commands(environment).answer("product", "list")).toMatchObject([{ key: "wiki" }]);
  expect(existsSync(join(folder, "third", "secret.key"))).toBe(false);
});

test("a running Muster of before a restore says at its start that it rests", async () => {
  const environment = {
    ...at("third"),
    MUSTER_SECRET_KEY_FILE: join(folder, "first", "secret.key"),
    MUSTER_LOG_FORMAT: "json",
  };
  const running = await startMuster(environment);
  expect(running.out() + running.err()).toContain("rest until muster resume");
  running.child.kill("SIGTERM");
  await running.ended;
});
