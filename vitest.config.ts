import { defineConfig } from "vitest/config";
import { COMPILED } from "./src/start/compiled.ts";
import { LongestFirst } from "./test/harness/longest-first.ts";
import { RulesReporter } from "./test/rules/reporter.ts";

// CI reads the counts in it, to fail when a suite was skipped.
const report = process.env.MUSTER_TEST_REPORT ?? ".cache/test-report.json";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Servers that are not on every machine: `npm run test:directories`.
    exclude: ["**/node_modules/**", "test/directories/**"],
    globalSetup: ["test/harness/global-setup.ts"],
    setupFiles: ["test/harness/leaks.ts"],
    // The processes that run tests are started as Muster is.
    pool: "forks",
    execArgv: ["--disable-proto=delete"],
    maxWorkers: 2,
    // Files share what they load, which took them a sixth of the time, and so must leave no trace in it.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // For the programs that tests start: most of what a short one costs is compiling.
    env: { NODE_COMPILE_CACHE: COMPILED },
    reporters: ["default", new RulesReporter(report)],
    // A machine that does several things at once is slow, not wrong.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
