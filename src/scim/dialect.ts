import { type ErrorCode, MusterError } from "../errors.ts";
import type { Profile } from "../identity/profiles.ts";
import type { ExchangeLog } from "./exchange-log.ts";

/**
 * Every rewrite that brings what a provider sends into the RFC's form before anything else sees it. What strict says
 * instead stands beside it; `null` marks what the RFC itself asks for and is only worth a note.
 */
const REWRITES = {
  "op-case": { code: "invalid", says: "op must be add, remove or replace in lower case" },
  "operations-key-case": { code: "invalid", says: "the list of operations is called Operations" },
  "schemas-missing": { code: "invalid", says: "schemas must name the schema of the message" },
  "bulk-id-missing": { code: "invalid", says: "is required for POST" },
  "media-type-missing": { code: "unsupported-media-type", says: "the body must be application/scim+json" },
  "boolean-as-text": { code: "invalid-value", says: "must be true or false, not a text" },
  "number-as-text": { code: "invalid-value", says: "must be a text, not a number" },
  "empty-text-as-unassigned": { code: "invalid-value", says: "may not be an empty text; null removes a value" },
  "list-for-single-value": { code: "invalid-value", says: "has one value only, not a list" },
  "single-value-for-list": { code: "invalid-value", says: "must be a list" },
  "second-primary-ignored": { code: "invalid-value", says: "may have only one primary value" },
  "reference-as-text": { code: "invalid-value", says: "must be an object with a value" },
  "dotted-key": { code: "invalid-path", says: "is a path; it belongs into path, not into a value" },
  "pathless-id-ignored": { code: "mutability", says: "is read-only" },
  "read-only-ignored": null,
  "password-ignored": null,
  "value-created-for-filter": { code: "no-target", says: "no value matches the filter of the path" },
  "member-removed-by-value": {
    code: "invalid-value",
    says: 'members to remove are named in the path, as members[value eq "…"]',
  },
  "member-added-by-path": { code: "no-target", says: "no member matches the filter of the path" },
  "unknown-attribute-ignored": { code: "invalid-value", says: "is no attribute of this resource" },
  "unknown-schema-ignored": { code: "invalid-value", says: "is no schema of this resource" },
  "bare-extension-attribute": { code: "invalid-path", says: "belongs to an extension and needs its URN" },
  "unquoted-filter-value": { code: "invalid-filter", says: "a text must stand in quotes" },
  restored: null,
} as const satisfies Record<string, { code: ErrorCode; says: string } | null>;

export type WarningName = keyof typeof REWRITES;

export const WARNING_NAMES = Object.keys(REWRITES) as readonly WarningName[];

/** How one directory's requests are read. */
export type Dialect = { name: Profile; tolerates: ReadonlySet<WarningName> };

/** What reading a request needs besides its text: what to let pass, and where to note that it was let pass. */
export type Reading = { dialect: Dialect; log: ExchangeLog };

const NOTES = WARNING_NAMES.filter((name) => REWRITES[name] === null);

/** Harmless spellings that any provider may use; none of them changes what a request means. */
const COMMON: readonly WarningName[] = [
  "op-case",
  "operations-key-case",
  "schemas-missing",
  "bulk-id-missing",
  "media-type-missing",
  "boolean-as-text",
  "number-as-text",
  "empty-text-as-unassigned",
  "list-for-single-value",
  "single-value-for-list",
  "reference-as-text",
  "pathless-id-ignored",
  "value-created-for-filter",
  "unknown-attribute-ignored",
  "unknown-schema-ignored",
];

function dialect(name: Profile, tolerated: readonly WarningName[]): Dialect {
  return { name, tolerates: new Set([...NOTES, ...tolerated]) };
}

/**
 * What each profile lets pass beyond the RFC. A provider's own profile holds what it is documented to send, so that what
 * is strange for it is refused with the name of the place; the fixtures under test/fixtures/idp show each. `generic` lets
 * everything pass but a second primary value, of which only Ping's products are known not to mean it.
 */
const DIALECTS: Readonly<Record<Profile, Dialect>> = {
  generic: dialect(
    "generic",
    WARNING_NAMES.filter((name) => name !== "second-primary-ignored"),
  ),
  strict: dialect("strict", []),
  entra: dialect("entra", [
    ...COMMON,
    "dotted-key",
    "member-removed-by-value",
    "bare-extension-attribute",
    "unquoted-filter-value",
  ]),
  okta: dialect("okta", [...COMMON, "dotted-key", "bare-extension-attribute"]),
  onelogin: dialect("onelogin", [
    ...COMMON,
    "dotted-key",
    "bare-extension-attribute",
    "member-added-by-path",
    "member-removed-by-value",
  ]),
  jumpcloud: dialect("jumpcloud", [...COMMON, "dotted-key", "bare-extension-attribute", "member-removed-by-value"]),
  google: dialect("google", [...COMMON, "dotted-key", "bare-extension-attribute"]),
  ping: dialect("ping", [
    ...COMMON,
    "dotted-key",
    "bare-extension-attribute",
    "member-removed-by-value",
    "second-primary-ignored",
    "unquoted-filter-value",
  ]),
};

export function dialectOf(profile: Profile): Dialect {
  return DIALECTS[profile];
}

/**
 * Lets a rewrite pass and notes it, or refuses it as the RFC would.
 * @param at the place in the request's own words.
 * @param code instead of the rewrite's own, where the place decides it: what is wrong in a filter is the filter's fault.
 * @throws MusterError with the code of the rewrite, naming the place, the rewrite and the profile.
 */
export function tolerate(reading: Reading, name: WarningName, at: string, code?: ErrorCode): void {
  const rewrite = REWRITES[name];
  if (rewrite !== null && !reading.dialect.tolerates.has(name))
    throw new MusterError(
      code ?? rewrite.code,
      `${at} ${rewrite.says} (the profile ${reading.dialect.name} refuses ${name})`,
      { at },
    );
  reading.log.warn(name, at);
}
