import { KINDS, type Kind, type Measured, median, type SyncRound, type SyncSummary, secondsOf } from "./sync.ts";
import { asMarkdown, asText, type Table } from "./table.ts";

/** Times the bare read of the same round, at most. */
const GOALS: Partial<Record<Kind, number>> = { first: 8, unchanged: 2.5, changes: 3 };
/** Megabytes of Muster's process, at most. */
const MOST_MEMORY = 450;
/** How much more memory four times the people may take. */
const SAME_MEMORY = 1.1;

const TITLES: Record<Kind, string> = {
  bare: "bare read, nothing kept",
  first: "first sync",
  unchanged: "sync, nothing changed",
  changes: "sync, 100 changes",
};

function ratios(rounds: readonly SyncRound[], kind: Kind): number[] {
  return rounds.map((round) => median(round[kind].map(secondsOf)) / median(round.bare.map(secondsOf)));
}

function times({ users, groups, memberships, rounds, writing }: SyncSummary): Table {
  const of = (kind: Kind, pick: (one: Measured) => number): number =>
    median(rounds.flatMap((round) => round[kind].map(pick)));
  return {
    title: `Directory sync: ${whole(users)} people, ${whole(groups)} groups, ${whole(memberships)} memberships`,
    head: [
      "",
      "at most",
      "times the bare read",
      "met",
      "seconds",
      "rows written",
      "WAL MB",
      "own",
      "PostgreSQL",
      "slapd",
    ],
    rows: [
      ...KINDS.map((kind) => {
        const reached = ratios(rounds, kind);
        const goal = GOALS[kind];
        const spread = `${median(reached).toFixed(2)} (${Math.min(...reached).toFixed(2)} to ${Math.max(...reached).toFixed(2)})`;
        return [
          TITLES[kind],
          goal === undefined ? "" : String(goal),
          goal === undefined ? "" : spread,
          goal === undefined ? "" : met(median(reached) <= goal),
          of(kind, secondsOf).toFixed(2),
          whole(of(kind, (one) => one.rowsWritten)),
          (of(kind, (one) => one.wal) / 1e6).toFixed(1),
          ...[
            of(kind, (one) => one.cpu.own),
            of(kind, (one) => one.cpu.postgres),
            of(kind, (one) => one.cpu.slapd),
          ].map((seconds) => seconds.toFixed(2)),
        ];
      }),
      [
        "bare writing of all rows of a first sync",
        ...["", (writing.seconds / of("bare", secondsOf)).toFixed(2), ""],
        ...[writing.seconds.toFixed(2), whole(writing.rowsWritten), (writing.wal / 1e6).toFixed(1), ""],
        ...[writing.cpu.postgres.toFixed(2), ""],
      ],
    ],
  };
}

function memory({ peaks }: SyncSummary): Table {
  const few = peaks[0] ?? { users: 0, bytes: 0 };
  const many = median(peaks.slice(1).map(({ bytes }) => bytes));
  const row = (users: number, bytes: number) => [
    `${whole(users)} people`,
    String(MOST_MEMORY),
    (bytes / 1e6).toFixed(0),
    met(bytes / 1e6 <= MOST_MEMORY),
  ];
  return {
    title: "Memory of Muster's process at most, in MB",
    head: ["", "at most", "reached", "met"],
    rows: [
      row(few.users, few.bytes),
      row(peaks.at(-1)?.users ?? 0, many),
      [
        "the second by the first",
        String(SAME_MEMORY),
        (many / few.bytes).toFixed(2),
        met(many / few.bytes <= SAME_MEMORY),
      ],
    ],
  };
}

function killed({ killed: { lockFree, converged, first } }: SyncSummary): Table {
  return {
    title: "kill -9 while the first sync is applied, in seconds",
    head: ["", "seconds"],
    rows: [
      ["until it was killed", first.toFixed(2)],
      ["until the directory's lock was free", lockFree.toFixed(3)],
      ["the next sync, which ended what was begun and read anew", converged.toFixed(2)],
    ],
  };
}

function notes({ rounds, writing, circumstances: c }: SyncSummary): string {
  const first = median(rounds.flatMap((round) => round.first.map(secondsOf)));
  const settings = Object.entries(c.postgres).map(([name, value]) => `${name} ${value}`);
  return (
    "Beside a bare read (test/bench/sync-bare.ts): ldapts alone, the same attributes and page size, each entry once, nothing " +
    "kept. Muster reads groups twice, because members may be groups. Every measure is a process of its own and begins when " +
    "its code is loaded; a ratio is that of the medians of one round, the table has the median of the " +
    `rounds (${rounds.length}) and in brackets the lowest and highest. Rows written are of what Muster holds; own, PostgreSQL and slapd are seconds of ` +
    "processor time. One of the groups has half of the people. Between the syncs the database is vacuumed, as autovacuum does.\n\n" +
    "The bare writing (test/bench/sync-writing.ts) is one INSERT … SELECT a table of what a first sync leaves behind, audit and events " +
    "included, into the same empty tables with their indexes, foreign keys and row-level security, by Muster's role: nothing is read " +
    "from outside, compared, planned or worked out. No first sync can be faster on this PostgreSQL; Muster's takes " +
    `${(first / writing.seconds).toFixed(1)} times as long.\n\n` +
    `Node ${c.node}; ${c.cpus} processors (${c.cpuModel}) shared by Muster, slapd and PostgreSQL; ${settings.join(", ")}.`
  );
}

const met = (is: boolean): string => (is ? "yes" : "no");

function whole(number: number): string {
  return number.toLocaleString("en");
}

/** The summary as a person reads it. */
export function syncReport(summary: SyncSummary): string {
  const tables = [times(summary), memory(summary), killed(summary)].map(asText);
  return `\n${[...tables, notes(summary)].join("\n\n")}\n`;
}

/** The page's part on syncs. */
export function syncPart(summary: SyncSummary): string {
  const [first, ...more] = [times(summary), memory(summary), killed(summary)];
  const shown = (table: Table) => [`## ${table.title}`, asMarkdown(table)];
  return [...shown(first as Table), notes(summary), ...more.flatMap(shown)].join("\n\n");
}
