import { type ErrorCode, MusterError } from "../errors.ts";

/** Bounds of every expression that a request may carry. */
const MAX_LENGTH = 4_096;
export const MAX_DEPTH = 40;
export const MAX_TERMS = 100;

/**
 * Where reading stands in an expression. `steps` counts the characters looked at: it stays below eight times the
 * text's length, because nothing is read twice but the character after a token.
 */
export type Cursor = {
  readonly text: string;
  readonly code: ErrorCode;
  position: number;
  steps: number;
};

/** @throws MusterError `code` when the text is longer than any real one. */
export function openCursor(text: string, code: ErrorCode): Cursor {
  if (text.length > MAX_LENGTH)
    throw new MusterError(code, `an expression may have at most ${MAX_LENGTH} characters, this one has ${text.length}`);
  return { text, code, position: 0, steps: 0 };
}

/** An error that names the place where reading stopped. */
export function syntaxError(cursor: Cursor, detail: string, position = cursor.position): MusterError {
  return new MusterError(cursor.code, detail, { at: `character ${position + 1}` });
}

/** The next character without taking it; empty at the end. */
export function peek(cursor: Cursor): string {
  cursor.steps++;
  return cursor.text.charAt(cursor.position);
}

export function take(cursor: Cursor, character: string): boolean {
  if (peek(cursor) !== character) return false;
  cursor.position++;
  return true;
}

export function expectCharacter(cursor: Cursor, character: string): void {
  if (!take(cursor, character)) throw syntaxError(cursor, `"${character}" is expected`);
}

/** Takes spaces; says whether there were any. */
export function skipSpaces(cursor: Cursor): boolean {
  const start = cursor.position;
  while (peek(cursor) === " ") cursor.position++;
  return cursor.position > start;
}

export function atEnd(cursor: Cursor): boolean {
  return cursor.position >= cursor.text.length;
}

/** A name, perhaps with its schema's URI before it; empty when none starts here. */
export function readWord(cursor: Cursor): string {
  return readWhile(cursor, isWordCharacter);
}

/** An unquoted value: everything up to a space or a bracket. */
export function readBareValue(cursor: Cursor): string {
  return readWhile(cursor, (character) => !' ()[]"'.includes(character));
}

/** A text in single quotes, which RFC 7644 does not know; there are no escapes in it. */
export function readSingleQuoted(cursor: Cursor): string {
  const start = cursor.position;
  cursor.position++;
  const text = readWhile(cursor, (character) => character !== "'");
  if (!take(cursor, "'")) throw syntaxError(cursor, "the text that starts here has no closing quote", start);
  if (text.includes("\0") || !text.isWellFormed())
    throw syntaxError(cursor, "the text holds a character that cannot be stored", start);
  return text;
}

function readWhile(cursor: Cursor, accepts: (character: string) => boolean): string {
  const start = cursor.position;
  for (;;) {
    const character = peek(cursor);
    if (character === "" || !accepts(character)) break;
    cursor.position++;
  }
  return cursor.text.slice(start, cursor.position);
}

function isWordCharacter(character: string): boolean {
  return (
    (character >= "a" && character <= "z") ||
    (character >= "A" && character <= "Z") ||
    (character >= "0" && character <= "9") ||
    "_-.:$/#".includes(character)
  );
}

/** A name as an error repeats it. */
export function shorten(word: string): string {
  return word.length > 60 ? `${word.slice(0, 60)}…` : word;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/** A string by the rules of JSON (RFC 7159 §7); the cursor stands on its opening quote. */
export function readString(cursor: Cursor): string {
  const start = cursor.position;
  cursor.position++;
  let value = "";
  let from = cursor.position;
  for (;;) {
    const character = peek(cursor);
    if (character === "") throw syntaxError(cursor, "the text that starts here has no closing quote", start);
    if (character < " ") throw syntaxError(cursor, "a control character in a text must be escaped");
    if (character === '"') break;
    cursor.position++;
    if (character !== "\\") continue;
    value += cursor.text.slice(from, cursor.position - 1) + readEscape(cursor);
    from = cursor.position;
  }
  value += cursor.text.slice(from, cursor.position);
  cursor.position++;
  if (value.includes("\0") || !value.isWellFormed())
    throw syntaxError(cursor, "the text holds a character that cannot be stored", start);
  return value;
}

function readEscape(cursor: Cursor): string {
  const character = peek(cursor);
  cursor.position++;
  const simple = ESCAPES.get(character);
  if (simple !== undefined) return simple;
  const digits = cursor.text.slice(cursor.position, cursor.position + 4);
  cursor.steps += 4;
  if (character !== "u" || !/^[0-9a-fA-F]{4}$/.test(digits))
    throw syntaxError(cursor, "this is no escape that JSON knows", cursor.position - 2);
  cursor.position += 4;
  return String.fromCharCode(Number.parseInt(digits, 16));
}
