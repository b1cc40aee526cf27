import { stringify } from "csv-stringify/sync";

/** RFC 4180. Every cell is quoted, so that no separator of another country's spreadsheet divides one. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  return stringify(
    rows.map((row) => [...row]),
    { quoted: true, quoted_empty: true, record_delimiter: "windows" },
  );
}

/**
 * What a spreadsheet would take for a formula: it begins with one of these, perhaps behind blanks and characters that do not
 * show, which some strip (OWASP, CSV Injection).
 */
const FORMULA = /^[\s\p{Cc}\p{Cf}\p{Z}]*[=+\-@|%＝＋－﹣−＠]|^[\t\r\n]/u;

/** A value as the text of one cell, never a formula: before what looks like one stands an apostrophe. */
export function cell(value: unknown): string {
  const text =
    value === null || value === undefined
      ? ""
      : value instanceof Date
        ? value.toISOString()
        : typeof value === "object"
          ? JSON.stringify(value)
          : String(value);
  return FORMULA.test(text) ? `'${text}` : text;
}
