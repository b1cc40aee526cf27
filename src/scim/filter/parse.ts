import type { Reading } from "../dialect.ts";
import { type Attribute, type AttributePath, defaultPart, isSecret, type ResourceType } from "../schema/attribute.ts";
import type { Filter, Operator } from "./ast.ts";
import {
  atEnd,
  type Cursor,
  expectCharacter,
  MAX_DEPTH,
  MAX_TERMS,
  openCursor,
  peek,
  readWord,
  skipSpaces,
  syntaxError,
  take,
} from "./lexer.ts";
import { noteBare, resolveName, shorten } from "./names.ts";
import { OPERATORS, readLiteral, readOperand } from "./operand.ts";

/** What names mean here: the attributes of a resource, or inside `[…]` the sub-attributes of one of them. */
type Scope = {
  type: ResourceType;
  parent: AttributePath | null;
  /** Collects names that the resource does not have, where that is no error. */
  missing: Set<string> | null;
};
type State = { cursor: Cursor; depth: number; terms: number };

/** @internal for tests: what reading cost. */
export type Cost = { steps: number };

/**
 * Reads a filter (RFC 7644 §3.4.2.2, figure 1) in one pass, precedence not, and, or. Names and operators are found
 * whatever their case; an attribute with parts stands for its `value` where it is compared, as in the RFC's own examples.
 * @throws MusterError `invalid-filter` naming the character: syntax, unknown attribute, an operator or value that does
 *   not fit the type, longer than 4,096 characters, deeper than 40, more than 100 comparisons.
 */
export function parseFilter(reading: Reading, text: string, type: ResourceType, cost?: Cost): Filter {
  const cursor = openCursor(reading, text, "invalid-filter");
  try {
    return parseAll(cursor, { type, parent: null, missing: null });
  } finally {
    if (cost) cost.steps = cursor.steps;
  }
}

/**
 * The filter of a query over both kinds of resources (RFC 7644 §3.4.2.1): a name that one of them has not stands there for
 * an attribute without a value.
 * @throws MusterError `invalid-filter` as `parseFilter`, also for a name that neither has.
 */
export function parseFilterOfBoth(
  reading: Reading,
  text: string,
  types: { User: ResourceType; Group: ResourceType },
): { User: Filter; Group: Filter } {
  const missing = { User: new Set<string>(), Group: new Set<string>() };
  const parse = (type: ResourceType): Filter =>
    parseAll(openCursor(reading, text, "invalid-filter"), { type, parent: null, missing: missing[type.name] });
  const both = { User: parse(types.User), Group: parse(types.Group) };
  // Read once more for the error that names the place.
  for (const name of missing.User) if (missing.Group.has(name)) parseFilter(reading, text, types.User);
  return both;
}

function parseAll(cursor: Cursor, scope: Scope): Filter {
  skipSpaces(cursor);
  const filter = parseOr({ cursor, depth: 0, terms: 0 }, scope);
  skipSpaces(cursor);
  if (!atEnd(cursor)) throw syntaxError(cursor, "the filter should end here");
  return filter;
}

/** The filter between the brackets of a value path; the cursor stands behind `[` and ends behind `]`. @internal */
export function parseValueFilter(cursor: Cursor, type: ResourceType, parent: AttributePath): Filter {
  return insideBrackets({ cursor, depth: 0, terms: 0 }, { type, parent, missing: null });
}

function insideBrackets(state: State, scope: Scope): Filter {
  skipSpaces(state.cursor);
  const filter = parseOr(state, scope);
  skipSpaces(state.cursor);
  expectCharacter(state.cursor, "]");
  return filter;
}

function parseOr(state: State, scope: Scope): Filter {
  return parseSequence(state, scope, "or", parseAnd);
}

function parseAnd(state: State, scope: Scope): Filter {
  return parseSequence(state, scope, "and", parseTerm);
}

function parseSequence(
  state: State,
  scope: Scope,
  kind: "and" | "or",
  parseNext: (state: State, scope: Scope) => Filter,
): Filter {
  const first = parseNext(state, scope);
  const terms = [first];
  while (takeLogical(state.cursor, kind)) terms.push(parseNext(state, scope));
  return terms.length === 1 ? first : { kind, terms };
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

function parseTerm(state: State, scope: Scope): Filter {
  const { cursor } = state;
  if (take(cursor, "(")) return parseGroup(state, scope);
  const start = cursor.position;
  const word = readWord(cursor);
  if (word === "") throw syntaxError(cursor, "an attribute, a bracket or not is expected");
  if (word.toLowerCase() === "not") {
    skipSpaces(cursor);
    if (!take(cursor, "(")) throw syntaxError(cursor, 'after not comes "("');
    return { kind: "not", term: parseGroup(state, scope) };
  }
  if (++state.terms > MAX_TERMS) throw syntaxError(cursor, `a filter may hold at most ${MAX_TERMS} comparisons`, start);
  const path = resolve(scope, word);
  if (path === undefined && scope.missing !== null) return parseMissing(state, scope, word);
  if (path === undefined)
    throw syntaxError(
      cursor,
      `${scope.parent?.attribute.name ?? scope.type.name} has no attribute ${shorten(word)}`,
      start,
    );
  if (scope.parent === null) noteBare(cursor, scope.type, word, path);
  if (peek(cursor) === "[") return parseValuePath(state, scope, path);
  return parseComparison(cursor, path);
}

/** `id` always has a value, so this is never true, and its negation always. */
function never(scope: Scope): Filter {
  return { kind: "not", term: always(scope) };
}

function always(scope: Scope): Filter {
  const attribute = scope.type.core.attributes.get("id") as Attribute;
  return { kind: "present", path: { extension: null, attribute, sub: null } };
}

/** A comparison with an attribute that the resource has not: it differs from every value and is nothing else. */
function parseMissing(state: State, scope: Scope, word: string): Filter {
  const { cursor } = state;
  scope.missing?.add(word.toLowerCase());
  if (take(cursor, "[")) {
    skipMissing(state, scope);
    return never(scope);
  }
  const { operator, isNull } = readMissing(cursor);
  const holds = operator === "ne" ? !isNull : operator === "eq" && isNull;
  return holds ? always(scope) : never(scope);
}

/** Stands before the brackets behind a name that means nothing here: all names in them are as good. */
const ANYTHING: AttributePath = {
  extension: null,
  attribute: {
    name: "anything",
    type: "string",
    multiValued: false,
    required: false,
    caseExact: true,
    mutability: "readOnly",
    returned: "default",
    subAttributes: new Map(),
    maxLength: Number.MAX_SAFE_INTEGER,
    maxValues: Number.MAX_SAFE_INTEGER,
    discarded: false,
    hides: false,
  },
  sub: null,
};

/** Only the form counts of what stands between such brackets. */
function skipMissing(state: State, scope: Scope): void {
  const { cursor } = state;
  insideBrackets(state, { type: scope.type, parent: ANYTHING, missing: null });
  if (!take(cursor, ".")) return;
  readWord(cursor);
  readMissing(cursor);
}

function readMissing(cursor: Cursor): { operator: string; isNull: boolean } {
  if (!skipSpaces(cursor)) throw syntaxError(cursor, "a space and an operator are expected");
  const operator = readOperator(cursor);
  return operator === "pr" ? { operator, isNull: false } : { operator, isNull: readLiteral(cursor).value === null };
}

function parseGroup(state: State, scope: Scope): Filter {
  if (++state.depth > MAX_DEPTH) throw syntaxError(state.cursor, `a filter may nest at most ${MAX_DEPTH} deep`);
  skipSpaces(state.cursor);
  const filter = parseOr(state, scope);
  skipSpaces(state.cursor);
  expectCharacter(state.cursor, ")");
  state.depth--;
  return filter;
}

/**
 * `emails[…]`, and `emails[…].value eq "x"`, which no RFC knows but Entra sends (test/fixtures/idp/entra/filters.json): the
 * same value must match both.
 */
function parseValuePath(state: State, scope: Scope, path: AttributePath): Filter {
  const { cursor } = state;
  if (scope.parent !== null || path.sub !== null || path.attribute.type !== "complex")
    throw syntaxError(cursor, "a bracket may follow only an attribute with parts");
  cursor.position++;
  const inside: Scope = { type: scope.type, parent: path, missing: null };
  const filter = insideBrackets(state, inside);
  if (!take(cursor, ".")) return { kind: "value", path, filter };
  const start = cursor.position;
  const word = readWord(cursor);
  const part = resolve(inside, word);
  if (part === undefined) throw syntaxError(cursor, `${path.attribute.name} has no attribute ${shorten(word)}`, start);
  if (++state.terms > MAX_TERMS) throw syntaxError(cursor, `a filter may hold at most ${MAX_TERMS} comparisons`, start);
  return { kind: "value", path, filter: { kind: "and", terms: [filter, parseComparison(cursor, part)] } };
}

function parseComparison(cursor: Cursor, path: AttributePath): Filter {
  if (!skipSpaces(cursor)) throw syntaxError(cursor, "a space and an operator are expected");
  const operator = readOperator(cursor);
  if (operator === "pr") return { kind: "present", path };
  const compared = withDefaultPart(path);
  return {
    kind: "compare",
    path: compared,
    operator,
    value: readOperand(cursor, compared, operator),
  };
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

/** `emails co "x"` means `emails.value co "x"` (RFC 7644 figure 2). */
function withDefaultPart(path: AttributePath): AttributePath {
  if (path.sub !== null || path.attribute.type !== "complex") return path;
  return { ...path, sub: defaultPart(path.attribute) };
}

function resolve(scope: Scope, word: string): AttributePath | undefined {
  if (scope.parent === null) {
    const path = resolveName(scope.type, word);
    return path === undefined || isSecret(path) ? undefined : path;
  }
  if (scope.parent === ANYTHING) return ANYTHING;
  const sub = scope.parent.attribute.subAttributes.get(word.toLowerCase());
  return sub === undefined || sub.returned === "never" ? undefined : { ...scope.parent, sub };
}
