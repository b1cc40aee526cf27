import { type AccessRound, type AccessSummary, GRANTS, type GrantKind, READS, type ReadKind } from "./access.ts";
import { median } from "./sync.ts";
import { asMarkdown, asText, type Table } from "./table.ts";

/** At most so many times what it stands beside. */
const ACCESS_GOALS: Partial<Record<GrantKind | ReadKind, number>> = { changed: 4, explained: 4, previewed: 6 };

const TITLES: Record<GrantKind | ReadKind, string> = {
  made: "a grant made",
  changed: "a grant changed",
  revoked: "a grant revoked",
  explained: "one person's access explained",
  shown: "one person's access as it is shown",
  previewed: "seats previewed",
};

type Ratio = { ratio: number; lowest: number; highest: number };

/** Of the medians of the rounds' medians; lowest and highest of a single round. */
function accessRatio(rounds: readonly AccessRound[], kind: GrantKind | ReadKind): Ratio {
  const beside = (GRANTS as readonly string[]).includes(kind) ? "written" : "read";
  const of = (round: AccessRound, name: keyof AccessRound) => median(round[name].map(({ ms }) => ms));
  const each = rounds.map((round) => of(round, kind) / of(round, beside));
  const ratio = median(rounds.map((round) => of(round, kind))) / median(rounds.map((round) => of(round, beside)));
  return { ratio, lowest: Math.min(...each), highest: Math.max(...each) };
}

/** What `--json` prints first: ratios and whether they are met, by name. */
export function accessRatios({ rounds }: AccessSummary) {
  const kinds = [...GRANTS, ...READS];
  const ratios = Object.fromEntries(kinds.map((kind) => [kind, accessRatio(rounds, kind).ratio]));
  const met = Object.fromEntries(
    Object.entries(ACCESS_GOALS).map(([kind, goal]) => [kind, (ratios[kind] ?? 0) <= goal]),
  );
  return { ratios, targets: ACCESS_GOALS, met };
}

function table(
  title: string,
  { rounds }: AccessSummary,
  kinds: readonly (GrantKind | ReadKind)[],
  bare: { name: "written" | "read"; title: string },
): Table {
  const time = (name: keyof AccessRound, pick: "ms" | "postgres") => {
    const ms = median(rounds.flatMap((round) => round[name].map((turn) => turn[pick])));
    return ms < 10 ? ms.toFixed(3) : ms.toFixed(0);
  };
  const row = (kind: GrantKind | ReadKind): string[] => {
    const { ratio, lowest, highest } = accessRatio(rounds, kind);
    const goal = ACCESS_GOALS[kind];
    return [
      TITLES[kind],
      goal === undefined ? "" : String(goal),
      `${ratio.toFixed(2)} (${lowest.toFixed(2)} to ${highest.toFixed(2)})`,
      goal === undefined ? "" : ratio <= goal ? "yes" : "no",
      time(kind, "ms"),
      time(kind, "postgres"),
    ];
  };
  return {
    title,
    head: ["", "at most", "times the bare one", "met", "ms", "PostgreSQL"],
    rows: [[bare.title, "", "", "", time(bare.name, "ms"), time(bare.name, "postgres")], ...kinds.map(row)],
  };
}

const grants = (summary: AccessSummary): Table =>
  table(`Access: a role granted to ${whole(summary.members)} of ${whole(summary.accounts)} people`, summary, GRANTS, {
    name: "written",
    title: "bare INSERT … SELECT of as many rows",
  });

const reads = (summary: AccessSummary): Table =>
  table("Access: one person explained, one product's seats", summary, READS, {
    name: "read",
    title: "bare read of an account by its key",
  });

function notes({ rounds, members, paths, circumstances: c }: AccessSummary): string {
  const settings = Object.entries(c.postgres).map(([name, value]) => `${name} ${value}`);
  return (
    `Each grant is one transaction of Muster's own function and gives, changes or takes the access of ${whole(members)} people, with an ` +
    "audit row and an event for each. Beside it three bare INSERT … SELECT in one transaction put as many rows into `access`, " +
    "`audit` and `outbox` themselves: same columns, indexes and role. Everybody is in a team, two projects and perhaps the large " +
    `group; teams are in departments, those in divisions; who is explained has ${paths.toFixed(1)} paths to a role on average. What is shown ` +
    "is the explanation with all products, spaces and states. The preview counts a product of which everybody has a seat, beside open " +
    `invitations. Reads are one after the other, prepared, through the same pool. Medians of ${rounds.length} rounds after one that is not counted, ` +
    "by turns (A B B A, then B A A B); in brackets the lowest and the highest ratio of a round; PostgreSQL is its processor " +
    "time in ms, counted in hundredths of a second.\n\n" +
    `Node ${c.node}; ${c.cpus} processors (${c.cpuModel}) shared by Muster and PostgreSQL; ${settings.join(", ")}.`
  );
}

function whole(number: number): string {
  return number.toLocaleString("en");
}

/** The summary as a person reads it. */
export function accessReport(summary: AccessSummary): string {
  return `\n${[asText(grants(summary)), asText(reads(summary)), notes(summary)].join("\n\n")}\n`;
}

/** The page's part on access. */
export function accessPart(summary: AccessSummary): string {
  const shown = (part: Table) => [`## ${part.title}`, asMarkdown(part)];
  return [...shown(grants(summary)), ...shown(reads(summary)), notes(summary)].join("\n\n");
}
