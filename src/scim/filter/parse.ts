import { type Reading, tolerate } from "../dialect.ts";
import {
  type Attribute,
  type AttributePath,
  findAttribute,
  findSchema,
  type ResourceType,
} from "../schema/attribute.ts";
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
import { OPERATORS, readOperand } from "./operand.ts";

/** What names mean here: the attributes of a resource, or inside `[…]` the sub-attributes of one of them. */
type Scope = { type: ResourceType; parent: AttributePath | null };
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
    return parseAll(cursor, type);
  } finally {
    if (cost) cost.steps = cursor.steps;
  }
}

function parseAll(cursor: Cursor, type: ResourceType): Filter {
  skipSpaces(cursor);
  const filter = parseOr({ cursor, depth: 0, terms: 0 }, { type, parent: null });
  skipSpaces(cursor);
  if (!atEnd(cursor)) throw syntaxError(cursor, "the filter should end here");
  return filter;
}

/** The filter between the brackets of a value path; the cursor stands behind `[` and ends behind `]`. @internal */
export function parseValueFilter(cursor: Cursor, type: ResourceType, parent: AttributePath): Filter {
  return insideBrackets({ cursor, depth: 0, terms: 0 }, { type, parent });
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
  if (path === undefined)
    throw syntaxError(
      cursor,
      `${scope.parent?.attribute.name ?? scope.type.name} has no attribute ${shorten(word)}`,
      start,
    );
  if (scope.parent === null) noteBare(cursor.reading, scope.type, word, path);
  if (peek(cursor) === "[") return parseValuePath(state, scope, path);
  return parseComparison(cursor, path);
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
  const inside: Scope = { type: scope.type, parent: path };
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
  const start = cursor.position;
  const word = readWord(cursor);
  const operator = word.toLowerCase();
  if (operator === "pr") return { kind: "present", path };
  if (!OPERATORS.has(operator))
    throw syntaxError(cursor, `there is no operator ${shorten(word)}; known are eq ne co sw ew gt ge lt le pr`, start);
  // The RFC's own example has no space here: value eq"2819c223…" (§3.5.2.2).
  if (!skipSpaces(cursor) && peek(cursor) !== '"') throw syntaxError(cursor, "a space and a value are expected");
  const compared = withDefaultPart(path);
  return {
    kind: "compare",
    path: compared,
    operator: operator as Operator,
    value: readOperand(cursor, compared, operator as Operator),
  };
}

/** `emails co "x"` means `emails.value co "x"` (RFC 7644 figure 2). */
function withDefaultPart(path: AttributePath): AttributePath {
  if (path.sub !== null || path.attribute.type !== "complex") return path;
  return { ...path, sub: path.attribute.subAttributes.get("value") ?? null };
}

function resolve(scope: Scope, word: string): AttributePath | undefined {
  if (scope.parent === null) {
    const path = resolveName(scope.type, word);
    return path?.attribute.returned === "never" ? undefined : path;
  }
  const sub = scope.parent.attribute.subAttributes.get(word.toLowerCase());
  return sub && { ...scope.parent, sub };
}

/** A name with an optional URN before and an optional sub-attribute behind it (RFC 7644 §3.10), or undefined. */
export function resolveName(type: ResourceType, word: string): AttributePath | undefined {
  const { urn, name, sub } = splitName(word);
  const found = findAttribute(type, urn, name);
  if (!found) return undefined;
  if (sub === null) return { ...found, sub: null };
  const part: Attribute | undefined = found.attribute.subAttributes.get(sub.toLowerCase());
  return part && { ...found, sub: part };
}

/** Entra names an extension's attribute without its URN (test/fixtures/idp/entra/manager.json). */
export function noteBare(reading: Reading, type: ResourceType, word: string, path: AttributePath): void {
  if (path.extension !== null && !word.includes(":") && !type.core.attributes.has(path.attribute.name.toLowerCase()))
    tolerate(reading, "bare-extension-attribute", shorten(word));
}

/** The schema that the whole word names, as in `attributes=urn:…:User`. */
export function resolveSchema(type: ResourceType, word: string): string | undefined {
  return findSchema(type, word)?.urn;
}

function splitName(word: string): { urn: string | null; name: string; sub: string | null } {
  // The version in a URN holds a dot, so the name starts behind the last colon.
  const colon = word.lastIndexOf(":");
  const name = word.slice(colon + 1);
  const dot = name.indexOf(".");
  return {
    urn: colon === -1 ? null : word.slice(0, colon),
    name: dot === -1 ? name : name.slice(0, dot),
    sub: dot === -1 ? null : name.slice(dot + 1),
  };
}

function shorten(word: string): string {
  return word.length > 60 ? `${word.slice(0, 60)}…` : word;
}
