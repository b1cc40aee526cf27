import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { isRunning, postmasterOf, type Talking, talk, until } from "../harness/process.ts";
import { statements } from "../harness/server.ts";

type Said = { appUrl: string; ownerUrl: string; superuserUrl: string; lines: string[] };

const program = fileURLToPath(new URL("../harness/embedded-user.ts", import.meta.url));
const users: Talking[] = [];
const directories: string[] = [];

afterEach(async () => {
  for (const user of users.splice(0)) {
    user.child.kill("SIGKILL");
    await user.ended;
  }
  for (const directory of directories.splice(0)) {
    await until("PostgreSQL is gone", 30, () => postmasterOf(directory) === undefined);
    rmSync(directory, { recursive: true, force: true });
  }
});

function emptyDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "muster-embedded-"));
  directories.push(directory);
  return directory;
}

function use(dataDirectory: string): Talking {
  const user = talk(process.execPath, [program, dataDirectory]);
  users.push(user);
  return user;
}

async function said(user: Talking): Promise<Said> {
  return JSON.parse(await user.line(/superuserUrl/)) as Said;
}

async function leave(user: Talking): Promise<void> {
  user.child.stdin?.end();
  await user.line(/"left":true/);
  expect(await user.ended).toBe(0);
}

async function kill(user: Talking): Promise<void> {
  user.child.kill("SIGKILL");
  expect(await user.ended).toBe("SIGKILL");
}

test("one process starts it, another joins it, the last to leave stops it in order", async () => {
  const data = emptyDirectory();
  const first = use(data);
  const { ownerUrl, appUrl } = await said(first);
  const pid = postmasterOf(data);
  expect(pid).toBeDefined();
  await statements(ownerUrl, ["create table kept (value int)", "insert into kept values (1)"]);

  const second = use(data);
  expect((await said(second)).appUrl).toBe(appUrl);
  expect(postmasterOf(data)).toBe(pid);
  await leave(first);
  expect(await statements(ownerUrl, ["select value from kept"])).toEqual([{ value: 1 }]);
  await leave(second);
  expect(existsSync(join(data, "postgres", "postmaster.pid"))).toBe(false);
  expect(readFileSync(join(data, "postgres.log"), "utf8").trimEnd()).toMatch(/database system is shut down$/);

  const third = use(data);
  expect(await statements((await said(third)).ownerUrl, ["select value from kept"])).toEqual([{ value: 1 }]);
  await leave(third);
});

test("the logins are three, with passwords of their own that only the server's user can read", async () => {
  const data = emptyDirectory();
  const { appUrl, ownerUrl, superuserUrl } = await said(use(data));
  for (const [url, login, free] of [
    [appUrl, "muster_app", false],
    [ownerUrl, "muster_owner", false],
    [superuserUrl, "postgres", true],
  ] as const)
    expect(
      await statements(url, [
        "select current_user as login, rolsuper as free from pg_roles where rolname = current_user",
      ]),
    ).toEqual([{ login, free }]);
  const wrong = new URL(appUrl);
  wrong.password = new URL(ownerUrl).password;
  await expect(statements(wrong.toString(), ["select 1"])).rejects.toMatchObject({ code: "28P01" });
  expect(await statements(superuserUrl, ["show listen_addresses"])).toEqual([{ listen_addresses: "" }]);
  expect(
    await statements(ownerUrl, [
      "select datcollate, datlocprovider, datlocale from pg_database where datname = 'muster'",
    ]),
  ).toEqual([{ datcollate: "C", datlocprovider: "b", datlocale: "C.UTF-8" }]);
  if (process.platform !== "win32")
    expect(
      await statements(superuserUrl, ["select (pg_stat_file('muster-passwords.json')).size > 0 as there"]),
    ).toEqual([{ there: true }]);
});

test("many starters at once on an empty directory get one server", async () => {
  const data = emptyDirectory();
  const all = Array.from({ length: 6 }, () => use(data));
  const urls = new Set((await Promise.all(all.map(said))).map((each) => each.appUrl));
  expect(urls.size).toBe(1);
  await Promise.all(all.map(leave));
  expect(existsSync(join(data, "postgres", "postmaster.pid"))).toBe(false);
  const programs = expect.stringMatching(/^postgres-programs-18\./);
  expect(readdirSync(data).toSorted()).toEqual(["postgres", programs, "postgres-users", "postgres.log"]);
});

test("processes that come and go all the time never lose the server under one that stays", async () => {
  const data = emptyDirectory();
  const staying = use(data);
  const { ownerUrl } = await said(staying);
  const pid = postmasterOf(data);
  for (let round = 0; round < 3; round++) {
    const passing = Array.from({ length: 4 }, () => use(data));
    await Promise.all(passing.map(said));
    await Promise.all(passing.map((user, index) => (index % 2 ? kill(user) : leave(user))));
  }
  expect(await statements(ownerUrl, ["select 1 as one"])).toEqual([{ one: 1 }]);
  expect(postmasterOf(data)).toBe(pid);
  await leave(staying);
  expect(existsSync(join(data, "postgres", "postmaster.pid"))).toBe(false);
});

test("after kill -9 of its only user the server does not stay, and the next start has what was committed", async () => {
  const data = emptyDirectory();
  const first = use(data);
  await statements((await said(first)).ownerUrl, ["create table kept (value int)", "insert into kept values (2)"]);
  const pid = postmasterOf(data) ?? 0;
  await kill(first);
  await until("PostgreSQL is gone", 10, () => !isRunning(pid));
  const second = use(data);
  expect(await statements((await said(second)).ownerUrl, ["select value from kept"])).toEqual([{ value: 2 }]);
  await leave(second);
});

test("nor after kill -9 of two users at once whose parent never reaps them", async () => {
  const data = emptyDirectory();
  const script = `"${process.execPath}" "${program}" "${data}" <&3 & "${process.execPath}" "${program}" "${data}" <&3 & echo "$!"; exec sleep 1000`;
  const parent = talk("/bin/sh", ["-c", `exec 3<&0; ${script}`], { detached: true });
  users.push(parent);
  await until("both use it", 30, () => parent.out().split("superuserUrl").length === 3);
  const pid = postmasterOf(data) ?? 0;
  const marks = readdirSync(join(data, "postgres-users")).map((name) => Number.parseInt(name, 10));
  expect(marks.length).toBe(2);
  for (const mark of marks) process.kill(mark, "SIGKILL");
  await until("PostgreSQL is gone", 10, () => !isRunning(pid));
});

test("a start right after kill -9 adopts the server or starts it anew, and loses nothing", async () => {
  const data = emptyDirectory();
  let user = use(data);
  await statements((await said(user)).ownerUrl, ["create table kept (value int)"]);
  for (let round = 1; round <= 4; round++) {
    await kill(user);
    // Around the moment at which the guard decides.
    await new Promise((resolve) => setTimeout(resolve, round * 300));
    user = use(data);
    const { ownerUrl } = await said(user);
    expect(
      await statements(ownerUrl, [`insert into kept values (${round})`, "select count(*)::int as n from kept"]),
    ).toEqual([{ n: round }]);
  }
  await leave(user);
});

test("kill -9 of everything at once is recovered from by the next start", async () => {
  const data = emptyDirectory();
  const first = use(data);
  await statements((await said(first)).ownerUrl, ["create table kept (value int)", "insert into kept values (3)"]);
  process.kill(postmasterOf(data) ?? 0, "SIGKILL");
  await kill(first);
  expect(existsSync(join(data, "postgres", "postmaster.pid"))).toBe(true);
  const second = use(data);
  expect(await statements((await said(second)).ownerUrl, ["select value from kept"])).toEqual([{ value: 3 }]);
  await leave(second);
});

test("a server that dies under its user is started again", async () => {
  const data = emptyDirectory();
  const user = use(data);
  const { ownerUrl } = await said(user);
  const pid = postmasterOf(data) ?? 0;
  process.kill(pid, "SIGKILL");
  await until("another server answers", 30, async () => {
    if (postmasterOf(data) === pid) return false;
    return statements(ownerUrl, ["select 1"]).then(
      () => true,
      () => false,
    );
  });
  await leave(user);
  expect(existsSync(join(data, "postgres", "postmaster.pid"))).toBe(false);
});

test("a postmaster.pid that names another live process does not stand in the way", async () => {
  const data = emptyDirectory();
  const first = use(data);
  await said(first);
  await leave(first);
  writeFileSync(join(data, "postgres", "postmaster.pid"), `${process.pid}\n${data}\n1\n5432\n.\n\n0 0\nready\n`);
  const second = use(data);
  await said(second);
  await leave(second);
  expect(isRunning(process.pid)).toBe(true);
});

test("a data directory whose path is too long for a socket works all the same", async () => {
  const outer = emptyDirectory();
  const data = join(outer, "a".repeat(80), "b".repeat(80));
  mkdirSync(data, { recursive: true });
  const user = use(data);
  const { appUrl } = await said(user);
  expect(await statements(appUrl, ["select current_user as login"])).toEqual([{ login: "muster_app" }]);
  const again = use(data);
  expect((await said(again)).appUrl).toBe(appUrl);
  await leave(user);
  await leave(again);
  rmSync(new URL(appUrl).searchParams.get("host") ?? "", { recursive: true });
  const afterwards = use(data);
  await said(afterwards);
  await leave(afterwards);
  rmSync(new URL(appUrl).searchParams.get("host") ?? "", { recursive: true });
});

test("another major version's data directory is refused in one line, before anything is touched", async () => {
  const data = emptyDirectory();
  const first = use(data);
  await said(first);
  await leave(first);
  writeFileSync(join(data, "postgres", "PG_VERSION"), "19\n");
  const second = use(data);
  const { error } = JSON.parse(await second.line(/error/)) as { error: { code: string; message: string } };
  expect(error.code).toBe("configuration");
  expect(error.message).toMatch(/made by PostgreSQL 19 and this Muster brings PostgreSQL 18/);
  expect(error.message).not.toContain("\n");
  expect(await second.ended).toBe(1);
});
