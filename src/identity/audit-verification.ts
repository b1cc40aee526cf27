import { timingSafeEqual } from "node:crypto";
import type { Db } from "../db/connection.ts";
import {
  type ChainKey,
  chainKey,
  digestsAt,
  digestsOf,
  SEALABLE,
  type SealableRow,
  type SealContent,
  sealOf,
} from "./audit-digests.ts";
import type { SecretKey } from "./secrets.ts";

export const AUDIT_FAULTS = ["changed", "missing", "added", "seal", "other-key"] as const;

/**
 * What is wrong with the audit, first in its order. `changed`: the row says something else than when it was sealed. `missing`: it is
 * gone. `added`: it was not there then. `seal`: the seal itself, or one before it, was changed or is gone. `other-key`: the seal was
 * made with another key, so nobody here can tell.
 */
type AuditFault = {
  kind: (typeof AUDIT_FAULTS)[number];
  seal: number;
  /** The row's number; null where no single row is meant. */
  row: number | null;
};

/** The end of the chain: kept elsewhere, it shows later that nothing before it was taken away. */
export type AuditHead = { position: number; seal: string };

export type AuditVerification = {
  /** Seals that were looked at, and the rows that they cover. */
  seals: number;
  rows: number;
  /** Of these, rows whose words were erased with a person. */
  erased: number;
  head: AuditHead | null;
  /** Rows that no seal covers yet. */
  unsealed: { rows: number; first: number | null; since: Date | null };
  fault: AuditFault | null;
  /** The seal behind which to go on, where no more were wanted at once; null: this was all. */
  next: number | null;
};

export type VerificationWish = {
  /** Only seals made since then, and the last one always; what stands before is taken as it is. */
  since?: Date | undefined;
  /** Only seals behind this one, and so many at most. */
  after?: number | undefined;
  most?: number | undefined;
  /** The head that an earlier verification told. */
  known?: AuditHead | undefined;
};

type Seal = SealContent & { keyMark: string; seal: Buffer };
type Row = SealableRow & { erasedIn: string | null };

/**
 * Holds the audit of the organization against its seals. Changes nothing, takes no lock, and ends at the first fault. A row whose words
 * were erased holds while everything else of it is as it was and an `account.erased` of the same transaction is in the audit.
 */
export async function verifyAudit(
  db: Db,
  key: SecretKey,
  { since, after = 0, most = Number.POSITIVE_INFINITY, known }: VerificationWish = {},
): Promise<AuditVerification> {
  const chain = chainKey(key, db.organization);
  const found: AuditVerification = {
    seals: 0,
    rows: 0,
    erased: 0,
    head: null,
    unsealed: { rows: 0, first: null, since: null },
    fault: null,
    next: null,
  };
  const start = since === undefined ? after + 1 : await firstSince(db, since);
  let previous = start > 1 ? await sealAt(db, start - 1) : undefined;
  let erasures: ReadonlySet<string> = new Set();
  const fault = (kind: AuditFault["kind"], seal: number, row: number | null = null): AuditVerification => ({
    ...found,
    fault: { kind, seal, row },
  });
  if (start > 1 && !previous) return fault("seal", start - 1);
  if (
    known !== undefined &&
    known.position < start &&
    (await sealAt(db, known.position))?.seal.toString("hex") !== known.seal
  )
    return fault("seal", known.position);
  for (let position = start; ; position++) {
    const seal = await sealWhereOneIs(db, position);
    if (seal === null) break;
    if (!seal) return fault("seal", position);
    if (found.seals === most) return { ...found, next: position - 1 };
    if (seal.keyMark !== chain.mark) return fault("other-key", position);
    if (!same(seal.seal, sealOf(chain, previous?.seal ?? null, seal))) return fault("seal", position);
    if (known?.position === position && known.seal !== seal.seal.toString("hex")) return fault("seal", position);
    const rows = await rowsBetween(db, previous, seal);
    let wrong = faultIn(chain, seal, rows);
    if (!wrong && strangeErasure(seal, rows, erasures)) {
      // Read when it is needed first, and again for what was erased since.
      erasures = await erasuresOf(db);
      wrong = strangeErasure(seal, rows, erasures);
    }
    if (wrong) return { ...found, fault: wrong };
    found.seals += 1;
    found.rows += rows.length;
    found.erased += rows.filter((row) => row.erasedIn !== null).length;
    found.head = { position, seal: seal.seal.toString("hex") };
    previous = seal;
  }
  const last = previous?.position ?? 0;
  if (known !== undefined && known.position > last) return fault("seal", last + 1);
  return { ...found, unsealed: await unsealedAfter(db, previous) };
}

const COLUMNS = `position, last_transaction::text as "lastTransaction", last_row as "lastRow", array_to_json(rows) as rows, digests,
  key_mark as "keyMark", sealed_at as "sealedAt", seal`;

async function sealAt(db: Db, position: number): Promise<Seal | undefined> {
  const [seal] = await db.query<Seal>({
    name: "audit-seal",
    text: `select ${COLUMNS} from audit_seals where organization = $1 and position = $2`,
    values: [db.organization, position],
  });
  return seal;
}

/** Where none is as late, the last one: so there is a head, and what is told of it holds. */
async function firstSince(db: Db, since: Date): Promise<number> {
  const [row] = await db.query<{ position: number }>({
    text: `select coalesce(min(position) filter (where sealed_at >= $2), max(position), 1) as position
      from audit_seals where organization = $1`,
    values: [db.organization, since],
  });
  return row?.position ?? 1;
}

/** Null behind the last one; undefined: there are later ones and this one is gone. One that is made meanwhile is neither. */
async function sealWhereOneIs(db: Db, position: number): Promise<Seal | null | undefined> {
  const seal = await sealAt(db, position);
  if (seal) return seal;
  return (await lastPosition(db)) < position ? null : sealAt(db, position);
}

async function lastPosition(db: Db): Promise<number> {
  const [row] = await db.query<{ position: number }>({
    text: "select coalesce(max(position), 0) as position from audit_seals where organization = $1",
    values: [db.organization],
  });
  return row?.position ?? 0;
}

/** What stands where the seal's rows should stand: one more than those at most, which is enough to know that one is too many. */
async function rowsBetween(db: Db, previous: Seal | undefined, seal: Seal): Promise<Row[]> {
  return db.query<Row>({
    name: "audit-sealed-rows",
    text: `select ${SEALABLE}, a.erased_in::text as "erasedIn" from audit a
      where a.organization = $1
        and a.id = any (array(select audit_between($1, $2::xid8, $3::bigint, $4::xid8, $5::bigint, $6)))
      order by a.transaction, a.id`,
    values: [
      db.organization,
      previous?.lastTransaction ?? "0",
      previous?.lastRow ?? 0,
      seal.lastTransaction,
      seal.lastRow,
      seal.rows.length + 1,
    ],
  });
}

function faultIn(chain: ChainKey, seal: Seal, rows: readonly Row[]): AuditFault | null {
  const there = new Set(rows.map((row) => row.id));
  for (let place = 0; place < Math.max(seal.rows.length, rows.length); place++) {
    const id = seal.rows[place];
    const row = rows[place];
    if (id !== undefined && (row === undefined || (row.id !== id && !there.has(id))))
      return { kind: "missing", seal: seal.position, row: id };
    if (row !== undefined && row.id !== id) return { kind: "added", seal: seal.position, row: row.id };
    if (row !== undefined && !holds(chain, digestsAt(seal.digests, place), row))
      return { kind: "changed", seal: seal.position, row: row.id };
  }
  return null;
}

function holds(chain: ChainKey, sealed: ReturnType<typeof digestsAt>, row: Row): boolean {
  const { fields, detail } = digestsOf(chain, row);
  if (!same(fields, sealed.fields)) return false;
  return same(detail, sealed.detail) || (row.erasedIn !== null && isWordless(JSON.parse(row.detail)));
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** As `without_words` leaves it (migration 0036), which is asked for here because its owner could give it another meaning. */
function isWordless(value: unknown): boolean {
  if (typeof value === "string") return value === "erased" || ID.test(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isWordless);
}

/** The first row that says it was erased in a transaction that erased nobody. */
function strangeErasure({ position }: Seal, rows: readonly Row[], erasures: ReadonlySet<string>): AuditFault | null {
  const strange = rows.find(({ erasedIn }) => erasedIn !== null && !erasures.has(erasedIn));
  return strange ? { kind: "changed", seal: position, row: strange.id } : null;
}

async function erasuresOf(db: Db): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ transaction: string }>({
    text: `select distinct a.transaction::text as transaction from audit a
      where a.organization = $1 and a.action = 'account.erased'`,
    values: [db.organization],
  });
  return new Set(rows.map(({ transaction }) => transaction));
}

async function unsealedAfter(db: Db, last: Seal | undefined): Promise<AuditVerification["unsealed"]> {
  const [row] = await db.query<AuditVerification["unsealed"]>({
    text: `select count(*) as rows, min(a.id) as first, min(a.at) as since from audit a
      where a.organization = $1 and (a.transaction, a.id) > ($2::xid8, $3::bigint)`,
    values: [db.organization, last?.lastTransaction ?? "0", last?.lastRow ?? 0],
  });
  return row ?? { rows: 0, first: null, since: null };
}

function same(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
