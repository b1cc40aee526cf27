/**
 * The contract between Muster and whatever it pulls people and groups from. A connector reads one directory as one
 * snapshot; it knows nothing of Muster's database, accounts or rules.
 */

/** One person as the directory holds them. */
export type PulledUser = {
  /** The directory's own id that survives renames and moves (entryUUID, objectGUID, Google id, …): never a DN, uid or mail. */
  id: string;
  /** As the directory spells it; Muster folds case. Not empty. */
  userName: string;
  /** False when the directory still holds the person but marks them disabled, locked or expired (T17). */
  active: boolean;
  email: string | null;
  displayName: string | null;
  givenName: string | null;
  familyName: string | null;
  /** Where the entry stands in the directory, for reports and conflicts only (a DN, a URL). */
  location: string;
};

/** One group as the directory holds it, without its members. */
export type PulledGroup = { id: string; name: string; location: string };

/**
 * Members of one group, by the immutable ids of users and groups of the same snapshot; a group may appear many times.
 * `isLast`: with these the group's members are complete, so that they need not be compared one by one when nothing has
 * changed. A connector that cannot tell leaves it out.
 */
export type PulledMembers = {
  group: string;
  users: readonly string[];
  groups: readonly string[];
  isLast?: boolean;
};

/** A part of the snapshot, at most a few thousand items, in any order. A reader keeps no page longer than it needs it. */
export type Page = {
  users?: readonly PulledUser[];
  groups?: readonly PulledGroup[];
  members?: readonly PulledMembers[];
};

/**
 * Entries that could not be taken as they are, named so that a person finds them; they do not make the read incomplete.
 * An entry without an id, or with another's, is none of them: it may be somebody who is held, so it ends the read.
 */
export type Oddity = {
  code: "no-user-name" | "unresolved-member" | "referral";
  location: string;
  detail: string;
  /**
   * The immutable id where it is known: that record is still in the directory although no page held it (`no-user-name`),
   * so its absence from the pages proves nothing and it must not be removed.
   */
  id?: string;
};

/**
 * What a connector returns after the last page, and only when it knows that it saw everything: every page followed
 * to its end, the same identity bound before and after, no range of values missing, ids there and unique, no limit hit.
 * Only a snapshot with this proof may lead to removals.
 */
export type CompletenessProof = {
  users: number;
  groups: number;
  memberships: number;
  pages: number;
  /** The identity that the server confirmed before and after the read; of files, what they are. */
  boundAs: string;
  /** At most 1,000, then only counted; those with an id before all others, so that they are cut only among themselves. */
  oddities: readonly Oddity[];
  oddityCount: number;
};

export type ConnectorErrorCode =
  | "unreachable"
  | "tls"
  | "credentials"
  | "configuration"
  | "limit"
  | "incomplete"
  | "protocol"
  | "cancelled";

/**
 * Why a read could not be finished, in words for the administrator; never contains a secret.
 * - `unreachable`: no connection, none any more, or no answer in time; the next run may succeed by itself.
 * - `tls`: no encrypted connection to a server that proves its name, or the server demands one.
 * - `credentials`: the directory does not take the reader for whom it says it is, or does not let it read.
 * - `configuration`: a setting is wrong, or not of this directory; the message names it.
 * - `limit`: the directory or Muster stopped at a limit; what was read is a part.
 * - `incomplete`: everything went well by the protocol, yet completeness is not certain; the message says why.
 * - `protocol`: the directory said what its protocol does not allow.
 * - `cancelled`: the signal was aborted.
 */
export class ConnectorError extends Error {
  readonly code: ConnectorErrorCode;
  /** What went wrong, without what to do about it. */
  readonly detail: string;
  /** What to do about it, where that is known; the message says both. */
  readonly hint: string | null;
  constructor(
    code: ConnectorErrorCode,
    detail: string,
    { hint = null, ...options }: { cause?: unknown; hint?: string | null } = {},
  ) {
    super(hint === null ? detail : `${detail}; ${hint}`, options);
    this.name = "ConnectorError";
    this.code = code;
    this.detail = detail;
    this.hint = hint;
  }
}

/**
 * One thing that was tried with a directory's settings, in the order of trying. After a `failed` step those that need it
 * are `skipped`. Never holds a secret.
 */
export type TestStep = {
  name: "settings" | "connect" | "tls" | "bind" | "base" | "users" | "groups" | "count" | "members";
  verdict: "passed" | "warned" | "failed" | "skipped";
  /** What was seen, in words for the administrator. */
  detail: string;
  /** What to do about it; null when there is nothing to do. */
  hint: string | null;
  /** At most five of what was found, with the immutable ids that a sync would hold. */
  samples: readonly { id: string; name: string; location: string }[];
};

/** test/connectors/conformance.ts asks all of this of any connector; docs/connectors.md shows how to write one. */
export type Connector = {
  /**
   * Reads the whole directory. Yields pages as they arrive, so that memory grows with the number of ids only, and
   * returns the proof; pages already given out stay true as additions and changes when the read ends in an error.
   * Members name only users and groups that some page of the same read holds, though perhaps a later one.
   * Reading writes nothing anywhere. A second read starts anew, on a connection of its own. Ending the iteration early
   * (`return`) closes the connection; aborting `signal` does so at any moment, also while nothing is asked for.
   * @throws ConnectorError whenever completeness is not certain. Nothing may then be removed.
   */
  read(signal: AbortSignal): AsyncGenerator<Page, CompletenessProof, void>;
  /**
   * Tries the settings step by step and tells each verdict as it is reached; a step that fails is told, not thrown.
   * Writes nothing anywhere and reads no more than it needs.
   * @throws ConnectorError `cancelled` only.
   */
  test(signal: AbortSignal): AsyncGenerator<TestStep, void, void>;
  /** The delta lane; a connector whose directory cannot tell what changed has none. */
  changes?: {
    /** Where the directory stands now, as text of the connector's own; taken before a full read begins. At most 64 KiB. */
    mark(signal: AbortSignal): Promise<string>;
    /**
     * What was added or changed since `mark`, at least; never what was removed. Members name users and groups of these
     * pages or ones that an earlier read held. Returns the next mark.
     * @throws ConnectorError also when the mark is none of this server's any more (`incomplete`): a full read is due.
     */
    since(mark: string, signal: AbortSignal): AsyncGenerator<Page, string, void>;
  };
};
