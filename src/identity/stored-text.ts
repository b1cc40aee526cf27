import { z } from "zod";

/** Text that PostgreSQL can hold, of so many characters at most. */
export function storedText(longest: number) {
  return z
    .string()
    .max(longest)
    .refine((text) => !text.includes("\0") && text.isWellFormed(), "it holds a character that cannot be stored");
}
