import { holdsToken, isName, maskText, namesSecret, SECRET, type Visibility } from "./text.ts";

/**
 * Where an expression stands. In a filter only what is compared with something is a name; a place is where Muster met
 * something (`Operations[2].path, character 5`).
 */
type Kind = "filter" | "path" | "names" | "place";

const LONGEST = 1_024;
/** Quoted texts, marks, blanks, and everything else by the word. Each character belongs to exactly one of them. */
const TOKENS = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[()[\],]|\s+|[^\s()[\],"']+/gs;
const COMPARISONS = new Set("eq ne co sw ew gt ge lt le".split(" "));
const WORDS = new Set("and or not pr".split(" "));
const LONGEST_COUNT = 6;

/**
 * A filter, a path or a list of names as a reader of the log may see it: names, operators and marks as they stand, what
 * is compared with masked. It need not be well-formed, and it is read once from left to right.
 */
export function maskExpression(text: string, kind: Kind, visibility: Visibility): string {
  const start = text.slice(0, LONGEST);
  const tokens = start.match(TOKENS) ?? [];
  const show = namesSecret(start) ? () => SECRET : visibility === "clear" ? clear : maskText;
  let masked = "";
  let compared = false;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as string;
    if (MARK_OR_BLANK.test(token)) masked += token;
    else if (isQuoted(token)) {
      masked += quoted(token, show);
      compared = false;
    } else if (compared) {
      masked += show(token);
      compared = false;
    } else if (isOperator(token)) {
      masked += token;
      compared = COMPARISONS.has(token.toLowerCase());
    } else if (kind === "place" && isCount(token)) masked += token;
    else if (isName(token) && (kind !== "filter" || isCompared(tokens, i))) masked += token;
    else masked += show(token);
  }
  return text.length > LONGEST ? `${masked}…(${text.length - LONGEST} more)` : masked;
}

const MARK_OR_BLANK = /^[\s()[\],]/;

function isOperator(token: string): boolean {
  if (token.length > 3) return false;
  const word = token.toLowerCase();
  return COMPARISONS.has(word) || WORDS.has(word);
}

function isQuoted(token: string): boolean {
  return token.startsWith('"') || token.startsWith("'");
}

function quoted(token: string, show: (text: string) => string): string {
  const mark = token.charAt(0);
  const closed = token.length > 1 && token.endsWith(mark);
  return mark + show(token.slice(1, closed ? -1 : undefined)) + (closed ? mark : "");
}

function clear(text: string): string {
  return holdsToken(text) ? SECRET : text;
}

function isCount(token: string): boolean {
  return token.length <= LONGEST_COUNT && /^\d+$/.test(token);
}

/** An operator or the bracket of a value path follows. */
function isCompared(tokens: readonly string[], i: number): boolean {
  const next = tokens[i + 1];
  if (next === "[") return true;
  return next !== undefined && /^\s/.test(next) && isOperator(tokens[i + 2] ?? "");
}
