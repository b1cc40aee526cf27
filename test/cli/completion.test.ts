import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCommand } from "../../src/cli/run.ts";
import { testContext } from "../harness/postgres.ts";
import { leavesOf, wholeCommand } from "./tree.ts";

const ctx = await testContext();
const environment = { ...ctx.database.environment, MUSTER_DATA_DIR: ctx.config.dataDirectory };
const folder = mkdtempSync(join(tmpdir(), "muster-completion-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// `muster` as an installed package has it, with the Node of these tests.
const bin = join(folder, "bin");
mkdirSync(bin);
symlinkSync(join(import.meta.dirname, "..", "..", "src", "muster.mjs"), join(bin, "muster"));
const surroundings = { ...environment, HOME: folder, PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}` };

async function said(...words: string[]): Promise<string> {
  const [out, err]: [string[], string[]] = [[], []];
  const listen = { out: (part: string) => void out.push(part), err: (part: string) => void err.push(part) };
  expect([await runCommand(words, environment, listen), err.join("")], words.join(" ")).toEqual([0, ""]);
  return out.join("");
}

for (const shell of ["bash", "zsh", "fish"]) writeFileSync(join(folder, shell), await said("completion", shell));

/** What bash offers behind these words, the last of which is being typed. */
function offered(...words: string[]): string[] {
  const script = `. ${folder}/bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _muster; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", script, "bash", "muster", ...words], {
    env: surroundings,
    cwd: folder,
    encoding: "utf8",
  });
  // compopt has something to say outside of a real completion only.
  expect(stderr.replace(/^.*compopt.*\n/gm, ""), words.join(" ")).toBe("");
  return stdout.split("\n").filter(Boolean);
}

test("bash offers the commands, their options, what options take, and names that there are", async () => {
  await said("org", "create", "acme");
  for (const key of ["wiki", "desk"]) await said("product", "add", key);
  await said("group", "create", "wiki guests");
  await said("group", "create", "$(touch pwned)`touch pwned`");

  expect(offered("us")).toEqual(["user"]);
  expect(offered("")).toEqual(expect.arrayContaining(["user", "directory", "help", "completion"]));
  expect(offered("")).not.toContain("completion-names");
  expect(offered("user", "su")).toEqual(["suspend"]);
  expect(offered("user", "list", "--st")).toEqual(["--status", "--status-vocabulary"]);
  expect(offered("--json", "user", "list", "--status", "inv")).toEqual(["invited-not-sent", "invited"]);
  expect(offered("-o", "c")).toEqual(["csv"]);
  expect(offered("--org", "acme", "user", "li")).toEqual(["list"]);
  expect(offered("right", "give", "ann@acme.example", "aud")).toEqual(["auditor"]);
  expect(offered("product", "show", "")).toEqual(["desk", "wiki"]);
  expect(offered("space", "list", "--product", "w")).toEqual(["wiki"]);
  expect(offered("grant", "local/w")).toEqual(["local/wiki\\ guests"]);
  expect(offered("group", "nest", "local/x", "local/y", "local/w")).toEqual(["local/wiki\\ guests"]);
  expect(offered("directory", "sync", "")).toEqual(["internal"]);
  expect(offered("apply", "-f", "ba")).toEqual(["bash"]);
  expect(offered("user", "show", "")).toEqual([]);
  // A group's name is nothing that a shell runs, not even when it is offered and taken.
  const [hostile = ""] = offered("grant", "local/$");
  expect(spawnSync("bash", ["-c", `printf %s ${hostile}`], { encoding: "utf8", cwd: folder }).stdout).toBe(
    "local/$(touch pwned)`touch pwned`",
  );
  expect(spawnSync("test", ["-e", join(folder, "pwned")]).status).toBe(1);
});

test("every command and every option of its own is in every script", () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const script = execFileSync("cat", [join(folder, shell)], { encoding: "utf8" });
    for (const { name, command } of leavesOf(wholeCommand())) {
      if (name === "completion-names") continue;
      const key = `'${name} -'`;
      const line = script.split("\n").findIndex((one) => one.includes(key));
      expect(line, `${shell} ${name}`).toBeGreaterThan(0);
      const words = script
        .split("\n")
        .slice(line, line + 2)
        .join(" ");
      for (const { long, hidden } of command.options) if (!hidden) expect(words, `${shell} ${name}`).toContain(long);
    }
  }
});

test("nobody starts a database by pressing a key: without a running one there are no names", async () => {
  const [out, dataDirectory] = [[] as string[], join(folder, "nothing")];
  const listen = { out: (part: string) => void out.push(part), err: () => {} };
  expect(await runCommand(["completion-names", "product"], { MUSTER_DATA_DIR: dataDirectory }, listen)).toBe(0);
  expect(out.join("")).toBe("");
  expect(spawnSync("test", ["-e", dataDirectory]).status).toBe(1);
});

const there = ["bash", "zsh", "fish"].filter((shell) => spawnSync(shell, ["-c", ":"]).error === undefined);
test.each(there)("%s, which this machine has, reads its script", (shell) => {
  const { status, stderr } = spawnSync(shell, ["-n", join(folder, shell)], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
});
