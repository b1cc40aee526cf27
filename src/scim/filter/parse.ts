import type { Operator } from "../../filter/ast.ts";
import { type Cursor, openCursor } from "../../filter/lexer.ts";
import { type Names, parseInside, parseWhole } from "../../filter/parse.ts";
import type { Reading } from "../dialect.ts";
import { type Attribute, type AttributePath, defaultPart, isSecret, type ResourceType } from "../schema/attribute.ts";
import type { Filter } from "./ast.ts";
import { noteBare, resolveName } from "./names.ts";
import { readOperand } from "./operand.ts";

/** @internal for tests: what reading cost. */
export type Cost = { steps: number };

/**
 * Reads a filter (RFC 7644 §3.4.2.2, figure 1) in one pass, precedence not, and, or. Names and operators are found
 * whatever their case; an attribute with parts stands for its `value` where it is compared, as in the RFC's own examples.
 * @throws MusterError `invalid-filter` naming the character: syntax, unknown attribute, an operator or value that does
 *   not fit the type, longer than 4,096 characters, deeper than 40, more than 100 comparisons.
 */
export function parseFilter(reading: Reading, text: string, type: ResourceType, cost?: Cost): Filter {
  const cursor = openCursor(text, "invalid-filter");
  try {
    return parseWhole(cursor, namesOf(reading, type));
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
    parseWhole(openCursor(text, "invalid-filter"), {
      ...namesOf(reading, type),
      missing: {
        note: (word) => missing[type.name].add(word.toLowerCase()),
        always: always(type),
        inside: namesOfAnything(reading),
      },
    });
  const both = { User: parse(types.User), Group: parse(types.Group) };
  // Read once more for the error that names the place.
  for (const name of missing.User) if (missing.Group.has(name)) parseFilter(reading, text, types.User);
  return both;
}

/** The filter between the brackets of a value path; the cursor stands behind `[` and ends behind `]`. @internal */
export function parseValueFilter(cursor: Cursor, reading: Reading, parent: AttributePath): Filter {
  return parseInside(cursor, partsOf(reading, parent));
}

/** The attributes of a resource. */
function namesOf(reading: Reading, type: ResourceType): Names<AttributePath> {
  return {
    of: type.name,
    find: (cursor, word) => {
      const path = resolveName(type, word);
      if (path === undefined || isSecret(path)) return undefined;
      noteBare(reading, cursor.code, type, word, path);
      return path;
    },
    compare: (cursor, path, operator) => compare(reading, cursor, path, operator),
    inside: (path) => (path.sub === null && path.attribute.type === "complex" ? partsOf(reading, path) : undefined),
  };
}

/** Between brackets: the sub-attributes of the attribute before them. */
function partsOf(reading: Reading, parent: AttributePath): Names<AttributePath> {
  return {
    of: parent.attribute.name,
    find: (_, word) => {
      const sub = parent.attribute.subAttributes.get(word.toLowerCase());
      return sub === undefined || sub.returned === "never" ? undefined : { ...parent, sub };
    },
    compare: (cursor, path, operator) => compare(reading, cursor, path, operator),
    inside: () => undefined,
  };
}

function compare(reading: Reading, cursor: Cursor, path: AttributePath, operator: Operator): Filter {
  const compared = withDefaultPart(path);
  return { kind: "compare", path: compared, operator, value: readOperand(reading, cursor, compared, operator) };
}

/** `emails co "x"` means `emails.value co "x"` (RFC 7644 figure 2). */
function withDefaultPart(path: AttributePath): AttributePath {
  if (path.sub !== null || path.attribute.type !== "complex") return path;
  return { ...path, sub: defaultPart(path.attribute) };
}

/** Every resource has an `id`. */
function always(type: ResourceType): Filter {
  const attribute = type.core.attributes.get("id") as Attribute;
  return { kind: "present", path: { extension: null, attribute, sub: null } };
}

/** What every name stands for that stands between brackets behind one that means nothing. */
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

function namesOfAnything(reading: Reading): Names<AttributePath> {
  return { ...partsOf(reading, ANYTHING), find: () => ANYTHING };
}
