import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gapsOf, rulesOf } from "./gaps.ts";
import { PAGE } from "./reporter.ts";
import { faultsOf, rowsOf } from "./rows.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const numbers = [
  ...Array.from({ length: 181 }, (_, index) => `R${index + 1}`),
  ...Array.from({ length: 20 }, (_, index) => `C${index + 1}`),
];
/** A page with a row for every rule, all of which wait for a screen but those named. */
const pageOf = (states: Record<string, string> = {}) =>
  numbers.map((number) => `| ${number} | words | ${states[number] ?? "needs a screen"} | where |`).join("\n");
const passed = (...titles: string[]) => ({
  testResults: [{ assertionResults: titles.map((title) => ({ title, status: "passed" })) }] as never,
});

describe("the numbers of a title", () => {
  it("are the list before its first colon", () => {
    expect(rulesOf("R64: a")).toEqual(["R64"]);
    expect(rulesOf("R64 R66 C9: a")).toEqual(["R64", "R66", "C9"]);
    expect(rulesOf("R64, R65, T15: a")).toEqual(["R64", "R65"]);
    expect(rulesOf("R64 to R67, R70: a")).toEqual(["R64", "R65", "R66", "R67", "R70"]);
    expect(rulesOf("as R64: a")).toEqual([]);
    expect(rulesOf("R64 a: b R65: c")).toEqual([]);
    expect(rulesOf("R6: a, as R7: b")).toEqual(["R6"]);
  });
});

describe("the page", () => {
  it("has every rule once, each with a state and where it stands", () => {
    expect(faultsOf(rowsOf(pageOf()))).toEqual([]);
    const page = pageOf({ R2: "done" })
      .replace("| R7 |", "| R6 |")
      .replace("| C20 |", "| C21 |")
      .replace("| R1 | words | needs a screen | where |", "| R1 | words | needs a screen | |");
    expect(faultsOf(rowsOf(page))).toEqual([
      "R7 has no row",
      "C20 has no row",
      "R6 has two rows",
      "C21 is no rule",
      'R2: "done" is no state',
      "R1 says neither where nor why",
    ]);
  });

  it("leaves out twelve rules at most", () => {
    const leaving = (count: number) =>
      faultsOf(rowsOf(pageOf(Object.fromEntries(numbers.slice(0, count).map((number) => [number, "not Muster's"])))));
    expect(leaving(12)).toEqual([]);
    expect(leaving(13)).toEqual(["13 rules are said to be not Muster's; 12 may be"]);
  });

  it("as it stands is whole, and the files that it names are there", () => {
    const page = readFileSync(PAGE, "utf8");
    expect(faultsOf(rowsOf(page))).toEqual([]);
    const named = [...page.matchAll(/`((?:src|docs|connectors|migrations)\/[\w./-]+)`/g)].map(([, path]) => path ?? "");
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe("a report", () => {
  const rows = rowsOf(pageOf({ R1: "met", R2: "met in spirit" }));

  it("shows a rule by a test that passed and begins with its number", () => {
    expect(gapsOf(rows, passed("R1: a", "R2: b"))).toEqual([]);
    expect(gapsOf(rows, passed("R1 to R2: a"))).toEqual([]);
  });

  it("has a gap where there is none, or only one that failed or was skipped", () => {
    const report = passed("R1: a", "as R2: b", "R20: c");
    expect(gapsOf(rows, report)).toEqual(["R2 is said to be met in spirit, and no test that passed begins with it"]);
    const bad = [
      { assertionResults: ["failed", "skipped"].map((status) => ({ title: "R1, R2: a", status })) },
    ] as never;
    expect(gapsOf(rows, { testResults: bad })).toHaveLength(2);
  });
});

describe("a run", () => {
  let folder = "";
  beforeAll(() => {
    mkdirSync(join(ROOT, ".cache"), { recursive: true });
    folder = mkdtempSync(join(ROOT, ".cache", "rules-"));
    const reporter = join(import.meta.dirname, "reporter.ts");
    writeFileSync(
      join(folder, "vitest.config.ts"),
      `import { RulesReporter } from ${JSON.stringify(reporter)};
      export default { test: { include: ["*.test.ts"], reporters: [new RulesReporter("report.json", "rules.md")] } };`,
    );
    for (const [file, title] of [
      ["one", "R1: shown"],
      ["two", "R2: shown"],
    ])
      writeFileSync(join(folder, `${file}.test.ts`), `import { test } from "vitest"; test("${title}", () => {});`);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Exit code and standard error of a run over these files and this page. */
  function run(page: string, ...args: string[]) {
    writeFileSync(join(folder, "rules.md"), page);
    const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
    return new Promise<{ code: number; err: string }>((resolve) => {
      const child = execFile(process.execPath, [vitest, "run", ...args], { cwd: folder }, (_error, _out, err) =>
        resolve({ code: child.exitCode ?? -1, err }),
      );
    });
  }

  it("of all tests fails when a rule that is said to be met was not shown", async () => {
    expect(await run(pageOf({ R1: "met", R2: "met" }))).toMatchObject({ code: 0 });
    const { code, err } = await run(pageOf({ R1: "met", R3: "met" }));
    expect([code, err]).toEqual([1, expect.stringContaining("R3 is said to be met, and no test that passed begins")]);
    expect(await run("| R1 | words | met | where |")).toMatchObject({ code: 1 });
  });

  it("of some tests is not judged", async () => {
    const page = pageOf({ R1: "met", R3: "met" });
    expect(await run(page, "one")).toMatchObject({ code: 0 });
    for (const args of [
      ["-t", "R1"],
      ["--exclude", "two.test.ts"],
      ["--shard", "1/2"],
    ])
      expect(await run(page, ...args), args[0]).toMatchObject({ code: 0 });
  });
});
