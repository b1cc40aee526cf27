import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { bar } from "../../src/cli/job-end.ts";
import { runCommand } from "../../src/cli/run.ts";
import type { DirectoryUserId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { resolveOrganization } from "../../src/identity/organizations.ts";
import { beginSession } from "../../src/identity/sessions.ts";
import { testContext } from "../harness/postgres.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const environment = { ...ctx.database.environment, MUSTER_DATA_DIR: ctx.config.dataDirectory };
const { failure } = commands(environment);
const MAIN = join(import.meta.dirname, "..", "..", "src", "main.ts");

/** The answer of a command that succeeds, in this process, which takes a tenth of the time of another. */
async function answer<T = Record<string, unknown>>(...words: string[]): Promise<T> {
  return JSON.parse(await said(...words, "--json")) as T;
}

async function said(...words: string[]): Promise<string> {
  const [out, err]: [string[], string[]] = [[], []];
  const listen = { out: (part: string) => void out.push(part), err: (part: string) => void err.push(part) };
  expect([await runCommand(words, environment, listen), err.join("")], words.join(" ")).toEqual([0, ""]);
  return out.join("");
}

/** A command with something on its standard input. */
async function piped(input: string, ...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ["--disable-proto=delete", MAIN, ...words], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
  });
  const streams = Promise.all([text(child.stdout), text(child.stderr)]);
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  child.stdin.end(input);
  const [out, err] = await streams;
  return { code: await closed, out, err };
}

test("people, products, groups and sites: settings are changed, members and members of sites are shown", async () => {
  await answer("org", "create", "acme");
  await answer("product", "add", "wiki", "--guests", "--seats", "5");
  await answer("group", "create", "users");
  await answer("grant", "local/users", "wiki", "user");
  for (const name of ["ann", "bob", "cat"]) await answer("user", "add", `${name}@acme.example`);
  await answer("group", "add", "local/users", "ann@acme.example", "bob@acme.example");

  expect(await answer("product", "set", "wiki", "--seats", "none", "--seat-enforcement", "block")).toMatchObject({
    changed: true,
    seats: null,
    seatEnforcement: "block",
    hasGuests: true,
  });
  expect(await answer("product", "set", "wiki", "--seat-enforcement", "block")).toMatchObject({ changed: false });
  expect(await answer("product", "show", "wiki")).toMatchObject({ key: "wiki", seats: null });
  expect(await failure("product", "set", "wiki", "--seats", "-1")).toMatchObject({ exit: 2, at: "--seats" });
  expect(await answer("site", "rename", "acme", "The West")).toMatchObject({ key: "acme", changed: true });
  await answer("space", "add", "docs", "--product", "wiki");
  expect(await answer("space", "rename", "docs", "Papers", "--product", "wiki")).toMatchObject({ changed: true });

  expect(await answer("group", "members", "local/users")).toMatchObject([
    { user: { userName: "ann@acme.example" }, remote: false, local: true, counts: true },
    { user: { userName: "bob@acme.example" } },
  ]);
  expect(await answer("group", "show", "local/users")).toMatchObject({ name: "users", groups: [] });
  expect(await answer("site", "members", "acme")).toMatchObject([{ level: "basic", given: false }, {}]);
  expect(await answer("group", "list", "--filter", 'name eq "USERS"')).toHaveLength(1);
  expect(await answer("user", "list", "--filter", 'userName eq "ann@acme.example"')).toHaveLength(1);
  expect(await answer("user", "list", "--limit", "2")).toHaveLength(2);
  expect(await failure("user", "list", "--filter", "nonsense")).toMatchObject({ exit: 6, code: "invalid-filter" });
  expect(await answer("grant", "list", "--product", "wiki", "--group", "local/users")).toHaveLength(1);
  expect(await answer("event", "list", "--limit", "1")).toHaveLength(1);
});

test("the forms of an answer: a table, JSON, a line for each row, CSV without formulas, ids", async () => {
  await answer("user", "edit", "cat@acme.example", "--name", "=HYPERLINK(1)");
  await answer("group", "create", "@SUM(A1)");
  const ids = (await said("user", "list", "-o", "id")).trimEnd().split("\n");
  expect(ids).toEqual((await answer<{ id: string }[]>("user", "list")).map(({ id }) => id));
  const lines = (await said("user", "list", "--output=jsonl")).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).id)).toEqual(ids);
  const csv = (await said("group", "list", "-o", "csv")).split("\r\n");
  expect(csv[0]).toBe('"id","name","directory"');
  expect(csv.join("\n")).toContain('"\'@SUM(A1)"');
  expect(await said("org", "show", "-o", "csv")).toMatch(/^"/);
  expect(await said("domain", "list", "-o", "jsonl")).toBe("");
  expect(await failure("domain", "list", "-o", "xml")).toMatchObject({ exit: 2, at: "--output" });
});

test("rights are given for a part of the organization and taken; sessions are shown and ended", async () => {
  const right = await answer<{ id: string }>(
    "right",
    "give",
    "ann@acme.example",
    "site-administrator",
    "--at",
    "site:acme",
  );
  expect(right).toMatchObject({ bundle: "site-administrator", scope: "site:acme", inForce: true });
  expect(await answer("right", "list", "--person", "ann@acme.example")).toMatchObject([{ id: right.id }]);
  expect(await failure("right", "give", "ann@acme.example", "auditor", "--at", "site:acme")).toMatchObject({ exit: 6 });
  expect(await failure("right", "take", "no-id")).toMatchObject({ exit: 3 });

  const { id: organization } = await resolveOrganization(ctx.db, "acme");
  const actor = { organization, kind: "command", id: "test", requestId: null } as const;
  const account = await resolvePerson(ctx.db.of(organization), "ann@acme.example");
  const { records } = await answer<{ records: { id: DirectoryUserId }[] }>("user", "show", "ann@acme.example");
  const record = records[0]?.id as DirectoryUserId;
  const begin = () =>
    inTransaction(ctx, actor, (tx) =>
      beginSession(
        tx,
        { account, record },
        { method: "password", authenticated: "now", address: "192.0.2.1" },
        { idle: 600, longest: 6_000 },
      ),
    );
  const [one] = [await begin(), await begin(), await begin()];
  expect(await answer("session", "list", "ann@acme.example")).toHaveLength(3);
  expect(await answer("session", "end", "ann@acme.example", one?.id ?? "")).toEqual({ ended: 1 });
  expect(await answer("session", "end", "ann@acme.example", "--dry-run")).toMatchObject({ ended: 2, dryRun: true });
  expect(await answer("session", "end", "ann@acme.example")).toEqual({ ended: 2 });
  expect(await failure("session", "end", "ann@acme.example", one?.id ?? "")).toMatchObject({ exit: 3 });
  expect(await answer("right", "take", right.id)).toMatchObject({ id: right.id, inForce: false });
  expect(await answer("right", "list", "--person", "ann@acme.example")).toEqual([]);
});

test("single sign-on is set, its people are bound and unbound, and it is removed", async () => {
  const secret = join(ctx.config.dataDirectory, "client-secret");
  writeFileSync(secret, "swordfish-swordfish\n");
  const first = ["--issuer", "https://id.example", "--client-id", "muster", "--domain", "acme.example"];
  expect(await failure("single-sign-on", "set", "--issuer", "https://id.example")).toMatchObject({ exit: 2 });
  expect(await failure("single-sign-on", "set", ...first)).toMatchObject({ exit: 6, at: "clientSecret" });
  const setting = { issuer: "https://id.example", enabled: true, domains: ["acme.example"] };
  expect(await answer("single-sign-on", "set", ...first, "--client-secret-file", secret)).toMatchObject(setting);
  expect(await answer("single-sign-on", "set", "--off")).toMatchObject({ ...setting, enabled: false });
  expect(await answer("single-sign-on", "show")).toMatchObject({ clientId: "muster" });
  expect(await answer("single-sign-on", "bind", "ann@acme.example", "a-1", "--dry-run")).toMatchObject({
    dryRun: true,
  });
  expect(await answer("single-sign-on", "bind", "ann@acme.example", "a-1")).toMatchObject({ subject: "a-1" });
  expect(await answer("single-sign-on", "bindings")).toMatchObject([{ userName: "ann@acme.example" }]);
  await answer("single-sign-on", "unbind", "ann@acme.example", "--dry-run");
  await answer("single-sign-on", "unbind", "ann@acme.example");
  expect(await answer("single-sign-on", "bindings")).toEqual([]);
  await answer("single-sign-on", "remove", "--dry-run");
  await answer("single-sign-on", "remove");
  expect(await answer("single-sign-on", "show")).toBeNull();
});

test("webhooks: made with a secret shown once, changed, tried, put to rest, played again and removed", async () => {
  const made = await answer<{ id: string; secret: string }>(
    ...["webhook", "add", "audit", "https://hooks.example/x", "--kind", "access.granted", "--product", "wiki"],
  );
  expect(made).toMatchObject({ secret: expect.stringMatching(/^whsec_/), kinds: ["access.granted"], state: "active" });
  expect(JSON.stringify(await answer("webhook", "list"))).not.toContain(made.secret);
  expect(await failure("webhook", "add", "x", "https://hooks.example", "--kind", "nonsense")).toMatchObject({
    exit: 2,
  });
  expect(await failure("webhook", "show", "nobody")).toMatchObject({ exit: 3 });
  expect(await answer("webhook", "set", "audit", "--no-kind", "--no-product", "--name", "all")).toMatchObject({
    name: "all",
    kinds: [],
    product: null,
    url: "https://hooks.example/x",
  });
  const tested = await answer<{ id: string }>("webhook", "test", "all");
  expect(await answer("webhook", "deliveries", "all")).toMatchObject([
    { id: tested.id, kind: "webhook.test", state: "pending" },
  ]);
  await answer("webhook", "replay", "all", "--delivery", tested.id);
  expect(await failure("webhook", "replay", "all")).toMatchObject({ exit: 2, at: "--after" });
  expect(await answer("webhook", "disable", "all", "--reason", "rests")).toMatchObject({ state: "disabled" });
  expect(await failure("webhook", "test", "all")).toMatchObject({ exit: 5 });
  expect(await answer("webhook", "enable", "all", "--missed", "skip")).toMatchObject({ state: "active" });
  const rotated = await answer<{ secret: string }>("webhook", "rotate", "all");
  expect(rotated.secret).toMatch(/^whsec_/);
  expect(rotated.secret).not.toBe(made.secret);
  await answer("webhook", "replay", "all", "--beginning");
  await answer("webhook", "add", "all", "https://hooks.example/y");
  expect(await failure("webhook", "remove", "all")).toMatchObject({
    exit: 5,
    candidates: [made.id, expect.any(String)],
  });
  await answer("webhook", "remove", made.id);
  expect(await answer("webhook", "list")).toHaveLength(1);
});

test("an export is made without a worker, written to disk once, and removed", async () => {
  const path = join(ctx.config.dataDirectory, "people.csv");
  const made = await answer<{ id: string }>("export", "create", "users", "--to", path);
  expect(made).toMatchObject({ state: "done", counts: { done: 3 } });
  expect(readFileSync(path, "utf8")).toMatch(/^"id","userName"[\s\S]*"'=HYPERLINK\(1\)"/);
  expect(await failure("export", "fetch", made.id, path)).toMatchObject({ exit: 6, at: path });
  expect(await failure("export", "create", "grants", "--filter", "x")).toMatchObject({ exit: 2, at: "--filter" });
  expect(await answer("export", "list")).toMatchObject([{ id: made.id }]);
  await answer("export", "remove", made.id);
  expect(await failure("export", "fetch", made.id, `${path}.2`)).toMatchObject({ exit: 3 });
});

test("many people at once: by name, by filter and from standard input; who is refused is told, and the exit code too", async () => {
  const tried = await answer("user", "suspend", "ann@acme.example", "bob@acme.example", "--dry-run");
  expect(tried).toMatchObject({ dryRun: true, total: 2 });
  const typed = ["user", "suspend", "-", "--reason", "left", "--json"];
  const slip = await piped("ann@acme.example\nnobody@acme.example\n", ...typed);
  expect([slip.code, slip.out]).toEqual([3, ""]);
  expect(slip.err).toContain("nobody@acme.example");
  const done = await piped("ann@acme.example\r\n\n  bob@acme.example \nann@acme.example", ...typed);
  expect([done.code, done.err]).toEqual([0, ""]);
  expect(JSON.parse(done.out)).toMatchObject({
    action: "suspend",
    counts: { total: 2, done: 2, refused: 0 },
    refused: [],
  });
  expect(await answer("user", "list", "--status", "suspended")).toHaveLength(2);
  expect(await answer("user", "bulk", "restore", "--filter", 'status eq "suspended"')).toMatchObject({
    counts: { total: 2, done: 2 },
  });
  expect(await failure("user", "bulk", "restore")).toMatchObject({ exit: 2, at: "--filter" });
  expect(await failure("user", "bulk", "restore", "ann@acme.example", "--filter", "x pr")).toMatchObject({ exit: 2 });
  const group = await piped("cat@acme.example\n", "group", "add", "local/users", "-", "--json");
  expect(JSON.parse(group.out)).toMatchObject({ added: 1 });

  // The last administrator is not suspended: of two people one is refused.
  await answer("admin", "add", "bob@acme.example");
  const part = await piped("bob@acme.example\ncat@acme.example\n", "user", "suspend", "-", "--json");
  expect(part.code).toBe(8);
  expect(JSON.parse(part.out)).toMatchObject({
    counts: { done: 1, refused: 1 },
    refused: [{ userName: "bob@acme.example" }],
  });
  const all = await piped("bob@acme.example\n", "user", "suspend", "-", "--json");
  expect(all.code).toBe(6);
  const jobs = await answer<{ id: string }[]>("job", "list", "--action", "suspend");
  expect(await answer("job", "show", jobs[1]?.id ?? "")).toMatchObject({ state: "done", counts: { total: 2 } });
  expect(await answer("job", "results", jobs[1]?.id ?? "", "--state", "refused")).toHaveLength(1);
  expect(await failure("job", "cancel", jobs[1]?.id ?? "")).toMatchObject({ exit: 5 });
});

test("how far a job is stands as a bar, and never in a pipe", async () => {
  const counts = { total: 8, done: 3, unchanged: 1, refused: 0 };
  expect(bar({ counts, detail: null })).toBe(`[${"#".repeat(12)}${".".repeat(12)}] 4 of 8`);
  expect(bar({ counts: { ...counts, total: null }, detail: "waits" })).toBe("4 done  waits");
  const { err } = await piped("ann@acme.example\n", "user", "suspend", "-");
  expect(err).toBe("");
});
