import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import type { OrganizationId } from "../db/id.ts";
import type { SecretKey } from "./secrets.ts";

/** What seals the audit of one organization: it follows from the installation's key, and the database never sees it. */
export type ChainKey = { organization: OrganizationId; secret: KeyObject; mark: string };

export function chainKey(key: SecretKey, organization: OrganizationId): ChainKey {
  const bytes = Buffer.from(hkdfSync("sha256", key, organization, "muster audit chain", 32));
  return {
    organization,
    // A key that is given as bytes is prepared anew for every row, which takes five times as long as the row itself.
    secret: createSecretKey(bytes),
    mark: createHash("sha256").update("muster audit key").update(bytes).digest("hex").slice(0, 16),
  };
}

/** A row of the audit as it is sealed: `fields` is what stays when the row's words are erased. Texts are the database's own. */
export type SealableRow = { id: number; transaction: string; fields: string; detail: string };

/**
 * The columns of a `SealableRow`, of audit rows `a`. Nothing but PostgreSQL's own functions: whoever owns the tables could
 * give any other another meaning.
 */
export const SEALABLE = `a.id, a.transaction::text as transaction, a.detail::text as detail,
  pg_catalog.jsonb_build_array(a.organization, a.id, a.transaction::text,
    pg_catalog.to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), a.actor_kind, a.actor, a.request_id, a.action,
    a.subject_kind, a.subject)::text as fields`;

/** Half of an HMAC each (RFC 4868): without the key nobody can try what an erased detail said. */
export type Digests = { fields: Buffer; detail: Buffer };

const HALF = 16;

export function digestsOf({ secret }: ChainKey, row: SealableRow): Digests {
  const half = (what: string, text: string) =>
    createHmac("sha256", secret).update(`${what}\0${row.id}\0${text}`).digest().subarray(0, HALF);
  return { fields: half("fields", row.fields), detail: half("detail", row.detail) };
}

/** The digests of row number `place` of a seal. */
export function digestsAt(digests: Buffer, place: number): Digests {
  const start = place * 2 * HALF;
  return {
    fields: digests.subarray(start, start + HALF),
    detail: digests.subarray(start + HALF, start + 2 * HALF),
  };
}

export type SealContent = {
  position: number;
  lastTransaction: string;
  lastRow: number;
  rows: readonly number[];
  digests: Buffer;
  sealedAt: Date;
};

/** What proves the content of a seal and that it follows the one before; null: it is the first. */
export function sealOf(key: ChainKey, previous: Buffer | null, content: SealContent): Buffer {
  const { position, lastTransaction, lastRow, rows, digests, sealedAt } = content;
  const said = [1, key.organization, position, previous?.toString("hex") ?? null, lastTransaction, lastRow, rows];
  return createHmac("sha256", key.secret)
    .update(JSON.stringify(["seal", ...said, digests.toString("hex"), sealedAt.toISOString()]))
    .digest();
}
