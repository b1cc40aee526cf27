import type { DirectoryId, DirectoryUserId, OrganizationId } from "../db/id.ts";
import type { Actor } from "../db/transaction.ts";
import type { Scope } from "../identity/scopes.ts";
import type { Dialect } from "./dialect.ts";
import type { ResourceTypes } from "./schema/attribute.ts";

/** On whose behalf a request is made, and where its answers say that resources are. */
export type Caller = {
  organization: OrganizationId;
  directory: DirectoryId;
  actor: Actor;
  /** Public URL of this directory's endpoint, without a final slash. */
  baseUrl: string;
  /** The kinds of resources of the organization, its own extensions included. */
  types: ResourceTypes;
  dialect: Dialect;
  /** What the token may do; null: everything. */
  scopes: readonly Scope[] | null;
  /** The person whom `/Me` stands for (RFC 7644 §3.11). */
  subject: DirectoryUserId | null;
  /** Whether every change must name the version that it changes (RFC 6585 §3). */
  requireIfMatch: boolean;
  /** Whether the directory's people were switched to another one: it takes and tells nothing any more. */
  switched: boolean;
  /** Whose requests the limits count together: the OAuth client's, else the token's. */
  limitedAs: string;
};
