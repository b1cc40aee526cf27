import type { Database, Db } from "../db/connection.ts";
import { type DirectoryId, newId, type OAuthClientId, type OrganizationId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { recordChanges } from "./record.ts";
import { CLIENT_SCOPES, parseScopes, type Scope } from "./scopes.ts";
import { hashToken, newTokenText, tokenKind } from "./token-form.ts";
import { checkName, createToken, type NewToken } from "./tokens.ts";

/** A client at the moment it is made: the only time that its secret is known. */
export type NewClient = { id: OAuthClientId; secret: string };

/** Who has proven to be a client. */
export type FoundClient = { organization: OrganizationId; id: OAuthClientId };

/** A client's token as RFC 6749 §5.1 tells it. */
export type Grant = { token: string; expiresIn: number; scopes: readonly Scope[] };

export type ClientInfo = {
  id: OAuthClientId;
  name: string | null;
  /** What its tokens may do; null: everything. */
  scopes: readonly Scope[] | null;
  createdAt: Date;
  liveTokens: number;
  /** When one of the tokens that are still held was last used, to the minute. */
  lastUsedAt: Date | null;
};

/** Seconds for which a client's token is good: it fetches another when it needs one. */
const CLIENT_TOKEN_SECONDS = 3_600;

/**
 * Makes an OAuth client of a SCIM directory: an identity provider that fetches short-lived tokens with a secret, in
 * place of holding a long-lived one (RFC 6749 §4.4).
 * Before: any. After: the SHA-256 of its secret is stored, with an audit row; the secret is nowhere but in the answer.
 * @throws MusterError `invalid-value` for a name that cannot be stored.
 */
export async function createClient(
  tx: Tx,
  directory: DirectoryId,
  facts: { name?: string; scopes?: readonly Scope[] | null },
): Promise<NewClient> {
  checkName(facts.name);
  const id = newId<OAuthClientId>();
  const secret = newTokenText("cli");
  await tx.query({
    text: `insert into oauth_clients (organization, id, directory, name, secret_hash, scopes)
      values ($1, $2, $3, $4, $5, $6)`,
    values: [tx.organization, id, directory, facts.name ?? null, hashToken(secret), facts.scopes ?? null],
  });
  await recordChanges(tx, [
    { action: "oauth-client.created", subjectKind: "oauth-client", subject: id, detail: { directory, ...facts } },
  ]);
  return { id, secret };
}

/** A directory's live clients, newest last. */
export async function listClients(db: Db, directory: DirectoryId): Promise<ClientInfo[]> {
  return db.query<ClientInfo>({
    text: `select c.id, c.name, c.scopes, c.created_at as "createdAt", count(t.id)::int as "liveTokens",
        max(t.last_used_at) as "lastUsedAt"
      from oauth_clients c left join tokens t on t.organization = c.organization and t.directory = c.directory
        and t.client = c.id and t.revoked_at is null and t.expires_at > statement_timestamp()
      where c.organization = $1 and c.directory = $2 and c.revoked_at is null
      group by c.organization, c.id order by c.id`,
    values: [db.organization, directory],
  });
}

/**
 * Ends a client and all its tokens at once. Before: any. After: it gets no more, and the next request with one is refused.
 * @throws MusterError `not-found` for an unknown client and one that is revoked already.
 */
export async function revokeClient(tx: Tx, id: OAuthClientId): Promise<void> {
  // Waits for grants that hold the row; the next statement sees their tokens.
  const rows = await tx.query({
    text: `update oauth_clients set revoked_at = statement_timestamp()
      where organization = $1 and id = $2 and revoked_at is null returning id`,
    values: [tx.organization, id],
  });
  if (rows.length === 0) throw new MusterError("not-found", "there is no live client with this id", { at: "id" });
  await tx.query({
    text: `update tokens set revoked_at = statement_timestamp()
      where organization = $1 and client = $2 and revoked_at is null`,
    values: [tx.organization, id],
  });
  await recordChanges(tx, [{ action: "oauth-client.revoked", subjectKind: "oauth-client", subject: id }]);
}

/**
 * The client of this directory that has this id and this secret, or undefined when one of the three is another's, unknown
 * or revoked (all the same to the caller). It is found by the hash of its secret, so that nothing is compared with a
 * secret; a malformed one is refused before the database is asked.
 */
export async function findClient(
  db: Database,
  directory: DirectoryId,
  id: OAuthClientId,
  secret: string,
): Promise<FoundClient | undefined> {
  if (tokenKind(secret) !== "cli") return undefined;
  const [row] = await db.lookUp<FoundClient & { directory: DirectoryId }>({
    name: "find-oauth-client",
    text: "select organization, id, directory from find_oauth_client($1)",
    values: [hashToken(secret)],
  });
  return row?.id === id && row.directory === directory ? { organization: row.organization, id } : undefined;
}

/**
 * Makes a token of a client for one hour, with the scopes that it asks for or all that it has (RFC 6749 §4.4.3, §3.3).
 * Before: any. After: an ordinary token of the directory that ends with the client. Undefined when the client has been
 * revoked meanwhile.
 * @throws MusterError `invalid-value` for a scope that there is not or that the client has not.
 */
export async function grantToken(
  tx: Tx,
  directory: DirectoryId,
  id: OAuthClientId,
  wanted: readonly string[],
): Promise<Grant | undefined> {
  // Held until the commit, so that whoever revokes the client also meets this token.
  const [client] = await tx.query<{ scopes: readonly Scope[] | null }>({
    name: "hold-oauth-client",
    text: `select scopes from oauth_clients
      where organization = $1 and directory = $2 and id = $3 and revoked_at is null for share`,
    values: [tx.organization, directory, id],
  });
  if (!client) return undefined;
  const scopes = parseScopes(wanted, client.scopes ?? CLIENT_SCOPES) ?? client.scopes;
  const made: NewToken = await createToken(
    tx,
    { directory },
    { seconds: CLIENT_TOKEN_SECONDS },
    { scopes, client: id },
  );
  return { token: made.token, expiresIn: CLIENT_TOKEN_SECONDS, scopes: scopes ?? CLIENT_SCOPES };
}

/** Removes the tokens of clients that have expired: nobody can use or list them. Returns how many. */
export async function pruneClientTokens(tx: Tx): Promise<number> {
  const rows = await tx.query({
    text: `delete from tokens where organization = $1 and client is not null and expires_at <= statement_timestamp()
      returning id`,
    values: [tx.organization],
  });
  return rows.length;
}
