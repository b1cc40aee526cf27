import { maskExpression } from "./expression.ts";
import { maskParameter, maskPath } from "./target.ts";
import { holdsToken, isName, maskText, namesSecret, SECRET, type Visibility } from "./text.ts";

/** A masked body as JSON text. */
export type MaskedBody = {
  json: string;
  /** Something was left out because there was too much of it. */
  cut: boolean;
};

const MAX_LENGTH = 8 * 1024;
const MAX_DEPTH = 12;
const MAX_MEMBERS = 60;
/** The shape of a list is known by its first elements; the number of the others is told. */
const MAX_ELEMENTS = 20;
/** No two operations need be alike; a validator of Entra's sends 36. */
const MAX_OPERATIONS = 100;
/** What stands beyond is of no more use to a reader than its length. */
const LONGEST_TEXT = 1_000;

/** How far writing has come. `left` counts the characters that may still be written. */
type Writing = { visibility: Visibility; left: number; cut: boolean };

/**
 * The shape of a body: names, operations, paths, schemas, ids, booleans, types and numbers of elements as they stand,
 * other values masked; with visibility `clear` these stand too, but secrets never. The text ends with the value that
 * makes it 8 KB long.
 */
export function maskBody(body: unknown, visibility: Visibility): MaskedBody {
  const writing: Writing = { visibility, left: MAX_LENGTH, cut: false };
  const json = write(writing, body, "", false, 0);
  return { json, cut: writing.cut };
}

function write(writing: Writing, value: unknown, key: string, secret: boolean, depth: number): string {
  if (typeof value === "object" && value !== null && !secret)
    return Array.isArray(value) ? writeList(writing, value, key, depth) : writeObject(writing, value, depth);
  const leaf = secret && value !== null ? text(SECRET) : writeLeaf(writing, value, key);
  writing.left -= leaf.length + 1;
  return leaf;
}

function writeLeaf(writing: Writing, value: unknown, key: string): string {
  if (typeof value === "string") return text(showText(writing, value, key));
  if (typeof value === "number") return showNumber(writing, value, key);
  return typeof value === "boolean" ? String(value) : "null";
}

/** JSON's text; `stringify` only where a character needs it. */
function text(value: string): string {
  return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
}
const PLAIN = /^[ !#-[\]-~…]*$/;

/** Members of a search or Bulk request that count something (RFC 7644 §3.4.3, §3.7). */
const COUNTS = new Set(["startIndex", "count", "failOnErrors"]);

function showNumber(writing: Writing, value: number, key: string): string {
  if (writing.visibility === "clear") return String(value);
  return COUNTS.has(key) && Math.abs(value) < 1e6 ? String(value) : '"…(number)"';
}

function writeList(writing: Writing, list: readonly unknown[], key: string, depth: number): string {
  if (list.length === 0) return "[]";
  if (depth >= MAX_DEPTH) return leaveOut(writing, `${list.length} elements`);
  const parts: string[] = [];
  for (const element of list.slice(0, /^operations$/i.test(key) ? MAX_OPERATIONS : MAX_ELEMENTS)) {
    if (writing.left <= 0) break;
    parts.push(write(writing, element, key, false, depth + 1));
  }
  if (parts.length < list.length) parts.push(leaveOut(writing, `${list.length - parts.length} more`));
  return `[${parts.join(",")}]`;
}

function writeObject(writing: Writing, object: object, depth: number): string {
  const keys = Object.keys(object);
  if (keys.length === 0) return "{}";
  if (depth >= MAX_DEPTH) return leaveOut(writing, `${keys.length} attributes`);
  const secret = describesSecret(object as Record<string, unknown>, keys);
  const parts: string[] = [];
  for (const key of keys.slice(0, MAX_MEMBERS)) {
    if (writing.left <= 0) break;
    const { shown, hides } = nameOf(key);
    writing.left -= shown.length;
    const value = (object as Record<string, unknown>)[key];
    parts.push(`${shown}:${write(writing, value, key, hides || (secret && !isDescription(key)), depth + 1)}`);
  }
  if (parts.length < keys.length) parts.push(`"…":${leaveOut(writing, `${keys.length - parts.length} more`)}`);
  return `{${parts.join(",")}}`;
}

function leaveOut(writing: Writing, what: string): string {
  writing.cut = true;
  return `"…(${what})"`;
}

type Name = { shown: string; hides: boolean };

/** Providers send the same few names for ever. Bounded, and only names are kept, never what was masked. */
const NAMES = new Map<string, Name>();
const MAX_NAMES = 500;

function nameOf(key: string): Name {
  const known = NAMES.get(key);
  if (known) return known;
  if (!isName(key)) {
    const start = key.slice(0, LONGEST_TEXT);
    return { shown: text(holdsToken(start) ? SECRET : maskText(key)), hides: namesSecret(start) };
  }
  const name = { shown: text(key), hides: namesSecret(key) };
  if (NAMES.size < MAX_NAMES) NAMES.set(key, name);
  return name;
}

/** Where an object says what its value is of: `{"op":"replace","path":"password","value":…}`. */
function isDescription(key: string): boolean {
  return key.length <= 9 && DESCRIPTIONS.has(key.toLowerCase());
}
const DESCRIPTIONS = new Set(["op", "path", "name", "type", "attribute", "key"]);

function describesSecret(object: Record<string, unknown>, keys: readonly string[]): boolean {
  for (const key of keys) {
    const value = isDescription(key) ? object[key] : undefined;
    if (typeof value === "string" && namesSecret(value.slice(0, LONGEST_TEXT))) return true;
  }
  return false;
}

const OPERATIONS = new Set("add remove replace move copy test update delete set merge get post put patch".split(" "));
/** Entra names schemas of its own by URL. */
const SCHEMA = /^(?:urn:|https?:\/\/)[\w:./-]{1,200}$/i;

function showText(writing: Writing, value: string, key: string): string {
  const { visibility } = writing;
  switch (key.length <= 18 ? key.toLowerCase() : "") {
    case "op":
    case "method":
      if (value.length <= 8 && OPERATIONS.has(value.toLowerCase())) return value;
      break;
    case "schemas":
      if (SCHEMA.test(value) && !holdsToken(value)) return value;
      break;
    case "path":
      return value.startsWith("/") ? maskPath(value, visibility) : maskExpression(value, "path", visibility);
    case "filter":
    case "attributes":
    case "excludedattributes":
    case "sortby":
    case "sortorder":
      return maskParameter(key, value, visibility);
  }
  if (visibility === "masked") return maskText(value);
  const start = value.slice(0, LONGEST_TEXT);
  if (holdsToken(start)) return SECRET;
  if (value.length <= LONGEST_TEXT) return value;
  writing.cut = true;
  return `${start}…(${value.length - LONGEST_TEXT} more)`;
}
