import type { Filter } from "./ast.ts";
import { openCursor, shorten, syntaxError } from "./lexer.ts";
import { type Names, parseWhole } from "./parse.ts";
import { readValue, type ValueType } from "./value.ts";

/** What a list can be filtered by. `words`: the only values that it can have. */
export type NamedField = { name: string; type: ValueType; words?: readonly string[] };

/** By lower-case name: a Map, so that no name from outside can reach a prototype. */
export type Fields<Field> = ReadonlyMap<string, Field>;

/** A list's fields as they are found by their names. */
export function fieldsOf<Field extends NamedField>(...fields: readonly Field[]): Fields<Field> {
  return new Map(fields.map((field) => [field.name.toLowerCase(), field]));
}

/**
 * Reads a filter over a list's fields, as strictly as RFC 7644 §3.4.2.2 says it: texts stand in quotes. What holds of one value with
 * parts stands in brackets behind its name: `access[product eq "wiki" and role eq "guest"]`.
 * @param of what the fields belong to, in the plural.
 * @throws MusterError `invalid-filter` naming the character; an unknown name is told those that there are.
 */
export function parseFieldFilter<Field extends NamedField & { parts?: Fields<Field> }>(
  text: string,
  fields: Fields<Field>,
  of: string,
): Filter<Field> {
  return parseWhole(openCursor(text, "invalid-filter"), namesOf(fields, of));
}

function namesOf<Field extends NamedField & { parts?: Fields<Field> }>(
  fields: Fields<Field>,
  of: string,
): Names<Field> {
  return {
    of,
    find: (cursor, word) => {
      const field = fields.get(word.toLowerCase());
      if (field !== undefined) return field;
      const known = [...fields.values()].map(({ name }) => name).join(", ");
      const start = cursor.position - word.length;
      throw syntaxError(cursor, `${of} cannot be filtered by ${shorten(word)}; known are ${known}`, start);
    },
    compare: (cursor, path, operator) => {
      const start = cursor.position;
      const { value, literal } = readValue(cursor, path, operator);
      if (literal.bare !== null && typeof value === "string")
        throw syntaxError(cursor, "a text must stand in quotes", start);
      if (typeof literal.value === "string" && typeof value === "boolean")
        throw syntaxError(cursor, `${path.name} is compared with true or false, without quotes`, start);
      if (path.words !== undefined && value !== null) {
        if (operator !== "eq" && operator !== "ne")
          throw syntaxError(cursor, `${path.name} is compared with eq and ne only`, start);
        if (!path.words.includes(String(value)))
          throw syntaxError(cursor, `${path.name} is one of ${path.words.join(", ")}`, start);
      }
      return { kind: "compare", path, operator, value };
    },
    inside: ({ name, parts }) => (parts === undefined ? undefined : namesOf(parts, name)),
  };
}
