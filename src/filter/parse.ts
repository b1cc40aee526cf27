import type { Filter, Operator } from "./ast.ts";
import {
  atEnd,
  type Cursor,
  expectCharacter,
  MAX_DEPTH,
  MAX_TERMS,
  peek,
  readWord,
  shorten,
  skipSpaces,
  syntaxError,
  take,
} from "./lexer.ts";
import { readLiteral } from "./value.ts";

/** What the names of a filter mean where it is used. */
export type Names<Path> = {
  /** Whose attributes they are, as an error says it. */
  readonly of: string;
  /** What the word that ends at the cursor stands for; undefined: nothing. */
  find(cursor: Cursor, word: string): Path | undefined;
  /** A comparison, whose value the cursor stands on. */
  compare(cursor: Cursor, path: Path, operator: Operator): Filter<Path>;
  /** The names between brackets behind this one; undefined where no bracket may stand. */
  inside(path: Path): Names<Path> | undefined;
  /** Where a name that stands for nothing is no error: it is noted, and differs from every value. */
  readonly missing?: {
    note(word: string): void;
    /** A filter that always holds. */
    readonly always: Filter<Path>;
    /** For what stands in brackets behind such a name: every word is as good. */
    readonly inside: Names<Path>;
  };
};

type State = { cursor: Cursor; depth: number; terms: number };

const OPERATORS: ReadonlySet<string> = new Set(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]);

/**
 * Reads a filter (RFC 7644 §3.4.2.2, figure 1) in one pass, precedence not, and, or. Operators are found whatever their
 * case.
 * @throws MusterError the cursor's code naming the character: syntax, an unknown name, what `names` refuses, deeper than
 *   40, more than 100 comparisons.
 */
export function parseWhole<Path>(cursor: Cursor, names: Names<Path>): Filter<Path> {
  skipSpaces(cursor);
  const filter = parseOr({ cursor, depth: 0, terms: 0 }, names);
  skipSpaces(cursor);
  if (!atEnd(cursor)) throw syntaxError(cursor, "the filter should end here");
  return filter;
}

/** The filter between brackets; the cursor stands behind `[` and ends behind `]`. */
export function parseInside<Path>(cursor: Cursor, names: Names<Path>): Filter<Path> {
  return insideBrackets({ cursor, depth: 0, terms: 0 }, names);
}

function insideBrackets<Path>(state: State, names: Names<Path>): Filter<Path> {
  skipSpaces(state.cursor);
  const filter = parseOr(state, names);
  skipSpaces(state.cursor);
  expectCharacter(state.cursor, "]");
  return filter;
}

function parseOr<Path>(state: State, names: Names<Path>): Filter<Path> {
  const first = parseAnd(state, names);
  if (!takeLogical(state.cursor, "or")) return first;
  const terms = [first];
  do terms.push(parseAnd(state, names));
  while (takeLogical(state.cursor, "or"));
  return { kind: "or", terms };
}

function parseAnd<Path>(state: State, names: Names<Path>): Filter<Path> {
  const first = parseTerm(state, names);
  if (!takeLogical(state.cursor, "and")) return first;
  const terms = [first];
  do terms.push(parseTerm(state, names));
  while (takeLogical(state.cursor, "and"));
  return { kind: "and", terms };
}

/** Takes ` and ` or ` or ` when it comes next, else leaves the cursor before the spaces. */
function takeLogical(cursor: Cursor, word: "and" | "or"): boolean {
  const start = cursor.position;
  skipSpaces(cursor);
  const from = cursor.position;
  cursor.steps += word.length + 1;
  const next = cursor.text.slice(from, from + word.length);
  const after = cursor.text.charAt(from + word.length);
  if (next.toLowerCase() === word && (after === " " || after === "(")) {
    cursor.position = from + word.length;
    skipSpaces(cursor);
    return true;
  }
  cursor.position = start;
  return false;
}

function parseTerm<Path>(state: State, names: Names<Path>): Filter<Path> {
  const { cursor } = state;
  if (take(cursor, "(")) return parseGroup(state, names);
  const start = cursor.position;
  const word = readWord(cursor);
  if (word === "") throw syntaxError(cursor, "an attribute, a bracket or not is expected");
  if (word.toLowerCase() === "not") {
    skipSpaces(cursor);
    if (!take(cursor, "(")) throw syntaxError(cursor, 'after not comes "("');
    return { kind: "not", term: parseGroup(state, names) };
  }
  countTerm(state, start);
  const path = names.find(cursor, word);
  if (path === undefined) {
    if (names.missing !== undefined) return parseMissing(state, word, names.missing);
    throw syntaxError(cursor, `${names.of} has no attribute ${shorten(word)}`, start);
  }
  if (peek(cursor) === "[") return parseValuePath(state, names, path);
  return parseComparison(cursor, names, path);
}

function countTerm(state: State, start: number): void {
  if (++state.terms > MAX_TERMS)
    throw syntaxError(state.cursor, `a filter may hold at most ${MAX_TERMS} comparisons`, start);
}

function parseGroup<Path>(state: State, names: Names<Path>): Filter<Path> {
  if (++state.depth > MAX_DEPTH) throw syntaxError(state.cursor, `a filter may nest at most ${MAX_DEPTH} deep`);
  skipSpaces(state.cursor);
  const filter = parseOr(state, names);
  skipSpaces(state.cursor);
  expectCharacter(state.cursor, ")");
  state.depth--;
  return filter;
}

/** A comparison with a name that stands for nothing: it differs from every value and is nothing else. */
function parseMissing<Path>(state: State, word: string, missing: NonNullable<Names<Path>["missing"]>): Filter<Path> {
  const { cursor } = state;
  const never: Filter<Path> = { kind: "not", term: missing.always };
  missing.note(word);
  if (take(cursor, "[")) {
    // Only the form counts of what stands here.
    insideBrackets(state, missing.inside);
    if (take(cursor, ".")) {
      readWord(cursor);
      readMissing(cursor);
    }
    return never;
  }
  const { operator, isNull } = readMissing(cursor);
  const holds = operator === "ne" ? !isNull : operator === "eq" && isNull;
  return holds ? missing.always : never;
}

function readMissing(cursor: Cursor): { operator: string; isNull: boolean } {
  if (!skipSpaces(cursor)) throw syntaxError(cursor, "a space and an operator are expected");
  const operator = readOperator(cursor);
  return operator === "pr" ? { operator, isNull: false } : { operator, isNull: readLiteral(cursor).value === null };
}

/**
 * `emails[…]`, and `emails[…].value eq "x"`, which no RFC knows but Entra sends (test/fixtures/idp/entra/filters.json): the
 * same value must match both.
 */
function parseValuePath<Path>(state: State, names: Names<Path>, path: Path): Filter<Path> {
  const { cursor } = state;
  const inside = names.inside(path);
  if (inside === undefined) throw syntaxError(cursor, "a bracket may follow only an attribute with parts");
  cursor.position++;
  const filter = insideBrackets(state, inside);
  if (!take(cursor, ".")) return { kind: "value", path, filter };
  const start = cursor.position;
  const word = readWord(cursor);
  const part = inside.find(cursor, word);
  if (part === undefined) throw syntaxError(cursor, `${inside.of} has no attribute ${shorten(word)}`, start);
  countTerm(state, start);
  return { kind: "value", path, filter: { kind: "and", terms: [filter, parseComparison(cursor, inside, part)] } };
}

function parseComparison<Path>(cursor: Cursor, names: Names<Path>, path: Path): Filter<Path> {
  if (!skipSpaces(cursor)) throw syntaxError(cursor, "a space and an operator are expected");
  const operator = readOperator(cursor);
  return operator === "pr" ? { kind: "present", path } : names.compare(cursor, path, operator);
}

/** An operator, and the space before its value. */
function readOperator(cursor: Cursor): Operator | "pr" {
  const start = cursor.position;
  const word = readWord(cursor);
  const operator = word.toLowerCase();
  if (operator === "pr") return operator;
  if (!OPERATORS.has(operator))
    throw syntaxError(cursor, `there is no operator ${shorten(word)}; known are eq ne co sw ew gt ge lt le pr`, start);
  // The RFC's own example has no space here: value eq"2819c223…" (§3.5.2.2).
  if (!skipSpaces(cursor) && peek(cursor) !== '"') throw syntaxError(cursor, "a space and a value are expected");
  return operator as Operator;
}
