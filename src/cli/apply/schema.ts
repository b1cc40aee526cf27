import { z } from "zod";
import { DIRECTORY_PERMISSIONS } from "../../identity/directory-permissions.ts";
import { intervalFault } from "../../identity/directory-schedule.ts";
import { PROFILES } from "../../identity/profiles.ts";
import { schemaExtensionList } from "../../identity/schema-extensions/form.ts";
import { settingsChange } from "../../identity/settings/form.ts";
import { guestPolicyForm } from "../../identity/settings/guest-policy-form.ts";
import { parseDuration } from "../input.ts";

const key = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    "a key is 1 to 63 lower-case letters, digits and hyphens and starts with a letter or digit",
  );
const text = z
  .string()
  .min(1)
  .max(1_024)
  .refine((value) => !value.includes("\0") && value.isWellFormed(), "it holds a character that cannot be stored");
const name = text.max(256);
const enforcement = z.enum(["warn", "block"]);

const every = z.string().transform((text, check) => {
  const seconds = parseDuration(text);
  const fault = seconds === undefined ? "a duration is a number with s, m, h or d, as in 60m" : intervalFault(seconds);
  if (fault !== undefined) check.addIssue(fault);
  return seconds ?? 0;
});

/** Each key once: two entries of one key would undo each other at every run. */
function once<T extends z.ZodArray<z.ZodType<{ key: string } | { name: string }>>>(list: T): T {
  return list.superRefine((items, check) => {
    const seen = new Set<string>();
    for (const [index, item] of (items as ({ key: string } | { name: string })[]).entries()) {
      const [field, value] = "key" in item ? (["key", item.key] as const) : (["name", item.name] as const);
      if (seen.has(value))
        check.addIssue({ code: "custom", path: [index, field], message: `${value} stands here twice` });
      seen.add(value);
    }
  });
}

const space = z.strictObject({ key, name: name.optional() });

const product = z.strictObject({
  key,
  name: name.optional(),
  url: z.url({ protocol: /^https?$/ }).optional(),
  /** true: guests without a quota. R141, R142: a quota is `ratio` guests for each of `basis`; `fixed` means `ratio` in all. */
  guests: z
    .union([
      z.boolean(),
      z.strictObject({
        basis: z.enum(["unlimited", "fixed", "paid-seats", "members"]),
        ratio: z.int().min(0).default(0),
        enforcement: enforcement.default("block"),
      }),
    ])
    .default(false),
  /** Where it differs from the organization's policy for guests. docs/settings.md */
  guestPolicy: guestPolicyForm.partial().optional(),
  seats: z.int().min(0).nullable().default(null),
  seatEnforcement: enforcement.default("warn"),
  spaces: once(z.array(space)).default([]),
});

const site = z.strictObject({ key, name: name.optional(), products: once(z.array(product)).default([]) });

const common = {
  name: key,
  /** user and admin roles by synced groups only for addresses in the sign-up domains. */
  domainPolicy: z.boolean().default(false),
  /** Domains whose addresses this directory is believed about. */
  authoritativeDomains: z.array(text).default([]),
  /** What administrators may change of its people and groups; its kind's default at first. R162, R165. */
  permissions: z.enum(DIRECTORY_PERMISSIONS).optional(),
};

const pulled = {
  firstRun: z.enum(["preview", "apply"]).default("preview"),
  /** Less than `every`: how often only what changed is read, where the directory can tell. */
  deltaEvery: every.nullable().default(null),
};

const directory = z.discriminatedUnion("kind", [
  z.strictObject({ ...common, kind: z.literal("internal") }),
  z.strictObject({
    ...common,
    kind: z.literal("scim"),
    profile: z.enum(PROFILES).optional(),
    /** Changes over SCIM must name the version that they change. */
    requireIfMatch: z.boolean().optional(),
  }),
  // Every other key of those below is one of the connector's own settings (connectors/KIND/settings.ts), which checks them.
  z.looseObject({
    ...common,
    ...pulled,
    kind: z.literal("ldap"),
    every: every.nullable().default(3600),
    /** A file that holds the password, relative to this file; a secret itself never stands here. */
    bindPasswordFile: z.string().min(1).optional(),
  }),
  z.looseObject({
    ...common,
    ...pulled,
    kind: z.literal("google-workspace"),
    every: every.nullable().default(3600),
    /** The service account's key as Google Cloud gives it out (JSON), relative to this file. */
    keyFile: z.string().min(1),
  }),
  z.looseObject({ ...common, ...pulled, kind: z.literal("csv"), every: every.nullable().default(null) }),
]);

const group = z.strictObject({
  /** A group of the organization itself, `local/NAME` in grants. */
  name,
  /** Groups that it contains: DIRECTORY/NAME, local/NAME. They must exist. */
  contains: z.array(text.min(3)).default([]),
});

const grant = z.strictObject({
  /** DIRECTORY/NAME, local/NAME or id:UUID. A directory's group may not exist yet: then the grant waits for it. */
  group: text.min(3),
  /** KEY, or SITE/KEY where several sites have the product. */
  product: text,
  /** `none` takes the grant away. */
  role: z.enum(["admin", "user", "guest", "none"]),
});

const organization = z.strictObject({
  key,
  /** What people read in mails; the key when it is left out at first. */
  name: name.optional(),
  /** Whose memberships count for a person in several directories: every directory's, or the first one's only. */
  membershipMode: z.enum(["aggregating", "masking"]).optional(),
  /** People are added, invited and edited outside of Muster alone. R23. */
  externalUserManagement: z.boolean().optional(),
  /** How people are invited, let in and told. docs/settings.md */
  settings: settingsChange.optional(),
  /** `example.com` covers that domain alone, `*.example.com` its sub-domains; the list is complete. R113, R114. */
  signUpDomains: z.array(text).optional(),
  sites: once(z.array(site)).default([]),
  /** In their order; `internal` stands last unless it is listed. */
  directories: once(z.array(directory)).default([]),
  /** What people and groups may say beyond the RFC's schemas; the list is complete. docs/schema-extensions.md */
  schemaExtensions: schemaExtensionList.optional(),
  groups: once(z.array(group)).default([]),
  grants: z.array(grant).default([]),
  /** E-mail addresses of organization administrators. */
  administrators: z.array(z.email()).default([]),
});

/** What `muster apply` reads. What a file does not name stays as it is. */
export const applySchema = z.strictObject({ organizations: once(z.array(organization).min(1)) });

export type ApplyFile = z.output<typeof applySchema>;
export type WantedOrganization = ApplyFile["organizations"][number];
export type WantedDirectory = WantedOrganization["directories"][number];
export type WantedPulled = Exclude<WantedDirectory, { kind: "internal" | "scim" }>;
export type WantedProduct = WantedOrganization["sites"][number]["products"][number];
