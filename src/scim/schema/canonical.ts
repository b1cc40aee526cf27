import { parseDateTime } from "../../filter/date-time.ts";
import { type Reading, tolerate } from "../dialect.ts";
import type { Attribute } from "./attribute.ts";
import { type Document, invalidValue, isObject, shorten } from "./document.ts";

/** In either alphabet, with or without the padding (RFC 7643 §2.3.6). */
const BASE64 = /^([A-Za-z0-9+/_-]{4})*([A-Za-z0-9+/_-]{2}(==)?|[A-Za-z0-9+/_-]{3}=?)?$/;

/**
 * The canonical form of one attribute's whole value; undefined when that is no value. A list of one is taken for a
 * single value and the other way round, as Entra and OneLogin send them.
 * @param at how an error names the place.
 */
export function canonicalValue(reading: Reading, attribute: Attribute, value: unknown, at: string): unknown {
  if (isUnassigned(reading, value, at)) return undefined;
  if (!attribute.multiValued) return canonicalSingle(reading, attribute, unwrap(reading, attribute, value, at), at);
  if (!Array.isArray(value)) tolerate(reading, "single-value-for-list", at);
  const elements = canonicalElements(reading, attribute, Array.isArray(value) ? value : [value], at);
  return elements.length === 0 ? undefined : elements;
}

/** null and absent are no value (RFC 7643 §2.5); so is an empty text for those who send one. */
export function isUnassigned(reading: Reading, value: unknown, at: string): boolean {
  if (value === "") tolerate(reading, "empty-text-as-unassigned", at);
  return value === null || value === undefined || value === "";
}

/** The canonical values of a multi-valued attribute; those without content are left out. */
export function canonicalElements(
  reading: Reading,
  attribute: Attribute,
  values: readonly unknown[],
  at: string,
): unknown[] {
  requireFewValues(attribute, values, at);
  const elements: unknown[] = [];
  values.forEach((value, index) => {
    const element = canonicalSingle(reading, attribute, value, `${at}[${index}]`);
    if (element !== undefined && (!isObject(element) || isSubstantial(attribute, element))) elements.push(element);
  });
  return keepOnePrimary(reading, distinct(elements), at);
}

/** RFC 7643 §2.4: no value stands there twice. */
function distinct(elements: readonly unknown[]): unknown[] {
  const seen = new Set<string>();
  return elements.filter((element) => {
    const text = JSON.stringify(element);
    return !seen.has(text) && seen.add(text);
  });
}

/** @throws MusterError `invalid-value` when there are more values than any person has. */
export function requireFewValues(attribute: Attribute, values: readonly unknown[], at: string): void {
  if (values.length > attribute.maxValues) throw invalidValue(at, `may have at most ${attribute.maxValues} values`);
}

/** A value that says only of what kind it is, or that it is the primary one, says nothing. */
export function isSubstantial(attribute: Attribute, element: Document): boolean {
  if (!attribute.multiValued) return Object.keys(element).length > 0;
  const isLabelled = attribute.subAttributes.has("value") || attribute.name === "addresses";
  return Object.keys(element).some((name) => name !== "primary" && (name !== "type" || !isLabelled));
}

/** Of several values that say that they are the primary one the first is (RFC 7643 §2.4 knows only one). */
function keepOnePrimary(reading: Reading, elements: readonly unknown[], at: string): unknown[] {
  const isPrimary = (element: unknown): boolean => isObject(element) && element.primary === true;
  if (elements.filter(isPrimary).length < 2) return [...elements];
  tolerate(reading, "second-primary-ignored", at);
  const first = elements.findIndex(isPrimary);
  return elements.map((element, place) =>
    place !== first && isPrimary(element) ? { ...(element as Document), primary: false } : element,
  );
}

/**
 * The one value of a list of one; Entra's older jobs put each into an object, as if there were many
 * (test/fixtures/idp/entra/legacy-value-lists.json).
 */
export function unwrap(reading: Reading, attribute: Attribute, value: unknown, at: string): unknown {
  if (!Array.isArray(value)) return value;
  if (value.length > 1) throw invalidValue(at, "has one value only");
  tolerate(reading, "list-for-single-value", at);
  const [only] = value as readonly unknown[];
  return attribute.type !== "complex" && isObject(only) && "value" in only ? only.value : only;
}

/** The canonical form of one value: of a single-valued attribute, or of one among several. */
function canonicalSingle(reading: Reading, attribute: Attribute, value: unknown, at: string): unknown {
  if (isUnassigned(reading, value, at)) return undefined;
  switch (attribute.type) {
    case "complex":
      return canonicalComplex(reading, attribute, value, at);
    case "boolean":
      return canonicalBoolean(reading, value, at);
    case "integer":
    case "decimal":
      if (
        typeof value !== "number" ||
        !Number.isFinite(value) ||
        // A larger one has lost its last digits already when the JSON was read.
        (attribute.type === "integer" && !Number.isSafeInteger(value))
      )
        throw invalidValue(at, attribute.type === "integer" ? "must be a whole number" : "must be a number");
      return value;
    case "dateTime":
      if (typeof value !== "string" || parseDateTime(value) === undefined)
        throw invalidValue(at, 'must be a time such as "2026-01-31T12:00:00Z"');
      // To the microsecond: the database would round what is finer, and nobody would find it again.
      return value.replace(/(\.\d{6})\d+/, "$1");
    case "string":
    case "reference":
    case "binary":
      return canonicalText(reading, attribute, value, at);
  }
}

function canonicalComplex(reading: Reading, attribute: Attribute, value: unknown, at: string): Document | undefined {
  const given = referenceOf(reading, attribute, value, at);
  if (!isObject(given)) throw invalidValue(at, "must be an object");
  const parts: Document = {};
  for (const [key, part] of Object.entries(given)) {
    const sub = attribute.subAttributes.get(key.toLowerCase());
    if (!sub) tolerate(reading, "unknown-attribute-ignored", shorten(`${at}.${key}`));
    if (!sub || sub.mutability === "readOnly") continue;
    const canonical = canonicalValue(reading, sub, part, `${at}.${sub.name}`);
    if (canonical !== undefined) parts[sub.name] = canonical;
  }
  return Object.keys(parts).length === 0 ? undefined : parts;
}

/** Entra gives a manager or a member as the bare id (test/fixtures/idp/entra/manager.json, member-shapes.json). */
export function referenceOf(reading: Reading, attribute: Attribute, value: unknown, at: string): unknown {
  if (typeof value !== "string" || !attribute.subAttributes.has("value")) return value;
  tolerate(reading, "reference-as-text", at);
  return { value };
}

/** Entra sends "True" and "False" (test/fixtures/idp/entra/patch-without-flag.json). */
function canonicalBoolean(reading: Reading, value: unknown, at: string): boolean {
  if (typeof value === "boolean") return value;
  const word = typeof value === "string" ? value.toLowerCase() : "";
  if (word !== "true" && word !== "false") throw invalidValue(at, "must be true or false");
  tolerate(reading, "boolean-as-text", at);
  return word === "true";
}

function canonicalText(reading: Reading, attribute: Attribute, value: unknown, at: string): string {
  // A number is a harmless spelling of a text (employeeNumber), but never of what a person is known by.
  const isNumber = typeof value === "number" && !attribute.required;
  if (isNumber) tolerate(reading, "number-as-text", at);
  const text = isNumber ? String(value) : value;
  if (typeof text !== "string") throw invalidValue(at, "must be a text");
  if (text.length > attribute.maxLength) throw invalidValue(at, `may have at most ${attribute.maxLength} characters`);
  if (text.includes("\0") || !text.isWellFormed())
    throw invalidValue(at, "holds a character that cannot be stored (NUL, or half of a surrogate pair)");
  if (attribute.required && text.trim() === "") throw invalidValue(at, "is required and may not be empty");
  if (attribute.type === "binary" && !BASE64.test(text)) throw invalidValue(at, "must be base64");
  return text;
}
