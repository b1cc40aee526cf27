import type { Command } from "commander";
import { type Fields, parseFieldFilter } from "../filter/fields.ts";
import type { ListField, ListFilter } from "../identity/list-filter.ts";
import { count } from "./input.ts";

/** How much of a list is wanted. */
export type ListOptions = { limit?: number; all?: true };
/** The same, where the list can be filtered. */
export type FilterOptions = ListOptions & { filter?: string };

/** Rows that are read at once. */
const PAGE = 1_000;
/** Rows of a list that grows without end, unless more are asked for. */
const LATEST = 100;

/** The options of a list that has an end: it is told whole. */
export function whole(command: Command): Command {
  return command.option("--limit <n>", "at most this many", count);
}

/** The options of a list that grows: the latest, or all. */
export function latest(command: Command): Command {
  return command
    .option("--limit <n>", `at most this many (default: ${LATEST})`, count)
    .option("--all", "all of them, however many");
}

/** The option of a list that the administration API filters, by the same grammar. */
export function filtered(command: Command, example: string): Command {
  return command.option("--filter <filter>", `as in '${example}'; the grammar is that of the API`);
}

/** The filter of --filter. @throws MusterError `invalid-filter`. */
export function filterOf(
  { filter }: { filter?: string },
  fields: Fields<ListField>,
  of: string,
): ListFilter | undefined {
  return filter === undefined ? undefined : parseFieldFilter(filter, fields, of);
}

/** A list in pages up to its end, or to what the options want. @param grows as `latest` says, else as `whole`. */
export async function listed<Row extends { id: string }>(
  options: ListOptions,
  read: (page: { after: Row["id"] | null; limit: number }) => Promise<Row[]>,
  grows: "latest" | "whole",
): Promise<Row[]> {
  const most = options.limit ?? (grows === "whole" || options.all ? Number.POSITIVE_INFINITY : LATEST);
  const rows: Row[] = [];
  while (rows.length < most) {
    const limit = Math.min(PAGE, most - rows.length);
    const page = await read({ after: rows.at(-1)?.id ?? null, limit });
    rows.push(...page);
    if (page.length < limit) break;
  }
  return rows;
}
