import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { openSecret, type SecretKey, type SecretPlace, sealSecret } from "./secrets.ts";

/** A request that its sender may repeat: the key that he chose, who he is, and a digest of what he asks for. */
export type IdempotentRequest = { key: string; caller: string; fingerprint: Buffer };

/** Hours for which an answer is kept. */
const KEPT_HOURS = 24;

/**
 * What the first request with this key was answered, or undefined for the first one, which the caller of this function
 * then answers (draft-ietf-httpapi-idempotency-key-header-07).
 * Before: any. After: until the transaction ends nobody else's request with the key goes on.
 * @throws MusterError `conflict` while the first one is being answered, `invalid` when it asked for something else.
 */
export async function rememberedAnswer(tx: Tx, request: IdempotentRequest, secret: SecretKey): Promise<unknown> {
  const [turn] = await tx.query<{ mine: boolean }>({
    text: "select pg_try_advisory_xact_lock(hashtextextended($1, 4242)) as mine",
    values: [JSON.stringify([tx.organization, request.caller, request.key])],
  });
  if (!turn?.mine)
    throw new MusterError("conflict", "a request with this key is being answered; ask again", {
      at: "Idempotency-Key",
      retryAfter: 1,
    });
  const [row] = await tx.query<{ fingerprint: Buffer; answer: Buffer }>({
    text: `select fingerprint, answer from idempotent_requests
      where organization = $1 and caller = $2 and key = $3
        and at > statement_timestamp() - make_interval(hours => $4)`,
    values: [tx.organization, request.caller, request.key, KEPT_HOURS],
  });
  if (!row) return undefined;
  if (!row.fingerprint.equals(request.fingerprint))
    throw new MusterError("invalid", "another request had this key; choose a new one for each request", {
      at: "Idempotency-Key",
    });
  return JSON.parse(openSecret(secret, place(tx, request), row.answer));
}

/**
 * Keeps an answer for whoever repeats the request. Sealed, because an answer may show a token.
 * Before: `rememberedAnswer` found none in this transaction. After: the answer is kept with the change or not at all.
 */
export async function rememberAnswer(
  tx: Tx,
  request: IdempotentRequest,
  answer: object,
  secret: SecretKey,
): Promise<void> {
  await tx.query({
    text: `insert into idempotent_requests (organization, caller, key, fingerprint, answer) values ($1, $2, $3, $4, $5)
      on conflict (organization, caller, key) do update
        set fingerprint = excluded.fingerprint, answer = excluded.answer, at = statement_timestamp()`,
    values: [
      tx.organization,
      request.caller,
      request.key,
      request.fingerprint,
      sealSecret(secret, place(tx, request), JSON.stringify(answer)),
    ],
  });
}

/** Forgets answers older than a day. Returns how many. */
export async function pruneIdempotentRequests(tx: Tx): Promise<number> {
  const rows = await tx.query({
    text: `delete from idempotent_requests
      where organization = $1 and at <= statement_timestamp() - make_interval(hours => $2) returning 1`,
    values: [tx.organization, KEPT_HOURS],
  });
  return rows.length;
}

function place(tx: Tx, { caller, key }: IdempotentRequest): SecretPlace {
  return {
    organization: tx.organization,
    table: "idempotent_requests",
    column: "answer",
    row: JSON.stringify([caller, key]),
  };
}
