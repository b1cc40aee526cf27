import type { JsonTestResults } from "vitest/node";
import type { Row } from "./rows.ts";

/**
 * The rules that a test's title begins with: `R64:`, `R64 R65:`, `R64, R65:`, `R64 to R67:`. What stands behind the
 * colon, or in the title of a describe, is not counted.
 */
export function rulesOf(title: string): string[] {
  const [list] = /^[A-Z]\d+(?:(?:, | to | )[A-Z]\d+)*(?=:)/.exec(title) ?? [""];
  const numbers = list.matchAll(/([RC])(\d+)(?: to \1(\d+))?/g);
  return [...numbers].flatMap(([, letter, first, last = first]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `${letter}${Number(first) + index}`),
  );
}

/** The rows that say met while no test of the report that passed begins with their number. */
export function gapsOf(rows: readonly Row[], report: Pick<JsonTestResults, "testResults">): string[] {
  const passed = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === "passed");
  const shown = new Set(passed.flatMap(({ title }) => rulesOf(title)));
  return rows
    .filter(({ number, state }) => state.startsWith("met") && !shown.has(number))
    .map(({ number, state }) => `${number} is said to be ${state}, and no test that passed begins with it`);
}
