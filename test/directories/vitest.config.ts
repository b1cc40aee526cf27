import { defineConfig } from "vitest/config";

const report = process.env.MUSTER_TEST_REPORT;

/** `npm run test:directories`: servers that are no part of `npm test`. They are never skipped: where one is missing it fails. */
export default defineConfig({
  test: {
    include: ["test/directories/**/*.test.ts"],
    globalSetup: ["test/harness/global-setup.ts"],
    setupFiles: ["test/harness/leaks.ts"],
    pool: "forks",
    execArgv: ["--disable-proto=delete"],
    maxWorkers: 2,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
