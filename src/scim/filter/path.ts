import { atEnd, openCursor, peek, readWord, skipSpaces, syntaxError, take } from "../../filter/lexer.ts";
import type { Reading } from "../dialect.ts";
import type { AttributePath, ResourceType } from "../schema/attribute.ts";
import type { Filter } from "./ast.ts";
import { noteBare, resolveName, resolveSchema } from "./names.ts";
import { parseValueFilter } from "./parse.ts";

/**
 * What a PATCH operation aims at (RFC 7644 §3.5.2, figure 7): an attribute, some of its values (`filter`), a part of
 * either (`path.sub`), or a whole extension.
 */
export type Target =
  | { kind: "attribute"; path: AttributePath; filter: Filter | null }
  | { kind: "extension"; urn: string };

/**
 * Reads the path of a PATCH operation; undefined when it is well formed but names nothing that this server has.
 * @throws MusterError `invalid-path` naming the character.
 */
export function parsePath(reading: Reading, text: string, type: ResourceType): Target | undefined {
  const cursor = openCursor(text, "invalid-path");
  skipSpaces(cursor);
  const word = readWord(cursor);
  if (word === "") throw syntaxError(cursor, "a path starts with the name of an attribute");
  const bracket = peek(cursor) === "[";
  const path = resolveName(type, word);
  if (path === undefined) {
    const urn = bracket ? undefined : resolveSchema(type, word);
    skipSpaces(cursor);
    if (!bracket && !atEnd(cursor)) throw syntaxError(cursor, "the path should end here");
    return urn === undefined ? undefined : { kind: "extension", urn };
  }
  noteBare(reading, cursor.code, type, word, path);
  if (!bracket) {
    skipSpaces(cursor);
    if (!atEnd(cursor)) throw syntaxError(cursor, "the path should end here");
    return { kind: "attribute", path, filter: null };
  }
  if (path.sub !== null || path.attribute.type !== "complex")
    throw syntaxError(cursor, "a bracket may follow only an attribute with parts");
  cursor.position++;
  const filter = parseValueFilter(cursor, reading, path);
  if (!take(cursor, ".")) {
    skipSpaces(cursor);
    if (!atEnd(cursor)) throw syntaxError(cursor, "the path should end here");
    return { kind: "attribute", path, filter };
  }
  const start = cursor.position;
  const sub = path.attribute.subAttributes.get(readWord(cursor).toLowerCase());
  if (sub === undefined) throw syntaxError(cursor, `${path.attribute.name} has no such part`, start);
  skipSpaces(cursor);
  if (!atEnd(cursor)) throw syntaxError(cursor, "the path should end here");
  return { kind: "attribute", path: { ...path, sub }, filter };
}
