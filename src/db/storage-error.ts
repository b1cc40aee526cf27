import pg from "pg";
import { z } from "zod";
import { isMusterError, MusterError } from "../errors.ts";

/** Constraint name → what a caller is told. A name that is missing here is a fault of Muster's and becomes 503 or 500. */
const CONSTRAINTS: Record<string, { at: string; detail: string }> = {
  organizations_key_unique: { at: "key", detail: "an organization with this key exists already" },
  sites_key_unique: { at: "key", detail: "a site with this key exists already" },
  products_key_unique: { at: "key", detail: "a product with this key exists already on this site" },
  spaces_key_unique: { at: "key", detail: "a space with this key exists already in this product" },
  directories_name_unique: { at: "name", detail: "a directory with this name exists already" },
  directory_users_user_name_unique: {
    at: "userName",
    detail: "a user with this userName exists already in this directory",
  },
  directory_users_immutable_id_unique: {
    at: "id",
    detail: "a user with this immutable id exists already in this directory",
  },
  directory_groups_display_name_unique: {
    at: "displayName",
    detail: "a group with this displayName exists already in this directory",
  },
  directory_groups_immutable_id_unique: {
    at: "id",
    detail: "a group with this immutable id exists already in this directory",
  },
  groups_local_name_unique: { at: "name", detail: "a local group with this name exists already" },
  role_grants_group_unique: { at: "group", detail: "this group has a grant on this product already" },
  role_grants_waiting_unique: { at: "group", detail: "a grant for a group of this name waits on this product already" },
  rights_unique: { at: "rights", detail: "the account has this right already" },
  guest_assignments_space_unique: { at: "space", detail: "the guest has this space already" },
  break_glass_administrators_name_unique: {
    at: "name",
    detail: "a break-glass administrator with this name exists already",
  },
  invitations_live_unique: { at: "email", detail: "a pending invitation for this address exists already" },
};

/** Form constraints of keys and names: the message names the form. */
const FORMS = /_(key|name)_form$/;

const RETRYABLE = new Set(["40P01", "40001"]);

/** Whether the same transaction may succeed when it is simply run again (deadlock, serialization failure, a lost race). */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) return false;
  // Two transactions moved accounts to one name at once: run again, the loser joins the account that stands there now.
  if (error.code === "23505" && error.constraint === "accounts_user_name_unique") return true;
  return RETRYABLE.has(error.code);
}

/**
 * Whether the server only answers questions, as one does that follows another. A connection to it is not kept: when another server
 * takes its address, this connection alone would go on being refused.
 */
export function isReadOnly(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "25006";
}

/**
 * Of several changes in one transaction: whether each may still succeed, or fail, by itself. Not so when the database is out
 * of reach or nobody gets the organization's lock.
 */
export function isOfOneAlone(error: unknown): boolean {
  if (!(error instanceof MusterError)) return false;
  const { cause } = error;
  return cause instanceof pg.DatabaseError && !SHARED_FATE.test(cause.code ?? "");
}

/** Whether it is the database that is in trouble and not what was asked of it: whatever is asked next would fail alike. */
export function isOutOfReach(error: unknown): boolean {
  if (!(error instanceof MusterError) || error.code !== "unavailable") return false;
  const { cause } = error;
  return !(cause instanceof pg.DatabaseError) || OUT_OF_REACH.test(cause.code ?? "");
}

/**
 * What the database said when it refused what it was to write, or undefined when it may well take it another time. The words
 * name no value.
 */
export function refusalOf(error: unknown): string | undefined {
  const cause = isMusterError(error) ? error.cause : error;
  if (!(cause instanceof pg.DatabaseError) || !REFUSALS.test(cause.code ?? "")) return undefined;
  const { constraint } = cause;
  return `the database refused what was to be written: SQLSTATE ${cause.code}${constraint ? `, constraint ${constraint}` : ""}`;
}

/** Whether the database gave a statement up because of its time; whoever asks for less may well have it. */
export function isTooLong(error: unknown): boolean {
  const cause = isMusterError(error) ? error.cause : error;
  return cause instanceof pg.DatabaseError && cause.code === QUERY_CANCELED;
}

const QUERY_CANCELED = "57014";

/** Classes: cardinality, data, integrity, syntax and access rules, what a function raised, a fault inside the server. */
const REFUSALS = /^(21|22|23|42|P0|XX)/;

/**
 * Classes: connection, login, no such database, resources; of an operator's intervention that the server is going down or not up
 * yet; and a server that only answers questions.
 */
const OUT_OF_REACH = /^(08|28|3D|53|57P|25006)/;

/** Classes: connection, resources, an operator's intervention (time limits too); and a lock that nobody got in time. */
const SHARED_FATE = /^(08|53|57|58|55P03)/;

/**
 * PostgreSQL's and the network's errors in Muster's words. Trouble with storage is always `unavailable`, never
 * `not-found`: a provider that reads 404 as "gone" would create everybody anew.
 */
export function translateStorageError(error: unknown): MusterError {
  if (error instanceof MusterError) return error;
  if (error instanceof pg.DatabaseError) {
    const known = error.constraint === undefined ? undefined : CONSTRAINTS[error.constraint];
    if (error.code === "23505" && known)
      return new MusterError("uniqueness", known.detail, { at: known.at, cause: error });
    if (error.code === "23514" && error.constraint && FORMS.test(error.constraint))
      return new MusterError(
        "invalid",
        "a key is 1 to 63 lower-case letters, digits and hyphens and starts with a letter or digit",
        { at: error.constraint.endsWith("_key_form") ? "key" : "name", cause: error },
      );
    // A text that PostgreSQL cannot hold slipped through the edge: still the caller's value, and no reason to try again.
    if (error.code === "22021" || error.code === "22P05" || error.code === "22P02")
      return new MusterError("invalid-value", "a text contains a character that cannot be stored", { cause: error });
    if (error.code === "54000")
      return new MusterError("invalid-value", "a text is too long to be stored", { cause: error });
    if (error.code === "MU503") return heldRemovals(error);
  }
  return new MusterError("unavailable", "the database cannot answer at the moment; try again", {
    retryAfter: 5,
    cause: error,
  });
}

const heldSchema = z.object({
  organization: z.string(),
  directory: z.string(),
  /** Whom the refused request would have taken something from. */
  people: z.int(),
  gone: z.int(),
  base: z.int(),
  budget: z.int(),
  retryAfter: z.int(),
});

/** What `spend_removals` raises (migration 0012): the request crossed the removal budget of its directory (design §7). */
function heldRemovals(error: pg.DatabaseError): MusterError {
  const held = heldSchema.parse(JSON.parse(error.detail ?? ""));
  const { organization, directory, people, gone, base, budget, retryAfter } = held;
  return new MusterError(
    "held",
    `nothing was changed: the directory ${directory} would have taken the last access or an administrator's rights ` +
      `from ${gone} people within an hour, ${people} of them by this request; at most ${budget} of its ${base} may lose them. ` +
      `If it is meant, an administrator opens the directory: ` +
      `muster directory release ${directory} --for 1h --reason TEXT --org ${organization}`,
    { retryAfter, cause: error },
  );
}
