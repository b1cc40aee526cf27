import type { ConsoleSummary, FirstLoad, ListFigures } from "./console.ts";
import { SCROLLING, STEPS, type StepName } from "./console-steps.ts";
import { median } from "./sync.ts";
import { asMarkdown, asText, type Table } from "./table.ts";
import type { Longest } from "./trace.ts";

/** Milliseconds of the longest task while scrolling, and kB of the first load: at most so many. */
const GOALS = { task: 50, load: 350 };

/** A goal of scrolling is met when no round of the list had a longer task. */
function longestOf(rounds: readonly Longest[]) {
  const wall = rounds.map((round) => round.wall);
  const cpu = rounds.map((round) => round.cpu);
  return { wall: median(wall), worst: Math.max(...wall), cpu: median(cpu), worstCpu: Math.max(...cpu) };
}

function scrolled({ steps }: ListFigures): { worst: number; worstCpu: number } {
  const all = SCROLLING.flatMap((name) => steps[name] ?? []);
  return longestOf(all);
}

const kilobytes = ({ bytes }: FirstLoad) => Math.max(...bytes) / 1_000;

/** What `--json` prints first: what was reached and whether it is met, by list and by screen. */
export function consoleReached({ lists, loads }: ConsoleSummary) {
  const longest = Object.fromEntries(lists.map((list) => [list.name, scrolled(list).worst]));
  const loaded = Object.fromEntries(loads.map((load) => [`first load of ${load.name}`, kilobytes(load)]));
  const missed = [
    ...Object.keys(longest).filter((name) => (longest[name] ?? Number.NaN) > GOALS.task),
    ...Object.keys(loaded).filter((name) => (loaded[name] ?? Number.NaN) > GOALS.load),
  ];
  return { goals: GOALS, missed, longest, loaded };
}

function tables({ lists, loads, people }: ConsoleSummary): { table: Table; note: string }[] {
  const cell = (rounds: readonly Longest[] | undefined): string => {
    if (rounds === undefined) return "";
    const { wall, worst, cpu } = longestOf(rounds);
    return `${wall.toFixed(1)} / ${worst.toFixed(1)} / ${cpu.toFixed(1)}`;
  };
  const others = (Object.keys(STEPS) as StepName[]).filter((name) => !SCROLLING.includes(name));
  return [
    {
      table: {
        title: `The console's lists with ${people.toLocaleString("en")} people: the longest task while scrolling, in ms`,
        head: ["", "rows", ...SCROLLING, "the longest of all", `at most ${GOALS.task}`],
        rows: lists.map((list) => {
          const { worst } = scrolled(list);
          return [
            ...[list.name, String(list.rows), ...SCROLLING.map((name) => cell(list.steps[name]))],
            ...[worst.toFixed(1), worst <= GOALS.task ? "yes" : "no"],
          ];
        }),
      },
      note:
        "The longest task of the page's main thread in a trace of Chromium: median of the rounds by the clock, the longest of " +
        "any round, and the median of its processor time, which other work on the machine does not lengthen. By wheel is down and up " +
        "the whole page of the list, by keys PageDown, PageUp, End, Home and ArrowDown, row by row `j` to the last row and `k` back. " +
        "What loading left behind is collected before each step: the garbage of scrolling itself counts.",
    },
    {
      table: {
        title: "The same while a list is used",
        head: ["", ...others],
        rows: lists.map((list) => [list.name, ...others.map((name) => cell(list.steps[name]))]),
      },
      note: "Without a goal: the page is drawn anew in each, which is one task. A field is empty where the list does not offer it.",
    },
    {
      table: {
        title: "What is loaded first, in kB as it was sent",
        head: ["", "files", "kB", `at most ${GOALS.load}`, "kB of answers"],
        rows: loads.map((load) => [
          ...[load.name, String(load.files), kilobytes(load).toFixed(1)],
          kilobytes(load) <= GOALS.load ? "yes" : "no",
          (load.answers / 1_000).toFixed(1),
        ]),
      },
      note: "With an empty cache, until the network is idle: the page, its scripts, style sheets and pictures, compressed. Beside them the API's answers, which Muster does not compress: they are as long as what they tell.",
    },
  ];
}

function circumstances({ lists, circumstances: c }: ConsoleSummary): string {
  const rounds = lists[0]?.steps["by wheel"]?.length ?? 0;
  return (
    `${rounds} rounds, each with new browser profiles. Chromium ${c.chromium} without a window, ` +
    `1360 × 860; Node ${c.node}; ${c.cpus} processors (${c.cpuModel}) shared by browser, Muster and PostgreSQL.`
  );
}

/** The summary as a person reads it. */
export function consoleReport(summary: ConsoleSummary): string {
  const parts = tables(summary).map(({ table, note }) => [asText(table), note].join("\n"));
  return `\n${[...parts, circumstances(summary)].join("\n\n")}\n`;
}

/** The page's part on the console. */
export function consolePart(summary: ConsoleSummary): string {
  const parts = tables(summary).map(({ table, note }) => [`## ${table.title}`, asMarkdown(table), note].join("\n\n"));
  return [...parts, circumstances(summary)].join("\n\n");
}
