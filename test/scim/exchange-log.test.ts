import { expect, test } from "vitest";
import { WARNING_NAMES } from "../../src/scim/dialect.ts";
import { ExchangeLog } from "../../src/scim/exchange-log.ts";

test("a request without peculiarities leaves nothing", () => {
  const log = new ExchangeLog();
  expect([log.warnings, log.changes, log.moreChanges]).toEqual([undefined, undefined, 0]);
});

test("each name is told once, with its first places and how often it was met", () => {
  const log = new ExchangeLog();
  for (let i = 0; i < 1_000; i++) log.warn("op-case", `Operations[${i}].op`);
  log.warn("schemas-missing", "schemas");
  log.warn("schemas-missing", "schemas");
  expect(log.warnings).toEqual([
    { name: "op-case", at: [0, 1, 2, 3, 4].map((i) => `Operations[${i}].op`), times: 1_000 },
    { name: "schemas-missing", at: ["schemas"], times: 2 },
  ]);
});

test("it is bounded, whatever a request holds, and counts what it leaves out", () => {
  const log = new ExchangeLog();
  for (const name of WARNING_NAMES) for (let i = 0; i < 100; i++) log.warn(name, `userName ${i}`);
  for (let i = 0; i < 1_000; i++) log.change({ kind: "User", id: `${i}`, did: "created" });
  expect(log.warnings).toHaveLength(WARNING_NAMES.length);
  expect(log.warnings?.flatMap(({ at }) => at)).toHaveLength(WARNING_NAMES.length * 5);
  expect(log.changes).toHaveLength(50);
  expect(log.moreChanges).toBe(950);
});
