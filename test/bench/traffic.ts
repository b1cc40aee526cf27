import type { Call } from "./client.ts";

/** What one side knows of its own population: ids in the order of creation. */
export type Population = { users: string[]; groups: string[] };

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

export function createUser(place: number): Call {
  const number = String(place).padStart(7, "0");
  const userName = `user.${number}@example.com`;
  return {
    method: "POST",
    path: "/Users",
    body: {
      schemas: [USER],
      externalId: `00u${number}example`,
      userName,
      name: { givenName: `Given${number}`, familyName: `Family${number}` },
      displayName: `Given${number} Family${number}`,
      title: "Title 0000000",
      emails: [{ value: userName, type: "work", primary: true }],
      active: true,
    },
  };
}

export function createGroup(place: number): Call {
  const displayName = groupName(place);
  return {
    method: "POST",
    path: "/Groups",
    body: { schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], displayName },
  };
}

export function groupName(place: number): string {
  return `Group ${place}`;
}

/** Users as in `createUser`, asked for and changed at random; members added one at a time, each user once in one group. */
export const operations = {
  create: { status: 201, call: (_: Population, place: number): Call => createUser(place) },
  get: {
    status: 200,
    call: (side: Population, place: number): Call => ({
      method: "GET",
      path: `/Users/${pick(side.users, random(place))}`,
    }),
  },
  filter: {
    status: 200,
    call: (side: Population, place: number): Call => {
      const number = String(random(place) % side.users.length).padStart(7, "0");
      return { method: "GET", path: `/Users?filter=${encodeURIComponent(`userName eq "user.${number}@example.com"`)}` };
    },
  },
  patchUser: {
    status: 200,
    call: (side: Population, place: number): Call => ({
      method: "PATCH",
      path: `/Users/${pick(side.users, random(place))}`,
      body: patch({ op: "replace", path: "title", value: `Title ${String(place).padStart(7, "0")}` }),
    }),
  },
  patchGroup: {
    status: 204,
    call: (side: Population, place: number): Call => ({
      method: "PATCH",
      path: `/Groups/${pick(side.groups, place)}`,
      body: patch({ op: "add", path: "members", value: [{ value: pick(side.users, place) }] }),
    }),
  },
} as const;

export type Operation = keyof typeof operations;

function patch(operation: object): object {
  return { schemas: [PATCH_OP], Operations: [operation] };
}

function pick(ids: readonly string[], place: number): string {
  return ids[place % ids.length] as string;
}

/** The same number for the same place in every run (the finalizer of MurmurHash3). */
function random(place: number): number {
  let hash = Math.imul(place ^ (place >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
