import { expect, test } from "vitest";
import { type Round, report, summarize } from "./report.ts";
import { type Operation, operations } from "./traffic.ts";

const measure = (perSecond: number) => ({ perSecond, p50: 1, p99: 2, bytes: 600 });
const circumstances = {
  ...{ users: 10, groups: 2, rounds: 3, requests: 4, connections: 5, poolSize: 6, cpus: 2 },
  node: "v24.0.0",
  postgres: { fsync: "on" },
};

/** Muster at 100, 900 and 200 a second, the bare server always at 400. */
const rounds = (Object.keys(operations) as Operation[]).flatMap((operation): Round[] =>
  [100, 900, 200].map((perSecond) => ({ operation, muster: measure(perSecond), bare: measure(400) })),
);

test("a ratio is Muster's median by the bare server's, which one round out of line does not move", () => {
  const summary = summarize(rounds, [2, 1, 9, 3], circumstances);
  expect(summary.ratios).toEqual({ create: 0.5, get: 0.5, filter: 0.5, patchUser: 0.5, patchGroup: 0.5 });
  expect(summary.medians.get.muster.requestsPerSecond).toBe(200);
  expect(summary.spread.get).toEqual({ lowest: 0.25, highest: 2.25 });
  expect(summary.readySeconds).toEqual({ median: 2.5, all: [2, 1, 9, 3] });
});

test("what a person reads holds the figures, the circumstances and what the baseline leaves out", () => {
  const text = report(summarize(rounds, [2], circumstances));
  expect(text).toMatch(/GET \/Users\/\{id\} +0\.50 \(0\.25 to 2\.25\) +200 +1\.0 \/ 2\.0 +600 +400 /);
  expect(text).toContain("3 rounds of 4 requests each over 5 connections");
  expect(text).toContain("fsync on");
  expect(text).toContain("without rules, audit, events, versions, access or validation");
});
