import { parse } from "csv-parse/sync";
import { z } from "zod";
import { MusterError } from "../../errors.ts";
import { storedText } from "../stored-text.ts";
import { type Period, parsePeriod, type When } from "../time-zone.ts";

/** Rows of one import: more come as a second file. */
export const MOST_ROWS = 10_000;

/** One row as it is kept: what is left out or empty is not said. */
export const importRow = z
  .strictObject({
    email: storedText(254).min(1),
    /** KEY, or SITE/KEY where several sites have the product. */
    product: storedText(130),
    role: z.enum(["admin", "user", "guest"]),
    /** DIRECTORY/NAME, local/NAME or id:UUID, separated by semicolons. */
    groups: storedText(4_000),
    /** A guest's space of the product. */
    space: storedText(63),
    permission: z.enum(["can-create-and-edit", "read-only"]),
    /** Who answers for a guest: an address, a user name or an id. */
    sponsor: storedText(512),
    /** Until when a guest stays: an instant, or a period as in P30D. */
    until: storedText(64).refine(
      (text) => whenOf(text) !== undefined,
      "it is neither an instant nor a period as in P30D",
    ),
    message: storedText(2_000),
  })
  .partial()
  .required({ email: true })
  .meta({ id: "ImportedInvitation" });

export type ImportRow = z.output<typeof importRow>;

export const IMPORT_COLUMNS = Object.keys(importRow.shape) as (keyof ImportRow)[];

/** An instant or a period, or undefined. */
export function whenOf(text: string): When | undefined {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? new Date(text) : undefined;
  return at !== undefined && !Number.isNaN(at.getTime()) ? at : (parsePeriod(text) as Period | undefined);
}

/** A row that is right, or why it is not; numbers count from 1, as people do below the header. */
export type ReadRow = { number: number; email: string } & ({ row: ImportRow } | { problem: string });

/** The rows, each by itself: a wrong one keeps no other back. @throws MusterError `invalid` for none, `too-many`. */
export function readRows(rows: readonly unknown[], at: "rows" | "csv" = "rows"): ReadRow[] {
  if (rows.length === 0) throw new MusterError("invalid", "there is no row", { at });
  if (rows.length > MOST_ROWS)
    throw new MusterError("too-many", `an import has at most ${MOST_ROWS} rows, and these are ${rows.length}`, {
      at,
    });
  return rows.map((raw, index): ReadRow => {
    const said = Object.fromEntries(Object.entries(raw as object).filter(([, value]) => value !== ""));
    const parsed = importRow.safeParse(said);
    const number = index + 1;
    if (parsed.success) return { number, email: parsed.data.email, row: parsed.data };
    const [issue] = parsed.error.issues;
    const field = issue?.code === "unrecognized_keys" ? issue.keys.join() : issue?.path.join(".");
    const email =
      "email" in said && typeof said.email === "string" ? said.email.slice(0, 254).replaceAll("\0", "") : "";
    return {
      number,
      email: email.toWellFormed(),
      problem: `${field}: ${field === "email" && email === "" ? "it is missing" : issue?.message}`,
    };
  });
}

/**
 * The rows of a CSV file with a header (RFC 4180; `;` or tab between columns too), as spreadsheets write it.
 * @throws MusterError `invalid` with the line for what is no CSV, and for a column that there is not.
 */
export function readCsv(text: string): ReadRow[] {
  const line = text.slice(0, text.indexOf("\n") < 0 ? undefined : text.indexOf("\n"));
  const delimiter = [";", "\t"].find((one) => line.split(one).length > line.split(",").length) ?? ",";
  let rows: Record<string, string>[];
  try {
    rows = parse(text, {
      bom: true,
      columns: (header: string[]) => header.map((name) => name.trim()),
      delimiter,
      skip_empty_lines: true,
      trim: true,
      max_record_size: 16_384,
      to: MOST_ROWS + 1,
    });
  } catch (cause) {
    throw new MusterError("invalid", `this is no CSV with a header: ${(cause as Error).message.slice(0, 200)}`, {
      at: "csv",
      cause,
    });
  }
  const unknown = Object.keys(rows[0] ?? {}).find((name) => !IMPORT_COLUMNS.some((column) => column === name));
  if (unknown !== undefined)
    throw new MusterError(
      "invalid",
      `there is no column ${unknown.slice(0, 60)}; there are ${IMPORT_COLUMNS.join(", ")}`,
      {
        at: "csv",
      },
    );
  return readRows(rows, "csv");
}
