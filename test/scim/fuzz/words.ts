import { ENTERPRISE } from "../endpoint.ts";

/** Numbers in [0, 1): everything below is decided by it alone. */
export type Random = () => number;

export function chance(random: Random, probability: number): boolean {
  return random() < probability;
}

/** A whole number from 0, below `end`. */
export function below(random: Random, end: number): number {
  return Math.floor(random() * end);
}

export function pick<T>(random: Random, list: readonly T[]): T {
  const item = list[below(random, list.length)];
  if (item === undefined && list.length === 0) throw new Error("nothing to pick from");
  return item as T;
}

export function several<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: below(random, most + 1) }, make);
}

const CORE = "urn:ietf:params:scim:schemas:core:2.0";
export const URNS = [
  `${CORE}:User`,
  `${CORE}:Group`,
  ENTERPRISE,
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
  "urn:scim:schemas:core:1.0",
  "urn:example:nothing:2.0",
  "urn:ietf:params:scim:api:messages:2.0:PatchOp",
  "urn:ietf:params:scim:api:messages:2.0:BulkRequest",
  "urn:ietf:params:scim:api:messages:2.0:SearchRequest",
];

/** Attributes of users and groups, their parts, and names that only an object's prototype has. */
export const NAMES = [
  ...["userName", "externalId", "id", "schemas", "meta", "meta.created", "meta.lastModified", "meta.location"],
  ...["meta.version", "meta.resourceType", "name", "name.givenName", "name.familyName", "displayName", "nickName"],
  ...["title", "userType", "active", "password", "locale", "timezone", "profileUrl", "preferredLanguage", "emails"],
  ...["emails.value", "emails.type", "emails.primary", "emails.display", "phoneNumbers", "phoneNumbers.value"],
  ...[
    "addresses",
    "addresses.locality",
    "addresses.type",
    "ims",
    "photos.value",
    "roles",
    "roles.value",
    "entitlements",
  ],
  ...["x509Certificates", "x509Certificates.value", "groups", "groups.value", "groups.display", "groups.type"],
  ...["members", "members.value", "members.type", "members.$ref", "members.display"],
  ...["employeeNumber", "department", "manager", "manager.value", "manager.displayName"],
  ...["favouriteColour", "emails.colour", "value", "type", "$ref", "and", "or", "not", "pr", "eq"],
  ...["constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "constructor.name", "emails.constructor"],
];

/** A name as a client may spell it. */
export function name(random: Random): string {
  const plain = pick(random, NAMES);
  if (chance(random, 0.15)) return `${pick(random, URNS)}:${plain}`;
  if (chance(random, 0.1)) return plain.toUpperCase();
  return plain;
}

const TEXTS = [
  ...[
    "",
    " ",
    "a",
    "A",
    "work",
    "home",
    "Tour Guide",
    "O'Malley",
    "bjensen@example.com",
    "é",
    "e\u0301",
    "ﬃ",
    "ß",
    "İ",
  ],
  ...[
    "日本語",
    "👩‍👩‍👧",
    "\u202e",
    "\u2028",
    "\ufeff",
    "\uffff",
    "\u0000",
    "a\u0000b",
    "\ud83d",
    "\u0001",
    "\t\n\r",
    "%",
    "%%",
    "%s",
    "_",
    "\\",
    "\\\\",
    '"',
    "''",
  ],
  ...[
    '") or userName pr or (userName eq "',
    "'; select 1; --",
    "{}",
    "[]",
    "null",
    "true",
    "False",
    "0",
    "-1",
    "1e999",
  ],
  ...[
    "NaN",
    "Infinity",
    "2026-01-31T12:00:00Z",
    "2026-02-31T12:00:00Z",
    "../..",
    "..%2f",
    "<b>",
    "#{x}",
    "bulkId:a",
    "bulkId:",
  ],
  ...["01900000-0000-7000-8000-000000000000", 'W/"1"', "*", "TUlJ", "=", "en-US", "https://example.com/x"],
];

export function text(random: Random): string {
  if (chance(random, 0.7)) return pick(random, TEXTS);
  if (chance(random, 0.1)) return pick(random, ["x", "é", "(", '"', " "]).repeat(below(random, 6_000));
  return String.fromCodePoint(...several(random, 12, () => below(random, chance(random, 0.8) ? 0x250 : 0xd7ff)));
}

/** Any JSON value, and with it names that no schema has. */
export function json(random: Random, depth = 0): unknown {
  const kind = below(random, depth > 3 ? 7 : 10);
  switch (kind) {
    case 0:
      return null;
    case 1:
      return chance(random, 0.5);
    case 2:
      return pick(random, [0, 1, -1, 1.5, 2 ** 53, -0, 1e308, 42]);
    case 7:
      return several(random, 4, () => json(random, depth + 1));
    case 8:
    case 9:
      return Object.fromEntries(several(random, 4, () => [name(random), json(random, depth + 1)] as const));
    default:
      return text(random);
  }
}
