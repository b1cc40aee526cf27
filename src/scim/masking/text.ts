import { parseId } from "../../db/id.ts";

/** How much a reader of the request log sees: the shape with masked values, or all but secrets. */
export type Visibility = "masked" | "clear";

/** Stands for a secret: neither its first character nor its length is told. */
export const SECRET = "***";

/** Attributes, parameters and names that hold what nobody may read again, whatever the log shows otherwise. */
const SECRET_NAMES =
  /pass(?:word|wd|phrase|code)|secret|token|authori[sz]ation|credential|api[-_]?key|private[-_]?key/i;

export function namesSecret(name: string): boolean {
  return SECRET_NAMES.test(name);
}

/** Whether a text carries a token (Muster's own, an HTTP credential, a JWT): it must not be kept even where it has no business. */
export function holdsToken(text: string): boolean {
  return TOKENS.test(text);
}
const TOKENS = /mst(?:_|%5f)|\bbearer\s+\S|\bbasic\s+[\w+/]{16}|\beyJ[\w-]{8}/i;

/** RFC 7643 §2.1 names, dotted or with their schema's URN before them. */
const NAME = /^\.?[A-Za-z$_][\w$.:-]*$/;
const LONGEST_NAME = 200;

/** Whether a text is of the form of an attribute's name and may be read as such. */
export function isName(text: string): boolean {
  return text.length <= LONGEST_NAME && NAME.test(text) && !holdsToken(text);
}

/** Words by which no person can be known: booleans as texts, types (RFC 7643 §4.1.2), kinds of resources. */
const PLAIN_WORDS = new Set(
  "true false null work home other mobile fax pager photo thumbnail direct indirect user group".split(" "),
);
const DOMAIN = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;
const LONGEST_ADDRESS = 320;

/**
 * A text as a reader of the log may see it: its first character and its length, an address with its domain, ids and
 * plain words as they are. Takes the same time however long the text is.
 */
export function maskText(text: string): string {
  const { length } = text;
  if (length <= 8 && PLAIN_WORDS.has(text.toLowerCase())) return text;
  if (length === 36 && parseId(text) !== undefined) return text;
  if (length > LONGEST_ADDRESS) return holdsToken(text.slice(0, LONGEST_ADDRESS)) ? SECRET : shape(text, length);
  if (length >= 12 && holdsToken(text)) return SECRET;
  if (text.startsWith("bulkId:")) return `bulkId:${shape(text.slice(7), length - 7)}`;
  const at = text.lastIndexOf("@");
  const domain = at > 0 ? text.slice(at + 1) : "";
  return DOMAIN.test(domain) ? `${shape(text, at)}@${domain}` : shape(text, length);
}

/** The first character says nothing of a text of three characters or more that its length does not hide again. */
function shape(text: string, length: number): string {
  const first = length < 3 ? "" : String.fromCodePoint(text.codePointAt(0) ?? 0);
  return `${UNSHOWN.test(first) ? "" : first}…(${length})`;
}
/** Half a character, or one that moves a terminal's cursor. */
const UNSHOWN = /[\p{Cc}\p{Cs}]/u;
