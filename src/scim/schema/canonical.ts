import { isDeepStrictEqual } from "node:util";
import { MusterError } from "../../errors.ts";
import { type Reading, tolerate } from "../dialect.ts";
import { parseDateTime } from "../filter/operand.ts";
import { type Attribute, type AttributeTable, findSchema, type ResourceType } from "./attribute.ts";

/**
 * A resource in canonical form: names as the schemas spell them, extensions under their URNs, values of the schemas'
 * types, nothing unassigned, nothing read-only. This is what is stored, so that reads need no coercion.
 */
export type Document = Record<string, unknown>;

/**
 * The canonical form of a resource that a request brought (POST, PUT). Names are found whatever their case; what no
 * schema knows, what is read-only and `password` are left out; null, "" and [] are unassigned (RFC 7643 §2.5). What is
 * not the RFC's own way is let pass, and noted, as far as the dialect lets it.
 * @throws MusterError `invalid` when it is no JSON object; `invalid-value`, naming the attribute, for a value of the wrong
 *   type, too long, with two primaries, or a required one that is missing.
 */
export function readResource(reading: Reading, type: ResourceType, body: unknown): Document {
  if (!isObject(body)) throw new MusterError("invalid", "the body must be a JSON object");
  readSchemas(reading, type, body);
  const document: Document = {};
  for (const [key, value] of Object.entries(body)) {
    const attribute = type.core.attributes.get(key.toLowerCase());
    if (attribute) readAttribute(reading, document, attribute, value, attribute.name);
    else readExtension(reading, type, document, key, value);
  }
  requireAttributes(type, document);
  return document;
}

/** RFC 7643 §3: a message names its schemas. Which extensions it has is read from the extensions themselves. */
function readSchemas(reading: Reading, type: ResourceType, body: Readonly<Record<string, unknown>>): void {
  const key = Object.keys(body).find((name) => name.toLowerCase() === "schemas");
  const given = key === undefined ? undefined : body[key];
  const names = (Array.isArray(given) ? given : [given]).filter((name) => typeof name === "string");
  if (names.length === 0) tolerate(reading, "schemas-missing", "schemas");
  for (const name of names)
    if (findSchema(type, name) === undefined) tolerate(reading, "unknown-schema-ignored", `schemas ${shorten(name)}`);
}

function readExtension(reading: Reading, type: ResourceType, document: Document, key: string, value: unknown): void {
  const extension = findSchema(type, key);
  if (!extension) {
    tolerate(reading, key.includes(":") ? "unknown-schema-ignored" : "unknown-attribute-ignored", shorten(key));
    return;
  }
  if (value === null || value === undefined) return;
  if (!isObject(value)) throw invalidValue(extension.urn, "must be an object");
  const attributes = readAttributes(reading, extension, value, `${extension.urn}:`);
  if (extension === type.core) Object.assign(document, attributes);
  else if (Object.keys(attributes).length > 0) document[extension.urn] = attributes;
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

/**
 * What is required is there: an attribute of the core schema and of an extension that is required or that the resource
 * has (RFC 7643 §6), a part in every value of its attribute.
 * @throws MusterError `invalid-value` naming what has no value.
 */
export function requireAttributes(type: ResourceType, document: Document): void {
  requireIn(type.core, document, "");
  for (const extension of type.extensions) {
    const held = document[extension.urn];
    if (isObject(held)) requireIn(extension, held, `${extension.urn}:`);
    else if (extension.required) {
      const first = extension.demanding.find((attribute) => attribute.required);
      throw missing(first === undefined ? extension.urn : `${extension.urn}:${first.name}`);
    }
  }
}

function requireIn(table: AttributeTable, holder: Document, prefix: string): void {
  for (const attribute of table.demanding) {
    const value = holder[attribute.name];
    const at = prefix + attribute.name;
    if (value === undefined) {
      if (attribute.required) throw missing(at);
      continue;
    }
    for (const part of attribute.subAttributes.values())
      if (part.required && [value].flat().some((each) => isObject(each) && each[part.name] === undefined))
        throw missing(`${at}.${part.name}`);
  }
}

function missing(at: string): MusterError {
  return invalidValue(at, "is required and may not be empty");
}

function readAttributes(
  reading: Reading,
  table: AttributeTable,
  body: Readonly<Record<string, unknown>>,
  prefix: string,
): Document {
  const document: Document = {};
  for (const [key, value] of Object.entries(body)) {
    const attribute = table.attributes.get(key.toLowerCase());
    if (attribute) readAttribute(reading, document, attribute, value, prefix + attribute.name);
    else tolerate(reading, "unknown-attribute-ignored", shorten(prefix + key));
  }
  return document;
}

/** What every answer shows and providers repeat; leaving it out is no rewrite worth a note. */
const ECHOED = new Set(["schemas", "id", "meta"]);

function readAttribute(reading: Reading, document: Document, attribute: Attribute, value: unknown, at: string): void {
  if (attribute.mutability === "readOnly") {
    if (!ECHOED.has(attribute.name)) tolerate(reading, "read-only-ignored", at);
    return;
  }
  if (attribute.discarded) {
    tolerate(reading, "password-ignored", at);
    return;
  }
  const canonical = canonicalValue(reading, attribute, value, at);
  if (canonical !== undefined) document[attribute.name] = canonical;
}

/**
 * The canonical form of one attribute's whole value; undefined when that is no value. A list of one is taken for a
 * single value and the other way round, as Entra and OneLogin send them.
 * @param at how an error names the place.
 */
export function canonicalValue(reading: Reading, attribute: Attribute, value: unknown, at: string): unknown {
  if (isUnassigned(reading, value, at)) return undefined;
  if (!attribute.multiValued) return canonicalSingle(reading, attribute, unwrap(reading, value, at), at);
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
  requireOnePrimary(elements, at);
  return elements;
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

/** @throws MusterError `invalid-value` when several values are primary (RFC 7643 §2.4). */
function requireOnePrimary(elements: readonly unknown[], at: string): void {
  if (elements.filter((element) => isObject(element) && element.primary === true).length > 1)
    throw invalidValue(at, "may have only one primary value");
}

/** The one value of a list of one. */
export function unwrap(reading: Reading, value: unknown, at: string): unknown {
  if (!Array.isArray(value)) return value;
  if (value.length > 1) throw invalidValue(at, "has one value only");
  tolerate(reading, "list-for-single-value", at);
  return value[0];
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
  if (attribute.type === "binary" && !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw invalidValue(at, "must be base64");
  return text;
}

/** The names of the attributes in which two documents differ. */
export function differences(before: Document, after: Document): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name]));
}

/** The member of that lower-case name, however it is spelt. */
export function caseless(body: Readonly<Record<string, unknown>>, name: string): unknown {
  const key = Object.keys(body).find((candidate) => candidate.toLowerCase() === name);
  return key === undefined ? undefined : body[key];
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function invalidValue(at: string, problem: string): MusterError {
  return new MusterError("invalid-value", `${at} ${problem}`, { at });
}
