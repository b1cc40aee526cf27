import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { AccessRound, AccessSummary } from "./access.ts";
import { accessPart, accessRatios, accessReport } from "./access-report.ts";
import { type ApiSummary, listOperations } from "./api.ts";
import { LISTS } from "./api-lists/lists.ts";
import { apiPart, apiRatios, apiReport } from "./api-report.ts";
import type { Round } from "./compare.ts";
import { requestsFor } from "./compare.ts";
import type { ConsoleSummary } from "./console.ts";
import { consolePart, consoleReached, consoleReport } from "./console-report.ts";
import { boardsFor, requestsOf } from "./operations.ts";
import { scimPart, writePart } from "./page.ts";
import { readProfile } from "./profile.ts";
import { report } from "./report.ts";
import { type Measured, summarize } from "./summary.ts";
import { longestTask } from "./trace.ts";
import { pairOf, scattered } from "./traffic.ts";

const measure = (perSecond: number, bytes = 600) => ({ perSecond, p50: 1, p99: 2, bytes });

/** The one at 100, 900 and 200 a second, the other always at 400. */
const rounds: Round[] = [100, 900, 200].map((perSecond) => ({ one: measure(perSecond), other: measure(400) }));

const measured: Measured = {
  rounds: {
    post: rounds,
    get: rounds,
    filter: rounds,
    page: rounds,
    patch: rounds,
    memberOf50k: rounds,
    add100: rounds,
  },
  searches: {
    externalId: { rows: 1, rounds },
    sortedPage: { rows: 50, rounds: [{ one: measure(100), other: measure(500) }] },
  },
  starts: [2, 1, 9, 3],
  memory: [{ after: "the start", held: 50, rss: 100, peak: 110 }],
  accessChanges: { patch: { expected: 100, written: 99 } },
  cpu: {
    get: {
      one: { server: 150, postgres: 90, client: 60 },
      other: { server: 100, postgres: 50, client: 60 },
    },
  },
  profiles: { get: { busy: 0.5, places: [{ name: "pg", share: 0.4 }], functions: [] } },
};

const circumstances = {
  ...{ users: 12_345, largeGroup: 50_000, smallGroup: 10, rounds: 3, requests: { get: 4 } },
  ...{ connections: 5, tokens: 4, poolSize: 6, cpus: 2, cpuModel: "a processor", commit: null },
  node: "v24.0.0",
  postgres: { fsync: "on" },
  loadSeconds: { muster: 60, bare: 9 },
};

test("a ratio is of medians, which one round out of line does not move; times are the other way round", () => {
  const summary = summarize(measured, circumstances);
  expect(Object.keys(summary)[0]).toBe("ratios");
  expect(summary.ratios).toEqual({
    ...{ post: 0.5, get: 0.5, filter: 0.5, page: 0.5, patch: 0.5, memberOf50k: 2, add100: 0.5, search: 5 },
  });
  expect(summary.met).toMatchObject({ post: true, get: false, memberOf50k: false, search: false });
  expect(summary.medians.get).toMatchObject({ muster: { requestsPerSecond: 200 }, bare: { requestsPerSecond: 400 } });
  expect(summary.spread.get).toEqual({ lowest: 0.25, highest: 2.25 });
  expect(summary.readySeconds).toEqual({ median: 2.5, all: [2, 1, 9, 3] });
});

test("the search that stands for all is the worst; those that the server does not offer are named", () => {
  const summary = summarize(measured, circumstances);
  expect(summary.searches.externalId?.ratio).toBe(2);
  expect(summary.medians.search).toEqual(summary.searches.sortedPage?.medians);
  expect(summary.notOffered).toEqual(["workEmail", "displayName", "lastModified", "cursorPage"]);
  expect(report(summary)).toMatch(/a cursor page deep inside +3 +not offered/);
});

test("figures of different work are refused: longer answers, access that did not change", () => {
  const longer = rounds.map((round) => ({ ...round, one: measure(100, 630) }));
  const unequal = { ...measured, rounds: { ...measured.rounds, get: longer } };
  expect(() => summarize(unequal, circumstances)).toThrow("get: Muster's answers are 5.0 % longer");
  const idle = { ...measured, accessChanges: { patch: { expected: 100, written: 50 } } };
  expect(() => summarize(idle, circumstances)).toThrow("patch: access changed 50 times");
});

test("what a person reads holds the figures, the circumstances and what the baseline leaves out", () => {
  const text = report(summarize(measured, circumstances));
  expect(text).toMatch(/GET \/Users\/\{id\} +0\.75 +0\.50 \(0\.25 to 2\.25\) +no +200 +1\.0 \/ 2\.0 +400 /);
  expect(text).toContain("12,345 users on each side");
  expect(text).toContain("fsync on");
  expect(text).toMatch(/get +150 +90 +100 +50 +60/);
  expect(text).toContain("no rules, audit, events, versions, access, validation or limits");
});

test("each bench writes its own part of the page and leaves the other's", () => {
  const folder = mkdtempSync(join(tmpdir(), "muster-page-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "performance.md");
  writePart("hostile", "stalls of old", file);
  writePart("scim", scimPart(summarize(measured, circumstances)), file);
  writePart("hostile", "stalls of today", file);
  const page = readFileSync(file, "utf8");
  expect(page).toMatch(/\| GET \/Users\/\{id\} \| 0\.75 \| 0\.50 \(0\.25 to 2\.25\) \| no \|/);
  expect(page).toContain("| get | 50 % | pg 40 % |");
  expect(page).toContain("stalls of today");
  expect(page).not.toContain("stalls of old");
});

/** Three rounds of which one is out of line; every measure but those of what is bare takes `times` as long as that. */
function accessSummary(times: number): AccessSummary {
  const rounds = [1, 9, 1].map((slow): AccessRound => {
    const turns = (ms: number) => [{ ms: ms * slow, postgres: ms / 2 }];
    const [write, read] = [turns(600 * times), turns(0.1 * times)];
    return {
      ...{ made: write, changed: write, revoked: write, written: turns(600) },
      ...{ explained: read, shown: read, previewed: read, read: turns(0.1) },
    };
  });
  return {
    ...{ accounts: 100_000, members: 50_000, paths: 4.25, rounds },
    circumstances: { node: "v24.0.0", cpus: 2, cpuModel: "a processor", postgres: { fsync: "on" } },
  };
}

test("access: ratios are beside the bare write or read of the run, and each goal has its own bound", () => {
  expect(accessRatios(accessSummary(3.5)).ratios.changed).toBeCloseTo(3.5);
  expect(accessRatios(accessSummary(3.5)).met).toEqual({ changed: true, explained: true, previewed: true });
  expect(accessRatios(accessSummary(5)).met).toEqual({ changed: false, explained: false, previewed: true });
  expect(accessRatios(accessSummary(7)).met).toEqual({ changed: false, explained: false, previewed: false });
  const text = accessReport(accessSummary(5));
  expect(text).toMatch(/bare INSERT … SELECT of as many rows +600 +300\n/);
  expect(text).toMatch(/a grant changed +4 +5\.00 \(5\.00 to 5\.00\) +no +3000 +1500\n/);
  expect(text).toMatch(/seats previewed +6 +5\.00 \(5\.00 to 5\.00\) +yes +0\.500 +0\.250\n/);
  expect(text).toContain("50,000 of 100,000 people");
  const folder = mkdtempSync(join(tmpdir(), "muster-page-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "performance.md");
  writePart("hostile", "stalls", file);
  writePart("access", accessPart(accessSummary(5)), file);
  const page = readFileSync(file, "utf8");
  expect(page).toContain("| one person's access explained | 4 | 5.00 (5.00 to 5.00) | no | 0.500 | 0.250 |");
  expect(page).toContain("stalls");
});

test("a pair is done and undone on one connection, and everybody comes once before anybody comes again", () => {
  const places = Array.from({ length: requestsFor(1, 4) }, (_, place) => ({ place, ...pairOf(place, 4) }));
  for (const { place, pair, second } of places.filter((each) => !each.second))
    expect(places[place + 4]).toMatchObject({ pair, second: !second });
  expect(new Set(places.map(({ pair }) => pair)).size).toBe(places.length / 2);
  for (const count of [1, 2, 10, 96, 1_000])
    expect(new Set(Array.from({ length: count }, (_, place) => scattered(place, count))).size).toBe(count);
});

test("deactivations stay below the removal budget, and nobody joins one board twice", () => {
  for (const users of [5_000, 20_000, 100_000]) {
    const sizing = { users, rounds: 5, requests: 2_000, connections: 16 };
    expect((requestsOf("patch", sizing) / 2) * 7).toBeLessThan(users / 10);
    expect(requestsOf("add100", sizing) * 7 * 100).toBeLessThanOrEqual(boardsFor(sizing) * users);
  }
  expect(() => requestsOf("patch", { users: 1_000, rounds: 5, requests: 2_000, connections: 16 })).toThrow("too few");
});

test("what Node does is the work of whoever asked for it; being idle and being profiled is none", () => {
  const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 0 });
  const profile = readProfile({
    nodes: [
      { id: 1, callFrame: frame("(root)"), children: [2, 3, 6, 7] },
      { id: 2, callFrame: frame("(idle)") },
      { id: 3, callFrame: frame("query", "file:///x/node_modules/pg/lib/client.js"), children: [4] },
      { id: 4, callFrame: frame("write", "node:net"), children: [5] },
      { id: 5, callFrame: frame("writev") },
      { id: 6, callFrame: frame("send", "file:///x/src/scim/exchange.ts") },
      { id: 7, callFrame: frame("post", "node:inspector") },
    ],
    samples: [2, 3, 4, 5, 6, 7],
    timeDeltas: [40, 10, 10, 10, 30, 1_000],
  });
  expect(profile.busy).toBe(0.6);
  expect(profile.places).toEqual([
    { name: "pg", share: 0.5 },
    { name: "src/scim", share: 0.5 },
  ]);
  expect(profile.functions[0]).toEqual({ name: "send src/scim/exchange.ts:1", share: 0.5 });
});

test("every list of the API has an entry, and every entry a list", () => {
  expect(listOperations().length).toBeGreaterThan(40);
  expect(Object.keys(LISTS).sort()).toEqual(listOperations().sort());
});

test("a list is met at four times the bare route, by the medians of the rounds", () => {
  const summary: ApiSummary = {
    people: 100_000,
    cases: [
      { name: "users.list opened", rows: 50, bytes: 41_000, muster: [8, 4, 6], bare: [2, 2, 1] },
      { name: "mails.list opened", rows: 50, bytes: 900, muster: [4.5, 4.1, 4.2], bare: [1, 1, 1] },
    ],
    circumstances: { node: "v24", cpus: 2, cpuModel: "x", postgres: { fsync: "on" } },
  };
  expect(apiRatios(summary)).toMatchObject({
    missed: ["mails.list opened"],
    ratios: { "users.list opened": 3, "mails.list opened": 4.2 },
  });
  const text = apiReport(summary);
  expect(text).toContain("Lists of the API with 100,000 people");
  expect(text).toMatch(/users\.list opened +3\.00 \(2\.00 to 6\.00\) +yes +6\.00 +2\.00 +50 +41000\n/);
  expect(text).toMatch(/mails\.list opened +4\.20 \(4\.10 to 4\.50\) +no /);
  expect(apiPart(summary)).toContain("| mails.list opened | 4.20 (4.10 to 4.50) | no |");
});

test("a trace's longest task is of the page's main thread, by the clock and by the processor", () => {
  const named = (tid: number, name: string, pid = 7) => ({ name: "thread_name", ph: "M", pid, tid, args: { name } });
  const task = (pid: number, tid: number, dur: number, tdur: number, name = "RunTask") => ({
    name,
    ph: "X",
    pid,
    tid,
    dur,
    tdur,
  });
  const traceEvents = [
    named(1, "CrRendererMain"),
    named(2, "Compositor"),
    named(1, "CrRendererMain", 8),
    { name: "TracingStartedInBrowser", ph: "I", pid: 6, tid: 1, args: { data: { frames: [{ processId: 7 }] } } },
    ...[task(7, 1, 42_500, 3_000), task(7, 1, 9_000, 8_500), task(7, 2, 99_000, 99_000), task(8, 1, 99_000, 99_000)],
    task(7, 1, 99_000, 99_000, "Paint"),
  ];
  const trace = (events: object[]) => Buffer.from(JSON.stringify({ traceEvents: events }));
  expect(longestTask(trace(traceEvents))).toEqual({ wall: 42.5, cpu: 8.5 });
  expect(() => longestTask(trace(traceEvents.slice(0, 4)))).toThrow("no task of the page's main thread");
});

test("console: scrolling is met when no round had a longer task, and what is used beside it has no goal", () => {
  const rounds = (...walls: number[]) => walls.map((wall) => ({ wall, cpu: wall / 2 }));
  const summary: ConsoleSummary = {
    people: 100_000,
    lists: [
      {
        name: "Users",
        rows: 50,
        steps: { "by wheel": rounds(12, 49.6, 11), "by keys": rounds(9, 9, 9), sorted: rounds(90) },
      },
      { name: "Mail", rows: 50, steps: { "by wheel": rounds(12, 12, 12), "row by row": rounds(10, 51, 10) } },
    ],
    loads: [
      { name: "Overview", bytes: [349_000, 350_000], files: 12, answers: 40_000 },
      { name: "Users", bytes: [350_100], files: 14, answers: 9_000 },
    ],
    circumstances: { node: "v24", chromium: "156", cpus: 2, cpuModel: "x" },
  };
  expect(consoleReached(summary)).toMatchObject({
    longest: { Users: 49.6, Mail: 51 },
    loaded: { "first load of Overview": 350, "first load of Users": 350.1 },
  });
  expect(consoleReached(summary).missed).toEqual(["Mail", "first load of Users"]);
  const text = consoleReport(summary);
  expect(text).toMatch(/Users +50 +12\.0 \/ 49\.6 \/ 6\.0 +9\.0 \/ 9\.0 \/ 4\.5 +49\.6 +yes\n/);
  expect(text).toMatch(/Mail +50 +12\.0 \/ 12\.0 \/ 6\.0 +10\.0 \/ 51\.0 \/ 5\.0 +51\.0 +no\n/);
  expect(text).toMatch(/Overview +12 +350\.0 +yes +40\.0\n/);
  expect(consolePart(summary)).toContain("| Users | 14 | 350.1 | no |");
});
