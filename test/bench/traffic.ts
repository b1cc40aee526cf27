import type { Call } from "./client.ts";

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/** Digits of a user's number: names sort as numbers do, and prefixes of them find whole tens. */
const DIGITS = 7;

export function numberOf(place: number): string {
  return String(place).padStart(DIGITS, "0");
}

export function userNameOf(place: number): string {
  return `user.${numberOf(place)}@example.com`;
}

export function externalIdOf(place: number): string {
  return `00u${numberOf(place)}example`;
}

export function userBody(place: number) {
  const number = numberOf(place);
  const userName = userNameOf(place);
  return {
    schemas: [USER],
    externalId: externalIdOf(place),
    userName,
    name: { givenName: `Given${number}`, familyName: `Family${number}` },
    displayName: `Given${number} Family${number}`,
    title: "Engineer",
    emails: [{ value: userName, type: "work", primary: true }],
    active: true,
  };
}

export function createUser(place: number): Call {
  return { method: "POST", path: "/Users", body: userBody(place) };
}

export function createGroup(displayName: string, members: readonly string[] = []): Call {
  return { method: "POST", path: "/Groups", body: { schemas: [GROUP], displayName, members: references(members) } };
}

export function getUser(id: string): Call {
  return { method: "GET", path: `/Users/${id}` };
}

export function getGroup(id: string): Call {
  return { method: "GET", path: `/Groups/${id}` };
}

/** @param parameters in the order in which they are sent. */
export function list(parameters: Record<string, string | number>): Call {
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return { method: "GET", path: `/Users?${query.join("&")}` };
}

export function filterOf(attribute: string, values: readonly string[]): string {
  return values.map((value) => `${attribute} eq "${value}"`).join(" or ");
}

export function setActive(id: string, active: boolean): Call {
  return patch(`/Users/${id}`, { op: "replace", path: "active", value: active });
}

export function addMembers(group: string, members: readonly string[]): Call {
  return patch(`/Groups/${group}`, { op: "add", path: "members", value: references(members) });
}

export function removeMember(group: string, member: string): Call {
  return patch(`/Groups/${group}`, { op: "remove", path: `members[value eq "${member}"]` });
}

function references(ids: readonly string[]): { value: string }[] {
  return ids.map((value) => ({ value }));
}

function patch(path: string, ...operations: object[]): Call {
  return { method: "PATCH", path, body: { schemas: [PATCH_OP], Operations: operations } };
}

/** The same number for the same place in every run (the finalizer of MurmurHash3). */
export function random(place: number): number {
  let hash = Math.imul(place ^ (place >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The places 0 to count - 1 in an order that jumps about, each once before any comes again. */
export function scattered(place: number, count: number): number {
  let step = Math.max(1, Math.floor(count * 0.618));
  while (commonDivisor(step, count) > 1) step++;
  return (place * step) % count;
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}

/**
 * For calls that come in pairs (do, undo): connection c sends the places c, c + connections, …, so these two follow one
 * another on one connection. Gives the number of the pair, and whether this call is its second.
 */
export function pairOf(place: number, connections: number): { pair: number; second: boolean } {
  const step = Math.floor(place / connections);
  return { pair: Math.floor(step / 2) * connections + (place % connections), second: step % 2 === 1 };
}
