import type { Cut } from "./cutting-database.ts";
import type { End } from "./matrix.ts";

/** One row of the matrix of what happens to Muster itself in the middle of a run. */
export type DatabaseCell = {
  what: string;
  cut?: Cut;
  hook?: { phase: "read" | "apply"; nth: number; does: "throws" | "aborts" | "the directory dies" };
  ends: readonly End[];
};

const COMMITS = Array.from({ length: 14 }, (_, index) => index + 1);
const STATEMENTS = Array.from({ length: 60 }, (_, index) => index + 1);
const ANY: readonly End[] = ["failed", "threw", "unfinished", "done"];

const hooks = (["throws", "aborts"] as const).flatMap((does) => [
  ...[1, 4, 6].map(
    (nth): DatabaseCell => ({
      what: `${does} after page ${nth}`,
      hook: { phase: "read", nth, does },
      ends: ["failed"],
    }),
  ),
  ...[1, 4, 8].map(
    (nth): DatabaseCell => ({
      what: `${does} after batch ${nth}`,
      hook: { phase: "apply", nth, does },
      ends: [does === "throws" ? "threw" : "unfinished"],
    }),
  ),
]);

export const DATABASE_CELLS: readonly DatabaseCell[] = [
  ...COMMITS.flatMap((nth) =>
    (["before", "after", "lock"] as const).map(
      (kind): DatabaseCell => ({
        what: `commit ${nth}, ${kind}`,
        cut: { point: { at: "commit", nth }, kind },
        ends: ANY,
      }),
    ),
  ),
  ...STATEMENTS.flatMap((nth) =>
    (["before", "after", "lock"] as const)
      .filter((_, at) => at === nth % 3)
      .map(
        (kind): DatabaseCell => ({
          what: `statement ${nth}, ${kind}`,
          cut: { point: { at: "statement", nth }, kind },
          ends: ANY,
        }),
      ),
  ),
  ...hooks,
  ...[1, 2, 5].map(
    (nth): DatabaseCell => ({
      what: `the directory dies after batch ${nth}`,
      hook: { phase: "apply", nth, does: "the directory dies" },
      ends: ["done"],
    }),
  ),
];
