import { isIP } from "node:net";
import { z } from "zod";
import { parseSettings } from "../settings.ts";

const address = z.email("is not an e-mail address");
const domain = z.hostname("is not a domain, such as example.com").refine((name) => name.includes("."), "has no dot");
const unit = z
  .string()
  .regex(/^\/(?:$|[^/]+(?:\/[^/]+)*$)/, "is not the path of an organizational unit, such as /Engineering");

/**
 * How to read one Google Workspace customer; the service account's key file is kept apart as the directory's secret.
 * Every key but `admin` may be left out.
 */
export const googleWorkspaceSettings = z.strictObject({
  /** The administrator in whose name the service account reads (domain-wide delegation): a primary address. */
  admin: address,
  /** The customer of `admin`, or the id of one that `admin` resells to. */
  customer: z
    .string()
    .regex(/^(?:my_customer|C[0-9A-Za-z]+)$/, "is neither my_customer nor a customer id, such as C01abc23d")
    .default("my_customer"),
  /** People and groups with a primary address in other domains of the customer are left out. */
  domains: z.array(domain).min(1).max(600).optional(),
  /** People outside these units and the units below them are left out. */
  organizationalUnits: z.array(unit).min(1).max(1000).optional(),
  /**
   * Addresses of the groups to read; a `*` stands for any characters. Each group costs a call, so naming the groups that
   * matter makes a read short. People in groups inside a named group count as members of the named one.
   */
  groups: z.array(z.string().min(1).max(320).regex(/^\S+$/, "has a space")).min(1).max(1000).optional(),
  /** Archived people count as inactive, as suspended ones do. */
  archivedIsInactive: z.boolean().default(true),
  /** For twenty days Google can restore a deleted person: gone at once, or held inactive until then. */
  deletedUsers: z.enum(["absent", "inactive"]).default("absent"),
  /** What a group is called: names may repeat, addresses do not. */
  groupName: z.enum(["name", "email"]).default("name"),
  userPageSize: z.int().min(1).max(500).default(500),
  groupPageSize: z.int().min(1).max(200).default(200),
  memberPageSize: z.int().min(1).max(200).default(200),
  /** Queries that Google allows `admin` in a minute; Muster asks four fifths of that. */
  quotaPerMinute: z.int().min(60).max(10_000_000).default(2400),
  /** Calls under way at once. */
  concurrency: z.int().min(1).max(100).default(10),
  /** Seconds until an answer must have come to its end. */
  answerSeconds: z.number().positive().max(3600).default(60),
  /** How often one call is tried, and for how many seconds. */
  maxAttempts: z.int().min(1).max(100).default(8),
  retrySeconds: z.number().positive().max(3600).default(300),
  /** The first pause before another attempt lasts at most this long; each further one at most twice the one before. */
  retryDelaySeconds: z.number().positive().max(60).default(1),
  /** A read that meets more than this fails; it never stops in the middle as if it had seen everything. */
  maxUsers: z.int().min(1).max(10_000_000).default(1_000_000),
  maxGroups: z.int().min(1).max(10_000_000).default(200_000),
  maxMembersOfGroup: z.int().min(1).max(10_000_000).default(500_000),
  maxMemberships: z.int().min(1).max(100_000_000).default(10_000_000),
  /** For tests: where a stand-in for Google listens. */
  endpoint: z
    .string()
    .refine(isLoopbackOrigin, "is for tests: http:// on the loopback interface, without a path")
    .optional(),
});

export type GoogleWorkspaceSettings = z.infer<typeof googleWorkspaceSettings>;

/** @throws ConnectorError `configuration` naming every setting that is wrong. */
export function parseGoogleWorkspaceSettings(settings: unknown): GoogleWorkspaceSettings {
  return parseSettings("Google Workspace", googleWorkspaceSettings, settings);
}

/** What decides where goes what the key has signed: the addresses of Google are not settings, whom it reads as is no address. */
export function googleWorkspaceSecretWay({ endpoint }: GoogleWorkspaceSettings): Record<string, unknown> {
  return { endpoint };
}

function isLoopbackOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const host = url.hostname;
  return url.href === `${url.origin}/` && url.protocol === "http:" && (host === "[::1]" || isLoopbackV4(host));
}

function isLoopbackV4(host: string): boolean {
  return isIP(host) === 4 && host.startsWith("127.");
}
