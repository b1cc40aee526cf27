import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { ConnectorError } from "../connector.ts";
import type { OpenFile } from "./files.ts";
import { faultAt, type Place } from "./place.ts";
import { checkedUtf8 } from "./utf8.ts";

/** Bytes of one row's cells: a quote that never ends would otherwise take in the whole file. */
const LONGEST_ROW = 32 * 1024;

/** One row: its first line in the file, and the cells of the wanted columns; null where the file has no such column. */
export type Row<Key extends string> = { line: number; cells: Record<Key, string | null> };

/**
 * The rows of a file of comma-separated values (RFC 4180), its first line being headings. Line ends are CR LF or LF, a
 * byte order mark is passed over, and so are empty lines.
 * @param columns what the wanted columns are called; null: the file has none.
 * @throws ConnectorError `protocol` naming file, line and column; `configuration` when a heading is missing; `incomplete`
 * when the last line does not end; all that `file.chunks` throws.
 */
export async function* rowsOf<Key extends string>(
  file: OpenFile,
  columns: Readonly<Record<Key, string | null>>,
  settings: { kind: string; delimiter: string },
): AsyncGenerator<Row<Key>, void, void> {
  let headings: readonly string[] = [];
  /** Where the row stands that is being taken apart: a fault in it may show only far behind. */
  let next = 1;
  /** Where those stand that were taken apart and not yet asked for. */
  const begun: number[] = [];
  let returns = 0;
  const parser = parse({
    on_record: (record: string[], { lines }) => {
      if (headings.length === 0) headings = record.map((heading) => heading.trim());
      // The parser counts up to the row's end, and a carriage return inside a cell as a line of its own.
      returns += count(record, "\r");
      begun.push(lines - returns - count(record, "\n"));
      next = lines - returns + 1;
      return record;
    },
    bom: true,
    delimiter: settings.delimiter,
    record_delimiter: ["\r\n", "\n"],
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
  });
  const source = Readable.from(endedByLine(checkedUtf8(file.chunks(), file.path), file.path), { objectMode: false });
  // The parser tells its reader of every fault; this promise would only tell it again.
  pipeline(source, parser).catch(() => {});
  let places: Record<Key, number | null> | undefined;
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      const line = begun.shift() ?? next;
      const nul = record.findIndex((cell) => cell.includes("\0"));
      if (nul >= 0) throw faultAt({ file: file.path, line, column: headings[nul] ?? nul + 1 }, "holds a NUL");
      if (places === undefined) places = placesOf(headings, columns, { file: file.path, line }, settings.kind);
      else yield { line, cells: pick(record, places) };
    }
  } catch (error) {
    throw error instanceof CsvError ? refusal(error, { file: file.path, line: next }, headings) : error;
  } finally {
    source.destroy();
    parser.destroy();
  }
  if (places === undefined) throw faultAt({ file: file.path, line: 1, column: 1 }, "there are no headings");
}

/** A file that was cut inside its last cell would else look whole. */
async function* endedByLine(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer, void, void> {
  let last: number | undefined;
  for await (const chunk of chunks) {
    last = chunk.at(-1);
    yield chunk;
  }
  if (last !== undefined && last !== 0x0a)
    throw new ConnectorError("incomplete", `${file} may be cut off: its last line does not end`);
}

function placesOf<Key extends string>(
  headings: readonly string[],
  columns: Readonly<Record<Key, string | null>>,
  place: Place,
  kind: string,
): Record<Key, number | null> {
  const places = Object.entries<string | null>(columns).map(([key, name]): [string, number | null] => {
    if (name === null) return [key, null];
    const first = headings.indexOf(name);
    const setting = `columns.${kind}.${key}`;
    if (first < 0)
      throw faultAt({ ...place, column: name }, `there is no such heading; ${setting} names it`, "configuration");
    if (headings.indexOf(name, first + 1) >= 0)
      throw faultAt({ ...place, column: name }, `this heading stands twice; ${setting} names it`, "configuration");
    return [key, first];
  });
  return Object.fromEntries(places) as Record<Key, number | null>;
}

function count(cells: readonly string[], character: string): number {
  return cells.reduce((sum, cell) => sum + cell.split(character).length - 1, 0);
}

function pick<Key extends string>(record: readonly string[], places: Record<Key, number | null>) {
  const cells = Object.entries<number | null>(places).map(([key, index]) => [
    key,
    index === null ? null : (record[index] ?? ""),
  ]);
  return Object.fromEntries(cells) as Record<Key, string | null>;
}

/** In our own words: the parser's quote what stands in the file. */
function refusal(error: CsvError, row: Place, headings: readonly string[]): ConnectorError {
  const index = Number(error.column ?? 0);
  const place = { ...row, column: headings[index] ?? index + 1 };
  switch (error.code) {
    case "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH": {
      const found = Array.isArray(error.record) ? error.record.length : index;
      return faultAt({ ...place, column: Math.min(found, headings.length) + 1 }, cellCount(found, headings.length));
    }
    case "INVALID_OPENING_QUOTE":
      return faultAt(place, "a quote stands inside a cell that does not begin with one");
    case "CSV_INVALID_CLOSING_QUOTE":
      return faultAt(place, "something stands behind the quote that ends the cell; a quote inside is written twice");
    case "CSV_QUOTE_NOT_CLOSED":
      return faultAt(place, "the file ends inside a quoted cell", "incomplete");
    case "CSV_MAX_RECORD_SIZE":
      return faultAt(place, `the row is longer than ${LONGEST_ROW} bytes; perhaps a quote never ends`, "limit");
    default:
      return faultAt(place, `the file cannot be read as CSV (${error.code})`);
  }
}

function cellCount(found: number, wanted: number): string {
  return `the row has ${found} ${found === 1 ? "cell" : "cells"}, the headings are ${wanted}`;
}
