import { readFileSync } from "node:fs";
import { join } from "node:path";
import { JsonReporter, type JsonTestResults, type TestModule } from "vitest/node";
import { gapsOf } from "./gaps.ts";
import { faultsOf, rowsOf } from "./rows.ts";

export const PAGE = join(import.meta.dirname, "..", "..", "docs", "rules.md");

/**
 * Writes the run's JSON report to `file` and holds the page of rules against it: a rule that is said to be met and that
 * nothing has shown makes the run fail. A run of some of the tests is not judged.
 */
export class RulesReporter extends JsonReporter {
  readonly #file: string;
  readonly #page: string;

  constructor(file: string, page = PAGE) {
    super({ outputFile: file });
    this.#file = file;
    this.#page = page;
  }

  override async onTestRunEnd(testModules: readonly TestModule[]): Promise<void> {
    await super.onTestRunEnd(testModules);
    if (await this.#isOfSome(testModules.length)) return;
    const rows = rowsOf(readFileSync(this.#page, "utf8"));
    const report = JSON.parse(readFileSync(this.#file, "utf8")) as JsonTestResults;
    const found = [...faultsOf(rows), ...gapsOf(rows, report)];
    if (found.length === 0) return;
    process.exitCode = 1;
    this.ctx.logger.error(["docs/rules.md and this run do not agree:", ...found].join("\n  "));
  }

  /** Files named, a shard, a pattern of titles, files left out. */
  async #isOfSome(files: number): Promise<boolean> {
    const { testNamePattern, cliExclude } = this.ctx.config;
    if (testNamePattern !== undefined || (cliExclude ?? []).length > 0) return true;
    return files < (await this.ctx.globTestSpecifications()).length;
  }
}
