import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand } from "../../src/cli/run.ts";
import { csv, USER_HEADINGS } from "../connectors/csv/files.ts";
import { testContext } from "../harness/postgres.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const files = join(ctx.config.dataDirectory, "set-aside");
const environment = {
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
  MUSTER_FILES_DIR: files,
};
const { failure, words } = commands(environment);

/** In this process, which takes a fifth of the time. */
async function run(...typed: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const exit = await runCommand([...typed, "--json"], environment, output);
  expect(err).toEqual([]);
  return { exit, json: JSON.parse(out.join("")) };
}
const answer = async (...typed: string[]) => (await run(...typed)).json;

const person = (id: string, name: string, email: string) => [id, name, "true", email, name, "", ""];

test("people move from one directory to another and back; a dry run says so before and changes nothing", async () => {
  mkdirSync(files);
  const write = (name: string, ...people: string[][]) =>
    writeFileSync(join(files, name), csv([USER_HEADINGS, ...people]));
  write("old.csv", person("1", "ada", "ada@example.com"), person("2", "bob", "bob@example.com"));
  write("new.csv", person("8", "ada@example.com", "ada@example.com"), person("9", "eve", "eve@example.com"));
  await answer("org", "create", "acme");
  for (const name of ["old", "new"]) {
    await answer("directory", "add", name, "--kind", "csv", "--users", `${name}.csv`);
    await answer("directory", "sync", name, "--approve");
  }
  const { id } = await answer("user", "show", "ada");
  const typed = ["directory", "switch", "old", "new", "--match", "email"] as const;
  const preview = await answer(...typed, "--dry-run");
  expect(preview).toMatchObject({
    from: { name: "old" },
    to: { name: "new" },
    counts: { switched: 1, joined: 1, unmatched: 1, conflicts: 0 },
    switched: [{ account: id, from: "ada", to: "ada@example.com" }],
    unmatched: [{ userName: "bob", email: "bob@example.com" }],
  });
  expect(await answer("user", "show", "ada")).toMatchObject({ id, userName: "ada" });

  const said = await words(...typed);
  expect(said).toMatchObject({ code: 0, err: "" });
  expect(said.out).toContain("The way back: muster directory switch new old --match email");
  expect(said.out).toMatch(/Only in old.*\n.*\nbob /);
  expect(await answer("user", "show", "ada@example.com")).toMatchObject({ id });
  expect(await answer("directory", "list")).toMatchObject([
    { name: "new" },
    { name: "old", switchedTo: "new" },
    { name: "internal" },
  ]);
  expect(await answer(...typed)).toMatchObject({ changed: false });
  expect(await failure("directory", "sync", "old")).toMatchObject({ exit: 5, code: "conflict" });

  expect(await answer("directory", "switch", "new", "old", "--match", "email")).toMatchObject({
    counts: { switched: 1 },
  });
  expect(await answer("user", "show", "ada")).toMatchObject({ id });
  expect(await answer("directory", "sync", "old")).toMatchObject({ state: "done", rowsWritten: 0 });
});

test("what is wrong with it is said, with its exit code", async () => {
  expect(await failure("directory", "switch", "old", "new")).toMatchObject({ exit: 2 });
  expect(await failure("directory", "switch", "old", "no", "--match", "email")).toMatchObject({ exit: 3 });
  expect(await failure("directory", "switch", "old", "old", "--match", "email")).toMatchObject({ exit: 6 });
  expect(await failure("directory", "switch", "old", "new", "--match", "badge")).toMatchObject({
    exit: 6,
    at: "match",
  });
  expect(await failure("directory", "switch", "old", "new", "--match", "email", "--groups", "all")).toMatchObject({
    exit: 2,
  });
});

test("conflicts that are left make it partly done", async () => {
  writeFileSync(
    join(files, "third.csv"),
    csv([
      USER_HEADINGS,
      person("1", "bob", "b@example.com"),
      person("2", "ada", "x@example.com"),
      person("3", "x", "x@example.com"),
    ]),
  );
  writeFileSync(
    join(files, "fourth.csv"),
    csv([USER_HEADINGS, person("1", "bobby", "b@example.com"), person("2", "y", "x@example.com")]),
  );
  for (const name of ["third", "fourth"]) {
    await answer("directory", "add", name, "--kind", "csv", "--users", `${name}.csv`);
    await answer("directory", "sync", name, "--approve");
  }
  await answer("directory", "order", "third", "fourth", "old", "new", "internal");
  expect((await run("directory", "switch", "third", "fourth", "--match", "email")).exit).toBe(8);
  // Again nobody can be switched: what is left is left all the same.
  const again = await run("directory", "switch", "third", "fourth", "--match", "email");
  expect(again).toMatchObject({ exit: 8, json: { changed: false } });
  expect(again.json.counts.conflicts).toBeGreaterThan(0);
  expect((await words("directory", "switch", "third", "fourth", "--match", "email")).out).toContain("in conflict");
});
