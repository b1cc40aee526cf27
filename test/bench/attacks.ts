import { MAX_DEPTH, MAX_TERMS } from "../../src/filter/lexer.ts";
import { BULK_MAX_OPERATIONS, MAX_COUNT } from "../../src/scim/limits.ts";
import type { Call } from "./client.ts";
import { getUser, list, userBody } from "./traffic.ts";

/** One kind of hostile request; `call` makes another one at every place. */
export type Attack = { kind: string; call(place: number): Call };

/** Bytes of a body: Muster's default limit (limits.bodyBytes), and one that is above it. */
const BODY = 4 * 1024 * 1024;
/** Characters of a filter that are read, at most. */
const FILTER = 4_096;
/** A path and its query that HTTP still takes. */
const LONG_PATH = 15_000;
const VALUES = 1_000;
const OPERATIONS = 1_000;
const NAMES = 200;
const LISTS = ["emails", "phoneNumbers", "ims", "photos", "addresses", "entitlements", "roles"];

const CORE = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/**
 * Requests that a holder of a token could send to hold the server up: each as large, as deep or as long as it may be,
 * or beyond that, where being refused must not cost much either.
 * @param held ids of a person with as many values as one may have, of another person, and of a large group.
 */
export function attacks(held: { rich: string; user: string; group: string; users: readonly string[] }): Attack[] {
  return [
    { kind: "nothing hostile: GET of one person", call: () => getUser(held.user) },
    { kind: `filter, ${MAX_DEPTH} deep`, call: () => filtered(nested(MAX_DEPTH - 1)) },
    { kind: "filter, as deep as it can be written", call: () => filtered(nested(FILTER)) },
    { kind: `filter, ${MAX_TERMS} terms`, call: (place) => filtered(terms(MAX_TERMS, place)) },
    { kind: `filter, ${MAX_TERMS} terms on lists`, call: (place) => filtered(terms(MAX_TERMS, place, "emails co")) },
    { kind: "filter, longest name", call: () => filtered(`${"a".repeat(FILTER - 10)} pr`) },
    { kind: "filter, text that never ends", call: () => filtered(`userName eq "${"x".repeat(FILTER - 20)}`) },
    { kind: "filter, full of escapes", call: () => filtered(`userName eq "${"\\u0041".repeat(600)}"`) },
    { kind: "filter of 4 MB over POST", call: () => searched({ filter: `userName eq "${"x".repeat(BODY - 500)}"` }) },
    { kind: `page of ${MAX_COUNT}`, call: () => list({ count: MAX_COUNT }) },
    { kind: `page of ${MAX_COUNT}, ${NAMES} attributes`, call: () => list({ count: MAX_COUNT, attributes: wide() }) },
    {
      kind: `page of ${MAX_COUNT}, ${NAMES} excluded`,
      call: () => list({ count: MAX_COUNT, excludedAttributes: wide("emails.", "phoneNumbers.", "addresses.") }),
    },
    { kind: `page of ${MAX_COUNT}, sorted by a list`, call: () => list({ count: MAX_COUNT, sortBy: "emails.value" }) },
    { kind: "cursor of 15,000 characters", call: () => list({ cursor: "A".repeat(LONG_PATH), count: 10 }) },
    { kind: "GET of a large group", call: () => ({ method: "GET", path: `/Groups/${held.group}` }) },
    { kind: "GET of a person with 2,000 values", call: () => getUser(held.rich) },
    { kind: "POST, 7,000 values", call: (place) => post({ ...userBody(8_000_000 + place), ...rich() }) },
    { kind: "POST, 7,000 values of many parts", call: (place) => post({ ...userBody(8_100_000 + place), ...rich(8) }) },
    {
      kind: "POST, 4 MB in one text",
      call: (place) => post({ ...userBody(8_200_000 + place), title: text(BODY - 1_000) }),
    },
    {
      kind: "POST, 4 MB of unknown attributes",
      call: (place) => post({ ...userBody(8_300_000 + place), ...unknown() }),
    },
    { kind: "POST, 4 MB of nested lists", call: () => post(deep("[", "]")) },
    { kind: "POST, 4 MB of nested objects", call: () => post(deep('{"name":', "}")) },
    {
      kind: "POST, nested in a known attribute",
      call: () => post(`{"userName":"deep","emails":${deep("[", "]", 500)}}`),
    },
    { kind: "POST, body above the limit", call: () => post(text(BODY + 10_000)) },
    { kind: "POST, 4 MB that is no JSON", call: () => post(`{"a":${"1".repeat(BODY - 1_000)}`) },
    { kind: `PATCH, ${OPERATIONS} operations`, call: (place) => patch(held.user, titles(place)) },
    { kind: `PATCH, ${OPERATIONS} operations on 1,000 values`, call: (place) => patch(held.rich, chosen(place)) },
    {
      kind: "PATCH, 1,000 values added to 1,000",
      call: () => patch(held.rich, [{ op: "add", path: "emails", value: emails() }]),
    },
    {
      kind: "PATCH, more operations than allowed",
      call: (place) => patch(held.user, [...titles(place), ...titles(place)]),
    },
    { kind: "PATCH Group, 80,000 unknown members", call: () => members(held.group, unknownIds()) },
    { kind: "PATCH Group, everybody added", call: () => members(held.group, held.users) },
    { kind: `Bulk, ${BULK_MAX_OPERATIONS} operations`, call: (place) => bulk(BULK_MAX_OPERATIONS, place) },
    { kind: `Bulk, ${BULK_MAX_OPERATIONS} references in a ring`, call: () => ring(BULK_MAX_OPERATIONS) },
  ];
}

/** Makes the person with about as many values as the 128 KB of one resource hold. */
export function createRich(): Call {
  return post({ ...userBody(9_000_000), emails: emails(), ims: emails() });
}

function filtered(filter: string): Call {
  return list({ filter, count: 1 });
}

function searched(search: object): Call {
  return { method: "POST", path: "/Users/.search", body: { schemas: [SEARCH], ...search } };
}

function nested(depth: number): string {
  const open = Math.min(depth, Math.floor((FILTER - 20) / 2));
  return `${"(".repeat(open)}title pr${")".repeat(open)}`;
}

function terms(count: number, place: number, attribute = "title co"): string {
  return Array.from({ length: count }, (_, term) => `${attribute} "${term}.${place}"`).join(" or ");
}

function wide(...prefixes: string[]): string {
  const parts = ["value", "type", "primary", "display"].flatMap((part) =>
    (prefixes.length ? prefixes : ["emails."]).map((one) => one + part),
  );
  return Array.from({ length: NAMES }, (_, place) => parts[place % parts.length]).join(",");
}

function post(body: object | string): Call {
  return { method: "POST", path: "/Users", body };
}

function emails(parts = 0) {
  const more = Object.fromEntries(Array.from({ length: parts }, (_, part) => [`part${part}`, "x".repeat(20)]));
  return Array.from({ length: VALUES }, (_, place) => ({ value: `v${place}@example.com`, type: "other", ...more }));
}

function rich(parts = 0): Record<string, unknown> {
  return Object.fromEntries(LISTS.map((name) => [name, emails(parts)]));
}

function text(length: number): string {
  return "x".repeat(length);
}

function unknown(): Record<string, number> {
  return Object.fromEntries(Array.from({ length: 210_000 }, (_, place) => [`unknown${place}`, 1]));
}

function deep(open: string, close: string, length = BODY - 1_000): string {
  const depth = Math.floor(length / (open.length + close.length));
  return open.repeat(depth - 1) + (open === "[" ? "[" : "{") + close.repeat(depth);
}

function patch(id: string, operations: readonly object[]): Call {
  return { method: "PATCH", path: `/Users/${id}`, body: { schemas: [PATCH_OP], Operations: operations } };
}

function titles(place: number): object[] {
  return Array.from({ length: OPERATIONS }, (_, step) => ({ op: "replace", path: "title", value: `${place}.${step}` }));
}

/** Each looks through a thousand values for one. */
function chosen(place: number): object[] {
  return Array.from({ length: OPERATIONS }, (_, step) => ({
    op: "replace",
    path: `emails[value eq "v${step}@example.com"].display`,
    value: `${place}.${step}`,
  }));
}

function members(group: string, ids: readonly string[]): Call {
  const value = ids.map((id) => ({ value: id }));
  const body = { schemas: [PATCH_OP], Operations: [{ op: "add", path: "members", value }] };
  return { method: "PATCH", path: `/Groups/${group}`, body };
}

function unknownIds(): string[] {
  return Array.from({ length: 80_000 }, (_, place) => `00000000-0000-7000-8000-${String(place).padStart(12, "0")}`);
}

function bulk(count: number, place: number): Call {
  const Operations = Array.from({ length: count }, (_, step) => ({
    method: "POST",
    path: "/Users",
    bulkId: `b${step}`,
    data: { schemas: [CORE], userName: `bulk.${place}.${step}@example.com` },
  }));
  return { method: "POST", path: "/Bulk", body: { schemas: [BULK], Operations } };
}

/** Groups, each a member of the one before it. */
function ring(count: number): Call {
  const Operations = Array.from({ length: count }, (_, step) => ({
    method: "POST",
    path: "/Groups",
    bulkId: `b${step}`,
    data: { displayName: `Ring ${step}`, members: [{ value: `bulkId:b${(step + 1) % count}` }] },
  }));
  return { method: "POST", path: "/Bulk", body: { schemas: [BULK], Operations } };
}
