import type { Context } from "../context.ts";
import { cell, csvOf } from "../csv.ts";
import { type Actor, inTransaction, type Tx } from "../db/transaction.ts";
import { EXPORT_COLUMNS, type ExportRow, exportPage } from "./export-pages.ts";
import { addToFile, beginFile, type ExportFormat, type ExportInput } from "./exports.ts";
import type { Turn } from "./jobs.ts";

/** Rows that are read at once, and bytes from which a piece of the file is put away. */
const PAGE = 1_000;
const PIECE = 256 * 1024;

/**
 * Makes an export's file, page by page, from one snapshot: everything in it stood in the database at the same moment. A turn
 * that ends early leaves pieces that the next one throws away.
 */
export async function writeExport(ctx: Context, turn: Turn, stop: AbortSignal | undefined): Promise<"over" | "lost"> {
  const { kind, format, filter } = turn.input as ExportInput;
  const actor: Actor = { organization: turn.maker.organization, kind: "job", id: null, requestId: null };
  if (!(await inTransaction(ctx, actor, (tx) => beginFile(tx, turn), { lock: "none" }))) return "lost";
  const columns = EXPORT_COLUMNS[kind];
  const read = async (snapshot: Tx): Promise<"over" | "lost"> => {
    // Reading alone: it keeps no number of a transaction, so events do not wait for its end.
    await snapshot.query({ text: "set transaction isolation level repeatable read, read only" });
    let [text, rows, number]: [string[], number, number] = [format === "csv" ? [csvOf([columns])] : [], 0, 0];
    let after: string | null = null;
    for (;;) {
      if (stop?.aborted) return "lost";
      const page = await exportPage(snapshot, kind, { filter, after, limit: PAGE });
      text.push(textOf(format, columns, page.rows));
      rows += page.rows.length;
      after = page.last;
      const last = page.rows.length < PAGE;
      const length = text.reduce((sum, part) => sum + part.length, 0);
      if (!last && length < PIECE) continue;
      const piece = { number, content: Buffer.from(text.join(""), "utf8"), rows, last };
      if (!(await inTransaction(ctx, actor, (tx) => addToFile(tx, turn, piece), { lock: "none" }))) return "lost";
      if (last) return "over";
      [text, rows, number] = [[], 0, number + 1];
    }
  };
  return inTransaction(ctx, actor, read, { lock: "none" });
}

function textOf(format: ExportFormat, columns: readonly string[], rows: readonly ExportRow[]): string {
  if (format === "jsonl") return rows.map((row) => `${JSON.stringify(pick(columns, row))}\n`).join("");
  return rows.length === 0 ? "" : csvOf(rows.map((row) => columns.map((column) => cell(row[column]))));
}

function pick(columns: readonly string[], row: ExportRow): ExportRow {
  return Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
}
