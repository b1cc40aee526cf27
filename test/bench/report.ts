import { type GoalName, goals, type SearchName, searches } from "./goals.ts";
import { bytesApart, type Figures, type Summary } from "./summary.ts";
import { asText, type Table } from "./table.ts";

const BASELINE =
  "The bare server (test/bench/bare-server.ts) is Express and pg: same Node, flags and pool size, one process as Muster, " +
  "the same database; one named prepared statement a request, each committed by itself, which finds the token by its " +
  "hash too. It answers with the same bytes (a person's group stands in the document, where Muster joins it) and pages " +
  "have a true count. It has no rules, audit, events, versions, access, validation or limits.";

const METHOD =
  "Each figure is the median of the rounds, after one that is not counted; in brackets the lowest and the highest ratio " +
  "of a round. Within a round the two take turns (A B B A, then B A A B).";

/** Everything that a person reads of a run: tables with a sentence on each. */
export function sections(summary: Summary): { table: Table; notes: string[] }[] {
  return [
    { table: shares(summary), notes: [METHOD, BASELINE] },
    {
      table: times(summary),
      notes: [
        "All of this is Muster alone. A member comes and goes by turns, who gains and loses access by it; the large and the " +
          "small group take turns. A search is compared with a filter of as many user names (userName eq … or userName eq …) " +
          "as it has people on its page, spread over the directory; a sorted page starts anywhere.",
      ],
    },
    {
      table: cpu(summary),
      notes: [
        "Averages over the counted rounds; they say what a request costs whatever else the machine does. A search stands " +
          "beside its filter, the large group beside the small one.",
      ],
    },
    {
      table: memory(summary),
      notes: [
        "One process, row after row. Held is what JavaScript keeps once its garbage is collected: flat means that reading more " +
          "does not raise it. Resident also has what the engine has not given back yet.",
      ],
    },
  ];
}

/** The summary as a person reads it in a terminal. */
export function report(summary: Summary): string {
  const parts = sections(summary).map(({ table, notes }) => [asText(table), ...notes].join("\n"));
  return `\n${[...parts, circumstances(summary)].join("\n\n")}\n`;
}

function shares(summary: Summary): Table {
  const names = (Object.keys(goals) as GoalName[]).filter((name) => goals[name].kind === "share");
  return {
    title: "Muster beside the bare server",
    head: [
      "",
      "at least",
      "reached",
      "met",
      "Muster/s",
      "p50 / p99 ms",
      "bare/s",
      "p50 / p99 ms",
      "bytes",
      "bytes apart",
    ],
    rows: names.map((name) => {
      const { muster, bare } = summary.medians[name] as Record<"muster" | "bare", Figures>;
      return [
        goals[name].title,
        ...reached(summary.targets[name], summary.ratios[name], summary.spread[name], summary.met[name]),
        ...[muster, bare].flatMap(speed),
        muster.answerBytes.toFixed(0),
        `${(bytesApart(muster, bare) * 100).toFixed(1)} %`,
      ];
    }),
  };
}

function times(summary: Summary): Table {
  const { largeGroup, smallGroup } = summary.circumstances;
  const { large, small } = summary.medians.memberOf50k as Record<"large" | "small", Figures>;
  return {
    title: "Muster beside itself",
    head: ["", "at most", "times as long", "met", "per second", "p50 / p99 ms", "beside it", "p50 / p99 ms", "found"],
    rows: [
      [
        `PATCH Group, one member, of ${whole(largeGroup)} beside of ${whole(smallGroup)}`,
        ...reached(
          summary.targets.memberOf50k,
          summary.ratios.memberOf50k,
          summary.spread.memberOf50k,
          summary.met.memberOf50k,
        ),
        ...[large, small].flatMap(speed),
        "",
      ],
      ...(Object.keys(searches) as SearchName[]).map((name) => searchRow(summary, name)),
    ],
  };
}

function searchRow(summary: Summary, name: SearchName): string[] {
  const { target } = goals.search;
  const found = summary.searches[name];
  if (!found) return [searches[name], String(target), "not offered", "", "", "", "", "", ""];
  return [
    searches[name],
    ...reached(target, found.ratio, found.spread, found.ratio <= target),
    ...[found.medians.search, found.medians.keyed].flatMap(speed),
    String(found.rows),
  ];
}

function reached(
  target: number,
  ratio: number,
  { lowest, highest }: { lowest: number; highest: number },
  met: boolean,
): string[] {
  return [String(target), `${ratio.toFixed(2)} (${lowest.toFixed(2)} to ${highest.toFixed(2)})`, met ? "yes" : "no"];
}

function speed(figures: Figures): string[] {
  return [figures.requestsPerSecond.toFixed(0), `${figures.p50Ms.toFixed(1)} / ${figures.p99Ms.toFixed(1)}`];
}

function cpu(summary: Summary): Table {
  return {
    title: "Processor time of one request, in µs",
    head: ["", "Muster", "its PostgreSQL", "what it stands beside", "its PostgreSQL", "client"],
    rows: Object.entries(summary.cpu).map(([name, { one, other }]) => [
      name,
      ...[one.server, one.postgres, other.server, other.postgres, one.client].map(String),
    ]),
  };
}

function memory(summary: Summary): Table {
  return {
    title: "Memory of a Muster just started, in MB",
    head: ["after", "held", "resident", "most so far"],
    rows: summary.memory.map((step) => [step.after, ...[step.held, step.rss, step.peak].map(String)]),
  };
}

/** On what, with how much, and how the figures came about. */
export function circumstances(summary: Summary): string {
  const { circumstances: c, readySeconds: ready } = summary;
  const settings = Object.entries(c.postgres).map(([name, value]) => `${name} ${value}`);
  const requests = Object.entries(c.requests).map(([name, number]) => `${name} ${number}`);
  return [
    `${whole(c.users)} users on each side, loaded in ${c.loadSeconds.muster} s and ${c.loadSeconds.bare} s; everybody in one of ` +
      `the groups that give access to a product. ${c.connections} connections, which share ${c.tokens} tokens; ${c.rounds} rounds, ` +
      `requests of each side in a round: ${requests.join(", ")}.`,
    `Node ${c.node}; ${c.cpus} processors (${c.cpuModel}) shared by client, servers and PostgreSQL; ${settings.join(", ")}; ` +
      `pools of ${c.poolSize} connections${c.commit === null ? "" : `; commit ${c.commit}`}.`,
    `A second start is ready after ${ready.median.toFixed(2)} s (of ${ready.all.join(", ")}), PostgreSQL's own start included.`,
  ].join("\n");
}

function whole(number: number): string {
  return number.toLocaleString("en");
}
