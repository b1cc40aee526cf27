import type { ApiSummary, CaseSummary } from "./api.ts";
import { median } from "./sync.ts";
import { asMarkdown, asText, type Table } from "./table.ts";

/** At most so many times the bare route. */
const GOAL = 4;

type Ratio = { ratio: number; lowest: number; highest: number };

/** Of the medians of the rounds' medians; lowest and highest of a single round. */
function ratioOf({ muster, bare }: CaseSummary): Ratio {
  const each = muster.map((time, round) => time / (bare[round] ?? Number.NaN));
  return { ratio: median(muster) / median(bare), lowest: Math.min(...each), highest: Math.max(...each) };
}

/** What `--json` prints first: ratios and whether they are met, by name. */
export function apiRatios({ cases }: ApiSummary) {
  const ratios = Object.fromEntries(cases.map((each) => [each.name, ratioOf(each).ratio]));
  const met = Object.fromEntries(Object.entries(ratios).map(([name, ratio]) => [name, ratio <= GOAL]));
  return { goal: GOAL, missed: Object.keys(met).filter((name) => !met[name]), ratios };
}

function table({ cases, people }: ApiSummary): Table {
  return {
    title: `Lists of the API with ${people.toLocaleString("en")} people`,
    head: ["", "times the bare one", `at most ${GOAL}`, "ms", "bare ms", "rows", "bytes"],
    rows: cases.map((each) => {
      const { ratio, lowest, highest } = ratioOf(each);
      return [
        each.name,
        `${ratio.toFixed(2)} (${lowest.toFixed(2)} to ${highest.toFixed(2)})`,
        ratio <= GOAL ? "yes" : "no",
        median(each.muster).toFixed(2),
        median(each.bare).toFixed(2),
        String(each.rows),
        String(each.bytes),
      ];
    }),
  };
}

function notes({ cases, circumstances: c }: ApiSummary): string {
  const settings = Object.entries(c.postgres).map(([name, value]) => `${name} ${value}`);
  return (
    "Every list of the API, opened, by typical filters, in each of its orders, and by a page deep inside, 50 rows a page, one request " +
    "after the other over HTTP. Beside each, one route of Express that runs one named prepared statement, written by hand, which finds " +
    "the same rows (their keys are compared first) and reads what belongs to them, without row-level security, and makes the same answer into " +
    "JSON: HTTP and JSON are in both times, because beside a statement of a tenth of a millisecond HTTP alone would be several times it. " +
    "What no index serves is the same look at all rows on both sides. The lists of Muster's own words read no table; beside them stands " +
    `the look-up of the token alone. Medians of ${cases[0]?.muster.length ?? 0} rounds after one that is not counted, by turns (A B B A, then ` +
    "B A A B); in brackets the lowest and the highest ratio of a round.\n\n" +
    `Node ${c.node}; ${c.cpus} processors (${c.cpuModel}) shared by Muster, the bare server and PostgreSQL; ${settings.join(", ")}.`
  );
}

/** The summary as a person reads it. */
export function apiReport(summary: ApiSummary): string {
  return `\n${[asText(table(summary)), notes(summary)].join("\n\n")}\n`;
}

/** The page's part on the API's lists. */
export function apiPart(summary: ApiSummary): string {
  const shown = table(summary);
  return [`## ${shown.title}`, asMarkdown(shown), notes(summary)].join("\n\n");
}
