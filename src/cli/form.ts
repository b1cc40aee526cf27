import { cell, csvOf } from "../csv.ts";
import { MusterError } from "../errors.ts";
import { type Answer, jsonLine, printable, printableLines } from "./answer.ts";

/** How a command answers: for a person, or for a program. */
export const FORMS = ["table", "json", "jsonl", "csv", "id"] as const;
export type Form = (typeof FORMS)[number];

/** Known before anything is parsed, because a wrong command line must be told in the same form. */
export function formOf(argv: readonly string[]): Form {
  const end = argv.indexOf("--");
  const words = argv.slice(0, end < 0 ? undefined : end);
  if (words.includes("--json")) return "json";
  const at = words.findIndex((word) => word === "-o" || word === "--output");
  const named = at < 0 ? words.find((word) => word.startsWith("--output="))?.slice("--output=".length) : words[at + 1];
  return FORMS.find((form) => form === named) ?? "table";
}

/**
 * The answer as it goes to standard output. A list is a line for each of its rows in every form but `json`.
 * @throws MusterError `usage` when ids are asked for and the answer has none.
 */
export function inForm(form: Form, { json, text }: Answer): string {
  const rows = Array.isArray(json) ? json : [json];
  switch (form) {
    case "table":
      return text === "" ? "" : `${printableLines(text)}\n`;
    case "json":
      return `${jsonLine(json)}\n`;
    case "jsonl":
      return rows.map((row) => `${jsonLine(row)}\n`).join("");
    case "csv":
      return csvText(rows);
    case "id":
      return rows.map((row) => `${printable(idOf(row))}\n`).join("");
  }
}

/** A column for each name that stands in a row; what is no single value is JSON in its cell. */
function csvText(rows: readonly unknown[]): string {
  const named = rows.map((row) => (isRecord(row) ? row : { value: row }));
  const columns = [...new Set(named.flatMap((row) => Object.keys(row)))];
  if (columns.length === 0) return "";
  return csvOf([columns.map(printable), ...named.map((row) => columns.map((column) => printable(cell(row[column]))))]);
}

/** Of a sync run the id is called `runId`. */
function idOf(row: unknown): unknown {
  const id = isRecord(row) ? (row.id ?? row.runId) : undefined;
  if (id === undefined)
    throw new MusterError("usage", "this answer has no ids; see it with -o json", { at: "--output" });
  return id;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
