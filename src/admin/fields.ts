import { z } from "zod";
import { newId, parseId } from "../db/id.ts";
import { storedText } from "../identity/stored-text.ts";
import { type Period, parsePeriod } from "../identity/time-zone.ts";
import { cursorAfter, keyOfCursor, paging, UUID_KEY } from "./input.ts";

/** An instant; JSON has it as RFC 3339 in UTC. */
export const instant = z.date().meta({ id: "Instant" });

/** An id in an answer. */
export const idOut = z.string().meta({ format: "uuid" });

/** Text that PostgreSQL can hold, from 1 to `longest` characters. */
export function text(longest: number) {
  return storedText(longest).min(1);
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

const KEY = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** The key of something new (design §10). */
export const newKey = z
  .string()
  .max(63)
  .regex(KEY, "a key is 1 to 63 lower-case letters, digits and hyphens and starts with a letter or digit");

/** A key that came in. One that is no key is sought as one that nobody has. */
export const keyIn = z
  .string()
  .max(512)
  .transform((value) => (KEY.test(value) ? value : ""));

/** An instant that came in, as RFC 3339 has it. */
export const instantIn = z.iso
  .datetime({ offset: true })
  .max(64)
  .transform((value) => new Date(value))
  .refine((value) => !Number.isNaN(value.getTime()), "it is no instant");

/** An end that came in: an instant, or a period from now by the organization's calendar, as ISO 8601 has it. */
export const whenIn = z.union([
  instantIn,
  z
    .string()
    .max(64)
    .transform((value, issues) => {
      const period = parsePeriod(value);
      if (period === undefined)
        issues.addIssue({
          code: "custom",
          message: "it is neither an instant nor a period from now, as in P30D or P1M",
        });
      return period as Period;
    }),
]);

/** A JSON object of plain settings that PostgreSQL can hold: a few levels, and so many characters in all at most. */
export function settingsIn(longest: number) {
  return z
    .record(z.string().max(256), z.unknown())
    .refine(
      (value) => isStorable(value, longest),
      "it is too large, too deep or holds a character that cannot be stored",
    );
}

const DEEPEST = 5;

function isStorable(value: object, longest: number): boolean {
  let size = 0;
  for (let level: unknown[] = [value], depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return false;
    const texts = level.flatMap((one) =>
      typeof one === "string" ? [one] : isTree(one) && !Array.isArray(one) ? Object.keys(one) : [],
    );
    size += level.length + texts.reduce((sum, text) => sum + text.length, 0);
    if (size > longest || texts.some((text) => text.includes("\0") || !text.isWellFormed())) return false;
    level = level.filter(isTree).flatMap((one) => Object.values(one));
  }
  return true;
}

function isTree(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The parameters of a list in the order of its ids. */
export const listQuery = z.strictObject(paging);

/** A list's answer: a page, and the cursor of the next one. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), page: z.object({ next: z.string().nullable() }) });
}

/** A list's answer that may tell how many there are in all; `exact` is false where they are more than `count`. */
export function countedListOf<Item extends z.ZodType>(item: Item) {
  const { data, page } = listOf(item).shape;
  return z.object({ data, page: page.extend({ total: z.object({ count: z.int(), exact: z.boolean() }).optional() }) });
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
