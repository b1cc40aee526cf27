import type { Measure } from "./client.ts";
import { type Operation, operations } from "./traffic.ts";

/** One operation measured on both sides in one round. */
export type Round = { operation: Operation; muster: Measure; bare: Measure };

/** Under which circumstances the figures came about. */
export type Circumstances = {
  users: number;
  groups: number;
  rounds: number;
  requests: number;
  connections: number;
  poolSize: number;
  node: string;
  cpus: number;
  postgres: Record<string, string>;
};

type Figures = { requestsPerSecond: number; p50Ms: number; p99Ms: number; answerBytes: number };

export type Summary = {
  /** Muster's requests per second by the bare server's; 1 means as fast. */
  ratios: Record<Operation, number>;
  /** The lowest and the highest ratio of a single round. */
  spread: Record<Operation, { lowest: number; highest: number }>;
  medians: Record<Operation, { muster: Figures; bare: Figures }>;
  /** Seconds from the start of the process to the first 200 of /readyz, PostgreSQL's own start included. */
  readySeconds: { median: number; all: number[] };
  circumstances: Circumstances;
  baseline: string;
};

const BASELINE =
  "an Express and pg server (test/bench/bare-server.ts) with the same Node, flags and pool size, one process as Muster, " +
  "on the same database, one named prepared statement a request, which finds the token by its hash too; without rules, " +
  "audit, events, versions, access or validation. Both log nothing to a terminal, the client is the same, and the " +
  "two are measured by turns.";

export function summarize(
  rounds: readonly Round[],
  starts: readonly number[],
  circumstances: Circumstances & Record<string, unknown>,
): Summary {
  const { users, groups, requests, connections, poolSize, node, cpus, postgres } = circumstances;
  const names = Object.keys(operations) as Operation[];
  const of = (operation: Operation) => rounds.filter((round) => round.operation === operation);
  const each = <T>(work: (operation: Operation) => T) =>
    Object.fromEntries(names.map((name) => [name, work(name)])) as Record<Operation, T>;
  const medians = each((operation) => ({
    muster: figures(of(operation).map((round) => round.muster)),
    bare: figures(of(operation).map((round) => round.bare)),
  }));
  return {
    ratios: each((name) => rounded(medians[name].muster.requestsPerSecond / medians[name].bare.requestsPerSecond, 3)),
    spread: each((name) => {
      const ratios = of(name).map((round) => round.muster.perSecond / round.bare.perSecond);
      return { lowest: rounded(Math.min(...ratios), 3), highest: rounded(Math.max(...ratios), 3) };
    }),
    medians,
    readySeconds: { median: rounded(median(starts), 3), all: starts.map((seconds) => rounded(seconds, 3)) },
    circumstances: {
      users,
      groups,
      rounds: circumstances.rounds,
      requests,
      connections,
      poolSize,
      node,
      cpus,
      postgres,
    },
    baseline: BASELINE,
  };
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

const TITLES: Record<Operation, string> = {
  create: "POST /Users",
  get: "GET /Users/{id}",
  filter: 'GET /Users?filter=userName eq "…"',
  patchUser: "PATCH /Users/{id}, one attribute",
  patchGroup: "PATCH /Groups/{id}, one member",
};

/** The summary as a person reads it. */
export function report(summary: Summary): string {
  const { circumstances: c, readySeconds } = summary;
  const rows = (Object.keys(summary.ratios) as Operation[]).map((name) => {
    const { muster, bare } = summary.medians[name];
    const { lowest, highest } = summary.spread[name];
    return [
      TITLES[name],
      `${summary.ratios[name].toFixed(2)} (${lowest.toFixed(2)} to ${highest.toFixed(2)})`,
      ...[muster, bare].flatMap((one) => [
        one.requestsPerSecond.toFixed(0),
        `${one.p50Ms.toFixed(1)} / ${one.p99Ms.toFixed(1)}`,
        one.answerBytes.toFixed(0),
      ]),
    ];
  });
  const head = ["", "Muster : bare", "Muster/s", "p50/p99 ms", "bytes", "bare/s", "p50/p99 ms", "bytes"];
  const settings = Object.entries(c.postgres).map(([name, value]) => `${name} ${value}`);
  return [
    "",
    ...table([head, ...rows]),
    "",
    `A second start is ready after ${readySeconds.median.toFixed(2)} s (of ${readySeconds.all.join(", ")}), PostgreSQL's own start included.`,
    "",
    `Medians of ${c.rounds} rounds of ${c.requests} requests each over ${c.connections} connections, after one that is not counted; ` +
      `${c.users} users and ${c.groups} groups before the first, each group with a role on a product, each group patch ` +
      `a person's first access. Node ${c.node}, ${c.cpus} processors shared by client, servers and PostgreSQL; ${settings.join(", ")}; ` +
      `pools of ${c.poolSize} connections.`,
    `The bare server is ${summary.baseline}`,
    "",
  ].join("\n");
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
}
