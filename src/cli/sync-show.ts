import type { Db } from "../db/connection.ts";
import type { SyncRunId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { type ConflictSide, listConflicts } from "../sync/conflicts.ts";
import { type SyncPlanRow, showRun } from "../sync/history.ts";
import { progressWords } from "../sync/progress.ts";
import { getRun, type SyncRun } from "../sync/runs.ts";
import { type Answer, facts, printable, table } from "./answer.ts";
import { directoryNames, runView } from "./run-view.ts";

export type ShowOptions = {
  plan?: true;
  conflicts?: true;
  kind?: string;
  after?: number;
  limit?: number;
  follow?: true;
};

/** One run, with a page of its plan or of its conflicts. @throws MusterError `not-found`. */
export async function showAnswer(db: Db, id: SyncRunId, options: ShowOptions): Promise<Answer> {
  const { after, kind } = options;
  // None at all is a wish that nobody has.
  const page = { limit: Math.min(Math.max(options.limit ?? 200, 1), 1_000), ...(after !== undefined && { after }) };
  const names = await directoryNames(db);
  if (options.conflicts) {
    const run = await getRun(db, id);
    if (!run) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
    const { conflicts, next } = await listConflicts(db, id, page);
    const named = conflicts.map(({ sides, ...one }) => ({
      ...one,
      sides: sides.map((side) => ({ ...side, directory: side.directory && (names.get(side.directory) ?? "") })),
    }));
    const blocks = named.map(({ seq, kind: what, detail, sides, advice }) =>
      [`${seq}  ${what}: ${printable(detail)}`, ...sides.map((side) => `    ${told(side)}`), `    ${advice}`].join(
        "\n",
      ),
    );
    return {
      json: { ...runView(run, names), conflicts: named, next },
      text: [runFacts(run, names), "", ...(blocks.length > 0 ? blocks : ["no conflicts"]), ...more(next)].join("\n"),
    };
  }
  const { run, rows, next } = await showRun(db, id, { ...page, ...(kind !== undefined && { kind }) });
  return {
    json: { ...runView(run, names), plan: rows, next },
    text: [
      runFacts(run, names),
      "",
      table(
        ["line", "change", "what", "before → after", "applied", "conflict"],
        rows.map((row) => [row.seq, row.kind, row.name ?? row.subject, difference(row), row.appliedAt, row.conflict]),
        "nothing is planned",
      ),
      ...more(next),
    ].join("\n"),
  };
}

function more(next: number | null): string[] {
  return next === null ? [] : [`… more with: --after ${next}`];
}

function told({
  directory,
  id,
  location,
  name,
}: Omit<ConflictSide, "directory"> & { directory: string | null }): string {
  const who = `${directory === null ? "local/" : `${directory}: `}${name ?? "?"}`;
  return printable([who, ...(id === null ? [] : [`id ${id}`]), ...(location === null ? [] : [location])].join(", "));
}

function runFacts(run: SyncRun, names: ReadonlyMap<string, string>): string {
  const { counts, verdict, details: _, timings, progress, ...rest } = runView(run, names);
  const told = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
  const phases = Object.entries(timings).map(([phase, milliseconds]) => `${phase} ${milliseconds} ms`);
  return facts({
    ...told,
    ...(progress && { progress: progressWords(progress) }),
    ...(phases.length > 0 && { took: phases.join(", ") }),
    ...counts,
    ...(verdict && {
      guard: verdict.held ? verdict.reasons.map((reason) => reason.detail).join("; ") : "lets it pass",
    }),
    ...figures(verdict),
  });
}

/** What the guard judged by, where it found anything to count. */
function figures(verdict: SyncRun["verdict"]): Record<string, string> {
  const by = verdict?.figures;
  if (!by || by.lost + by.shutOut + by.lostInWindow + by.groupsLost === 0) return {};
  return {
    "guard figures": [
      `${by.lost} of ${by.active} active people lost now, ${by.shutOut} shut out`,
      `${by.lostInWindow} within the last 24 hours before, of ${by.activeAtOpening}`,
      `${by.groupsLost} of ${by.groups} groups lost`,
      `${by.administratorsStaying} of ${by.administrators} administrators stay`,
    ].join("; "),
  };
}

/** The fields that differ; of what is new or gone, what it is. */
function difference({ before, after }: SyncPlanRow): string {
  if (!before || !after) return [before && short(before), after && short(after)].map((one) => one ?? "").join(" → ");
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => `${key}: ${plain(before[key])} → ${plain(after[key])}`)
    .join(", ");
}

function short(entry: Record<string, unknown>): string {
  const words = [entry.userName ?? entry.displayName, entry.email, entry.active === false ? "inactive" : null];
  return words.filter((word) => word !== null && word !== undefined).join(" ");
}

function plain(value: unknown): string {
  return value === null || value === undefined ? "-" : typeof value === "string" ? value : JSON.stringify(value);
}
