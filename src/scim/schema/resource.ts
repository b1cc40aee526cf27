import { MusterError } from "../../errors.ts";
import { type Reading, tolerate } from "../dialect.ts";
import { resolveName } from "../filter/names.ts";
import { type Attribute, type AttributeTable, findSchema, printPath, type ResourceType } from "./attribute.ts";
import { canonicalValue } from "./canonical.ts";
import { type Document, invalidValue, isObject, shorten } from "./document.ts";

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
  const others: [string, unknown][] = [];
  for (const [key, value] of Object.entries(body)) {
    const attribute = type.core.attributes.get(key.toLowerCase());
    if (attribute) readAttribute(reading, document, attribute, value, attribute.name);
    else others.push([key, value]);
  }
  for (const [key, value] of others) readOther(reading, type, document, key, value);
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

/** A schema with its attributes, or a key that is a path: Entra and OneLogin flatten what they send. */
function readOther(reading: Reading, type: ResourceType, document: Document, key: string, value: unknown): void {
  const extension = findSchema(type, key);
  if (!extension) {
    readPath(reading, type, document, key, value);
    return;
  }
  if (value === null || value === undefined) return;
  if (!isObject(value)) throw invalidValue(extension.urn, "must be an object");
  const attributes = readAttributes(reading, extension, value, `${extension.urn}:`);
  if (extension === type.core) Object.assign(document, attributes);
  else if (Object.keys(attributes).length > 0)
    document[extension.urn] = { ...(document[extension.urn] as Document | undefined), ...attributes };
}

/** `name.givenName`, `urn:…:User:department`, or an extension's `department` without its URN. */
function readPath(reading: Reading, type: ResourceType, document: Document, key: string, value: unknown): void {
  const path = resolveName(type, key);
  if (path === undefined || path.attribute.multiValued) {
    tolerate(reading, key.includes(":") ? "unknown-schema-ignored" : "unknown-attribute-ignored", shorten(key));
    return;
  }
  const { extension, attribute, sub } = path;
  const isBare = sub === null && !key.includes(":");
  tolerate(reading, isBare ? "bare-extension-attribute" : "dotted-key", shorten(key), "invalid-value");
  const given = sub === null ? value : { [sub.name]: value };
  const holder: Document = extension === null ? document : { ...(document[extension] as Document | undefined) };
  const before = holder[attribute.name];
  readAttribute(reading, holder, attribute, given, printPath(path));
  const after = holder[attribute.name];
  if (sub !== null && isObject(before) && isObject(after)) holder[attribute.name] = { ...before, ...after };
  if (extension !== null && Object.keys(holder).length > 0) document[extension] = holder;
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
