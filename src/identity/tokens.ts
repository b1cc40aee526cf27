import type { Database, Db } from "../db/connection.ts";
import {
  type AccountId,
  type DirectoryId,
  type DirectoryUserId,
  newId,
  type OAuthClientId,
  type OrganizationId,
  type ProductId,
  type TokenId,
} from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import type { Profile } from "./profiles.ts";
import { recordChanges } from "./record.ts";
import type { Permission, RightScope } from "./rights/permissions.ts";
import type { Scope } from "./scopes.ts";
import { TokenCache } from "./token-cache.ts";
import { hashToken, hasTokenLength, newTokenText, type TokenKind, tokenDigest, tokenKind } from "./token-form.ts";
import { TokenUse } from "./token-use.ts";

/** What a token opens: one directory's SCIM endpoint, one product's questions, or the organization's administration. */
export type TokenScope = { directory: DirectoryId } | { product: ProductId } | ({ administration: true } & TokenLimits);

/** What a token of the administration may do; src/identity/token-rights.ts says who may give that. */
type TokenLimits = {
  /** Left out or null: everything, and what later versions add. */
  permissions?: readonly Permission[] | null;
  /** Left out: the organization. */
  scope?: RightScope;
  /** Whose own it is: it ends with the person, and never does what the person may not. */
  owner?: AccountId | null;
};

/** What can be said of a token; of one that is no directory's, the name alone. */
export type TokenFacts = {
  /** What people call it. */
  name?: string;
  /** What it may do; null: everything. */
  scopes?: readonly Scope[] | null;
  /** Whose it is: "Me" of its requests (RFC 7644 §3.11). It ends with the person. */
  subject?: DirectoryUserId;
  /** The OAuth client that fetched it. */
  client?: OAuthClientId;
};

/** A token at the moment it is made: the only time that its text is known. */
export type NewToken = { id: TokenId; token: string; expiresAt: Date | null };

/** What a request needs to know of its token. */
export type FoundToken = {
  organization: OrganizationId;
  id: TokenId;
  directory: DirectoryId | null;
  product: ProductId | null;
  client: OAuthClientId | null;
  scopes: readonly Scope[] | null;
  subject: DirectoryUserId | null;
  /** Of its directory. */
  profile: Profile | null;
  /** Whether its directory wants every change to name the version that it changes; null: it has no directory. */
  requireIfMatch: boolean | null;
  /** Whether its directory's people were switched to another one; null: it has no directory. */
  switched: boolean | null;
  /** Raised with every change of the organization's schema extensions. */
  schemaVersion: number;
  /** Seconds that it had left when it was read, by the database's clock; null: no end. */
  expiresIn: number | null;
  /** What a token of the administration may do; null: everything. Where and as whose it holds follows. */
  permissions: readonly string[] | null;
  scopeKind: RightScope["kind"];
  scopeId: string | null;
  owner: AccountId | null;
};

export type TokenInfo = {
  id: TokenId;
  name: string | null;
  directory: DirectoryId | null;
  product: ProductId | null;
  scopes: readonly Scope[] | null;
  /** The user name of the person whose it is. */
  subject: string | null;
  createdAt: Date;
  expiresAt: Date | null;
  /** To the minute. */
  lastUsedAt: Date | null;
};

export const DAY = 86_400;
/** Days for which a token is good when nobody says otherwise. */
export const TOKEN_DAYS = 365;
/** Hours for which a rotated token still works beside its successor. */
export const OVERLAP_HOURS = 72;
/** Days before its end from which a token's successor is asked for. */
export const WARNING_DAYS = 30;

/**
 * Makes a token for something of this organization (design §7). A directory may have any number of them.
 * Before: any. After: its SHA-256 is stored, with an audit row; the text is nowhere but in the answer.
 * The organization and what it opens are those of the row, never the caller's word.
 * @param expires the instant, or seconds from now; null: never. Left out: in 365 days by the database's clock.
 * @throws MusterError `invalid-value` when the expiry is not in the future, the name is too long, or `me` has no person;
 * `not-found` when the person is not in the directory.
 */
export async function createToken(
  tx: Tx,
  opens: TokenScope,
  expires?: Date | { seconds: number } | null,
  facts: TokenFacts = {},
): Promise<NewToken> {
  const directory = "directory" in opens ? opens.directory : null;
  checkName(facts.name);
  const { name = null, scopes = null, subject = null, client = null } = facts;
  const limits: TokenLimits = "administration" in opens ? opens : {};
  const { permissions = null, scope = { kind: "organization" }, owner = null } = limits;
  if (scopes?.includes("me") && subject === null)
    throw new MusterError("invalid-value", "the scope me is a person's: name one", { at: "scope" });
  const relative = expires === undefined ? TOKEN_DAYS * DAY : expires && "seconds" in expires ? expires.seconds : null;
  const token = newTokenText(directory === null ? "api" : "scim");
  const [row] = await tx.query<{ id: TokenId; expires_at: Date | null; future: boolean }>({
    text: `insert into tokens (organization, id, directory, product, hash, expires_at, name, scopes, subject, client,
        permissions, scope_kind, scope_id, owner, created_by_kind, created_by)
      select $1, $2, $3, $4, $5, coalesce($6::timestamptz, statement_timestamp() + make_interval(secs => $7)), $8, $9, $10, $11,
        $12, $13, $14, $15, $16, $17
      where ($10::uuid is null or exists (select from directory_users u
          where u.organization = $1 and u.id = $10 and u.directory = $3 and u.deleted_at is null))
        and ($15::uuid is null or exists (select from accounts a where a.organization = $1 and a.id = $15))
      returning id, expires_at, expires_at is null or expires_at > statement_timestamp() as future`,
    values: [
      tx.organization,
      newId<TokenId>(),
      directory,
      "product" in opens ? opens.product : null,
      hashToken(token),
      expires instanceof Date ? expires : null,
      relative,
      name,
      scopes,
      subject,
      client,
      permissions,
      scope.kind,
      scope.kind === "organization" ? null : scope.id,
      owner,
      tx.actor.kind,
      tx.actor.id,
    ],
  });
  if (!row) throw new MusterError("not-found", "there is no such person", { at: "user" });
  if (!row.future) throw new MusterError("invalid-value", "a token must expire in the future", { at: "expiresAt" });
  await recordChanges(tx, [
    {
      action: "token.created",
      subjectKind: "token",
      subject: row.id,
      detail: { ...opens, expiresAt: row.expires_at, ...facts },
    },
  ]);
  return { id: row.id, token, expiresAt: row.expires_at };
}

/** @throws MusterError `invalid-value` for a name that cannot be stored. */
export function checkName(name: string | undefined): void {
  if (name !== undefined && (name === "" || [...name].length > 256 || name.includes("\0") || !name.isWellFormed()))
    throw new MusterError("invalid-value", "a name has 1 to 256 characters that can be stored", { at: "name" });
}

const caches = new WeakMap<Database, { tokens: TokenCache<FoundToken>; use: TokenUse }>();

/**
 * Who holds this token, or undefined when it is malformed, of another kind, unknown, revoked, expired or of a person who
 * is no longer active (all the same to the caller). Form, kind and checksum are checked before the database is asked.
 * Its answer may be one second old (src/identity/token-cache.ts) and never outlives the token.
 * @param kind the only kind that the route takes.
 * @param mayAsk called before the database is asked about a token that this process has never seen live; it may throw.
 */
export async function findToken(
  db: Database,
  text: string,
  kind?: TokenKind,
  mayAsk?: () => void,
): Promise<FoundToken | undefined> {
  if (!hasTokenLength(text) || (kind !== undefined && !text.startsWith(`mst_${kind}_`))) return undefined;
  const digest = tokenDigest(text);
  let cache = caches.get(db);
  const believed = cache?.tokens.get(digest);
  if (cache && believed) {
    cache.use.note(believed);
    return believed;
  }
  if (tokenKind(text) === undefined) return undefined;
  if (!cache) {
    cache = { tokens: new TokenCache(db), use: new TokenUse(db) };
    caches.set(db, cache);
  }
  if (!cache.tokens.knows(digest)) mayAsk?.();
  const found = await cache.tokens.read(digest, () => readToken(db, text));
  if (found) cache.use.note(found);
  return found;
}

async function readToken(db: Database, text: string): Promise<FoundToken | undefined> {
  const [row] = await db.lookUp<FoundToken>({
    name: "find-token",
    text: `select organization, id, directory, product, client, scopes, subject, profile,
        require_if_match as "requireIfMatch", schema_version as "schemaVersion", expires_in as "expiresIn", permissions,
        scope_kind as "scopeKind", scope_id as "scopeId", owner, switched
      from find_token($1)`,
    values: [hashToken(text)],
  });
  return row && Object.freeze(row);
}

/**
 * A new token for a directory (design §7: rotating with overlap).
 * Before: any. After: it works at once; all the directory's other live tokens end when the overlap does, or sooner if
 * they would anyway.
 * @param overlapHours 0 ends them at once.
 */
export async function rotateDirectoryToken(
  tx: Tx,
  directory: DirectoryId,
  overlapHours = OVERLAP_HOURS,
): Promise<NewToken> {
  await tx.query({
    text: `update tokens set expires_at = least(expires_at, statement_timestamp() + make_interval(hours => $3))
      where organization = $1 and directory = $2 and revoked_at is null`,
    values: [tx.organization, directory, overlapHours],
  });
  await recordChanges(tx, [
    { action: "token.rotated", subjectKind: "directory", subject: directory, detail: { overlapHours } },
  ]);
  return createToken(tx, { directory });
}

/**
 * Ends a token at once (design §7). Before: any. After: the next request with it is refused, in every process as soon as
 * it hears of it and within a second where it does not.
 * @throws MusterError `not-found` for an unknown token and one that is revoked already.
 */
export async function revokeToken(tx: Tx, id: TokenId): Promise<void> {
  const rows = await tx.query({
    text: `update tokens set revoked_at = statement_timestamp()
      where organization = $1 and id = $2 and revoked_at is null returning id`,
    values: [tx.organization, id],
  });
  if (rows.length === 0) throw new MusterError("not-found", "there is no live token with this id", { at: "id" });
  await recordChanges(tx, [{ action: "token.revoked", subjectKind: "token", subject: id, event: true }]);
}

/**
 * The organization's live tokens, newest last; never their texts, which nobody has. Those that OAuth clients fetched,
 * which come and go by the hour, are not among them.
 * @param directory only this one's.
 * @param page so many of them, in the order of their ids, after one.
 */
export async function listTokens(
  db: Db,
  directory?: DirectoryId,
  page: { after: TokenId | null; limit: number | null } = { after: null, limit: null },
): Promise<TokenInfo[]> {
  const values: unknown[] = [db.organization, page.limit];
  const here = directory === undefined ? "" : `and t.directory = $${values.push(directory)}`;
  const behind = page.after === null ? "" : `and t.id > $${values.push(page.after)}`;
  return db.query<TokenInfo>({
    text: `select t.id, t.name, t.directory, t.product, t.scopes, u.user_name as subject, t.created_at as "createdAt",
        t.expires_at as "expiresAt", t.last_used_at as "lastUsedAt"
      from tokens t left join directory_users u on u.organization = t.organization and u.id = t.subject
      where t.organization = $1 and t.revoked_at is null and t.client is null
        and (t.expires_at is null or t.expires_at > statement_timestamp()) ${here} ${behind}
      order by t.id limit $2`,
    values,
    prepared: true,
  });
}
