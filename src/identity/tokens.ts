import type { Database, Db } from "../db/connection.ts";
import { type DirectoryId, newId, type OrganizationId, type ProductId, type TokenId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { recordChanges } from "./record.ts";
import { hashToken, newTokenText, type TokenKind, tokenKind } from "./token-form.ts";

/** What a token opens: one directory's SCIM endpoint, one product's questions, or the organization's administration. */
export type TokenScope = { directory: DirectoryId } | { product: ProductId } | { administration: true };

/** A token at the moment it is made: the only time that its text is known. */
export type NewToken = { id: TokenId; token: string; expiresAt: Date | null };

export type FoundToken = {
  organization: OrganizationId;
  id: TokenId;
  directory: DirectoryId | null;
  product: ProductId | null;
};

export type TokenInfo = {
  id: TokenId;
  directory: DirectoryId | null;
  product: ProductId | null;
  createdAt: Date;
  expiresAt: Date | null;
};

/** Days for which a token is good when nobody says otherwise. */
const TOKEN_DAYS = 365;
/** Hours for which a rotated token still works beside its successor. */
export const OVERLAP_HOURS = 72;

/**
 * Makes a token for something of this organization (design §7).
 * Before: any. After: its SHA-256 is stored, with an audit row; the text is nowhere but in the answer.
 * The organization and the scope are those of the row, never the caller's word.
 * @param expiresAt null: never. Left out: in 365 days by the database's clock.
 * @throws MusterError `invalid-value` when the expiry is not in the future.
 */
export async function createToken(tx: Tx, scope: TokenScope, expiresAt?: Date | null): Promise<NewToken> {
  const token = newTokenText("directory" in scope ? "scim" : "api");
  const [row] = await tx.query<{ id: TokenId; expires_at: Date | null; future: boolean }>({
    text: `insert into tokens (organization, id, directory, product, hash, expires_at)
      values ($1, $2, $3, $4, $5, case when $7 then statement_timestamp() + make_interval(days => $8) else $6::timestamptz end)
      returning id, expires_at, expires_at is null or expires_at > statement_timestamp() as future`,
    values: [
      tx.organization,
      newId<TokenId>(),
      "directory" in scope ? scope.directory : null,
      "product" in scope ? scope.product : null,
      hashToken(token),
      expiresAt ?? null,
      expiresAt === undefined,
      TOKEN_DAYS,
    ],
  });
  if (!row?.future) throw new MusterError("invalid-value", "a token must expire in the future", { at: "expiresAt" });
  await recordChanges(tx, [
    { action: "token.created", subjectKind: "token", subject: row.id, detail: { ...scope, expiresAt: row.expires_at } },
  ]);
  return { id: row.id, token, expiresAt: row.expires_at };
}

/**
 * Who holds this token, or undefined when it is malformed, of another kind, unknown, revoked or expired (all the same
 * to the caller). Form, kind and checksum are checked before the database is asked.
 * @param kind the only kind that the route takes.
 */
export async function findToken(db: Database, text: string, kind?: TokenKind): Promise<FoundToken | undefined> {
  const found = tokenKind(text);
  if (found === undefined || (kind !== undefined && kind !== found)) return undefined;
  const [row] = await db.lookUp<FoundToken>({
    name: "find-token",
    text: "select organization, id, directory, product from find_token($1)",
    values: [hashToken(text)],
  });
  return row;
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
 * Ends a token at once (design §7). Before: any. After: the next request with it is refused.
 * @throws MusterError `not-found` for an unknown token and one that is revoked already.
 */
export async function revokeToken(tx: Tx, id: TokenId): Promise<void> {
  const rows = await tx.query({
    text: `update tokens set revoked_at = statement_timestamp()
      where organization = $1 and id = $2 and revoked_at is null returning id`,
    values: [tx.organization, id],
  });
  if (rows.length === 0) throw new MusterError("not-found", "there is no live token with this id", { at: "id" });
  await recordChanges(tx, [{ action: "token.revoked", subjectKind: "token", subject: id }]);
}

/** The organization's live tokens, newest last; never their texts, which nobody has. */
export async function listTokens(db: Db): Promise<TokenInfo[]> {
  return db.query<TokenInfo>({
    text: `select id, directory, product, created_at as "createdAt", expires_at as "expiresAt" from tokens
      where organization = $1 and revoked_at is null and (expires_at is null or expires_at > statement_timestamp())
      order by id`,
    values: [db.organization],
  });
}
