import { MusterError } from "../../errors.ts";
import { parseDateTime } from "../../filter/date-time.ts";
import { nameKey } from "../../identity/keys.ts";
import type { Attribute, AttributeTable, ResourceType } from "./attribute.ts";
import { type Document, isObject } from "./document.ts";

/**
 * What stands after a change of what was immutable (RFC 7643 §7): it can be set once, later values must be the same, and
 * the value that is held stays as it is spelt. Values of multi-valued attributes come and go as wholes; their immutable
 * parts are looked after by `requireFixedParts`.
 * @param omitted what it means that the new document says nothing of it: `kept` for PUT, which may be sent by somebody
 *   who does not know of it (RFC 7644 §3.5.1); `refused` for PATCH, where it was removed (§3.5.2.2).
 * @throws MusterError `mutability` naming the attribute.
 */
export function keepFixed(type: ResourceType, held: Document, given: Document, omitted: "kept" | "refused"): Document {
  let result = keepIn(type.core, held, given, omitted, "");
  for (const extension of type.extensions) {
    const before = held[extension.urn];
    const after = given[extension.urn];
    if (extension.fixed.length === 0 || !isObject(before)) continue;
    const kept = keepIn(extension, before, isObject(after) ? after : {}, omitted, `${extension.urn}:`);
    if (Object.keys(kept).length > 0) result = { ...result, [extension.urn]: kept };
  }
  return result;
}

function keepIn(
  table: AttributeTable,
  held: Document,
  given: Document,
  omitted: "kept" | "refused",
  prefix: string,
): Document {
  let result = given;
  for (const attribute of table.fixed) {
    const { name } = attribute;
    const kept = keepValue(attribute, held[name], given[name], omitted, prefix + name);
    if (kept !== given[name]) result = { ...result, [name]: kept };
  }
  return result;
}

function keepValue(
  attribute: Attribute,
  held: unknown,
  given: unknown,
  omitted: "kept" | "refused",
  at: string,
): unknown {
  if (held === undefined) return given;
  if (attribute.mutability === "immutable") {
    if (given === undefined && omitted === "kept") return held;
    if (given === undefined || !isSame(attribute, held, given)) throw refusal(at);
    return held;
  }
  if (!isObject(held) || !isObject(given)) return given;
  let result = given;
  for (const part of attribute.subAttributes.values()) {
    if (part.mutability !== "immutable") continue;
    const kept = keepValue(part, held[part.name], given[part.name], omitted, `${at}.${part.name}`);
    if (kept !== given[part.name]) result = { ...result, [part.name]: kept };
  }
  return result;
}

/**
 * One value of an attribute with parts is changed in place: parts that are immutable stay what they were.
 * @throws MusterError `mutability` (RFC 7644 §3.5.2).
 */
export function requireFixedParts(attribute: Attribute, before: Document, after: Document, at: string): void {
  for (const part of attribute.subAttributes.values()) {
    if (part.mutability !== "immutable" || before[part.name] === undefined) continue;
    const now = after[part.name];
    if (now === undefined || !isSame(part, before[part.name], now)) throw refusal(`${at}.${part.name}`);
  }
}

function refusal(at: string): MusterError {
  return new MusterError("mutability", `${at} was set once and cannot change`, { at });
}

function isSame(attribute: Attribute, left: unknown, right: unknown): boolean {
  return sameKey(attribute, left) === sameKey(attribute, right);
}

/** Equal for values that are the same as this attribute compares them: texts by `caseExact`, moments, lists in any order. */
export function sameKey(attribute: Attribute, value: unknown): string {
  if (Array.isArray(value)) return JSON.stringify(value.map((each) => sameKey(attribute, each)).sort());
  if (isObject(value))
    return JSON.stringify(
      [...attribute.subAttributes.values()].map((part) =>
        value[part.name] === undefined ? null : sameKey(part, value[part.name]),
      ),
    );
  if (attribute.type === "dateTime") return String(parseDateTime(String(value))?.getTime());
  return JSON.stringify(typeof value === "string" && !attribute.caseExact ? nameKey(value) : value);
}
