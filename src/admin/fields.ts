import { z } from "zod";
import { newId, parseId } from "../db/id.ts";
import { cursorAfter, keyOfCursor, paging, UUID_KEY } from "./input.ts";

/** An instant; JSON has it as RFC 3339 in UTC. */
export const instant = z.date().meta({ id: "Instant" });

/** An id in an answer. */
export const idOut = z.string().meta({ format: "uuid" });

/** Text that PostgreSQL can hold, from 1 to `longest` characters. */
export function text(longest: number) {
  return z
    .string()
    .min(1)
    .max(longest)
    .refine((value) => !value.includes("\0") && value.isWellFormed(), "it holds a character that cannot be stored");
}

/**
 * An id that came in. One that is no UUID is sought as one that nobody has: the answer is that of an unknown id, byte
 * for byte.
 */
export function idIn<Id extends string>() {
  return z
    .string()
    .max(512)
    .transform((value) => (parseId<never>(value) ?? newId<never>()) as unknown as Id)
    .meta({ format: "uuid" });
}

/** The parameters of a list in the order of its ids. */
export const listQuery = z.strictObject(paging);

/** A list's answer: a page, and the cursor of the next one. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), page: z.object({ next: z.string().nullable() }) });
}

/** The id after which a page begins, or null for the first. @throws InvalidInput. */
export function afterOf<Id extends string>(query: { cursor?: string | undefined }): Id | null {
  return (keyOfCursor(query.cursor, UUID_KEY, "cursor")?.[1] as Id | undefined) ?? null;
}

/** A page of rows of which one more was read than it may hold. */
export function pageOf<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => string) {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, page: { next: rows.length > limit && last ? cursorAfter(keyOf(last)) : null } };
}

/** A list that always fits on one page. */
export function wholeList<Row>(rows: readonly Row[]) {
  return { data: [...rows], page: { next: null } };
}
