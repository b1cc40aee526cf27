import type { ErrorCode } from "../../errors.ts";
import { shorten } from "../../filter/lexer.ts";
import { type Reading, tolerate } from "../dialect.ts";
import {
  type Attribute,
  type AttributePath,
  findAttribute,
  findSchema,
  type ResourceType,
} from "../schema/attribute.ts";

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
export function noteBare(
  reading: Reading,
  code: ErrorCode,
  type: ResourceType,
  word: string,
  path: AttributePath,
): void {
  if (path.extension !== null && !word.includes(":") && !type.core.attributes.has(path.attribute.name.toLowerCase()))
    tolerate(reading, "bare-extension-attribute", shorten(word), code);
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
