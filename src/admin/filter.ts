import { z } from "zod";
import { isMusterError, MusterError } from "../errors.ts";
import { type Fields, parseFieldFilter } from "../filter/fields.ts";
import type { ListField, ListFilter } from "../identity/list-filter.ts";

/**
 * The parameter `filter` of a list (RFC 7644 §3.4.2.2). @param of what is listed, in the plural.
 * Reading it throws MusterError `invalid-filter`, `at` the parameter, saying which character.
 */
export function filterOver(fields: Fields<ListField>, of: string) {
  const known = [...fields.values()].map(({ name }) => `\`${name}\``).join(", ");
  return z
    .string()
    .transform((text): ListFilter => {
      try {
        return parseFieldFilter(text, fields, of);
      } catch (error) {
        if (!isMusterError(error)) throw error;
        const where = error.at === undefined ? "" : ` (${error.at} of the filter)`;
        throw new MusterError(error.code, `${error.message}${where}`, { at: "filter" });
      }
    })
    .optional()
    .meta({ description: `As in SCIM (RFC 7644 §3.4.2.2), over ${known}.` });
}
