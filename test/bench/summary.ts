import type { Measure } from "./client.ts";
import type { Round } from "./compare.ts";
import type { Cpu } from "./cpu.ts";
import { type Goal, type GoalName, goals, type SearchName, searches } from "./goals.ts";
import type { MemoryStep } from "./memory.ts";
import type { Profile } from "./profile.ts";

/** Under which circumstances the figures came about. */
export type Circumstances = {
  users: number;
  largeGroup: number;
  smallGroup: number;
  rounds: number;
  /** Requests of each side in a round, by operation. */
  requests: Record<string, number>;
  connections: number;
  tokens: number;
  poolSize: number;
  node: string;
  cpus: number;
  cpuModel: string;
  postgres: Record<string, string>;
  commit: string | null;
  loadSeconds: { muster: number; bare: number };
};

/** Everything that one run measured, before it is summed up. */
export type Measured = {
  /** Rounds of every goal but search, whose rounds are by search. */
  rounds: Record<Exclude<GoalName, "search">, Round[]>;
  searches: Partial<Record<SearchName, { rows: number; rounds: Round[] }>>;
  starts: readonly number[];
  memory: readonly MemoryStep[];
  /** Changes of access that the audit trail holds of an operation, beside how many requests asked for. */
  accessChanges: Record<string, { expected: number; written: number }>;
  /** Microseconds of processor time of one request, of each player. */
  cpu: Record<string, Record<"one" | "other", Cpu>>;
  profiles: Record<string, Profile>;
};

export type Figures = { requestsPerSecond: number; p50Ms: number; p99Ms: number; answerBytes: number };
type Spread = { lowest: number; highest: number };
type Compared = { ratio: number; spread: Spread; medians: { one: Figures; other: Figures } };

type SearchSummary = {
  /** People on the page of the search, and of the filter beside it. */
  rows: number;
  ratio: number;
  spread: Spread;
  medians: Record<"search" | "keyed", Figures>;
};

export type Summary = {
  /** Requests a second by the bare server's (share), or time by the comparison's (times): of medians of the rounds. */
  ratios: Record<GoalName, number>;
  targets: Record<GoalName, number>;
  met: Record<GoalName, boolean>;
  /** The lowest and the highest ratio of a single round. */
  spread: Record<GoalName, Spread>;
  medians: Record<GoalName, Record<string, Figures>>;
  /** Each search's ratio; `search` above is the worst of them. */
  searches: Partial<Record<SearchName, SearchSummary>>;
  /** Searches that this server does not offer. */
  notOffered: SearchName[];
  /** Seconds from the start of the process to the first 200 of /readyz, PostgreSQL's own start included. */
  readySeconds: { median: number; all: number[] };
  memory: readonly MemoryStep[];
  accessChanges: Measured["accessChanges"];
  /** Microseconds of processor time of one request: of Muster's, and of what it is compared with. */
  cpu: Measured["cpu"];
  profiles: Record<string, Profile>;
  circumstances: Circumstances;
};

/** Both sides answer with as many bytes, within so much. */
const BYTES_APART = 0.03;

/** @throws Error when the figures are not those of the same work: answers of other sizes, access that did not change. */
export function summarize(measured: Measured, circumstances: Circumstances): Summary {
  requireWork(measured.accessChanges);
  const compared = {} as Record<GoalName, Compared & { names: readonly [string, string] }>;
  for (const [name, rounds] of Object.entries(measured.rounds) as [Exclude<GoalName, "search">, Round[]][]) {
    const { kind } = goals[name];
    compared[name] = { ...compare(kind, rounds), names: kind === "share" ? ["muster", "bare"] : ["large", "small"] };
    if (kind === "share") requireSameBytes(name, compared[name].medians);
  }
  const found = Object.entries(measured.searches).map(([name, { rows, rounds }]) => ({
    ...{ name, rows, names: ["search", "keyed"] as const },
    ...compare("times", rounds),
  }));
  const [worst] = found.toSorted((one, other) => other.ratio - one.ratio);
  if (!worst) throw new Error("no search was measured");
  compared.search = worst;
  const names = Object.keys(goals) as GoalName[];
  const each = <T>(work: (name: GoalName) => T) =>
    Object.fromEntries(names.map((name) => [name, work(name)])) as Record<GoalName, T>;
  return {
    ratios: each((name) => compared[name].ratio),
    targets: each((name) => goals[name].target),
    met: each((name) => isMet(goals[name], compared[name].ratio)),
    spread: each((name) => compared[name].spread),
    medians: each((name) => named(compared[name])),
    searches: Object.fromEntries(
      found.map(({ name, rows, ratio, spread, ...one }) => [name, { rows, ratio, spread, medians: named(one) }]),
    ) as Summary["searches"],
    notOffered: (Object.keys(searches) as SearchName[]).filter((name) => measured.searches[name] === undefined),
    readySeconds: {
      median: rounded(median(measured.starts), 3),
      all: measured.starts.map((seconds) => rounded(seconds, 3)),
    },
    memory: measured.memory,
    accessChanges: measured.accessChanges,
    cpu: measured.cpu,
    profiles: measured.profiles,
    circumstances,
  };
}

function named({ medians, names }: Pick<Compared, "medians"> & { names: readonly [string, string] }) {
  return { [names[0]]: medians.one, [names[1]]: medians.other };
}

function isMet(goal: Goal, ratio: number): boolean {
  return goal.kind === "share" ? ratio >= goal.target : ratio <= goal.target;
}

function compare(kind: Goal["kind"], rounds: readonly Round[]): Compared {
  const one = figures(rounds.map((round) => round.one));
  const other = figures(rounds.map((round) => round.other));
  const of = (mine: number, theirs: number) => rounded(kind === "share" ? mine / theirs : theirs / mine, 3);
  const single = rounds.map((round) => of(round.one.perSecond, round.other.perSecond));
  const middle = (side: keyof Round) => median(rounds.map((round) => round[side].perSecond));
  return {
    ratio: of(middle("one"), middle("other")),
    spread: { lowest: Math.min(...single), highest: Math.max(...single) },
    medians: { one, other },
  };
}

function requireSameBytes(name: string, { one, other }: Compared["medians"]): void {
  const apart = bytesApart(one, other);
  if (Math.abs(apart) > BYTES_APART)
    throw new Error(`${name}: Muster's answers are ${(apart * 100).toFixed(1)} % longer than the bare server's`);
}

/** By how much the one's answers are longer than the other's; 0 when there is nothing in either. */
export function bytesApart(one: Figures, other: Figures): number {
  return one.answerBytes === other.answerBytes ? 0 : one.answerBytes / other.answerBytes - 1;
}

/** Requests may meet (the same person twice), so a few are let off. */
function requireWork(changes: Measured["accessChanges"]): void {
  for (const [name, { expected, written }] of Object.entries(changes))
    if (written < expected * 0.98)
      throw new Error(`${name}: access changed ${written} times where ${expected} requests should have changed it`);
}

function figures(measures: readonly Measure[]): Figures {
  return {
    requestsPerSecond: rounded(median(measures.map((measure) => measure.perSecond)), 1),
    p50Ms: rounded(median(measures.map((measure) => measure.p50)), 2),
    p99Ms: rounded(median(measures.map((measure) => measure.p99)), 2),
    answerBytes: rounded(median(measures.map((measure) => measure.bytes)), 1),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
