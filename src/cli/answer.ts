import type { MusterError } from "../errors.ts";
import type { ExitCode } from "./exit-code.ts";

/** What a command says: `json` is the whole of standard output under --json, `text` what a person reads instead. */
export type Answer = {
  json: unknown;
  text: string;
  /** When the command did its work and the outcome still is not plain success (a held run). */
  exitCode?: ExitCode;
  /** The error line that goes with such an outcome. */
  error?: MusterError;
};

// C0, C1, line separators and bidirectional controls: names come from outside and could rewrite a terminal.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A value as one line (an object as JSON) that cannot move the cursor, change colours or turn the reading direction. */
export function printable(value: unknown): string {
  return textOf(value).replace(CONTROLS, "\uFFFD");
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (value instanceof Date) return value.toISOString();
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.some((one) => typeof one === "object" && one !== null) ? JSON.stringify(value) : String(value);
}

/** Lines of a terminal as they may be said: whatever a value brought, only line breaks move the cursor. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** A value as one line of JSON, in which what could rewrite a terminal is escaped; it reads as the same value. */
export function jsonLine(value: unknown): string {
  return (JSON.stringify(value) ?? "null").replace(
    CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Rows under their headings, columns aligned with two blanks between; `none` when there is nothing. */
export function table(headings: readonly string[], rows: readonly (readonly unknown[])[], none = "none"): string {
  if (rows.length === 0) return none;
  const cells = [headings.map((heading) => heading.toUpperCase()), ...rows.map((row) => row.map(printable))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => width(row[column] ?? ""))));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - width(cell)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** One thing: a line for each of its facts. */
export function facts(values: Record<string, unknown>): string {
  const longest = Math.max(...Object.keys(values).map((key) => key.length));
  return Object.entries(values)
    .map(([key, value]) => `${key.padEnd(longest)}  ${printable(value)}`)
    .join("\n");
}

/** Columns that a terminal gives to the text: wide East Asian characters take two. */
function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += WIDE.test(character) ? 2 : MARK.test(character) ? 0 : 1;
  return columns;
}
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;
const MARK = /\p{M}/u;
